//! Reads the data for insights that depend on the passing of time.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::{EnumColumn, UserTx};
use crate::domain::date::{Precision, When};

/// The largest number of mentions of dates that are read.
const MOST_DAYS: i64 = 500;

/// A mention of a date in the future.
#[derive(Clone, Debug)]
pub struct DateAhead {
    /// The entity of the date.
    pub entity_id: Uuid,
    pub segment_id: Uuid,
    /// The text of the segment.
    pub text: String,
    /// The start of its recording.
    pub began_at: DateTime<Utc>,
    /// Start of the segment in the recording, in milliseconds.
    pub start_ms: i64,
    /// Start of the time that the date stands for.
    pub starts_at: DateTime<Utc>,
    /// End of that time.
    pub ends_at: DateTime<Utc>,
    /// The precision of the date.
    pub precision: EnumColumn<Precision>,
}

/// The first mention of a person in a conversation.
#[derive(Clone, Debug)]
pub struct PersonHeard {
    pub entity_id: Uuid,
    pub name: String,
    /// The start of the conversation.
    pub started_at: DateTime<Utc>,
    pub segment_id: Uuid,
}

impl DateAhead {
    /// The time that the date stands for.
    #[must_use]
    pub fn when(&self) -> When {
        When { from: self.starts_at, to: self.ends_at, precision: self.precision.0 }
    }
}

/// The start of the person's first conversation; `None` if there is none.
pub async fn first_began_at(tx: &mut UserTx) -> sqlx::Result<Option<DateTime<Utc>>> {
    let user = tx.user();
    sqlx::query_scalar!("select min(started_at) from conversations where user_id = $1", user.0)
        .fetch_one(&mut **tx)
        .await
}

/// Lists the mentions of dates that are not over at `now` and begin until `until`, without those in segments
/// that are evidence for a promise or a task.
pub async fn dates_ahead(
    tx: &mut UserTx,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> sqlx::Result<Vec<DateAhead>> {
    let user = tx.user();
    sqlx::query_as!(
        DateAhead,
        r#"select m.entity_id, s.id as segment_id, s.text, coalesce(a.recorded_at, c.started_at) as "began_at!",
                  s.start_ms, m.starts_at as "starts_at!", m.ends_at as "ends_at!",
                  m.precision as "precision!: EnumColumn<Precision>"
           from mentions m
           join segments s on s.id = m.segment_id
           join conversations c on c.id = m.conversation_id
           join transcriptions t on t.id = m.transcription_id
           left join audio a on a.user_id = $1 and a.id = t.audio_id
           where m.user_id = $1 and s.user_id = $1 and c.user_id = $1 and t.user_id = $1
             and m.starts_at > $2::timestamptz - interval '1 day' and m.ends_at > $2 and m.starts_at <= $3
             and not exists (select from insight_evidence e join insights i on i.id = e.insight_id
                             where e.user_id = $1 and i.user_id = $1 and e.segment_id = m.segment_id
                               and i.superseded_by is null and i.kind in ('promise', 'task'))
           order by m.starts_at, c.started_at, s.position, m.start_char limit $4"#,
        user.0,
        now,
        until,
        MOST_DAYS,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Lists the people who are mentioned in more than two conversations, with their first mention in each
/// conversation that began after `after` and not later than `until`; by person, in the order of time.
pub async fn people_heard(
    tx: &mut UserTx,
    after: DateTime<Utc>,
    until: DateTime<Utc>,
) -> sqlx::Result<Vec<PersonHeard>> {
    let user = tx.user();
    sqlx::query_as!(
        PersonHeard,
        "select entity_id, name, started_at, segment_id from (
             select distinct on (m.entity_id, m.conversation_id)
                    m.entity_id, e.name, c.started_at, m.segment_id
             from mentions m
             join entities e on e.id = m.entity_id
             join conversations c on c.id = m.conversation_id
             join segments s on s.id = m.segment_id
             where m.user_id = $1 and e.user_id = $1 and c.user_id = $1 and s.user_id = $1
               and e.kind = 'person' and c.started_at > $2 and c.started_at <= $3
             order by m.entity_id, m.conversation_id, s.position, m.start_char) first
         where entity_id in (select entity_id from mentions where user_id = $1
                             group by entity_id having count(distinct conversation_id) > 2)
         order by entity_id, started_at, segment_id",
        user.0,
        after,
        until,
    )
    .fetch_all(&mut **tx)
    .await
}
