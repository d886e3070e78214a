//! The times of words in the current text of segments.

use std::collections::HashMap;

use sqlx::types::Json;
use uuid::Uuid;

use super::UserTx;
use crate::domain::transcription::{self, WordTime};
use crate::domain::word_times::{TimedWord, times_within, word_times};

/// The current words of a segment.
#[derive(Clone, Debug)]
pub(super) struct SegmentWords {
    text: String,
    /// The times of each word; the times of the segment where those of the word are not known.
    times: Vec<(u64, u64)>,
}

impl SegmentWords {
    /// The words, in order.
    pub(super) fn words(&self) -> impl Iterator<Item = TimedWord<'_>> {
        let words = self.text.split_whitespace().zip(&self.times);
        words.map(|(text, (start_ms, end_ms))| TimedWord { text, start_ms: *start_ms, end_ms: *end_ms })
    }

    /// From when to when a range of characters was said; `None` if there is no word in the range.
    pub(super) fn times_within(&self, start_char: i32, end_char: i32) -> Option<(i64, i64)> {
        let place = |character: i32| usize::try_from(character).unwrap_or(0);
        let (start, end) = times_within(&self.text, &self.times, place(start_char)..place(end_char))?;
        Some((start.try_into().ok()?, end.try_into().ok()?))
    }
}

struct WordsRow {
    id: Uuid,
    start_ms: i64,
    end_ms: i64,
    text: String,
    original_text: Option<String>,
    word_times: Option<Json<Vec<WordTime>>>,
}

/// Reads the words of the person's segments, by segment id.
pub(super) async fn by_segment(
    tx: &mut UserTx,
    segments: &[Uuid],
) -> sqlx::Result<HashMap<Uuid, SegmentWords>> {
    if segments.is_empty() {
        return Ok(HashMap::new());
    }
    let user = tx.user();
    let rows = sqlx::query_as!(
        WordsRow,
        r#"select id, start_ms, end_ms, text, original_text, word_times as "word_times: Json<Vec<WordTime>>"
           from segments where user_id = $1 and id = any ($2)"#,
        user.0,
        segments,
    )
    .fetch_all(&mut **tx)
    .await?;
    let said = |row: WordsRow| {
        let WordsRow { id, start_ms, end_ms, text, original_text, word_times: times } = row;
        let heard = original_text.as_ref().unwrap_or(&text);
        let heard = times.and_then(|times| transcription::words(heard, &times)).unwrap_or_default();
        let heard: Vec<TimedWord<'_>> = heard.iter().map(TimedWord::from).collect();
        let times = word_times(&text, &heard, start_ms.unsigned_abs(), end_ms.unsigned_abs());
        (id, SegmentWords { text, times })
    };
    Ok(rows.into_iter().map(said).collect())
}
