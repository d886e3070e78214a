//! What the passing of time brings: days that are near, and people who are missed or come up often.

use chrono::{DateTime, TimeDelta, Utc};
use self_language::notice::{Ahead, Heard, LONGEST_SILENCE, NEAR, approaching, not_heard_of, often_heard_of};
use self_language::resolve::Zone;
use self_shared::database::UserTx;
use self_shared::domain::insight::NewInsight;
use uuid::Uuid;

use super::moment;
use super::said::when;

/// Days ahead that are looked at.
const MOST_DAYS: i64 = 500;

/// What it brings at a moment. Days that something is due on which was promised are told with that.
pub(super) async fn of_time(
    tx: &mut UserTx,
    now: DateTime<Utc>,
    zone: Zone,
) -> sqlx::Result<Vec<NewInsight>> {
    let user = tx.user();
    let began: Option<DateTime<Utc>> =
        sqlx::query_scalar("select min(started_at) from conversations where user_id = $1")
            .bind(user.0)
            .fetch_one(&mut **tx)
            .await?;
    let today = zone.local(now).date();
    let since = began.map_or(today, |began| zone.local(began).date());
    let mut found = approaching(&ahead(tx, now).await?, now, zone);
    let people = people(tx, now, zone).await?;
    found.extend(not_heard_of(&people, today));
    found.extend(often_heard_of(&people, since, today));
    Ok(found)
}

type DateRow = (Uuid, Uuid, String, DateTime<Utc>, i64, DateTime<Utc>, DateTime<Utc>, String);

async fn ahead(tx: &mut UserTx, now: DateTime<Utc>) -> sqlx::Result<Vec<Ahead>> {
    let user = tx.user();
    let rows: Vec<DateRow> = sqlx::query_as(
        "select m.entity_id, s.id, s.text, coalesce(a.recorded_at, c.started_at), s.start_ms, m.starts_at, m.ends_at,
                m.precision
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
    .bind(now + NEAR)
    .bind(MOST_DAYS)
    .fetch_all(&mut **tx)
    .await?;
    let ahead =
        rows.into_iter().filter_map(|(entity, segment, text, began_at, start_ms, from, to, precision)| {
            let when = when(Some(from), Some(to), Some(precision))?;
            Some(Ahead { entity, when, segment, text, said_at: moment(began_at, start_ms) })
        });
    Ok(ahead.collect())
}

/// Everybody who was mentioned in several conversations of the last year or so, with the first place
/// in each.
async fn people(tx: &mut UserTx, now: DateTime<Utc>, zone: Zone) -> sqlx::Result<Vec<Heard>> {
    let user = tx.user();
    let rows: Vec<(Uuid, String, DateTime<Utc>, Uuid)> = sqlx::query_as(
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
    .bind(now - TimeDelta::days(2 * LONGEST_SILENCE))
    .bind(now)
    .fetch_all(&mut **tx)
    .await?;
    let mut people: Vec<Heard> = Vec::new();
    for (entity, name, started_at, segment) in rows {
        let mention = (zone.local(started_at).date(), segment);
        match people.last_mut() {
            Some(last) if last.entity == entity => last.mentions.push(mention),
            _ => people.push(Heard { entity, name, mentions: vec![mention] }),
        }
    }
    Ok(people)
}
