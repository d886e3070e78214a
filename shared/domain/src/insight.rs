//! Insights, their evidence, and statements of facts.

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
        /// A day that was mentioned is near.
        DateApproaching = "date_approaching",
        /// A person who was mentioned regularly is no longer mentioned.
        PersonNotHeardOf = "person_not_heard_of",
        /// A person is mentioned much more than before.
        PersonOftenHeardOf = "person_often_heard_of",
        /// Conversations of several days have the same topic.
        TopicReturning = "topic_returning",
        /// A conversation and a file have the same topic.
        FileAboutConversation = "file_about_conversation",
        /// Two statements contradict each other.
        Contradiction = "contradiction",
        /// The summary of a conversation, in a few sentences.
        Summary = "summary",
        /// A task that a summarizer found.
        ActionItem = "action_item",
    }
}

impl InsightKind {
    /// The kinds of insights that are about an entity and nothing else.
    pub const ABOUT_ENTITIES: [Self; 3] =
        [Self::DateApproaching, Self::PersonNotHeardOf, Self::PersonOftenHeardOf];
}

/// An insight that was found. Whether it is new is not known yet.
#[derive(Clone, Debug, PartialEq)]
pub struct NewInsight {
    pub kind: InsightKind,
    /// Two insights of a kind with the same key are the same insight.
    pub key: String,
    /// A dismissed insight stays dismissed while its essence is the same. `None`: the same as that of the
    /// insight which it replaces.
    pub essence: Option<String>,
    /// One line.
    pub title: String,
    /// Plain sentences.
    pub detail: String,
    /// The deadline, or the time of an occasion.
    pub due_at: Option<DateTime<Utc>>,
    /// Never empty.
    pub evidence: Pointers,
}

/// The evidence of an insight, and the entities that it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pointers {
    pub segments: Vec<Uuid>,
    pub entities: Vec<Uuid>,
    pub files: Vec<Uuid>,
}

/// A statement that a subject has some value: the rent is 900 dollars.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Statement {
    pub conversation_id: Uuid,
    pub segment_id: Uuid,
    /// The subject in lower case: `rent`, `maria silva`.
    pub subject: String,
    /// The attribute of the subject: `amount`, `birthday` …
    pub attribute: String,
    /// The same for every wording of the value.
    pub value: String,
    /// The words of the statement.
    pub said: String,
    /// The sentence with these words.
    pub sentence: String,
    /// Start of the date, if the value is a date.
    pub starts_at: Option<DateTime<Utc>>,
    /// The time of the statement.
    pub said_at: DateTime<Utc>,
}
