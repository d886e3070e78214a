//! Notice: what deserves a person's attention. Rules, few and precise: whatever they find can be read
//! in the words that they show.

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
pub use self::people::{Heard, LONGEST_SILENCE, not_heard_of, often_heard_of};
pub use self::phrase::line;
pub use self::topics::{Near, Passage, returning};
use crate::extract::EntityKind;
use crate::resolve::Zone;

/// The rules' name and version, stored with what they find.
pub const RULES: (&str, &str) = ("self-insights", "1");

/// A conversation as it was understood.
#[derive(Clone, Debug)]
pub struct Conversation {
    /// Names it.
    pub id: Uuid,
    /// What it is called.
    pub title: String,
    /// What was said, in order.
    pub segments: Vec<Segment>,
}

/// A segment, with what it mentions.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Names it.
    pub id: Uuid,
    /// What was said.
    pub text: String,
    /// Who said it, if that is known.
    pub speaker: Option<String>,
    /// When it was said.
    pub said_at: DateTime<Utc>,
    /// Whom and what it mentions.
    pub mentions: Vec<Mention>,
}

/// A mention in a segment.
#[derive(Clone, Debug)]
pub struct Mention {
    /// Who or what.
    pub entity: Uuid,
    /// What it is.
    pub kind: EntityKind,
    /// The same for every way to write it.
    pub key: String,
    /// The words that were used.
    pub text: String,
    /// Where they are, in characters.
    pub start_char: usize,
    /// And where they end.
    pub end_char: usize,
    /// When it is, of a date that is known.
    pub when: Option<When>,
}

impl Mention {
    fn is_exactly(&self, precision: Precision) -> bool {
        self.when.is_some_and(|when| when.precision == precision)
    }
}

/// What a conversation says by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Noticed {
    /// Promises and tasks.
    pub commitments: Vec<NewInsight>,
    /// Facts, to be held against others.
    pub statements: Vec<Statement>,
}

/// Reads a conversation.
#[must_use]
pub fn read(conversation: &Conversation, zone: Zone) -> Noticed {
    let sentences = sentence::sentences(conversation);
    let mut commitments = promises::promises(conversation, &sentences, zone);
    commitments.extend(tasks::tasks(conversation, &sentences, zone));
    Noticed { commitments, statements: facts::statements(conversation, &sentences) }
}

/// What cannot both be so, among what was stated, in the order of time.
#[must_use]
pub fn contradictions(stated: &[Statement], zone: Zone) -> Vec<NewInsight> {
    facts::contradictions(stated, zone)
}
