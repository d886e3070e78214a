//! A conversation as it was understood.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::{EnumColumn, UserTx, row};
use crate::domain::date::{Precision, When};
use crate::domain::entity::EntityKind;

row! {
    /// A segment that can be relied on.
    #[derive(Clone, Debug)]
    pub struct UnderstoodSegment {
        /// Names it.
        pub id: Uuid,
        /// What was said.
        pub text: String,
        /// Who said it, by the name that the person gave to the voice, where there is one.
        pub speaker: Option<String>,
        /// When its recording began.
        pub began_at: DateTime<Utc>,
        /// Where the segment begins there.
        pub start_ms: i64,
    }

    /// A mention in a segment.
    #[derive(Clone, Debug)]
    pub struct UnderstoodMention {
        /// The segment.
        pub segment_id: Uuid,
        /// Who or what.
        pub entity_id: Uuid,
        /// What that is.
        pub kind: EnumColumn<EntityKind>,
        /// The same for every way to write it.
        pub key: String,
        /// The words that were used.
        pub text: String,
        /// Where they begin in the segment's text, in characters.
        pub start_char: i32,
        /// Where they end.
        pub end_char: i32,
        /// Where the time begins that is meant, of a date that is known.
        pub starts_at: Option<DateTime<Utc>>,
        /// Where it is over.
        pub ends_at: Option<DateTime<Utc>>,
        /// How exactly it was said.
        pub precision: Option<String>,
    }
}

impl UnderstoodMention {
    /// When it is, of a date that is known.
    #[must_use]
    pub fn when(&self) -> Option<When> {
        let precision: Precision = self.precision.as_ref()?.parse().ok()?;
        Some(When { from: self.starts_at?, to: self.ends_at?, precision })
    }
}

/// The segments of the transcripts of a conversation that count, in order, without those that are uncertain.
pub async fn understood_segments(
    tx: &mut UserTx,
    conversation: Uuid,
) -> sqlx::Result<Vec<UnderstoodSegment>> {
    let user = tx.user();
    sqlx::query_as(
        "select s.id, s.text, coalesce(c.speakers ->> s.speaker, s.speaker) as speaker,
                coalesce(a.recorded_at, c.started_at) as began_at, s.start_ms
         from segments s
         join current_transcriptions t on t.id = s.transcription_id
         join conversations c on c.id = s.conversation_id
         left join audio a on a.id = t.audio_id
         where s.user_id = $1 and s.conversation_id = $2 and not s.is_uncertain
         order by t.created_at, t.id, s.position",
    )
    .bind(user.0)
    .bind(conversation)
    .fetch_all(&mut **tx)
    .await
}

/// The mentions in a conversation, by segments and in the order of each.
pub async fn understood_mentions(
    tx: &mut UserTx,
    conversation: Uuid,
) -> sqlx::Result<Vec<UnderstoodMention>> {
    let user = tx.user();
    sqlx::query_as(
        "select m.segment_id, m.entity_id, e.kind, e.key, m.text, m.start_char, m.end_char, m.starts_at, m.ends_at,
                m.precision
         from mentions m join entities e on e.id = m.entity_id
         where m.user_id = $1 and m.conversation_id = $2 order by m.segment_id, m.start_char",
    )
    .bind(user.0)
    .bind(conversation)
    .fetch_all(&mut **tx)
    .await
}
