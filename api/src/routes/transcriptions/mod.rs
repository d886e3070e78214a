mod format;

use poem::web::{Accept, Data};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use self_shared::database::conversations::{self, Conversation};
use self_shared::database::segments::Segment;
use self_shared::database::transcriptions::Transcription;
use self_shared::database::{segments, transcriptions};
use self_shared::subtitles::{self, Layout, Utterance};

use self::format::{File, Fixed, Format, Md, Srt, Text, Vtt, Written};
use super::Tag;
use crate::app::App;
use crate::auth::Caller;
use crate::id::Id;
use crate::offload::offload;
use crate::problem::{Failing, Problem, declare};
use crate::views::TranscriptionView;
use crate::wire_enums::{Wire, WireEnum};

pub(crate) struct TranscriptionRoutes;

/// Data that can be added to a transcript.
#[derive(Clone, Copy)]
enum Include {
    Words,
}

impl WireEnum for Include {
    const NAME: &'static str = "TranscriptionInclude";
    const DESCRIPTION: &'static str = "What can be given beside a transcript.";
    const VALUES: &'static [Self] = &[Self::Words];

    fn as_wire(self) -> &'static str {
        match self {
            Self::Words => "words",
        }
    }
}

/// A transcript with the rows that belong to it.
struct Read {
    transcription: Transcription,
    segments: Vec<Segment>,
    conversation: Conversation,
}

impl Read {
    async fn of(app: &App, caller: &Caller, id: Id) -> Result<Self, Problem> {
        let missing = || Problem::not_found("transcript");
        let mut tx = app.database.as_user(caller.0.user).await?;
        let transcription = transcriptions::get(&mut tx, id.0).await?.ok_or_else(missing)?;
        let conversation =
            conversations::get(&mut tx, transcription.conversation_id).await?.ok_or_else(missing)?;
        let segments = segments::of_transcription(&mut tx, id.0).await?;
        Ok(Self { transcription, segments, conversation })
    }

    /// The utterances, with the names that the user gave to the speakers.
    fn said(&self) -> Vec<Utterance> {
        Utterance::all(&self.segments, &self.conversation.speakers)
    }
}

/// Writes a transcript, where no other request has to wait for it: a whole day of speech takes long.
async fn written<W: Send + 'static>(
    read: Read,
    write: impl FnOnce(Read) -> W + Send + 'static,
) -> Result<W, Problem> {
    let size = |segment: &Segment| segment.text.len() + size_of::<Segment>();
    let bytes = read.segments.iter().map(size).sum();
    offload(bytes, move || write(read)).await
}

/// A transcript as a file in the format of `write`.
async fn file<F: Fixed>(
    app: &App,
    caller: &Caller,
    id: Id,
    write: impl FnOnce(&Read) -> String + Send + 'static,
) -> Result<File<F>, Failing<ReadFile>> {
    let read = Read::of(app, caller, id).await?;
    Ok(written(read, |read| File::new(&read.conversation, write(&read))).await?)
}

/// The layout of the subtitles: the requested values, and defaults for the others.
fn layout(max_line_chars: Option<u16>, max_lines: Option<u16>, max_cue_ms: Option<u32>) -> Layout {
    let mut layout = Layout::default();
    if let Some(most) = max_line_chars {
        layout = layout.line_chars(most);
    }
    if let Some(most) = max_lines {
        layout = layout.lines(most);
    }
    if let Some(most) = max_cue_ms {
        layout = layout.cue_ms(most);
    }
    layout
}

declare! {
    ReadAny: NotFound, NotAcceptable, InvalidInput;
    ReadFile: NotFound;
}

#[OpenApi(prefix_path = "/api/v1/transcriptions", tag = "Tag::Transcriptions")]
impl TranscriptionRoutes {
    /// Get a transcript
    ///
    /// As JSON, plain text, Markdown, or subtitles (SRT, WebVTT). Choose the format with `format` or
    /// with `Accept`. While the job runs, the transcript contains the segments so far. Every format
    /// except JSON also has its own address. JSON, Markdown and WebVTT mark segments of which the
    /// transcriber is uncertain; SRT and plain text have no means to mark them.
    #[oai(path = "/:id", method = "get", operation_id = "get_transcription")]
    #[expect(clippy::too_many_arguments, reason = "each parameter of the request is one")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        accept: Accept,
        /// The transcript.
        id: Path<Id>,
        /// The format. When absent, `Accept` decides.
        format: Query<Option<Wire<Format>>>,
        /// Data to add: `words` adds the words of each segment with their times and confidence. For
        /// JSON only.
        include: Query<Option<Wire<Include>>>,
        /// The longest line of subtitles, in columns; a Chinese character takes two columns. 42 when
        /// absent.
        #[oai(validator(minimum(value = "10"), maximum(value = "100")))]
        max_line_chars: Query<Option<u16>>,
        /// The largest number of lines in a cue. 2 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "4")))]
        max_lines: Query<Option<u16>>,
        /// The longest duration of a cue, in milliseconds. 7,000 when absent.
        #[oai(validator(minimum(value = "1000"), maximum(value = "60000")))]
        max_cue_ms: Query<Option<u32>>,
    ) -> Result<Written, Failing<ReadAny>> {
        let format = match format.0 {
            Some(Wire(format)) => format,
            None => Format::accepted(&accept)?,
        };
        let is_given = [max_line_chars.is_some(), max_lines.is_some(), max_cue_ms.is_some()];
        let names = ["max_line_chars", "max_lines", "max_cue_ms"];
        if !matches!(format, Format::Srt | Format::Vtt)
            && let Some((_, name)) = is_given.iter().zip(names).find(|(is_given, _)| **is_given)
        {
            return Err(Problem::field(name, "is for subtitles: ask for the format `srt` or `vtt`").into());
        }
        if format != Format::Json && include.is_some() {
            return Err(Problem::field("include", "is for JSON: ask for the format `json`").into());
        }
        let layout = layout(max_line_chars.0, max_lines.0, max_cue_ms.0);
        let read = Read::of(&app, &caller, id.0).await?;
        let written = written(read, move |read| {
            let body = match format {
                Format::Json => {
                    let view = TranscriptionView::new(read.transcription, read.segments, include.0.is_some());
                    return Written::json(view);
                }
                Format::Text => subtitles::text(&read.said()),
                Format::Md => subtitles::markdown(&read.conversation, &read.said()),
                Format::Srt => subtitles::srt(&read.said(), layout),
                Format::Vtt => subtitles::vtt(&read.said(), layout),
            };
            Written::file(format, &read.conversation, body)
        });
        Ok(written.await?)
    }

    /// Get a transcript as SRT
    ///
    /// Subtitles for playback, laid out for reading, with the names of the speakers. SRT has no means
    /// to mark text of which the transcriber is uncertain.
    #[oai(path = "/:id/srt", method = "get", operation_id = "get_transcription_srt")]
    async fn srt(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The transcript.
        id: Path<Id>,
        /// The longest line of subtitles, in columns; a Chinese character takes two columns. 42 when
        /// absent.
        #[oai(validator(minimum(value = "10"), maximum(value = "100")))]
        max_line_chars: Query<Option<u16>>,
        /// The largest number of lines in a cue. 2 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "4")))]
        max_lines: Query<Option<u16>>,
        /// The longest duration of a cue, in milliseconds. 7,000 when absent.
        #[oai(validator(minimum(value = "1000"), maximum(value = "60000")))]
        max_cue_ms: Query<Option<u32>>,
    ) -> Result<File<Srt>, Failing<ReadFile>> {
        let layout = layout(max_line_chars.0, max_lines.0, max_cue_ms.0);
        file(&app, &caller, id.0, move |read| subtitles::srt(&read.said(), layout)).await
    }

    /// Get a transcript as WebVTT
    ///
    /// Subtitles for playback, laid out for reading, with the speakers as voices. Text of which the
    /// transcriber is uncertain has the class `uncertain`.
    #[oai(path = "/:id/vtt", method = "get", operation_id = "get_transcription_vtt")]
    async fn vtt(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The transcript.
        id: Path<Id>,
        /// The longest line of subtitles, in columns; a Chinese character takes two columns. 42 when
        /// absent.
        #[oai(validator(minimum(value = "10"), maximum(value = "100")))]
        max_line_chars: Query<Option<u16>>,
        /// The largest number of lines in a cue. 2 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "4")))]
        max_lines: Query<Option<u16>>,
        /// The longest duration of a cue, in milliseconds. 7,000 when absent.
        #[oai(validator(minimum(value = "1000"), maximum(value = "60000")))]
        max_cue_ms: Query<Option<u32>>,
    ) -> Result<File<Vtt>, Failing<ReadFile>> {
        let layout = layout(max_line_chars.0, max_lines.0, max_cue_ms.0);
        file(&app, &caller, id.0, move |read| subtitles::vtt(&read.said(), layout)).await
    }

    /// Get a transcript as plain text
    ///
    /// One line for each segment, with the name of the speaker. Plain text has no means to mark text of
    /// which the transcriber is uncertain.
    #[oai(path = "/:id/text", method = "get", operation_id = "get_transcription_text")]
    async fn text(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The transcript.
        id: Path<Id>,
    ) -> Result<File<Text>, Failing<ReadFile>> {
        file(&app, &caller, id.0, |read| subtitles::text(&read.said())).await
    }

    /// Get a transcript as Markdown
    ///
    /// The title, the date, the notes, and each utterance with its speaker and time. Text of which the
    /// transcriber is uncertain is marked.
    #[oai(path = "/:id/md", method = "get", operation_id = "get_transcription_md")]
    async fn md(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The transcript.
        id: Path<Id>,
    ) -> Result<File<Md>, Failing<ReadFile>> {
        file(&app, &caller, id.0, |read| subtitles::markdown(&read.conversation, &read.said())).await
    }
}
