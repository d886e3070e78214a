mod format;

use poem::web::{Accept, Data};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use self_shared::database::{segments, transcriptions};
use self_shared::subtitles;

use self::format::{Format, Written};
use super::Tag;
use crate::app::App;
use crate::auth::Caller;
use crate::id::Id;
use crate::problem::{Failing, Problem, declare};
use crate::views::TranscriptionView;
use crate::vocabulary::{Vocabulary, Word};

pub(crate) struct TranscriptionRoutes;

/// What can be given beside a transcript.
#[derive(Clone, Copy)]
enum Include {
    Words,
}

impl Vocabulary for Include {
    const NAME: &'static str = "TranscriptionInclude";
    const DESCRIPTION: &'static str = "What can be given beside a transcript.";
    const VALUES: &'static [Self] = &[Self::Words];

    fn word(self) -> &'static str {
        match self {
            Self::Words => "words",
        }
    }
}

declare! {
    Read: NotFound, NotAcceptable;
}

#[OpenApi(prefix_path = "/api/v1/transcriptions", tag = "Tag::Transcriptions")]
impl TranscriptionRoutes {
    /// Get a transcript
    ///
    /// As JSON, as text, or as subtitles (SRT, WebVTT): say so with `format` or with `Accept`.
    /// While its job runs, what was heard so far.
    #[oai(path = "/:id", method = "get", operation_id = "get_transcription")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        accept: Accept,
        /// The transcript.
        id: Path<Id>,
        /// In which format; by `Accept` when absent.
        format: Query<Option<Word<Format>>>,
        /// What to give beside: `words`, each with its times and confidence. In JSON only.
        include: Query<Option<Word<Include>>>,
    ) -> Result<Written, Failing<Read>> {
        let format = match format.0 {
            Some(Word(format)) => format,
            None => Format::accepted(&accept)?,
        };
        let mut tx = app.database.as_user(caller.0.user).await?;
        let transcription =
            transcriptions::get(&mut tx, id.0.0).await?.ok_or_else(|| Problem::not_found("transcript"))?;
        let segments = segments::of_transcription(&mut tx, id.0.0).await?;
        Ok(match format {
            Format::Json => {
                Written::json(TranscriptionView::new(transcription, segments, include.0.is_some()))
            }
            Format::Text => Written::text(format, subtitles::text(&segments)),
            Format::Srt => Written::text(format, subtitles::srt(&segments)),
            Format::Vtt => Written::text(format, subtitles::vtt(&segments)),
        })
    }
}
