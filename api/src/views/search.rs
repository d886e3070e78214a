use poem_openapi::types::Example;
use poem_openapi::{Object, Union};
use self_shared::database::search::{Correction, Fused, HighlightedText, Passage, Span};
use uuid::Uuid;

use super::{example_id, example_time};
use crate::time::Time;

/// The longest snippet, in characters: two lines on a phone.
const SNIPPET: usize = 160;

/// The hits of a search.
#[derive(Object)]
#[oai(rename = "Found", skip_serializing_if_is_none, example)]
pub(crate) struct FoundView {
    /// The passages, best first.
    pub items: Vec<HitView>,
    /// The model that compared meaning. Absent if only words were compared, because the request asked
    /// for words only or because no worker could compare meaning.
    pub model: Option<String>,
    /// Words that occur nowhere, with the words that were searched for instead.
    pub corrections: Vec<CorrectionView>,
    /// Send it as `cursor` to get the next page. Absent on the last page. All pages show the data at
    /// the time of the first request.
    pub next_cursor: Option<String>,
}

/// A passage, with the reasons why it was found. `kind` tells the type of the source.
#[derive(Union)]
#[oai(rename = "Hit", discriminator_name = "kind", one_of)]
pub(crate) enum HitView {
    /// A passage of a conversation.
    #[oai(mapping = "conversation")]
    Conversation(ConversationHitView),
    /// A passage of a file.
    #[oai(mapping = "file")]
    File(FileHitView),
}

/// A passage of a conversation, with its position in the recording.
#[derive(Object)]
#[oai(rename = "ConversationHit", skip_serializing_if_is_none)]
pub(crate) struct ConversationHitView {
    /// The conversation of the passage.
    pub conversation_id: Uuid,
    /// The title of the conversation.
    pub title: String,
    /// When the conversation began.
    pub started_at: Time,
    /// The transcript of the passage.
    pub transcription_id: Uuid,
    /// The recording to play. Absent if there is none.
    pub audio_id: Option<Uuid>,
    /// The segments of the passage.
    pub segment_ids: Vec<Uuid>,
    /// The start of the passage in the recording, in milliseconds.
    pub start_ms: i64,
    /// The end of the passage in the recording, in milliseconds.
    pub end_ms: i64,
    /// Where to start playback, in milliseconds: the first phrase in quotes, or else the first word of the
    /// query, in the snippet. If the passage was found by meaning alone, the start of the passage.
    pub play_from_ms: i64,
    #[oai(flatten)]
    pub found: ReasonView,
}

/// A passage of a file.
#[derive(Object)]
#[oai(rename = "FileHit", skip_serializing_if_is_none)]
pub(crate) struct FileHitView {
    /// The file of the passage.
    pub file_id: Uuid,
    /// The device that the file is on.
    pub device: String,
    /// The path of the file on the device.
    pub path: String,
    /// The media type of the file. Absent if it is unknown.
    pub content_type: Option<String>,
    /// When the file last changed.
    pub changed_at: Time,
    /// The number of the passage in the file, counted from 0.
    pub position: u32,
    #[oai(flatten)]
    pub found: ReasonView,
}

/// The text of a passage, and the reasons why it was found.
#[derive(Object)]
#[oai(rename = "Reason", skip_serializing_if_is_none)]
pub(crate) struct ReasonView {
    /// The text of the passage.
    pub text: String,
    /// The positions in `text` of words and phrases of the query.
    pub highlights: Vec<HighlightView>,
    /// The part of the text to show in a list of hits.
    pub snippet: SnippetView,
    /// The score of the passage, comparable only within this answer: the sum of 1 / (60 + rank) over
    /// the ranks of the passage and `source_ranks`.
    pub score: f64,
    /// The rank by words. Absent if the passage has no word of the query.
    pub by_words: Option<ByWordsView>,
    /// The rank by meaning. Absent if many other passages are more similar.
    pub by_meaning: Option<ByMeaningView>,
    /// The ranks of the conversation or file of the passage. The best passage of a conversation or file
    /// decides its rank. Empty if only one method, words or meaning, found anything: the order of that
    /// method is then kept.
    pub source_ranks: SourceRanksView,
}

/// The ranks of a conversation or file among all conversations and files, counted from 1.
#[derive(Object)]
#[oai(rename = "SourceRanks", skip_serializing_if_is_none)]
pub(crate) struct SourceRanksView {
    /// The rank by words. Absent if none of its passages has a word of the query.
    pub words: Option<u32>,
    /// The rank by meaning. Absent if many others are more similar.
    pub meaning: Option<u32>,
}

/// The part of a text with the most words of the query: at most 160 characters, with `…` where text is
/// left out.
#[derive(Object)]
#[oai(rename = "Snippet")]
pub(crate) struct SnippetView {
    /// The text to show.
    pub text: String,
    /// The positions in this text of words and phrases of the query.
    pub highlights: Vec<HighlightView>,
}

/// A span of a text.
#[derive(Object)]
#[oai(rename = "Highlight", skip_serializing_if_is_none)]
pub(crate) struct HighlightView {
    /// The position of the first character, in Unicode code points, counted from 0.
    pub start_char: u32,
    /// The position after the last character, in Unicode code points.
    pub end_char: u32,
    /// The start of the span in the recording, in milliseconds. If the times of the words are unknown,
    /// the start of the segment. Absent in a file.
    pub start_ms: Option<u64>,
    /// The end of the span in the recording, or of its segment, in milliseconds. Absent in a file.
    pub end_ms: Option<u64>,
}

/// The result of the comparison by words.
#[derive(Object)]
#[oai(rename = "ByWords")]
pub(crate) struct ByWordsView {
    /// The rank among all passages that have words of the query, counted from 1.
    pub rank: u32,
    /// The BM25 score. More words, and rarer words, give a higher score.
    pub score: f64,
    /// The stems of the words that query and passage have in common, rarest first.
    pub terms: Vec<String>,
}

/// The result of the comparison by meaning.
#[derive(Object)]
#[oai(rename = "ByMeaning")]
pub(crate) struct ByMeaningView {
    /// The rank among all passages, counted from 1.
    pub rank: u32,
    /// The similarity: 1 means the same, 0 means nothing in common.
    pub similarity: f64,
}

/// A word that occurs nowhere, and the word that was searched for instead.
#[derive(Object)]
#[oai(rename = "SpellingCorrection")]
pub(crate) struct CorrectionView {
    /// The word in the query.
    pub typed: String,
    /// The word that was searched for instead.
    pub meant: String,
}

impl HitView {
    /// A hit, from a passage and its ranks.
    pub(crate) fn new(passage: Passage, found: &Fused) -> Self {
        match passage {
            Passage::Conversation(said) => {
                let snippet = said.text.snippet(SNIPPET);
                let asked = said.text.play_from(&snippet);
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
                    found: ReasonView::new(said.text, snippet, found),
                })
            }
            Passage::File(written) => {
                let snippet = written.text.snippet(SNIPPET);
                Self::File(FileHitView {
                    file_id: written.file_id,
                    device: written.device,
                    path: written.path,
                    content_type: written.content_type,
                    changed_at: written.changed_at.into(),
                    position: written.position.unsigned_abs(),
                    found: ReasonView::new(written.text, snippet, found),
                })
            }
        }
    }
}

impl ReasonView {
    fn new(text: HighlightedText, snippet: HighlightedText, found: &Fused) -> Self {
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
