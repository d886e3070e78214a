//! Durable events: rows that are numbered per person without gaps. Each is written in the transaction of the
//! change that it describes.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::SystemTx;
use crate::domain::{UserId, new_id};
use crate::events::{Event, EventKind, Registered, Room, stored};

/// An event to be inserted.
#[derive(Debug)]
pub(super) struct NewEvent {
    id: Uuid,
    user: UserId,
    kind: EventKind,
    rooms: Vec<Room>,
    data: Value,
}

impl NewEvent {
    pub(super) fn new<E: Registered>(user: UserId, payload: &E) -> Self {
        Self { id: new_id(), user, kind: E::KIND, rooms: payload.rooms(), data: stored(payload) }
    }
}

/// Inserts events in the given order.
///
/// This locks the person's counter until the commit. So the numbers have no gaps and follow the order of the
/// commits. It has to be the last statement of a transaction. The counters of several people are locked in a
/// fixed order.
pub(super) async fn append(tx: &mut PgConnection, events: &[NewEvent]) -> sqlx::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    // The name of a room contains no space.
    let rooms = |event: &NewEvent| event.rooms.iter().map(Room::to_string).collect::<Vec<_>>().join(" ");
    sqlx::query!(
        "with told as (
             select user_id, id, kind, string_to_array(rooms, ' ') as rooms, data,
                    row_number() over (partition by user_id order by position) as place,
                    count(*) over (partition by user_id) as of_person
             from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[]) with ordinality
                  as event (user_id, id, kind, rooms, data, position)),
         number as (
             insert into event_numbers as n (user_id, last)
             select user_id, count(*) from told group by user_id order by user_id
             on conflict (user_id) do update set last = n.last + excluded.last
             returning user_id, last)
         insert into events (user_id, seq, id, kind, rooms, data)
         select user_id, last - of_person + place, id, kind, rooms, data from told join number using (user_id)",
        &events.iter().map(|event| event.user.0).collect::<Vec<_>>(),
        &events.iter().map(|event| event.id).collect::<Vec<_>>(),
        &events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>() as &[&str],
        &events.iter().map(rooms).collect::<Vec<_>>(),
        &events.iter().map(|event| &event.data).collect::<Vec<_>>() as &[&Value],
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Reads the person's events after a number, in order; at most `limit`.
pub async fn after(tx: &mut PgConnection, user: UserId, seq: i64, limit: i64) -> sqlx::Result<Vec<Event>> {
    let rows = sqlx::query_as!(
        EventRow,
        "select user_id, seq, id, kind, rooms, data, created_at from events
         where user_id = $1 and seq > $2 order by seq limit $3",
        user.0,
        seq,
        limit,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().filter_map(EventRow::into_event).collect())
}

/// Reads the number of the person's newest event; 0 if there is none. Every change of data that apps show is
/// written together with an event. So an unchanged number means that no such data changed.
pub async fn last(tx: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    let last = sqlx::query_scalar!("select last from event_numbers where user_id = $1", user.0)
        .fetch_optional(tx)
        .await?;
    Ok(last.unwrap_or(0))
}

/// Whether there are events that are not relayed yet.
pub async fn are_unrelayed(tx: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from events where relayed_at is null) as "exists!""#)
        .fetch_one(tx)
        .await
}

/// Takes the lock of the relay, and waits while another process has it. The lock is released at the end of
/// the transaction.
pub async fn lock_relay(tx: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('relay', 0))").execute(tx).await.map(|_| ())
}

/// Takes up to `limit` events that are not relayed yet, oldest first, and marks them as relayed. If the
/// caller rolls back, the next call returns them again.
pub async fn take_unrelayed(tx: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Event>> {
    let rows = sqlx::query_as!(
        EventRow,
        "update events set relayed_at = now()
         where id in (
             select id from events where relayed_at is null
             order by created_at, seq limit $1 for update skip locked)
         returning user_id, seq, id, kind, rooms, data, created_at",
        limit,
    )
    .fetch_all(tx)
    .await?;
    let mut events: Vec<Event> = rows.into_iter().filter_map(EventRow::into_event).collect();
    events.sort_by_key(|event| (event.user_id, event.seq));
    Ok(events)
}

/// Finds the people whose oldest event is from before a time.
pub async fn people_with_older(tx: &mut SystemTx, before: DateTime<Utc>) -> sqlx::Result<Vec<UserId>> {
    // A recursive query reads one index entry per person, however many events the person has.
    let people = sqlx::query_scalar!(
        r#"with recursive oldest as (
               (select user_id, created_at from events order by user_id, seq limit 1)
               union all
               select next.user_id, next.created_at
               from oldest cross join lateral (
                   select user_id, created_at from events
                   where user_id > oldest.user_id order by user_id, seq limit 1) next)
           select user_id as "user_id!" from oldest where created_at < $1"#,
        before,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(people.into_iter().map(UserId).collect())
}

/// Deletes a person's events from before a time: the oldest first, at most `limit`. It stops at the first
/// event that has to stay, so the rest has no gaps. Returns the number of deleted events.
pub async fn forget(tx: &mut SystemTx, user: UserId, before: DateTime<Utc>, limit: i64) -> sqlx::Result<u64> {
    let removed = sqlx::query!(
        "delete from events using (
             select seq as first_seq, bool_and(created_at < $2) over (order by seq) as is_old
             from (select seq, created_at from events where user_id = $1 order by seq limit $3) first) judged
         where user_id = $1 and seq = first_seq and is_old",
        user.0,
        before,
        limit,
    )
    .execute(&mut **tx)
    .await?;
    Ok(removed.rows_affected())
}

struct EventRow {
    user_id: Uuid,
    seq: i64,
    id: Uuid,
    kind: String,
    rooms: Vec<String>,
    data: Value,
    created_at: DateTime<Utc>,
}

impl EventRow {
    /// Returns `None` for a kind that only a newer version knows.
    fn into_event(self) -> Option<Event> {
        Some(Event {
            id: self.id,
            user_id: UserId(self.user_id),
            seq: Some(self.seq),
            kind: self.kind.parse().ok()?,
            rooms: self.rooms.iter().filter_map(|room| room.parse().ok()).collect(),
            data: self.data,
            at: self.created_at,
        })
    }
}
