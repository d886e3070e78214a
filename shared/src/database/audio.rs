//! Recordings: the metadata of the sound files in object storage.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{SystemTx, UserTx, conversations, jobs};

/// A query of the person $1 whose rows are [`Audio`]s: further conditions and the order, the parameters.
macro_rules! query_audio {
    ($conditions:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            Audio,
            "select id, conversation_id, object_key, filename, content_type, size_bytes, sha256, codec,
                    sample_rate, channels, duration_ms, recorded_at, created_at, removed_at
             from audio where user_id = $1 and "
                + $conditions,
            $($parameter),+
        )
    };
}

/// A recording.
#[derive(Clone, Debug)]
pub struct Audio {
    pub id: Uuid,
    /// The conversation that the recording belongs to.
    pub conversation_id: Uuid,
    /// The key of its object in storage.
    pub object_key: String,
    /// The name of the uploaded file; empty if none was given.
    pub filename: String,
    /// The media type of the container.
    pub content_type: String,
    pub size_bytes: i64,
    /// The SHA-256 of the file's bytes.
    pub sha256: Vec<u8>,
    /// The codec. Known once the recording was decoded, like the next three fields.
    pub codec: Option<String>,
    /// In hertz.
    pub sample_rate: Option<i32>,
    pub channels: Option<i32>,
    /// The length in milliseconds.
    pub duration_ms: Option<i64>,
    /// The time of the recording, if known.
    pub recorded_at: Option<DateTime<Utc>>,
    /// The time of the upload.
    pub created_at: DateTime<Utc>,
    /// The time when the sound was removed; `None` while it is kept.
    pub removed_at: Option<DateTime<Utc>>,
}

/// Inserts a recording. Returns false if the person already has a recording with the same bytes; the caller
/// then has to roll back. If another transaction is inserting the same bytes, this waits for it.
pub async fn insert(tx: &mut UserTx, audio: &Audio) -> sqlx::Result<bool> {
    let user = tx.user();
    let written = sqlx::query!(
        "insert into audio (id, user_id, conversation_id, object_key, filename, content_type, size_bytes,
                            sha256, recorded_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (user_id, sha256) where removed_at is null do nothing",
        audio.id,
        user.0,
        audio.conversation_id,
        audio.object_key,
        audio.filename,
        audio.content_type,
        audio.size_bytes,
        audio.sha256,
        audio.recorded_at,
        audio.created_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// Reads one recording of the person.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Audio>> {
    let user = tx.user();
    query_audio!("id = $2", user.0, id).fetch_optional(&mut **tx).await
}

/// Finds the person's recording with the same bytes, if its sound is still kept.
pub async fn by_sha256(tx: &mut UserTx, sha256: &[u8]) -> sqlx::Result<Option<Audio>> {
    let user = tx.user();
    query_audio!("sha256 = $2 and removed_at is null", user.0, sha256).fetch_optional(&mut **tx).await
}

/// Reads the recordings of a conversation, oldest first.
pub async fn of_conversation(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Audio>> {
    let user = tx.user();
    query_audio!("conversation_id = $2 order by id", user.0, conversation).fetch_all(&mut **tx).await
}

/// Reads the object key of a recording that is to be transcribed. `None` if the recording, its conversation
/// or the transcription is gone, or if its sound is no longer kept.
pub async fn object_to_transcribe(
    tx: &mut UserTx,
    id: Uuid,
    conversation: Uuid,
    transcription: Uuid,
) -> sqlx::Result<Option<String>> {
    let user = tx.user();
    sqlx::query_scalar!(
        "select audio.object_key from audio
         join transcriptions t on t.user_id = $1 and t.id = $4 and t.conversation_id = $3
         where audio.user_id = $1 and audio.id = $2 and audio.removed_at is null",
        user.0,
        id,
        conversation,
        transcription,
    )
    .fetch_optional(&mut **tx)
    .await
}

/// The format of a recording's sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format<'a> {
    pub codec: &'a str,
    /// In hertz.
    pub sample_rate: Option<i32>,
    pub channels: Option<i32>,
    /// The length in milliseconds.
    pub duration_ms: i64,
}

/// Stores the format of a recording, after it was decoded.
pub async fn set_format(tx: &mut UserTx, id: Uuid, format: &Format<'_>) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!(
        "update audio set codec = $3, sample_rate = $4, channels = $5, duration_ms = $6
         where user_id = $1 and id = $2",
        user.0,
        id,
        format.codec,
        format.sample_rate,
        format.channels,
        format.duration_ms,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Removes the sound of a recording. The row and the transcripts stay; jobs that still need the sound are
/// cancelled. Returns the object key, which the caller deletes after the commit. If that fails,
/// `sweep_objects` deletes the object later, since no row names it. Returns `None` if there is no such
/// recording, or if its sound is already removed.
pub async fn remove(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<String>> {
    let user = tx.user();
    let removed = sqlx::query!(
        "update audio set removed_at = now() where user_id = $1 and id = $2 and removed_at is null
         returning object_key, conversation_id",
        user.0,
        id,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(removed) = removed else { return Ok(None) };
    jobs::cancel_all(tx, user, jobs::CancelScope::Audio(id)).await?;
    conversations::touch(tx, removed.conversation_id).await?;
    Ok(Some(removed.object_key))
}

/// Finds recordings of the person whose sound can be removed: it is still kept, its conversation began
/// before a time, and no job works on it. Whether the transcription succeeded does not matter. At most
/// `limit`, oldest first.
pub async fn removable(tx: &mut UserTx, before: DateTime<Utc>, limit: i64) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    sqlx::query_scalar!(
        "select a.id from audio a join conversations c on c.id = a.conversation_id
         where a.user_id = $1 and c.user_id = $1 and a.removed_at is null and c.started_at < $2
           and not exists (select from jobs j where j.user_id = $1 and j.state in ('queued', 'running')
                                                and j.payload ->> 'audio_id' = a.id::text)
         order by c.started_at, a.id limit $3",
        user.0,
        before,
        limit,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Returns those of the given object keys that no recording with kept sound uses.
pub async fn orphaned(tx: &mut SystemTx, keys: impl Iterator<Item = &str>) -> sqlx::Result<HashSet<String>> {
    let orphaned = sqlx::query_scalar!(
        r#"select key as "key!" from unnest($1::text[]) key
           where not exists (select from audio where audio.object_key = key and audio.removed_at is null)"#,
        &keys.collect::<Vec<_>>() as &[&str],
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(orphaned.into_iter().collect())
}
