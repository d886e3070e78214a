//! One conversation in an archive: its recordings as they were uploaded, its data as JSON, and its
//! transcripts as Markdown and subtitles.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use self_shared::database::audio::{self, Audio};
use self_shared::database::conversations::{self, Conversation};
use self_shared::database::segments::{self, Segment};
use self_shared::database::transcriptions::{self, Transcription};
use self_shared::domain::transcription::{Word, thousandths};
use self_shared::events::{self as told, Coverage, Model, Warning};
use self_shared::subtitles::{self, Layout, Utterance};
use serde::Serialize;
use uuid::Uuid;

use super::contents::{Writer, json};
use super::names;

/// `conversation.json`.
#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    conversation: told::Conversation,
    audio: Vec<RecordingJson>,
    /// Newest first.
    transcriptions: Vec<Transcript>,
}

#[derive(Serialize)]
struct RecordingJson {
    id: Uuid,
    /// The path, relative to the folder of the conversation; absent when the bytes were lost.
    file: Option<String>,
    filename: String,
    content_type: String,
    size_bytes: i64,
    sha256: String,
    codec: Option<String>,
    sample_rate: Option<i32>,
    channels: Option<i32>,
    duration_ms: Option<i64>,
    recorded_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    removed_at: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct Transcript {
    id: Uuid,
    audio_id: Option<Uuid>,
    language: Option<String>,
    model: Option<Model>,
    duration_ms: Option<i64>,
    created_at: DateTime<Utc>,
    completed_at: Option<DateTime<Utc>>,
    language_uncertain: bool,
    endpoint: Option<String>,
    coverage: Vec<Coverage>,
    warnings: Vec<Warning>,
    segments: Vec<SegmentJson>,
}

#[derive(Serialize)]
struct SegmentJson {
    id: Uuid,
    start_ms: i64,
    end_ms: i64,
    text: String,
    original_text: Option<String>,
    speaker: Option<String>,
    revision: i32,
    confidence: Option<f64>,
    uncertain: bool,
    timing: Option<String>,
    words: Option<Vec<Word>>,
}

/// Writes a conversation, if it still exists.
pub(super) async fn write(writer: &mut Writer<'_>, id: Uuid) -> anyhow::Result<()> {
    let mut tx = writer.begin().await?;
    let Some(conversation) = conversations::get(&mut tx, id).await? else { return Ok(()) };
    let recordings = audio::of_conversation(&mut tx, id).await?;
    let mut transcripts = Vec::new();
    for transcript in transcriptions::of_conversation(&mut tx, id).await? {
        let segments = segments::of_transcription(&mut tx, transcript.id).await?;
        transcripts.push((transcript, segments));
    }
    let current = transcriptions::current(&mut tx, id).await?;
    // No transaction stays open while the storage works.
    drop(tx);

    let folder = names::folder(&conversation);
    let mut audio = Vec::new();
    for (index, recording) in recordings.into_iter().enumerate() {
        let file = names::recording(index + 1, &recording);
        let (path, at) = (format!("{folder}/{file}"), recording.recorded_at.unwrap_or(recording.created_at));
        let file = writer.copy(&recording.object_key, path, at).await?.then_some(file);
        audio.push(RecordingJson::new(recording, file));
    }
    let readable = current.iter().filter_map(|id| transcripts.iter().find(|(one, _)| one.id == *id));
    for (index, (_, segments)) in readable.enumerate() {
        let number = if index == 0 { String::new() } else { format!("-{}", index + 1) };
        let path = format!("{folder}/transcript{number}");
        written(writer, &conversation, segments, &path).await?;
    }
    let at = conversation.updated_at;
    writer
        .document(format!("{folder}/conversation.json"), at, move || {
            let transcriptions = transcripts.into_iter().map(Transcript::new).collect();
            json(&Document { conversation: conversation.into(), audio, transcriptions })
        })
        .await
}

/// Writes a transcript as Markdown and as subtitles, with the names that the person gave to the voices.
async fn written(
    writer: &Writer<'_>,
    conversation: &Conversation,
    segments: &[Segment],
    path: &str,
) -> anyhow::Result<()> {
    let said: Arc<[Utterance]> = Utterance::all(segments, &conversation.speakers).into();
    let at = conversation.updated_at;
    type Write = fn(&[Utterance], Layout) -> String;
    for (format, write) in [("srt", subtitles::srt as Write), ("vtt", subtitles::vtt)] {
        let (path, said) = (format!("{path}.{format}"), said.clone());
        writer.document(path, at, move || write(&said, Layout::default()).into_bytes()).await?;
    }
    let conversation = conversation.clone();
    let page = move || subtitles::markdown(&conversation, &said).into_bytes();
    writer.document(format!("{path}.md"), at, page).await
}

impl RecordingJson {
    fn new(audio: Audio, file: Option<String>) -> Self {
        Self {
            file,
            sha256: hex::encode(audio.sha256),
            id: audio.id,
            filename: audio.filename,
            content_type: audio.content_type,
            size_bytes: audio.size_bytes,
            codec: audio.codec,
            sample_rate: audio.sample_rate,
            channels: audio.channels,
            duration_ms: audio.duration_ms,
            recorded_at: audio.recorded_at,
            created_at: audio.created_at,
            removed_at: audio.removed_at,
        }
    }
}

impl Transcript {
    fn new((transcript, segments): (Transcription, Vec<Segment>)) -> Self {
        Self {
            model: transcript.model(),
            warnings: transcript.warnings(),
            id: transcript.id,
            audio_id: transcript.audio_id,
            language: transcript.language.or(transcript.options.0.language),
            duration_ms: transcript.duration_ms,
            created_at: transcript.created_at,
            completed_at: transcript.completed_at,
            language_uncertain: transcript.language_uncertain,
            endpoint: transcript.endpoint,
            coverage: transcript.coverage.0.into_iter().map(Coverage::from).collect(),
            segments: segments.into_iter().map(SegmentJson::from).collect(),
        }
    }
}

impl From<Segment> for SegmentJson {
    fn from(segment: Segment) -> Self {
        Self {
            words: segment.words(),
            id: segment.id,
            start_ms: segment.start_ms,
            end_ms: segment.end_ms,
            text: segment.text,
            original_text: segment.original_text,
            speaker: segment.speaker,
            revision: segment.revision,
            confidence: segment.confidence.map(thousandths),
            uncertain: segment.is_uncertain,
            timing: segment.timing,
        }
    }
}
