//! A conversation as it was understood, out of the database.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use self_language::notice::{Conversation, Mention, Segment};
use self_shared::database::UserTx;
use self_shared::domain::date::When;
use sqlx::FromRow;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::moment;

/// A segment: its id, its text, who said it, when its recording began, and where it begins there.
type Row = (Uuid, String, Option<String>, DateTime<Utc>, i64);

/// Reads a conversation, without what is uncertain; of a recording that was transcribed several times, the newest transcript
/// that is complete. None when it is not there any more.
pub(in crate::jobs) async fn conversation(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Conversation>> {
    let user = tx.user();
    let title = sqlx::query_scalar("select title from conversations where user_id = $1 and id = $2")
        .bind(user.0)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?;
    let Some(title) = title else { return Ok(None) };
    let mut mentions = mentions(tx, id).await?;
    let rows: Vec<Row> = sqlx::query_as(
        "select s.id, s.text, coalesce(c.speakers ->> s.speaker, s.speaker),
                coalesce(a.recorded_at, c.started_at), s.start_ms
         from segments s
         join transcriptions t on t.id = s.transcription_id
         join conversations c on c.id = s.conversation_id
         left join audio a on a.id = t.audio_id
         where s.user_id = $1 and s.conversation_id = $2 and t.completed_at is not null
           and not s.is_uncertain
           and not exists (select from transcriptions newer
                           where newer.audio_id = t.audio_id and newer.created_at > t.created_at
                             and newer.completed_at is not null)
         order by t.created_at, t.id, s.position",
    )
    .bind(user.0)
    .bind(id)
    .fetch_all(&mut **tx)
    .await?;
    let segments = rows.into_iter().map(|(id, text, speaker, began_at, start_ms)| Segment {
        id,
        text,
        speaker,
        said_at: moment(began_at, start_ms),
        mentions: mentions.remove(&id).unwrap_or_default(),
    });
    Ok(Some(Conversation { id, title, segments: segments.collect() }))
}

/// The mentions of each segment.
async fn mentions(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<HashMap<Uuid, Vec<Mention>>> {
    let user = tx.user();
    let rows: Vec<Mentioned> = sqlx::query_as(
        "select m.segment_id, m.entity_id, e.kind, e.key, m.text, m.start_char, m.end_char, m.starts_at, m.ends_at,
                m.precision
         from mentions m join entities e on e.id = m.entity_id
         where m.user_id = $1 and m.conversation_id = $2 order by m.segment_id, m.start_char",
    )
    .bind(user.0)
    .bind(conversation)
    .fetch_all(&mut **tx)
    .await?;
    let mut mentions: HashMap<Uuid, Vec<Mention>> = HashMap::new();
    for Mentioned { segment, mention } in rows {
        mentions.entry(segment).or_default().push(mention);
    }
    Ok(mentions)
}

struct Mentioned {
    segment: Uuid,
    mention: Mention,
}

impl FromRow<'_, PgRow> for Mentioned {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        use sqlx::Row as _;
        let kind: String = row.try_get("kind")?;
        let place = |column| row.try_get(column).map(|place: i32| usize::try_from(place).unwrap_or(0));
        let when = when(row.try_get("starts_at")?, row.try_get("ends_at")?, row.try_get("precision")?);
        let mention = Mention {
            entity: row.try_get("entity_id")?,
            kind: kind.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            key: row.try_get("key")?,
            text: row.try_get("text")?,
            start_char: place("start_char")?,
            end_char: place("end_char")?,
            when,
        };
        Ok(Self { segment: row.try_get("segment_id")?, mention })
    }
}

/// A date as its columns hold it.
pub(super) fn when(
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    precision: Option<String>,
) -> Option<When> {
    Some(When { from: from?, to: to?, precision: precision?.parse().ok()? })
}
