//! What the passing of time brings is read from here.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::{EnumColumn, UserTx, row};
use crate::domain::date::{Precision, When};

/// Days ahead that are looked at.
const MOST_DAYS: i64 = 500;

row! {
    /// A mention of a date that is ahead.
    #[derive(Clone, Debug)]
    pub struct DateAhead {
        /// The date as an entity.
        pub entity_id: Uuid,
        /// The segment.
        pub segment_id: Uuid,
        /// What that says.
        pub text: String,
        /// When its recording began.
        pub began_at: DateTime<Utc>,
        /// Where the segment begins there.
        pub start_ms: i64,
        /// Where the time begins that is meant.
        pub starts_at: DateTime<Utc>,
        /// Where it is over.
        pub ends_at: DateTime<Utc>,
        /// How exactly it was said.
        pub precision: EnumColumn<Precision>,
    }

    /// The first mention of somebody in a conversation.
    #[derive(Clone, Debug)]
    pub struct PersonHeard {
        /// Who.
        pub entity_id: Uuid,
        /// What they are called.
        pub name: String,
        /// When the conversation began.
        pub started_at: DateTime<Utc>,
        /// The segment.
        pub segment_id: Uuid,
    }
}

impl DateAhead {
    /// When it is.
    #[must_use]
    pub fn when(&self) -> When {
        When { from: self.starts_at, to: self.ends_at, precision: self.precision.0 }
    }
}

/// When the person's first conversation began; none when there is no conversation.
pub async fn first_began_at(tx: &mut UserTx) -> sqlx::Result<Option<DateTime<Utc>>> {
    let user = tx.user();
    sqlx::query_scalar("select min(started_at) from conversations where user_id = $1")
        .bind(user.0)
        .fetch_one(&mut **tx)
        .await
}

/// The mentions of dates that are not over at `now` and begin until `until`, without those in segments that
/// speak for a promise or a task.
pub async fn dates_ahead(
    tx: &mut UserTx,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> sqlx::Result<Vec<DateAhead>> {
    let user = tx.user();
    sqlx::query_as(
        "select m.entity_id, s.id as segment_id, s.text, coalesce(a.recorded_at, c.started_at) as began_at,
                s.start_ms, m.starts_at, m.ends_at, m.precision
         from mentions m
         join segments s on s.id = m.segment_id
         join conversations c on c.id = m.conversation_id
         join transcriptions t on t.id = m.transcription_id
         left join audio a on a.id = t.audio_id
         where m.user_id = $1 and m.starts_at > $2 - interval '1 day' and m.ends_at > $2 and m.starts_at <= $3
           and not exists (select from insight_evidence e join insights i on i.id = e.insight_id
                           where e.segment_id = m.segment_id and i.superseded_by is null
                             and i.kind in ('promise', 'task'))
         order by m.starts_at, c.started_at, s.position, m.start_char limit $4",
    )
    .bind(user.0)
    .bind(now)
    .bind(until)
    .bind(MOST_DAYS)
    .fetch_all(&mut **tx)
    .await
}

/// Everybody who was mentioned in more than two conversations, with the first place in each of those that
/// began after `after` and not later than `until`; by person, in the order of time.
pub async fn people_heard(
    tx: &mut UserTx,
    after: DateTime<Utc>,
    until: DateTime<Utc>,
) -> sqlx::Result<Vec<PersonHeard>> {
    let user = tx.user();
    sqlx::query_as(
        "select entity_id, name, started_at, segment_id from (
             select distinct on (m.entity_id, m.conversation_id)
                    m.entity_id, e.name, c.started_at, m.segment_id
             from mentions m
             join entities e on e.id = m.entity_id
             join conversations c on c.id = m.conversation_id
             join segments s on s.id = m.segment_id
             where m.user_id = $1 and e.kind = 'person' and c.started_at > $2 and c.started_at <= $3
             order by m.entity_id, m.conversation_id, s.position, m.start_char) first
         where entity_id in (select entity_id from mentions where user_id = $1
                             group by entity_id having count(distinct conversation_id) > 2)
         order by entity_id, started_at, segment_id",
    )
    .bind(user.0)
    .bind(after)
    .bind(until)
    .fetch_all(&mut **tx)
    .await
}
