//! The reliable segments and the mentions of a conversation, as input for insights.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::{EnumColumn, UserTx};
use crate::domain::date::{Precision, When};
use crate::domain::entity::EntityKind;

/// A segment that is not uncertain.
#[derive(Clone, Debug)]
pub struct UnderstoodSegment {
    pub id: Uuid,
    pub text: String,
    /// The name that the person gave to the speaker, if any.
    pub speaker: Option<String>,
    /// The start of its recording.
    pub began_at: DateTime<Utc>,
    /// Start of the segment in the recording, in milliseconds.
    pub start_ms: i64,
}

/// A mention in a segment.
#[derive(Clone, Debug)]
pub struct UnderstoodMention {
    pub segment_id: Uuid,
    pub entity_id: Uuid,
    /// The kind of the entity.
    pub kind: EnumColumn<EntityKind>,
    /// The same for every spelling.
    pub key: String,
    /// The words of the mention.
    pub text: String,
    /// Start of the words in the segment's text, in characters.
    pub start_char: i32,
    /// End, in characters.
    pub end_char: i32,
    /// Start of the time that a date stands for, if it could be resolved.
    pub starts_at: Option<DateTime<Utc>>,
    /// End of that time.
    pub ends_at: Option<DateTime<Utc>>,
    /// The precision of the date.
    pub precision: Option<String>,
}

impl UnderstoodMention {
    /// The time that a date stands for, if it could be resolved.
    #[must_use]
    pub fn when(&self) -> Option<When> {
        let precision: Precision = self.precision.as_ref()?.parse().ok()?;
        Some(When { from: self.starts_at?, to: self.ends_at?, precision })
    }
}

/// Lists the segments of a conversation's current transcripts, in order, without uncertain ones.
pub async fn understood_segments(
    tx: &mut UserTx,
    conversation: Uuid,
) -> sqlx::Result<Vec<UnderstoodSegment>> {
    let user = tx.user();
    sqlx::query_as!(
        UnderstoodSegment,
        r#"select s.id, s.text, coalesce(c.speakers ->> s.speaker, s.speaker) as speaker,
                  coalesce(a.recorded_at, c.started_at) as "began_at!", s.start_ms
           from segments s
           join current_transcriptions t on t.id = s.transcription_id
           join conversations c on c.id = s.conversation_id
           left join audio a on a.user_id = $1 and a.id = t.audio_id
           where s.user_id = $1 and t.user_id = $1 and c.user_id = $1 and s.conversation_id = $2 and not s.is_uncertain
           order by t.created_at, t.id, s.position"#,
        user.0,
        conversation,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Lists the mentions in a conversation, in the order of segments and positions.
pub async fn understood_mentions(
    tx: &mut UserTx,
    conversation: Uuid,
) -> sqlx::Result<Vec<UnderstoodMention>> {
    let user = tx.user();
    sqlx::query_as!(
        UnderstoodMention,
        r#"select m.segment_id, m.entity_id, e.kind as "kind: EnumColumn<EntityKind>", e.key, m.text, m.start_char,
                  m.end_char, m.starts_at, m.ends_at, m.precision
           from mentions m join entities e on e.id = m.entity_id
           where m.user_id = $1 and e.user_id = $1 and m.conversation_id = $2 order by m.segment_id, m.start_char"#,
        user.0,
        conversation,
    )
    .fetch_all(&mut **tx)
    .await
}
