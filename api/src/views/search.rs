use poem_openapi::types::Example;
use poem_openapi::{Object, Union};
use self_shared::database::search::{Correction, Fused, Marked, Passage, Span};
use uuid::Uuid;

use super::{example_id, example_time};
use crate::time::Time;

/// The longest snippet, in characters: two lines of a phone.
const SNIPPET: usize = 160;

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

/// A passage, and why it was found. `kind` tells what it is from.
#[derive(Union)]
#[oai(rename = "Hit", discriminator_name = "kind", one_of)]
pub(crate) enum HitView {
    /// Something that was said.
    #[oai(mapping = "conversation")]
    Conversation(ConversationHitView),
    /// Something that was written.
    #[oai(mapping = "file")]
    File(FileHitView),
}

/// Something that was said, ready to be played.
#[derive(Object)]
#[oai(rename = "ConversationHit", skip_serializing_if_is_none)]
pub(crate) struct ConversationHitView {
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
    /// Where the passage begins in the recording.
    pub start_ms: i64,
    /// Where it ends.
    pub end_ms: i64,
    /// Where to play from: the first of the words in the snippet that were asked for, or the passage where
    /// it was found by meaning alone.
    pub play_from_ms: i64,
    #[oai(flatten)]
    pub found: ReasonView,
}

/// Something that was written.
#[derive(Object)]
#[oai(rename = "FileHit", skip_serializing_if_is_none)]
pub(crate) struct FileHitView {
    /// The file that it is from.
    pub file_id: Uuid,
    /// The device that this is on.
    pub device: String,
    /// Where it is there.
    pub path: String,
    /// What kind of file it is.
    pub content_type: Option<String>,
    /// When it last changed.
    pub changed_at: Time,
    /// Which of the file's passages this is, from 0.
    pub position: u32,
    #[oai(flatten)]
    pub found: ReasonView,
}

/// What was found, and what speaks for it.
#[derive(Object)]
#[oai(rename = "Reason", skip_serializing_if_is_none)]
pub(crate) struct ReasonView {
    /// What was said, or what is written there.
    pub text: String,
    /// Where words that were asked for stand in the text.
    pub highlights: Vec<HighlightView>,
    /// The part of it to show in a list.
    pub snippet: SnippetView,
    /// How good it is, in the measure of this answer only: the sum of 1 / (60 + rank) over its own ranks
    /// and `source_ranks`.
    pub score: f64,
    /// Its rank by words; absent when it shares none with the query.
    pub by_words: Option<ByWordsView>,
    /// Its rank by meaning; absent when many others are closer.
    pub by_meaning: Option<ByMeaningView>,
    /// The ranks of its conversation or file: each stands where its best passage does. Empty where words
    /// alone or meaning alone found anything, and their own order is kept.
    pub source_ranks: SourceRanksView,
}

/// The ranks of a conversation or file, among conversations and files, from 1.
#[derive(Object)]
#[oai(rename = "SourceRanks", skip_serializing_if_is_none)]
pub(crate) struct SourceRanksView {
    /// By words; absent when none of its passages shares any with the query.
    pub words: Option<u32>,
    /// By meaning; absent when many others are closer.
    pub meaning: Option<u32>,
}

/// A part of a text with the most of the words that were asked for: at most 160 characters, `…` where
/// something was left out.
#[derive(Object)]
#[oai(rename = "Snippet")]
pub(crate) struct SnippetView {
    /// What to show.
    pub text: String,
    /// Where words that were asked for stand in it.
    pub highlights: Vec<HighlightView>,
}

/// A part of a text.
#[derive(Object)]
#[oai(rename = "Highlight", skip_serializing_if_is_none)]
pub(crate) struct HighlightView {
    /// Where it begins, in characters.
    pub start_char: u32,
    /// Where it ends.
    pub end_char: u32,
    /// Where its words begin in the recording, or their segment, where the times of its words are not known;
    /// absent for what is written.
    pub start_ms: Option<u64>,
    /// Where they end.
    pub end_ms: Option<u64>,
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
        match passage {
            Passage::Conversation(said) => {
                let reason = ReasonView::new(said.text, found);
                let asked =
                    reason.snippet.highlights.iter().chain(&reason.highlights).find_map(|one| one.start_ms);
                Self::Conversation(ConversationHitView {
                    conversation_id: said.conversation_id,
                    title: said.title,
                    started_at: said.started_at.into(),
                    transcription_id: said.transcription_id,
                    audio_id: said.audio_id,
                    segment_ids: said.segment_ids,
                    start_ms: said.start_ms,
                    end_ms: said.end_ms,
                    play_from_ms: asked.and_then(|ms| ms.try_into().ok()).unwrap_or(said.start_ms),
                    found: reason,
                })
            }
            Passage::File(written) => Self::File(FileHitView {
                file_id: written.file_id,
                device: written.device,
                path: written.path,
                content_type: written.content_type,
                changed_at: written.changed_at.into(),
                position: written.position.unsigned_abs(),
                found: ReasonView::new(written.text, found),
            }),
        }
    }
}

impl ReasonView {
    fn new(text: Marked, found: &Fused) -> Self {
        let snippet = text.snippet(SNIPPET);
        Self {
            highlights: highlights(&text.spans),
            text: text.text,
            snippet: SnippetView { highlights: highlights(&snippet.spans), text: snippet.text },
            score: found.score,
            by_words: found.words.as_ref().map(|(rank, hit)| ByWordsView {
                rank: small(*rank),
                score: hit.score,
                terms: hit.terms.clone(),
            }),
            by_meaning: found
                .meaning
                .as_ref()
                .map(|(rank, hit)| ByMeaningView { rank: small(*rank), similarity: hit.score }),
            source_ranks: SourceRanksView {
                words: found.source.words.map(small),
                meaning: found.source.meaning.map(small),
            },
        }
    }
}

fn highlights(spans: &[Span]) -> Vec<HighlightView> {
    let view = |span: &Span| HighlightView {
        start_char: small(span.start),
        end_char: small(span.end),
        start_ms: span.times.map(|times| times.0),
        end_ms: span.times.map(|times| times.1),
    };
    spans.iter().map(view).collect()
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl From<Correction> for CorrectionView {
    fn from(correction: Correction) -> Self {
        Self { typed: correction.typed, meant: correction.meant }
    }
}

impl Example for FoundView {
    fn example() -> Self {
        let highlights = || {
            vec![HighlightView { start_char: 23, end_char: 28, start_ms: Some(2_240), end_ms: Some(2_900) }]
        };
        let text = "Shall we take the blue tiles?".to_owned();
        let hit = ConversationHitView {
            conversation_id: example_id(2),
            title: "Kitchen plans".to_owned(),
            started_at: example_time(),
            transcription_id: example_id(4),
            audio_id: Some(example_id(1)),
            segment_ids: vec![example_id(5)],
            start_ms: 350,
            end_ms: 2_900,
            play_from_ms: 2_240,
            found: ReasonView {
                snippet: SnippetView { text: text.clone(), highlights: highlights() },
                text,
                highlights: highlights(),
                score: 0.0648,
                by_words: Some(ByWordsView { rank: 1, score: 4.2, terms: vec!["tile".to_owned()] }),
                by_meaning: Some(ByMeaningView { rank: 3, similarity: 0.62 }),
                source_ranks: SourceRanksView { words: Some(1), meaning: Some(2) },
            },
        };
        let hit = HitView::Conversation(hit);
        let correction = CorrectionView { typed: "tlies".to_owned(), meant: "tiles".to_owned() };
        Self {
            items: vec![hit],
            model: Some("all-MiniLM-L6-v2".to_owned()),
            corrections: vec![correction],
            next_cursor: None,
        }
    }
}
