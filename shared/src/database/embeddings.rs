//! Passages of transcripts and of files, with their vectors.

use pgvector::HalfVector;
use uuid::Uuid;

use super::UserTx;
use crate::domain::model::ModelId;
use crate::domain::new_id;

/// A passage of a transcript, to be inserted.
#[derive(Clone, Debug)]
pub struct NewPassage<'a> {
    /// Start in the recording, in milliseconds.
    pub start_ms: i64,
    /// End in the recording, in milliseconds.
    pub end_ms: i64,
    /// The segments that it covers, in order.
    pub segment_ids: Vec<Uuid>,
    /// The text of these segments.
    pub text: &'a str,
    /// The vector of the text: 384 numbers.
    pub embedding: &'a [f32],
}

/// A passage of a file, to be inserted.
#[derive(Clone, Copy, Debug)]
pub struct NewFilePassage<'a> {
    pub text: &'a str,
    /// The vector of the text: 384 numbers.
    pub embedding: &'a [f32],
}

/// A text with its vector.
#[derive(Clone, Debug)]
pub struct Embedded {
    pub text: String,
    /// The vector of the text.
    pub embedding: Vec<f32>,
    /// The model that computed the vector.
    pub model: String,
    /// The version of that model.
    pub model_version: String,
}

/// Reads the passages of a transcript.
pub async fn of_transcription(tx: &mut UserTx, transcription: Uuid) -> sqlx::Result<Vec<Embedded>> {
    let user = tx.user();
    sqlx::query_as!(
        Embedded,
        r#"select text, embedding::real[] as "embedding!", model, model_version from conversation_embeddings
           where user_id = $1 and transcription_id = $2"#,
        user.0,
        transcription,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Reads the passages of a file.
pub async fn of_file(tx: &mut UserTx, file: Uuid) -> sqlx::Result<Vec<Embedded>> {
    let user = tx.user();
    sqlx::query_as!(
        Embedded,
        r#"select text, embedding::real[] as "embedding!", model, model_version from file_embeddings
           where user_id = $1 and file_id = $2"#,
        user.0,
        file,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Inserts the passages of a transcript that has none.
pub async fn insert(
    tx: &mut UserTx,
    conversation: Uuid,
    transcription: Uuid,
    model: &ModelId,
    passages: &[NewPassage<'_>],
) -> sqlx::Result<()> {
    let user = tx.user();
    // PostgreSQL accepts only rectangular nested arrays. So the segment ids of all passages go into one
    // array, and each passage has the index of its first and of its last id.
    let segment_ids: Vec<Uuid> = passages.iter().flat_map(|passage| &passage.segment_ids).copied().collect();
    let mut last = 0;
    let (mut firsts, mut lasts) = (Vec::new(), Vec::new());
    for passage in passages {
        firsts.push(last + 1);
        last += i32::try_from(passage.segment_ids.len()).unwrap_or(i32::MAX);
        lasts.push(last);
    }
    sqlx::query!(
        "insert into conversation_embeddings
             (id, user_id, conversation_id, transcription_id, position, start_ms, end_ms, segment_ids, text,
              embedding, model, model_version)
         select id, $1, $2, $3, row - 1, start_ms, end_ms, ($4::uuid[])[first:last], text, embedding, $5, $6
         from unnest($7::uuid[], $8::bigint[], $9::bigint[], $10::integer[], $11::integer[], $12::text[],
                     $13::halfvec[])
              with ordinality as fresh (id, start_ms, end_ms, first, last, text, embedding, row)",
        user.0,
        conversation,
        transcription,
        &segment_ids,
        &*model.name,
        &*model.version,
        &passages.iter().map(|_| new_id()).collect::<Vec<_>>(),
        &passages.iter().map(|passage| passage.start_ms).collect::<Vec<_>>(),
        &passages.iter().map(|passage| passage.end_ms).collect::<Vec<_>>(),
        &firsts,
        &lasts,
        &passages.iter().map(|passage| passage.text).collect::<Vec<_>>() as &[&str],
        &passages.iter().map(|passage| HalfVector::from_f32_slice(passage.embedding)).collect::<Vec<_>>()
            as _,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Replaces the passages of a file.
pub async fn replace_of_file(
    tx: &mut UserTx,
    file: Uuid,
    model: &ModelId,
    passages: &[NewFilePassage<'_>],
) -> sqlx::Result<()> {
    remove_of_file(tx, file).await?;
    let user = tx.user();
    sqlx::query!(
        "insert into file_embeddings (id, user_id, file_id, position, text, embedding, model, model_version)
         select id, $1, $2, row - 1, text, embedding, $3, $4
         from unnest($5::uuid[], $6::text[], $7::halfvec[]) with ordinality as fresh (id, text, embedding, row)",
        user.0,
        file,
        &*model.name,
        &*model.version,
        &passages.iter().map(|_| new_id()).collect::<Vec<_>>(),
        &passages.iter().map(|passage| passage.text).collect::<Vec<_>>() as &[&str],
        &passages.iter().map(|passage| HalfVector::from_f32_slice(passage.embedding)).collect::<Vec<_>>() as _,
    )
    .execute(&mut **tx)
    .await
    .map(|_| ())
}

/// Deletes the passages of a file.
pub async fn remove_of_file(tx: &mut UserTx, file: Uuid) -> sqlx::Result<()> {
    let user = tx.user();
    sqlx::query!("delete from file_embeddings where user_id = $1 and file_id = $2", user.0, file)
        .execute(&mut **tx)
        .await
        .map(|_| ())
}
