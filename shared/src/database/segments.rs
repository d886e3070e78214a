//! Segments: the text that was said from one time to another, as transcribed and as corrected by people.

use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::{UserTx, conversations::EditError, transcriptions};
use crate::domain::UserId;
use crate::domain::transcription::{self, Timing, Word, WordTime, thousandths};
use crate::events as event;

/// A statement whose rows are [`Segment`]s: the text before their columns, the text after them, the parameters.
macro_rules! query_segments {
    ($before:literal, $after:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            Segment,
            $before
                + r#" id, conversation_id, transcription_id, position, start_ms, end_ms, text, original_text, speaker,
                     revision, confidence, is_uncertain, word_times as "word_times: Json<Vec<WordTime>>", timing "#
                + $after,
            $($parameter),+
        )
    };
}

/// The text that was said from one time to another.
#[derive(Clone, Debug, Default)]
pub struct Segment {
    /// The id stays the same across revisions.
    pub id: Uuid,
    pub conversation_id: Uuid,
    pub transcription_id: Uuid,
    /// The index in the transcript: 0, 1, 2 … in the order of time.
    pub position: i32,
    /// Start in the recording, in milliseconds.
    pub start_ms: i64,
    /// End in the recording, in milliseconds.
    pub end_ms: i64,
    /// The current text.
    pub text: String,
    /// The transcribed text, if a person has corrected it.
    pub original_text: Option<String>,
    /// The name of the speaker, if known.
    pub speaker: Option<String>,
    /// The number of replacements, plus one.
    pub revision: i32,
    /// The mean confidence of the transcribed words; `None` for text that was not transcribed by a
    /// model.
    pub confidence: Option<f32>,
    /// Whether the transcriber doubts the segment. Such a segment is shown, and kept out of
    /// understanding and search.
    pub is_uncertain: bool,
    /// The times of the transcribed words, if known.
    pub word_times: Option<Json<Vec<WordTime>>>,
    /// The source of these times.
    pub timing: Option<String>,
}

impl From<Segment> for event::Segment {
    fn from(segment: Segment) -> Self {
        let words = segment.words().map(|words| words.into_iter().map(event::Word::from).collect());
        Self {
            id: segment.id,
            position: segment.position,
            start_ms: segment.start_ms,
            end_ms: segment.end_ms,
            text: segment.text,
            original_text: segment.original_text,
            speaker: segment.speaker,
            revision: segment.revision,
            confidence: segment.confidence.map(thousandths),
            uncertain: segment.is_uncertain,
            words,
            timing: segment.timing.and_then(|timing| timing.parse().ok()),
            is_final: true,
            speech_final: true,
        }
    }
}

impl Segment {
    /// The words as transcribed, with their times; `None` if the times are not known.
    #[must_use]
    pub fn words(&self) -> Option<Vec<Word>> {
        let times = self.word_times.as_ref()?;
        transcription::words(self.original_text.as_ref().unwrap_or(&self.text), times)
    }
}

/// A segment to be inserted.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSegment {
    pub id: Uuid,
    /// Start in the recording, in milliseconds.
    pub start_ms: i64,
    /// End in the recording, in milliseconds.
    pub end_ms: i64,
    pub text: String,
    /// The name of the speaker, if known.
    pub speaker: Option<String>,
    /// How it was transcribed; `None` for text that was not transcribed by a model.
    pub quality: Option<SegmentQuality>,
}

/// How a segment was transcribed.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentQuality {
    /// The mean confidence of its words, from 0 to 1.
    pub confidence: f32,
    /// Whether the confidence is too low to rely on the segment.
    pub is_uncertain: bool,
    /// The times of each word of the text.
    pub word_times: Vec<WordTime>,
    /// The source of these times.
    pub timing: Timing,
}

/// Inserts segments of a transcript; the first of them gets the index `position`.
pub async fn insert(
    tx: &mut PgConnection,
    user: UserId,
    conversation: Uuid,
    transcription: Uuid,
    position: i32,
    segments: &[NewSegment],
) -> sqlx::Result<()> {
    let heard = || segments.iter().map(|segment| segment.quality.as_ref());
    sqlx::query!(
        "insert into segments (id, user_id, conversation_id, transcription_id, position, start_ms, end_ms, text,
                               speaker, confidence, is_uncertain, word_times, timing)
         select id, $1, $2, $3, $4 + row - 1, start_ms, end_ms, text, speaker, confidence, is_uncertain,
                word_times, timing
         from unnest($5::uuid[], $6::bigint[], $7::bigint[], $8::text[], $9::text[], $10::real[],
                     $11::boolean[], $12::jsonb[], $13::text[])
              with ordinality as fresh (id, start_ms, end_ms, text, speaker, confidence, is_uncertain,
                                        word_times, timing, row)",
        user.0,
        conversation,
        transcription,
        i64::from(position),
        &segments.iter().map(|segment| segment.id).collect::<Vec<_>>(),
        &segments.iter().map(|segment| segment.start_ms).collect::<Vec<_>>(),
        &segments.iter().map(|segment| segment.end_ms).collect::<Vec<_>>(),
        &segments.iter().map(|segment| segment.text.as_str()).collect::<Vec<_>>() as &[&str],
        &segments.iter().map(|segment| segment.speaker.as_deref()).collect::<Vec<_>>() as &[Option<&str>],
        &heard().map(|quality| quality.map(|quality| quality.confidence)).collect::<Vec<_>>() as &[Option<f32>],
        &heard().map(|quality| quality.is_some_and(|quality| quality.is_uncertain)).collect::<Vec<_>>(),
        &heard().map(|quality| quality.map(|quality| Json(&quality.word_times))).collect::<Vec<_>>() as _,
        &heard().map(|quality| quality.map(|quality| quality.timing.as_str())).collect::<Vec<_>>()
            as &[Option<&str>],
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Marks segments as uncertain, except those that a person has corrected or confirmed in the meantime.
pub async fn doubt(tx: &mut PgConnection, user: UserId, segments: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        "update segments set is_uncertain = true, revision = revision + 1
         where user_id = $1 and id = any($2) and revision = 1",
        user.0,
        segments,
    )
    .execute(tx)
    .await
    .map(|_| ())
}

/// Reads the segments of a transcript that have text, in the order of time.
pub async fn of_transcription(tx: &mut UserTx, transcription: Uuid) -> sqlx::Result<Vec<Segment>> {
    let user = tx.user();
    query_segments!(
        "select",
        "from segments where user_id = $1 and transcription_id = $2 and text <> '' order by position",
        user.0,
        transcription,
    )
    .fetch_all(&mut **tx)
    .await
}

/// The fields of a segment that jobs need.
#[derive(Clone, Debug)]
pub struct SegmentText {
    pub id: Uuid,
    /// Start in the recording, in milliseconds.
    pub start_ms: i64,
    /// End in the recording, in milliseconds.
    pub end_ms: i64,
    /// The current text; may be empty.
    pub text: String,
    /// Whether the transcriber doubts the segment.
    pub is_uncertain: bool,
    /// The number of replacements, plus one.
    pub revision: i32,
}

/// Reads the texts of all segments of a transcript, ordered by position.
pub async fn texts(tx: &mut UserTx, transcription: Uuid) -> sqlx::Result<Vec<SegmentText>> {
    let user = tx.user();
    sqlx::query_as!(
        SegmentText,
        "select id, start_ms, end_ms, text, is_uncertain, revision
         from segments where user_id = $1 and transcription_id = $2 order by position",
        user.0,
        transcription,
    )
    .fetch_all(&mut **tx)
    .await
}

/// The sum of the revisions of a transcript's segments. It grows with every correction.
pub async fn revisions(tx: &mut UserTx, transcription: Uuid) -> sqlx::Result<i64> {
    let user = tx.user();
    sqlx::query_scalar!(
        r#"select coalesce(sum(revision), 0)::bigint as "sum!" from segments
           where user_id = $1 and transcription_id = $2"#,
        user.0,
        transcription,
    )
    .fetch_one(&mut **tx)
    .await
}

/// Reads those of the given segments that exist, in the order of time.
pub(super) async fn some(tx: &mut UserTx, ids: &[Uuid]) -> sqlx::Result<Vec<Segment>> {
    let user = tx.user();
    query_segments!(
        "select",
        "from segments where user_id = $1 and id = any ($2) order by position",
        user.0,
        ids,
    )
    .fetch_all(&mut **tx)
    .await
}

/// Locks one segment of the person until the end of the transaction.
///
/// # Errors
/// [`EditError`], if there is no such segment or if it no longer has the given revision.
pub async fn hold(tx: &mut UserTx, id: Uuid, revision: Option<i64>) -> Result<Segment, EditError> {
    let user = tx.user();
    let segment =
        query_segments!("select", "from segments where user_id = $1 and id = $2 for update", user.0, id)
            .fetch_optional(&mut **tx)
            .await?;
    let segment = segment.ok_or(EditError::NotFound)?;
    if revision.is_some_and(|revision| revision != i64::from(segment.revision)) {
        return Err(EditError::Changed);
    }
    Ok(segment)
}

/// Corrects the text of a segment. Its times and the transcribed text stay. A text that is equal to the
/// transcribed one counts as no correction. `is_confirmed` says that a person gave the text, even if it is
/// unchanged: the segment is then no longer uncertain.
pub async fn correct(
    tx: &mut UserTx,
    id: Uuid,
    text: &str,
    speaker: Option<&str>,
    is_confirmed: bool,
) -> sqlx::Result<Segment> {
    let user = tx.user();
    let corrected = query_segments!(
        "update segments set
             original_text = nullif(coalesce(original_text, text), $3),
             text = $3, speaker = $4, is_uncertain = is_uncertain and not $5, revision = revision + 1
         where user_id = $1 and id = $2 returning",
        "",
        user.0,
        id,
        text,
        speaker,
        is_confirmed,
    )
    .fetch_one(&mut **tx)
    .await?;
    if is_confirmed {
        transcriptions::forget_doubts(tx, corrected.transcription_id).await?;
    }
    Ok(corrected)
}
