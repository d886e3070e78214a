//! Properties of a conversation that are derived from its transcripts.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::database::UserTx;
use crate::domain::language;

/// The start of a recording if known, otherwise the start of its conversation.
///
/// # Errors
/// [`sqlx::Error::RowNotFound`] if the conversation was deleted.
pub async fn began_at(
    tx: &mut UserTx,
    conversation: Uuid,
    audio: Option<Uuid>,
) -> sqlx::Result<DateTime<Utc>> {
    let user = tx.user();
    sqlx::query_scalar!(
        r#"select coalesce((select recorded_at from audio where user_id = $1 and id = $3), started_at)
               as "began_at!"
           from conversations where user_id = $1 and id = $2"#,
        user.0,
        conversation,
        audio,
    )
    .fetch_one(&mut **tx)
    .await
}

/// Stores the derived title, language and so on of a conversation. A title that a person gave stays. Of
/// several recordings, the first gives the title. Without a language, the stored one stays.
pub async fn describe(
    tx: &mut UserTx,
    conversation: Uuid,
    audio: Option<Uuid>,
    title: &str,
    language: Option<&str>,
) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!(
        "update conversations set
             title = case when title_source = 'generated' and not exists (
                              select from audio
                              where user_id = $1 and conversation_id = conversations.id and id < $3)
                          then $4 else title end,
             language = coalesce($5, language),
             duration_ms = coalesce(
                 (select sum(duration_ms)::bigint from audio
                  where user_id = $1 and conversation_id = conversations.id),
                 duration_ms),
             version = version + 1, updated_at = now()
         where user_id = $1 and id = $2",
        user.0,
        conversation,
        audio,
        title,
        language.map(language::canonical),
    )
    .execute(&mut **tx)
    .await?;
    derive_warnings(tx, conversation).await
}

/// Stores the warnings of a conversation, which are those of its current transcripts. To be called wherever
/// these change.
pub async fn derive_warnings(tx: &mut UserTx, conversation: Uuid) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!(
        "update conversations set
             warnings = array(
                 select distinct warning from current_transcriptions t, unnest(t.warnings) warning
                 where t.conversation_id = conversations.id order by warning)
         where user_id = $1 and id = $2",
        user.0,
        conversation,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}
