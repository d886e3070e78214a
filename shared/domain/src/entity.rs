//! What conversations mention, and how that hangs together.

use super::wire_enum;

wire_enum! {
    /// The kind of a thing that is mentioned.
    pub enum EntityKind {
        /// Somebody, by name.
        Person = "person",
        /// Somewhere, by name.
        Place = "place",
        /// A company, a school, a band: people who act under one name.
        Organization = "organization",
        /// A day or a time of day, as it was said.
        Date = "date",
        /// An e-mail address.
        Email = "email",
        /// A phone number.
        Phone = "phone",
        /// An address on the web.
        Link = "link",
        /// Money, a share, a measure: a number with its unit.
        Amount = "amount",
    }
}

wire_enum! {
    /// How two entities are connected.
    pub enum ConnectionKind {
        /// They were spoken of together.
        MentionedTogether = "mentioned_together",
    }
}

/// What something that is mentioned is known as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// What it is.
    pub kind: EntityKind,
    /// The same for every spelling; with the kind, it names the entity.
    pub key: String,
    /// What it is called.
    pub name: String,
}

/// What a person decided about something that was found, for whenever it is found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What it was found as.
    pub kind: EntityKind,
    /// And under which key.
    pub key: String,
    /// Only where it is spelled so (see [`spelling`]); wherever it is found when absent.
    pub spelling: Option<String>,
    /// What it is; none for what is not to be remembered.
    pub becomes: Option<Named>,
}

/// What is the same for all ways to write the same words: lower case, single spaces, no full stops.
///
/// ```
/// # use self_domain::entity::spelling;
/// assert_eq!(spelling(" Dr.  Maria Silva"), spelling("dr maria silva"));
/// ```
#[must_use]
pub fn spelling(text: &str) -> String {
    text.replace('.', "").to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}
