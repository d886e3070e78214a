//! Contents of an archive: everything that a person has, page by page in the order of ids. The shapes are
//! those of the API's views where there are such. Unknown values are null, and left out of the files.
//!
//! An archive contains no vectors, since a worker can derive them again; no events, jobs and tokens, since
//! they are kept for a short time only; and no hash of the password.

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};
use serde_json::Value;
use uuid::Uuid;

use crate::database::UserTx;

/// A type of row of which a person may have very many.
pub trait Listed: Serialize + Send + Sized {
    /// Reads the page after `last`, or the first page. The page is empty after the last row.
    fn page(tx: &mut UserTx, last: Option<Uuid>) -> impl Future<Output = sqlx::Result<Vec<Self>>> + Send;

    /// The position in the list.
    fn id(&self) -> Uuid;
}

/// The rows of one page: about a megabyte.
const PAGE: i64 = 500;
/// The rows of one page of contents. Each row has its text, so the page is small.
const CONTENT_PAGE: i64 = 16;

/// Declares lists, each with the size of its pages, and with the statement that selects the rows of the person
/// `$1` with an id above `$2`, in the order of ids, at most `$3`.
macro_rules! listed {
    ($($name:ident by $page:ident: $statement:literal;)+) => {$(
        impl Listed for $name {
            async fn page(tx: &mut UserTx, last: Option<Uuid>) -> sqlx::Result<Vec<Self>> {
                let user = tx.user();
                sqlx::query_as!($name, $statement, user.0, last.unwrap_or_default(), $page)
                    .fetch_all(&mut **tx)
                    .await
            }

            fn id(&self) -> Uuid {
                self.id
            }
        }
    )+};
}

/// A connection of two entities, with its evidence.
#[derive(Debug, Serialize)]
pub struct Connection {
    id: Uuid,
    from_entity_id: Uuid,
    to_entity_id: Uuid,
    kind: String,
    strength: f32,
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
    segment_ids: Vec<Uuid>,
}

/// A decision about a name.
#[derive(Debug, Serialize)]
pub struct Decision {
    id: Uuid,
    kind: String,
    key: String,
    spelling: Option<String>,
    becomes: Option<Value>,
    decided_at: DateTime<Utc>,
}

/// The state of a file on one of the person's devices.
#[derive(Debug, Serialize)]
pub struct File {
    id: Uuid,
    device: String,
    path: String,
    state: String,
    size_bytes: Option<i64>,
    #[serde(serialize_with = "hexadecimal")]
    sha256: Option<Vec<u8>>,
    content_type: Option<String>,
    content_id: Option<Uuid>,
    changed_at: DateTime<Utc>,
    opened_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The content of a file, as of the newest event that it was sent with or for.
#[derive(Debug, Serialize)]
pub struct Content {
    pub id: Uuid,
    file_id: Uuid,
    event_id: Uuid,
    /// The time of that event.
    pub as_of: DateTime<Utc>,
    pub kind: String,
    size_bytes: i64,
    #[serde(serialize_with = "hexadecimal")]
    sha256: Option<Vec<u8>>,
    /// The whole content, if it was sent as text …
    #[serde(skip)]
    pub text: Option<String>,
    /// … and the object key, if it was uploaded as bytes.
    #[serde(skip)]
    pub object_key: Option<String>,
}

/// An event of a file.
#[derive(Debug, Serialize)]
pub struct FileEvent {
    id: Uuid,
    file_id: Uuid,
    kind: String,
    device: String,
    path: String,
    from_path: Option<String>,
    size_bytes: Option<i64>,
    #[serde(serialize_with = "hexadecimal")]
    sha256: Option<Vec<u8>>,
    content_type: Option<String>,
    happened_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
pub struct Insight {
    id: Uuid,
    kind: String,
    title: String,
    detail: String,
    due_at: Option<DateTime<Utc>>,
    model: String,
    model_version: String,
    created_at: DateTime<Utc>,
    superseded_by: Option<Uuid>,
    dismissed_at: Option<DateTime<Utc>>,
    segment_ids: Vec<Uuid>,
    entity_ids: Vec<Uuid>,
    file_ids: Vec<Uuid>,
}

/// A login on one device, active or over.
#[derive(Debug, Serialize)]
pub struct Session {
    id: Uuid,
    user_agent: String,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    revoked_at: Option<DateTime<Utc>>,
    revoked_for: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Entity {
    id: Uuid,
    kind: String,
    name: String,
    aliases: Vec<String>,
    first_seen_at: DateTime<Utc>,
    last_seen_at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
pub struct Mention {
    id: Uuid,
    entity_id: Uuid,
    conversation_id: Uuid,
    transcription_id: Uuid,
    segment_id: Uuid,
    start_ms: i64,
    end_ms: i64,
    text: String,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    precision: Option<String>,
}

listed! {
    Mention by PAGE:
        "select m.id, m.entity_id, m.conversation_id, m.transcription_id, m.segment_id, s.start_ms, s.end_ms, m.text,
                m.starts_at, m.ends_at, m.precision
         from mentions m join segments s on s.id = m.segment_id
         where m.user_id = $1 and s.user_id = $1 and m.id > $2 order by m.id limit $3";
    Connection by PAGE:
        r#"select id, from_entity_id, to_entity_id, kind, strength, first_seen_at, last_seen_at,
                  array(select segment_id from connection_evidence e
                        where e.user_id = $1 and e.connection_id = c.id order by segment_id) as "segment_ids!"
           from connections c where user_id = $1 and id > $2 order by id limit $3"#;
    Decision by PAGE:
        "select id, kind, key, nullif(spelling, '') as spelling, decided_at,
                case when as_kind is not null then jsonb_build_object('kind', as_kind, 'name', as_name) end as becomes
         from entity_decisions where user_id = $1 and id > $2 order by id limit $3";
    File by PAGE:
        "select f.id, f.device, f.path, f.state, f.size_bytes, f.sha256, f.content_type, f.changed_at, f.opened_at,
                f.created_at, f.updated_at,
                (select c.id from file_contents c
                 where c.user_id = $1 and c.file_id = f.id order by c.as_of desc limit 1) as content_id
         from files f where f.user_id = $1 and f.id > $2 order by f.id limit $3";
    FileEvent by PAGE:
        "select id, file_id, kind, device, path, from_path, size_bytes, sha256, content_type, happened_at, created_at
         from file_events where user_id = $1 and id > $2 order by id limit $3";
    Insight by PAGE:
        r#"select i.id, i.kind, i.title, i.detail, i.due_at, i.model, i.model_version, i.created_at, i.superseded_by,
                  (select d.dismissed_at from insight_dismissals d
                   where d.user_id = i.user_id and d.kind = i.kind and d.essence = i.essence) as dismissed_at,
                  array(select e.segment_id from insight_evidence e
                        where e.user_id = $1 and e.insight_id = i.id and e.segment_id is not null
                        order by e.position) as "segment_ids!",
                  array(select e.entity_id from insight_evidence e
                        where e.user_id = $1 and e.insight_id = i.id and e.entity_id is not null
                        order by e.position) as "entity_ids!",
                  array(select e.file_id from insight_evidence e
                        where e.user_id = $1 and e.insight_id = i.id and e.file_id is not null
                        order by e.position) as "file_ids!"
           from insights i where i.user_id = $1 and i.id > $2 order by i.id limit $3"#;
    Session by PAGE:
        "select id, user_agent, created_at, last_used_at, expires_at, revoked_at, revoked_for
         from sessions where user_id = $1 and id > $2 order by id limit $3";
    Entity by PAGE:
        "select id, kind, name, aliases, first_seen_at, last_seen_at
         from entities where user_id = $1 and id > $2 order by id limit $3";
    Content by CONTENT_PAGE:
        "select id, file_id, event_id, as_of, kind, size_bytes, sha256, text, object_key
         from file_contents where user_id = $1 and id > $2 order by id limit $3";
}

/// Returns the number of conversations, and the bytes of recordings and of contents of files.
pub async fn extent(tx: &mut UserTx) -> sqlx::Result<(i64, i64)> {
    let user = tx.user();
    let extent = sqlx::query!(
        r#"select (select count(*) from conversations where user_id = $1) as "conversations!",
                  ((select coalesce(sum(size_bytes), 0) from audio where user_id = $1)
                   + (select coalesce(sum(size_bytes), 0) from file_contents
                      where user_id = $1 and object_key is not null))::bigint as "bytes!""#,
        user.0,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((extent.conversations, extent.bytes))
}

/// Lists the person's conversations after `last`, or the first ones.
pub async fn conversations(tx: &mut UserTx, last: Option<Uuid>) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    sqlx::query_scalar!(
        "select id from conversations where user_id = $1 and id > $2 order by id limit 500",
        user.0,
        last.unwrap_or_default(),
    )
    .fetch_all(&mut **tx)
    .await
}

fn hexadecimal<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
    let hex = bytes.as_ref().map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    hex.serialize(serializer)
}
