//! Recordings: what is known of the bytes in object storage.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{SystemTx, UserTx, conversations, jobs, row};

row! {
    /// A recording.
    #[derive(Clone, Debug)]
    pub struct Audio {
        /// Names it.
        pub id: Uuid,
        /// The conversation that it is of.
        pub conversation_id: Uuid,
        /// Where its bytes are.
        pub object_key: String,
        /// What the file was called; empty when nobody said.
        pub filename: String,
        /// The media type of its container.
        pub content_type: String,
        /// How many bytes.
        pub size_bytes: i64,
        /// The SHA-256 of its bytes.
        pub sha256: Vec<u8>,
        /// How its sound is coded; known once decoded, like the next three.
        pub codec: Option<String>,
        /// Samples a second.
        pub sample_rate: Option<i32>,
        /// Channels.
        pub channels: Option<i32>,
        /// How long it plays.
        pub duration_ms: Option<i64>,
        /// When it was recorded, where that is known.
        pub recorded_at: Option<DateTime<Utc>>,
        /// When it was uploaded.
        pub created_at: DateTime<Utc>,
        /// When its bytes were removed, if they are not kept any more.
        pub removed_at: Option<DateTime<Utc>>,
    }
}

/// Writes a recording down. False when the person has these very bytes already: the transaction is
/// then to be given up. Waits for whoever is writing the same bytes down at this moment.
///
/// # Errors
/// When the database refuses.
pub async fn insert(tx: &mut UserTx, audio: &Audio) -> sqlx::Result<bool> {
    let user = tx.user();
    let written = sqlx::query(
        "insert into audio (id, user_id, conversation_id, object_key, filename, content_type, size_bytes,
                            sha256, recorded_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (user_id, sha256) where removed_at is null do nothing",
    )
    .bind(audio.id)
    .bind(user.0)
    .bind(audio.conversation_id)
    .bind(&audio.object_key)
    .bind(&audio.filename)
    .bind(&audio.content_type)
    .bind(audio.size_bytes)
    .bind(&audio.sha256)
    .bind(audio.recorded_at)
    .bind(audio.created_at)
    .execute(&mut **tx)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// One recording of the person.
///
/// # Errors
/// When the database does not answer.
pub async fn get(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<Audio>> {
    let user = tx.user();
    sqlx::query_as("select * from audio where user_id = $1 and id = $2")
        .bind(user.0)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await
}

/// The person's recording with these very bytes, if they are still kept.
///
/// # Errors
/// When the database does not answer.
pub async fn by_sha256(tx: &mut UserTx, sha256: &[u8]) -> sqlx::Result<Option<Audio>> {
    let user = tx.user();
    sqlx::query_as("select * from audio where user_id = $1 and sha256 = $2 and removed_at is null")
        .bind(user.0)
        .bind(sha256)
        .fetch_optional(&mut **tx)
        .await
}

/// The recordings of one conversation, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn of_conversation(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<Vec<Audio>> {
    let user = tx.user();
    sqlx::query_as("select * from audio where user_id = $1 and conversation_id = $2 order by id")
        .bind(user.0)
        .bind(conversation)
        .fetch_all(&mut **tx)
        .await
}

/// Where the sound of a recording is, that one of the conversation's transcripts is made of; none when
/// any of the three is gone, or the sound is not kept any more.
///
/// # Errors
/// When the database does not answer.
pub async fn object_to_transcribe(
    tx: &mut UserTx,
    id: Uuid,
    conversation: Uuid,
    transcription: Uuid,
) -> sqlx::Result<Option<String>> {
    let user = tx.user();
    sqlx::query_scalar(
        "select audio.object_key from audio
         join transcriptions on transcriptions.id = $4 and transcriptions.conversation_id = $3
         where audio.user_id = $1 and audio.id = $2 and audio.removed_at is null",
    )
    .bind(user.0)
    .bind(id)
    .bind(conversation)
    .bind(transcription)
    .fetch_optional(&mut **tx)
    .await
}

/// How the sound of a recording is coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Format<'a> {
    /// The codec.
    pub codec: &'a str,
    /// Samples a second.
    pub sample_rate: Option<i32>,
    /// Channels.
    pub channels: Option<i32>,
    /// How long it plays.
    pub duration_ms: i64,
}

/// Writes down how a recording is coded, once it was decoded.
///
/// # Errors
/// When the database refuses.
pub async fn set_format(tx: &mut UserTx, id: Uuid, format: &Format<'_>) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query(
        "update audio set codec = $3, sample_rate = $4, channels = $5, duration_ms = $6
         where user_id = $1 and id = $2",
    )
    .bind(user.0)
    .bind(id)
    .bind(format.codec)
    .bind(format.sample_rate)
    .bind(format.channels)
    .bind(format.duration_ms)
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Removes the sound of a recording. What was heard of it stays, and so does the row; work that still
/// needs the sound is stopped. Answers the key of its object, to be removed once this is committed: if
/// that fails, it is swept like all objects that no row names. None when there is no such recording, or
/// its sound is gone already.
///
/// # Errors
/// When the database refuses.
pub async fn remove(tx: &mut UserTx, id: Uuid) -> sqlx::Result<Option<String>> {
    let user = tx.user();
    let removed: Option<(String, Uuid)> = sqlx::query_as(
        "update audio set removed_at = now() where user_id = $1 and id = $2 and removed_at is null
         returning object_key, conversation_id",
    )
    .bind(user.0)
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    let Some((object, conversation)) = removed else { return Ok(None) };
    jobs::cancel_about(tx, user, jobs::About::Audio(id)).await?;
    conversations::touch(tx, conversation).await?;
    Ok(Some(object))
}

/// The person's recordings whose sound is kept, of conversations that began before a time, and that no
/// work is under way for, be it that they were heard or that they cannot be; at most `limit`, the oldest
/// first.
///
/// # Errors
/// When the database does not answer.
pub async fn removable(tx: &mut UserTx, before: DateTime<Utc>, limit: i64) -> sqlx::Result<Vec<Uuid>> {
    let user = tx.user();
    sqlx::query_scalar(
        "select a.id from audio a join conversations c on c.id = a.conversation_id
         where a.user_id = $1 and a.removed_at is null and c.started_at < $2
           and not exists (select from jobs j where j.user_id = $1 and j.state in ('queued', 'running')
                                                and j.payload ->> 'audio_id' = a.id::text)
         order by c.started_at, a.id limit $3",
    )
    .bind(user.0)
    .bind(before)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await
}

/// Which of these objects no recording of anybody is kept in.
///
/// # Errors
/// When the database does not answer.
pub async fn nameless(tx: &mut SystemTx, keys: impl Iterator<Item = &str>) -> sqlx::Result<HashSet<String>> {
    let nameless: Vec<String> = sqlx::query_scalar(
        "select key from unnest($1::text[]) key
         where not exists (select from audio where audio.object_key = key and audio.removed_at is null)",
    )
    .bind(keys.collect::<Vec<_>>())
    .fetch_all(&mut **tx)
    .await?;
    Ok(nameless.into_iter().collect())
}
