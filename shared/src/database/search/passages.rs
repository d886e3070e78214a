//! Reads the contents of passages that were found.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::HighlightedText;
use super::phrases::{self, Stems, Wanted};
use crate::database::{UserTx, segment_words};
use crate::domain::word_times::{TimedWord, times_within, word_times};

/// A passage of a conversation or of a file.
#[derive(Clone, Debug)]
pub enum Passage {
    Conversation(ConversationPassage),
    File(FilePassage),
}

/// A passage of a conversation, with the times to play it.
#[derive(Clone, Debug)]
pub struct ConversationPassage {
    pub id: Uuid,
    pub conversation_id: Uuid,
    /// The title of the conversation.
    pub title: String,
    /// The start of the conversation.
    pub started_at: DateTime<Utc>,
    pub transcription_id: Uuid,
    /// The recording to play.
    pub audio_id: Option<Uuid>,
    /// The segments of the passage.
    pub segment_ids: Vec<Uuid>,
    /// Start in the recording, in milliseconds.
    pub start_ms: i64,
    /// End in the recording, in milliseconds.
    pub end_ms: i64,
    /// The text, with the words of the query marked.
    pub text: HighlightedText,
}

/// A passage of a file.
#[derive(Clone, Debug)]
pub struct FilePassage {
    pub id: Uuid,
    pub file_id: Uuid,
    /// The device that has the file.
    pub device: String,
    /// The path on the device.
    pub path: String,
    /// The media type of the file.
    pub content_type: Option<String>,
    /// The time of the last change of the file.
    pub changed_at: DateTime<Utc>,
    /// The index of the passage in the file, from 0.
    pub position: i32,
    /// The text, with the words of the query marked.
    pub text: HighlightedText,
}

impl Passage {
    #[must_use]
    pub const fn id(&self) -> Uuid {
        match self {
            Self::Conversation(passage) => passage.id,
            Self::File(passage) => passage.id,
        }
    }
}

/// Selects the passages of the person $1 with the ids $2 from their table, and marks the words of the
/// query $3.
macro_rules! query_highlighted {
    ($passage:ident, $columns:literal, $table:literal, $joined:literal, $($parameter:expr),+ $(,)?) => {
        sqlx::query_as!(
            $passage,
            r#"with asked as (
                   select string_agg('''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || '''', ' | ')::tsquery
                       as words
                   from unnest(to_tsvector('english', $3)))
               select e.id, "#
                + $columns
                + r#", coalesce(ts_headline('english', translate(e.text, E'\x02\x03', ''), asked.words,
                                            E'HighlightAll=true, StartSel="\x02", StopSel="\x03"'), e.text)
                          as "text!: HighlightedText"
               from "#
                + $table
                + " e "
                + $joined
                + " cross join asked
               where e.user_id = $1 and e.id = any ($2)",
            $($parameter),+
        )
    };
}

/// Reads the passages with these ids, in their order, and marks the words and phrases of the query in them.
pub async fn passages(tx: &mut UserTx, ids: &[Uuid], wanted: &Wanted<'_>) -> sqlx::Result<Vec<Passage>> {
    let user = tx.user();
    let mut said = query_highlighted!(
        ConversationPassage,
        "e.conversation_id, c.title, c.started_at, e.transcription_id, t.audio_id, e.segment_ids, e.start_ms, e.end_ms",
        "conversation_embeddings",
        "join conversations c on c.user_id = $1 and c.id = e.conversation_id
         join transcriptions t on t.user_id = $1 and t.id = e.transcription_id",
        user.0,
        ids,
        wanted.all,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut written = query_highlighted!(
        FilePassage,
        "e.file_id, f.device, f.path, f.content_type, f.changed_at, e.position",
        "file_embeddings",
        "join files f on f.user_id = $1 and f.id = e.file_id",
        user.0,
        ids,
        wanted.all,
    )
    .fetch_all(&mut **tx)
    .await?;
    if !wanted.phrases.is_empty() {
        let texts = || {
            let said = said.iter().map(|passage| &passage.text);
            said.chain(written.iter().map(|passage| &passage.text)).map(|marked| marked.text.as_str())
        };
        let asked = wanted.phrases.iter().map(String::as_str).chain([wanted.unquoted]);
        let stems = Stems::of(tx, asked.chain(texts())).await?;
        let said = said.iter_mut().map(|passage| &mut passage.text);
        for text in said.chain(written.iter_mut().map(|passage| &mut passage.text)) {
            phrases::mark(text, wanted, &stems);
        }
    }
    time_spans(tx, &mut said).await?;
    let all = said.into_iter().map(Passage::Conversation).chain(written.into_iter().map(Passage::File));
    let mut all: HashMap<Uuid, Passage> = all.map(|passage| (passage.id(), passage)).collect();
    Ok(ids.iter().filter_map(|id| all.remove(id)).collect())
}

/// Adds the times to the marked words of each passage.
async fn time_spans(tx: &mut UserTx, passages: &mut [ConversationPassage]) -> sqlx::Result<()> {
    let marked = passages.iter().filter(|passage| !passage.text.spans.is_empty());
    let segments: Vec<Uuid> = marked.flat_map(|passage| passage.segment_ids.iter().copied()).collect();
    let said = segment_words::by_segment(tx, &segments).await?;
    for passage in passages.iter_mut().filter(|passage| !passage.text.spans.is_empty()) {
        let segments = passage.segment_ids.iter().filter_map(|id| said.get(id));
        let heard: Vec<TimedWord<'_>> = segments.flat_map(segment_words::SegmentWords::words).collect();
        let (start_ms, end_ms) = (passage.start_ms.unsigned_abs(), passage.end_ms.unsigned_abs());
        let times = word_times(&passage.text.text, &heard, start_ms, end_ms);
        let HighlightedText { text, spans } = &mut passage.text;
        for span in spans {
            span.times = times_within(text, &times, span.start..span.end);
        }
    }
    Ok(())
}
