//! What conversations mention, and how that hangs together.

use super::words;

words! {
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

words! {
    /// How two entities are connected.
    pub enum ConnectionKind {
        /// They were spoken of together.
        MentionedTogether = "mentioned_together",
    }
}
