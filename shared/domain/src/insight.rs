//! What deserves a person's attention, and what speaks for it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::wire_enum;

wire_enum! {
    /// The kind of an insight.
    pub enum InsightKind {
        /// Somebody said that they will do something.
        Promise = "promise",
        /// Somebody said that something has to be done.
        Task = "task",
        /// A day that was spoken of is near.
        DateApproaching = "date_approaching",
        /// Somebody who was spoken of regularly is not any more.
        PersonNotHeardOf = "person_not_heard_of",
        /// Somebody is spoken of much more than before.
        PersonOftenHeardOf = "person_often_heard_of",
        /// Conversations of several days are about the same.
        TopicReturning = "topic_returning",
        /// A conversation and a file are about the same.
        FileAboutConversation = "file_about_conversation",
        /// Two things were said that cannot both be so.
        Contradiction = "contradiction",
        /// What a conversation was about, in a few sentences.
        Summary = "summary",
        /// Something to be done that a summarizer found.
        ActionItem = "action_item",
    }
}

impl InsightKind {
    /// Those that are about an entity, and about nothing else.
    pub const ABOUT_ENTITIES: [Self; 3] =
        [Self::DateApproaching, Self::PersonNotHeardOf, Self::PersonOftenHeardOf];
}

/// An insight as it was found, before it is known whether it is new.
#[derive(Clone, Debug, PartialEq)]
pub struct NewInsight {
    /// What kind it is.
    pub kind: InsightKind,
    /// What makes it the same insight when it is found again.
    pub key: String,
    /// What makes it the same to whoever has dismissed it. None: the same as what it replaces.
    pub essence: Option<String>,
    /// One line.
    pub title: String,
    /// Plain sentences.
    pub detail: String,
    /// By when something is to be done, or when something is.
    pub due_at: Option<DateTime<Utc>>,
    /// What speaks for it; never empty.
    pub evidence: Pointers,
}

/// What speaks for an insight, and whom and what it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointers {
    /// Where it was said.
    pub segments: Vec<Uuid>,
    /// Who and what was mentioned.
    pub entities: Vec<Uuid>,
    /// What was written.
    pub files: Vec<Uuid>,
}

/// That something has some value, as it was stated: the rent is 900 dollars.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statement {
    /// Where it was stated.
    pub conversation_id: Uuid,
    /// In what segment.
    pub segment_id: Uuid,
    /// Of whom or what, in small letters: `rent`, `maria silva`.
    pub subject: String,
    /// What of it: `amount`, `birthday` …
    pub attribute: String,
    /// The same for every way to say it.
    pub value: String,
    /// The words that say it.
    pub said: String,
    /// The sentence in which they do.
    pub sentence: String,
    /// Of a value that is a date: when that is.
    pub starts_at: Option<DateTime<Utc>>,
    /// When it was stated.
    pub said_at: DateTime<Utc>,
}
