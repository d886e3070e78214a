//! Entities, their connections, and decisions about them.

use super::wire_enum;

wire_enum! {
    /// The kind of an entity.
    pub enum EntityKind {
        /// A person, by name.
        Person = "person",
        /// A place, by name.
        Place = "place",
        /// A company, a school, a band: people who act under one name.
        Organization = "organization",
        /// A day or a time of day, as it was said.
        Date = "date",
        /// An e-mail address.
        Email = "email",
        /// A phone number.
        Phone = "phone",
        /// A web address.
        Link = "link",
        /// An amount of money, a percentage or a measure: a number with its unit.
        Amount = "amount",
    }
}

wire_enum! {
    /// The kind of a connection between two entities.
    pub enum ConnectionKind {
        /// The two entities were mentioned together.
        MentionedTogether = "mentioned_together",
    }
}

/// The identity and the name of an entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub kind: EntityKind,
    /// The same for every spelling. Kind and key identify the entity.
    pub key: String,
    pub name: String,
}

/// A decision of a person about a name, which applies whenever the name is found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The kind with which the name is found.
    pub kind: EntityKind,
    /// The key with which the name is found.
    pub key: String,
    /// The decision applies to this spelling only (see [`spelling`]); to all spellings if `None`.
    pub spelling: Option<String>,
    /// The entity that the name refers to; `None` if the name is ignored.
    pub becomes: Option<Named>,
}

/// Normalizes the spelling of a name: lower case, single spaces, no full stops.
///
/// ```
/// # use self_domain::entity::spelling;
/// assert_eq!(spelling(" Dr.  Maria Silva"), spelling("dr maria silva"));
/// ```
#[must_use]
pub fn spelling(text: &str) -> String {
    text.replace('.', "").to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}
