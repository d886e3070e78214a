//! Search by meaning within one person's conversations.

use pgvector::HalfVector;
use uuid::Uuid;

use super::{UserTx, row};

row! {
    /// A passage that means something like what was asked.
    #[derive(Clone, Debug)]
    pub struct Passage {
        /// The conversation that it is from.
        pub conversation_id: Uuid,
        /// What that is called.
        pub title: String,
        /// The transcript that it is from.
        pub transcription_id: Uuid,
        /// The recording to play.
        pub audio_id: Option<Uuid>,
        /// The segments that it is made of.
        pub segment_ids: Vec<Uuid>,
        /// Where it begins in the recording.
        pub start_ms: i64,
        /// Where it ends.
        pub end_ms: i64,
        /// What was said.
        pub text: String,
        /// The cosine of the angle between question and passage: 1 means the same, 0 nothing in common.
        pub score: f64,
    }
}

/// The passages that are closest in meaning, best first. Exact: every passage of the person that
/// this model embedded is compared. Of a recording that was transcribed several times, the newest
/// complete transcript is searched.
///
/// # Errors
/// When the database does not answer.
pub async fn nearest(
    tx: &mut UserTx,
    question: &[f32],
    model: &str,
    limit: i64,
) -> sqlx::Result<Vec<Passage>> {
    let user = tx.user();
    sqlx::query_as(
        "with near as (
             select e.*, e.embedding <=> $2 as distance
             from conversation_embeddings e
             join transcriptions t on t.id = e.transcription_id
             where e.user_id = $1 and e.model = $3 and t.completed_at is not null
               and not exists (select from transcriptions newer
                               where newer.audio_id = t.audio_id and newer.completed_at is not null
                                 and newer.id > t.id)
             order by distance, e.id limit $4)
         select near.conversation_id, c.title, near.transcription_id, t.audio_id, near.segment_ids,
                near.start_ms, near.end_ms, near.text, 1 - near.distance as score
         from near
         join conversations c on c.id = near.conversation_id
         join transcriptions t on t.id = near.transcription_id
         order by near.distance, near.id",
    )
    .bind(user.0)
    .bind(HalfVector::from_f32_slice(question))
    .bind(model)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await
}
