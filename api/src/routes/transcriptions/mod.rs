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
use crate::problem::{Failing, Problem, declare};
use crate::views::TranscriptionView;
use crate::wire_enums::{Wire, WireEnum};

pub(crate) struct TranscriptionRoutes;

/// What can be given beside a transcript.
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

/// What makes up a transcript.
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

    /// What was said, with the names that the person gave to the voices.
    fn said(&self) -> Vec<Utterance> {
        Utterance::all(&self.segments, &self.conversation.speakers)
    }
}

/// Writes subtitles aside: those of a day take a while, in which others are to be answered.
async fn written(
    write: fn(&[Utterance], Layout) -> String,
    said: Vec<Utterance>,
    layout: Layout,
) -> Result<String, Problem> {
    tokio::task::spawn_blocking(move || write(&said, layout)).await.map_err(Problem::internal)
}

/// A transcript as subtitles, which `write` writes.
async fn cues<F: Fixed>(
    app: &App,
    caller: &Caller,
    id: Id,
    write: fn(&[Utterance], Layout) -> String,
    layout: Layout,
) -> Result<File<F>, Failing<ReadFile>> {
    let read = Read::of(app, caller, id).await?;
    let body = written(write, read.said(), layout).await?;
    Ok(File::new(&read.conversation, body))
}

/// How subtitles are laid out: as asked, and as usual otherwise.
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
    /// As JSON, as text, as Markdown, or as subtitles (SRT, WebVTT): say so with `format` or with
    /// `Accept`. While its job runs, what was heard so far. All but JSON also have addresses of their own.
    /// What the transcriber doubts is marked in JSON, Markdown and WebVTT; SRT and plain text have no means
    /// to.
    #[oai(path = "/:id", method = "get", operation_id = "get_transcription")]
    #[expect(clippy::too_many_arguments, reason = "each parameter of the request is one")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        accept: Accept,
        /// The transcript.
        id: Path<Id>,
        /// In which format; by `Accept` when absent.
        format: Query<Option<Wire<Format>>>,
        /// What to give beside: `words`, each with its times and confidence. In JSON only.
        include: Query<Option<Wire<Include>>>,
        /// How long a line of subtitles may be, in columns: a Chinese character takes two; 42 when absent.
        #[oai(validator(minimum(value = "10"), maximum(value = "100")))]
        max_line_chars: Query<Option<u16>>,
        /// How many lines a cue may have; 2 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "4")))]
        max_lines: Query<Option<u16>>,
        /// How long a cue may show, in milliseconds; 7,000 when absent.
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
        let body = match format {
            Format::Json => {
                let view = TranscriptionView::new(read.transcription, read.segments, include.0.is_some());
                return Ok(Written::json(view));
            }
            Format::Text => subtitles::text(&read.said()),
            Format::Md => subtitles::markdown(&read.conversation, &read.said()),
            Format::Srt => written(subtitles::srt, read.said(), layout).await?,
            Format::Vtt => written(subtitles::vtt, read.said(), layout).await?,
        };
        Ok(Written::file(format, &read.conversation, body))
    }

    /// Get a transcript as SRT
    ///
    /// Subtitles to play along, laid out for reading, with the speakers' names. SRT has no means to mark
    /// what the transcriber doubts.
    #[oai(path = "/:id/srt", method = "get", operation_id = "get_transcription_srt")]
    async fn srt(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The transcript.
        id: Path<Id>,
        /// How long a line of subtitles may be, in columns: a Chinese character takes two; 42 when absent.
        #[oai(validator(minimum(value = "10"), maximum(value = "100")))]
        max_line_chars: Query<Option<u16>>,
        /// How many lines a cue may have; 2 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "4")))]
        max_lines: Query<Option<u16>>,
        /// How long a cue may show, in milliseconds; 7,000 when absent.
        #[oai(validator(minimum(value = "1000"), maximum(value = "60000")))]
        max_cue_ms: Query<Option<u32>>,
    ) -> Result<File<Srt>, Failing<ReadFile>> {
        let layout = layout(max_line_chars.0, max_lines.0, max_cue_ms.0);
        cues(&app, &caller, id.0, subtitles::srt, layout).await
    }

    /// Get a transcript as WebVTT
    ///
    /// Subtitles to play along, laid out for reading, with the speakers as voices, and with what the
    /// transcriber doubts in the class `uncertain`.
    #[oai(path = "/:id/vtt", method = "get", operation_id = "get_transcription_vtt")]
    async fn vtt(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The transcript.
        id: Path<Id>,
        /// How long a line of subtitles may be, in columns: a Chinese character takes two; 42 when absent.
        #[oai(validator(minimum(value = "10"), maximum(value = "100")))]
        max_line_chars: Query<Option<u16>>,
        /// How many lines a cue may have; 2 when absent.
        #[oai(validator(minimum(value = "1"), maximum(value = "4")))]
        max_lines: Query<Option<u16>>,
        /// How long a cue may show, in milliseconds; 7,000 when absent.
        #[oai(validator(minimum(value = "1000"), maximum(value = "60000")))]
        max_cue_ms: Query<Option<u32>>,
    ) -> Result<File<Vtt>, Failing<ReadFile>> {
        let layout = layout(max_line_chars.0, max_lines.0, max_cue_ms.0);
        cues(&app, &caller, id.0, subtitles::vtt, layout).await
    }

    /// Get a transcript as plain text
    ///
    /// A line for each segment, with the speaker's name. Plain text has no means to mark what the
    /// transcriber doubts.
    #[oai(path = "/:id/text", method = "get", operation_id = "get_transcription_text")]
    async fn text(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The transcript.
        id: Path<Id>,
    ) -> Result<File<Text>, Failing<ReadFile>> {
        let read = Read::of(&app, &caller, id.0).await?;
        Ok(File::new(&read.conversation, subtitles::text(&read.said())))
    }

    /// Get a transcript as Markdown
    ///
    /// The title, when it was, the notes, and who said what when, with what the transcriber doubts marked.
    #[oai(path = "/:id/md", method = "get", operation_id = "get_transcription_md")]
    async fn md(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The transcript.
        id: Path<Id>,
    ) -> Result<File<Md>, Failing<ReadFile>> {
        let read = Read::of(&app, &caller, id.0).await?;
        Ok(File::new(&read.conversation, subtitles::markdown(&read.conversation, &read.said())))
    }
}
