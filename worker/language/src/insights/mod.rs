//! Finds what deserves a person's attention. The rules are few and precise, and the words that
//! an insight quotes show why it was made.

mod approaching;
mod commitment;
mod facts;
mod files;
mod people;
mod phrase;
mod promises;
mod sentence;
mod tasks;
#[cfg(test)]
mod tests;
mod topics;

use chrono::{DateTime, Utc};
use self_domain::date::{Precision, When};
use self_domain::insight::{NewInsight, Statement};
use uuid::Uuid;

pub use self::approaching::{Ahead, NEAR, approaching};
pub use self::files::{Pair, about_the_same};
pub use self::people::{LONGEST_SILENCE, PersonMentions, not_heard_of, often_heard_of};
pub use self::phrase::line;
pub use self::topics::{SimilarPassages, TopicPassage, returning};
use crate::extract::EntityKind;
use crate::resolve::Zone;

/// The name and the version of the rules, stored with each insight.
pub const RULES: (&str, &str) = ("self-insights", "1");

/// A conversation with its entities.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// The id of the conversation.
    pub id: Uuid,
    /// The title.
    pub title: String,
    /// The segments, in order.
    pub segments: Vec<Segment>,
}

/// A segment and its mentions.
#[derive(Clone, Debug)]
pub struct Segment {
    /// The id of the segment.
    pub id: Uuid,
    /// The text.
    pub text: String,
    /// The speaker, if known.
    pub speaker: Option<String>,
    /// The time when it was said.
    pub said_at: DateTime<Utc>,
    /// The mentions of entities.
    pub mentions: Vec<Mention>,
}

/// A mention in a segment.
#[derive(Clone, Debug)]
pub struct Mention {
    /// The id of the entity.
    pub entity: Uuid,
    /// The kind of the entity.
    pub kind: EntityKind,
    /// The same key for every spelling.
    pub key: String,
    /// The words of the mention.
    pub text: String,
    /// The start in the segment's text, in characters.
    pub start_char: usize,
    /// The end in the segment's text, in characters.
    pub end_char: usize,
    /// The time, for a date that was resolved.
    pub when: Option<When>,
}

impl Mention {
    fn is_exactly(&self, precision: Precision) -> bool {
        self.when.is_some_and(|when| when.precision == precision)
    }
}

/// The result of reading one conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversationFindings {
    /// Promises and tasks.
    pub commitments: Vec<NewInsight>,
    /// Facts, to be compared with those of other conversations.
    pub statements: Vec<Statement>,
}

/// Finds the commitments and the statements of a conversation.
#[must_use]
pub fn read(conversation: &Conversation, zone: Zone) -> ConversationFindings {
    let sentences = sentence::sentences(conversation);
    let mut commitments = promises::promises(conversation, &sentences, zone);
    commitments.extend(tasks::tasks(conversation, &sentences, zone));
    ConversationFindings { commitments, statements: facts::statements(conversation, &sentences) }
}

/// Finds statements that contradict each other. `stated` is in the order of time.
#[must_use]
pub fn contradictions(stated: &[Statement], zone: Zone) -> Vec<NewInsight> {
    facts::contradictions(stated, zone)
}
