use poem_openapi::Object;
use poem_openapi::types::Example;
use self_shared::database::search::{Correction, Fused, Passage};
use uuid::Uuid;

use super::{example_id, example_time};
use crate::time::Time;

/// What was found.
#[derive(Object)]
#[oai(rename = "Found", skip_serializing_if_is_none, example)]
pub(crate) struct FoundView {
    /// The passages, best first.
    pub items: Vec<HitView>,
    /// The model that compared meanings; absent when only words were compared, because that was asked
    /// for or because no worker was there to do more.
    pub model: Option<String>,
    /// Words that occur nowhere, and what was searched for instead.
    pub corrections: Vec<CorrectionView>,
    /// Pass it as `cursor` to get the next page; absent on the last. Pages show what was there when the
    /// first was asked for.
    pub next_cursor: Option<String>,
}

/// Something that was said, ready to be played, and why it was found.
#[derive(Object)]
#[oai(rename = "Hit", skip_serializing_if_is_none)]
pub(crate) struct HitView {
    /// The conversation that it is from.
    pub conversation_id: Uuid,
    /// What that is called.
    pub title: String,
    /// When that began.
    pub started_at: Time,
    /// The transcript that it is from.
    pub transcription_id: Uuid,
    /// The recording to play.
    pub audio_id: Option<Uuid>,
    /// The segments that it is made of.
    pub segment_ids: Vec<Uuid>,
    /// Where to play from.
    pub start_ms: i64,
    /// Where to play to.
    pub end_ms: i64,
    /// What was said.
    pub text: String,
    /// Where words that were asked for stand in the text.
    pub highlights: Vec<HighlightView>,
    /// How good it is, in the measure of this answer only: the sum over words and meaning of
    /// 1 / (60 + rank).
    pub score: f64,
    /// Its rank by words; absent when it shares none with the query.
    pub by_words: Option<ByWordsView>,
    /// Its rank by meaning; absent when many others are closer.
    pub by_meaning: Option<ByMeaningView>,
}

/// A part of a text.
#[derive(Object)]
#[oai(rename = "Highlight")]
pub(crate) struct HighlightView {
    /// Where it begins, in characters.
    pub start_char: u32,
    /// Where it ends.
    pub end_char: u32,
}

/// What speaks for a passage by its words.
#[derive(Object)]
#[oai(rename = "ByWords")]
pub(crate) struct ByWordsView {
    /// Its rank among all that share words with the query, from 1.
    pub rank: u32,
    /// BM25: the more and the rarer the words, the higher.
    pub score: f64,
    /// The stems of the words that it shares with the query, the rarest first.
    pub terms: Vec<String>,
}

/// What speaks for a passage by its meaning.
#[derive(Object)]
#[oai(rename = "ByMeaning")]
pub(crate) struct ByMeaningView {
    /// Its rank among all, from 1.
    pub rank: u32,
    /// How close in meaning: 1 is the same, 0 has nothing in common.
    pub similarity: f64,
}

/// A word that occurs nowhere, and what was searched for instead.
#[derive(Object)]
#[oai(rename = "SpellingCorrection")]
pub(crate) struct CorrectionView {
    /// As it was typed.
    pub typed: String,
    /// As it occurs.
    pub meant: String,
}

impl HitView {
    /// A passage, and how it was found.
    pub(crate) fn new(passage: Passage, found: &Fused) -> Self {
        let highlights = passage.highlights().into_iter().map(|(from, to)| HighlightView {
            start_char: u32::try_from(from).unwrap_or(u32::MAX),
            end_char: u32::try_from(to).unwrap_or(u32::MAX),
        });
        let highlights = highlights.collect();
        Self {
            conversation_id: passage.conversation_id,
            title: passage.title,
            started_at: passage.started_at.into(),
            transcription_id: passage.transcription_id,
            audio_id: passage.audio_id,
            segment_ids: passage.segment_ids,
            start_ms: passage.start_ms,
            end_ms: passage.end_ms,
            text: passage.text,
            highlights,
            score: found.score,
            by_words: found.words.as_ref().map(|(rank, hit)| ByWordsView {
                rank: u32::try_from(*rank).unwrap_or(u32::MAX),
                score: hit.score,
                terms: hit.terms.clone(),
            }),
            by_meaning: found.meaning.as_ref().map(|(rank, hit)| ByMeaningView {
                rank: u32::try_from(*rank).unwrap_or(u32::MAX),
                similarity: hit.score,
            }),
        }
    }
}

impl From<Correction> for CorrectionView {
    fn from(correction: Correction) -> Self {
        Self { typed: correction.typed, meant: correction.meant }
    }
}

impl Example for FoundView {
    fn example() -> Self {
        let hit = HitView {
            conversation_id: example_id(2),
            title: "Kitchen plans".to_owned(),
            started_at: example_time(),
            transcription_id: example_id(4),
            audio_id: Some(example_id(1)),
            segment_ids: vec![example_id(5)],
            start_ms: 350,
            end_ms: 2_900,
            text: "Shall we take the blue tiles?".to_owned(),
            highlights: vec![HighlightView { start_char: 23, end_char: 28 }],
            score: 0.0325,
            by_words: Some(ByWordsView { rank: 1, score: 4.2, terms: vec!["tile".to_owned()] }),
            by_meaning: Some(ByMeaningView { rank: 3, similarity: 0.62 }),
        };
        let correction = CorrectionView { typed: "tlies".to_owned(), meant: "tiles".to_owned() };
        Self {
            items: vec![hit],
            model: Some("all-MiniLM-L6-v2".to_owned()),
            corrections: vec![correction],
            next_cursor: None,
        }
    }
}
