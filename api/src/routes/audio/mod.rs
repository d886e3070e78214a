mod container;
mod duplicate;
mod form;
pub(super) mod incoming;
mod upload;

use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Example;
use poem_openapi::{ApiResponse, Object, OpenApi};
use self_shared::database::audio;
use self_shared::domain::transcription::TranscriptionOptions;
use self_shared::objects::ObjectKey;
use uuid::Uuid;

use self::incoming::Incoming;
use self::upload::{AcceptedView, UploadMetadata};
use super::Tag;
use super::idempotent::Key;
use super::models::refuse_unspoken;
use crate::app::App;
use crate::auth::Caller;
use crate::content::{self, ContentMetadata, ContentResponse, ContentSource};
use crate::id::Id;
use crate::input::Input;
use crate::input::choice::ChosenTranscriptionOptions;
use crate::input::text::{Label, Language, Text};
use crate::problem::{Code, Failing, Problem, declare};
use crate::time::Time;
use crate::views::{AudioView, JobView, example_id};

pub(crate) struct AudioRoutes;

/// The bytes of a recording.
enum AudioContent {}

impl content::Kind for AudioContent {
    const MEDIA_TYPE: &'static str = "audio/*";
    const NAME: &'static str = "recording";
}

#[derive(ApiResponse)]
enum Uploaded {
    /// The server has these bytes already. The answer contains the recording, conversation and job of
    /// the first upload.
    #[oai(status = 200)]
    Known(
        Json<AcceptedView>,
        /// The address of the job, or of the recording if the job no longer exists.
        #[oai(header = "Location")]
        String,
    ),
    /// The recording is stored, and the job that transcribes it is accepted.
    #[oai(status = 202)]
    Accepted(
        Json<AcceptedView>,
        /// The address of the job.
        #[oai(header = "Location")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Deleted {
    /// The sound is deleted.
    #[oai(status = 204)]
    Deleted,
}

/// A recording to transcribe again, and the options.
#[derive(Object)]
#[oai(example)]
struct Transcribe {
    /// The recording.
    audio_id: Uuid,
    /// The options of the transcription.
    #[oai(default)]
    options: ChosenTranscriptionOptions,
}

#[derive(ApiResponse)]
enum WorkAccepted {
    /// The job is accepted.
    #[oai(status = 202)]
    Accepted(
        Json<JobView>,
        /// The address of the job.
        #[oai(header = "Location")]
        String,
    ),
}

declare! {
    Upload: NotFound, EmptyUpload, UploadInterrupted, InvalidMultipart, IdempotencyConflict, DuplicateUpload,
            UploadTooLarge, UnsupportedMedia, ObjectStorageUnavailable, Overloaded;
    Read: NotFound;
    ReadContent: NotFound, ContentMissing, RangeNotSatisfiable, ObjectStorageUnavailable;
    Again: NotFound, ContentMissing, IdempotencyConflict, Overloaded;
}

#[OpenApi(prefix_path = "/api/v1/audio", tag = "Tag::Audio")]
impl AudioRoutes {
    /// Upload a recording
    ///
    /// Send the bytes as the body, or as the only field of a form, `file`: one recording in a request.
    /// They are streamed; the server limits the size. Options are query parameters. The format is
    /// recognised by the first bytes: wav, mp3, m4a, aac, flac, ogg, webm, aiff, caf and others. The
    /// answer comes once the recording is stored and its job is accepted. The job then runs by itself.
    ///
    /// If the same bytes are uploaded again, the server recognises them: the answer describes the first
    /// upload. If its job has not ended and this request has other options, a new job with these options
    /// replaces that job. What this request asks otherwise and cannot have is refused with 409: another
    /// title, conversation or time, or other options for a recording that is transcribed already.
    #[oai(path = "/upload", method = "post", operation_id = "upload_audio")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the route")]
    async fn upload(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// The name of the file. When absent, the filename of the form is used.
        filename: Query<Option<String>>,
        /// The title of the conversation. When absent, it is found in the transcript.
        title: Query<Option<Text<Label<300>>>>,
        /// The conversation to add the recording to. When absent, a new conversation is created.
        conversation_id: Query<Option<Uuid>>,
        /// When the recording was made. When absent, the time of the upload.
        recorded_at: Query<Option<Time>>,
        /// The language spoken, as a BCP 47 tag. A model of `GET /api/v1/models` must support it.
        language: Query<Option<Text<Language>>>,
        /// Whether the sound may be sent to a transcriber on another machine. When absent, the user's
        /// preference applies.
        allow_remote: Query<Option<bool>>,
        /// Identifies this upload. If it is repeated with the same key within a day, the answer is the
        /// same.
        #[oai(name = "Idempotency-Key", validator(min_length = 1, max_length = 255))]
        idempotency_key: Header<Option<String>>,
        incoming: Incoming,
    ) -> Result<Uploaded, Failing<Upload>> {
        let said = UploadMetadata {
            filename: plain_filename(filename.0.or_else(|| incoming.filename.clone()).unwrap_or_default()),
            title: title.0.map(|title| title.0).unwrap_or_default(),
            conversation_id: conversation_id.0,
            recorded_at: recorded_at.0.map(|time| time.0),
            options: TranscriptionOptions {
                language: language.0.map(|language| language.0),
                allow_remote: allow_remote.0,
            },
        };
        if said.conversation_id.is_some() && !said.title.is_empty() {
            return Err(Problem::field("title", "is for new conversations: this one has its own").into());
        }
        let traceparent = traceparent(request);
        let accepted =
            upload::accept(&app, caller.0.user, said, incoming, idempotency_key.0, traceparent).await?;
        let location = match &accepted.job {
            Some(job) => format!("/api/v1/jobs/{}", job.id),
            None => format!("/api/v1/audio/{}", accepted.audio.id),
        };
        Ok(if accepted.duplicate {
            Uploaded::Known(Json(accepted), location)
        } else {
            Uploaded::Accepted(Json(accepted), location)
        })
    }

    /// Transcribe a recording again
    ///
    /// With other options, or because the models have improved. Existing transcripts are kept.
    #[oai(path = "/transcribe", method = "post", operation_id = "transcribe_audio")]
    async fn transcribe(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// Identifies this request. If it is repeated with the same key within a day, the answer is the
        /// same.
        #[oai(name = "Idempotency-Key", validator(min_length = 1, max_length = 255))]
        idempotency_key: Header<Option<String>>,
        body: Input<Transcribe>,
    ) -> Result<WorkAccepted, Failing<Again>> {
        let Transcribe { audio_id, options } = body.0;
        let options = TranscriptionOptions::from(options);
        let key = Key::of(idempotency_key.0, "transcribe", &(audio_id, &options))?;
        let mut tx = app.database.as_user(caller.0.user).await?;
        if let Some(key) = &key
            && let Some(answer) = key.recall(&mut tx).await?
        {
            return Ok(WorkAccepted::new(answer));
        }
        let audio = audio::get(&mut tx, audio_id).await?.ok_or_else(|| Problem::not_found("recording"))?;
        if audio.removed_at.is_some() {
            return Err(removed().into());
        }
        let options = upload::usual(&mut tx, options).await?;
        drop(tx);
        refuse_unspoken(&app, "options.language", &options).await?;
        let mut tx = app.database.as_user(caller.0.user).await?;
        let job: JobView = upload::transcribe(&mut tx, &audio, options, traceparent(request)).await?.into();
        if let Some(key) = &key
            && !key.remember(&mut tx, &job).await?
        {
            let detail = "the same request is being answered at this moment; try again";
            return Err(Problem::new(Code::Overloaded, detail).into());
        }
        tx.commit().await?;
        Ok(WorkAccepted::new(job))
    }

    /// Get a recording
    #[oai(path = "/:id", method = "get", operation_id = "get_audio")]
    async fn get(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The recording.
        id: Path<Id>,
    ) -> Result<Json<AudioView>, Failing<Read>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let audio = audio::get(&mut tx, id.0.0).await?.ok_or_else(|| Problem::not_found("recording"))?;
        Ok(Json(audio.into()))
    }

    /// Delete the sound of a recording
    ///
    /// The bytes are removed. The transcripts, and everything found in them, are kept. Jobs that still
    /// need the sound are cancelled. The same bytes can be uploaded again and are then a new recording.
    #[oai(path = "/:id", method = "delete", operation_id = "delete_audio")]
    async fn delete(
        &self,
        caller: Caller,
        app: Data<&App>,
        /// The recording.
        id: Path<Id>,
    ) -> Result<Deleted, Failing<Read>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        audio::get(&mut tx, id.0.0).await?.ok_or_else(|| Problem::not_found("recording"))?;
        let object = audio::remove(&mut tx, id.0.0).await?;
        tx.commit().await?;
        if let Some(key) = object.and_then(|key| key.parse::<ObjectKey>().ok())
            && let Err(error) = app.objects.delete(&key).await
        {
            tracing::warn!(%error, "an object without a row was not deleted; the next sweep deletes it");
        }
        Ok(Deleted::Deleted)
    }

    /// Get the bytes of a recording
    ///
    /// The whole content, or with `Range` a part of it. `HEAD` returns the headers without the bytes.
    #[oai(path = "/:id/content", method = "get", operation_id = "get_audio_content")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the route")]
    async fn content(
        &self,
        caller: Caller,
        app: Data<&App>,
        request: &Request,
        /// The recording.
        id: Path<Id>,
        /// One range of bytes, such as `bytes=0-1023`.
        #[oai(name = "Range")]
        _range: Header<Option<String>>,
        /// The `ETag` of the client's copy. If it is still current, the answer is 304 without the
        /// bytes.
        #[oai(name = "If-None-Match")]
        _if_none_match: Header<Option<String>>,
        /// The `ETag` of the content that the range belongs to. If the content has changed since, the
        /// answer is the whole content.
        #[oai(name = "If-Range")]
        _if_range: Header<Option<String>>,
    ) -> Result<ContentResponse<AudioContent>, Failing<ReadContent>> {
        let mut tx = app.database.as_user(caller.0.user).await?;
        let audio = audio::get(&mut tx, id.0.0).await?.ok_or_else(|| Problem::not_found("recording"))?;
        if audio.removed_at.is_some() {
            return Err(removed().into());
        }
        // No connection is held while the bytes are sent.
        drop(tx);
        let known = ContentMetadata {
            source: ContentSource::Object(audio.object_key),
            size_bytes: audio.size_bytes,
            sha256: &audio.sha256,
            content_type: &audio.content_type,
            filename: &audio.filename,
        };
        Ok(content::open(&app.objects, known, request.headers()).await?)
    }
}

fn removed() -> Problem {
    Problem::new(Code::ContentMissing, "the sound of this recording was removed; its transcripts are kept")
}

impl WorkAccepted {
    fn new(job: JobView) -> Self {
        let location = format!("/api/v1/jobs/{}", job.id);
        Self::Accepted(Json(job), location)
    }
}

/// The last component of a path, without characters that do not belong in a filename.
fn plain_filename(given: String) -> String {
    let name = given.rsplit(['/', '\\']).next().unwrap_or_default();
    name.chars().filter(|c| !c.is_control()).take(255).collect()
}

/// The trace context of the request (W3C Trace Context, version 00).
pub(super) fn traceparent(request: &Request) -> Option<&str> {
    let given = request.header("traceparent")?;
    let parts: Vec<&str> = given.split('-').collect();
    let shaped = matches!(parts[..], ["00", trace, span, flags] if trace.len() == 32 && span.len() == 16 && flags.len() == 2);
    (shaped && given.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())).then_some(given)
}

impl Example for Transcribe {
    fn example() -> Self {
        Self {
            audio_id: example_id(1),
            options: ChosenTranscriptionOptions { language: Some("en".into()), ..Default::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filenames_lose_their_folders_and_what_does_not_print() {
        assert_eq!(plain_filename("C:\\music\\a.wav".to_owned()), "a.wav");
        assert_eq!(plain_filename("../../etc/passwd".to_owned()), "passwd");
        assert_eq!(plain_filename("a\u{0}b\n.wav".to_owned()), "ab.wav");
    }
}
