//! Turns a recording into a searchable conversation.
//!
//! fetch → decode → cut → transcribe, chunk by chunk into rows → extract, connect, embed → save. The next
//! attempt after an interruption continues at the end of the last chunk that was saved.

mod chunk_stream;
mod permission;
mod progress;
mod recording;
mod transcriber_choice;

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::{JobError, TranscribeAudio};
use self_shared::domain::language::is_same;
use self_shared::domain::progress::Stage;
use self_shared::domain::transcription::{CoverageKind, CoverageSpan, Warning};

use self::chunk_stream::{ChunkStream, Extent};
use self::permission::Permission;
use self::progress::TranscriptionProgress;
use self::recording::StoredRecording;
use self::transcriber_choice::TranscriberChoice;
use super::transcript::Transcript;
use super::{JobContext, understanding};
use crate::engine::RunningJob;
use crate::stages::coverage::cover;
use crate::stages::decode::{DecodeError, Refusal};
use crate::stages::transcribe::transcribe_with;

/// Segments are saved together at this interval. It bounds the commits and the loss in a crash.
const SAVE_EVERY: Duration = Duration::from_millis(500);

pub(super) async fn run(
    context: &JobContext,
    running_job: &RunningJob,
    job: &TranscribeAudio,
) -> Result<(), JobError> {
    let recording = StoredRecording::find(context, running_job, job).await?;
    let mut transcript = Transcript::load(context, running_job, job.transcription_id).await?;
    if transcript.duration_ms.is_none() {
        transcribe(context, running_job, (job, &recording), &mut transcript).await?;
    }
    let heard_as = heard_as(context, job, &transcript);
    understanding::understand(context, running_job, &transcript, heard_as.as_deref(), progress::TRANSCRIBED)
        .await
}

/// The language of the transcript: as the remote transcriber reports it, or as it was requested; with a
/// model of this worker, the language of that model.
fn heard_as(context: &JobContext, job: &TranscribeAudio, transcript: &Transcript) -> Option<String> {
    if transcript.language_uncertain {
        return None;
    }
    let asked = job.options.language.clone();
    if let Some(reported) = transcript.origin.language() {
        return Some(reported.to_owned());
    }
    if transcript.origin.endpoint.is_some() {
        return asked;
    }
    let own = context.transcribers.description().languages;
    let same = |own: &String| asked.as_deref().is_none_or(|asked| is_same(own, asked));
    own.into_iter().find(same).or(asked)
}

/// Whether neither the remote transcriber nor the request tells the language of a transcript.
fn is_language_unknown(job: &TranscribeAudio, transcript: &Transcript) -> bool {
    let origin = &transcript.origin;
    origin.endpoint.is_some() && origin.language().is_none() && job.options.language.is_none()
}

/// Fetches, decodes and transcribes the part that is not transcribed yet.
async fn transcribe(
    context: &JobContext,
    running_job: &RunningJob,
    (job, recording): (&TranscribeAudio, &StoredRecording),
    transcript: &mut Transcript,
) -> Result<(), JobError> {
    let asked_at = running_job.claim.snapshot.created_at;
    let permission = Permission::new(&context.database, running_job.user()?, &job.options, asked_at);
    let choice = TranscriberChoice::choose(context, &job.options, permission, &transcript.origin).await?;
    let mut progress = TranscriptionProgress::new(transcript.transcribed_ms());
    running_job.report(Stage::Fetch, progress.fetching());
    let file = recording.fetch(context).await?;

    running_job.report(Stage::Decode, progress.opened(None));
    let decoding = context.sandbox.decode(file).await.map_err(job_error)?;
    transcript.format = Some(decoding.info().clone());
    progress.opened(decoding.info().seconds);

    if let Some(host) = choice.host() {
        // Committed before the first byte of sound leaves, so that it is known whatever happens to this
        // attempt.
        transcript.origin.endpoint = Some(host.to_owned());
        transcript.save(running_job).await?;
    }

    let chunk_stream = ChunkStream::new(decoding, transcript.transcribed_ms());
    let (transcribers, doubtful) = (Arc::clone(&context.transcribers), context.uncertain_below);
    let mut transcribed =
        pin!(transcribe_with(transcribers, chunk_stream.chunks(), doubtful, |samples, stretch| {
            let choice = &choice;
            async move { choice.transcribe(&samples[stretch]).await }
        }));
    running_job.report(Stage::Transcribe, progress.transcribed(transcript.transcribed_ms()));
    let mut saved = Instant::now();
    while let Some(chunk) = transcribed.next().await {
        choice.record(&mut transcript.origin);
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => {
                // The next attempt continues here.
                transcript.save(running_job).await?;
                return Err(transcriber_choice::job_error(error));
            }
        };
        running_job.report(Stage::Transcribe, progress.transcribed(chunk.end_ms));
        transcript.add(chunk);
        if saved.elapsed() >= SAVE_EVERY {
            transcript.save(running_job).await?;
            saved = Instant::now();
        }
    }
    choice.record(&mut transcript.origin);
    let extent = chunk_stream.extent().map_err(job_error)?;
    let length_ms = extent.length_ms;
    let coverage = cover(&transcript.coverage, &extent.losses, length_ms);
    transcript.review();
    let warnings = warnings(transcript, &coverage, &extent);
    // The words may be right although the service does not tell their language.
    transcript.language_uncertain |= !transcript.segments.is_empty() && is_language_unknown(job, transcript);
    transcript.end(length_ms, coverage, warnings);
    if transcript.origin.model().is_none() {
        transcript.origin.add_model(&choice.first());
    }
    let done = progress.done(length_ms);
    if let Some(speed) = done.speed {
        metrics::histogram!("self_transcription_speed_ratio").record(f64::from(speed));
    }
    running_job.report(Stage::Transcribe, done);
    transcript.save(running_job).await
}

/// What a person should know before they rely on the transcript.
fn warnings(transcript: &Transcript, coverage: &[CoverageSpan], extent: &Extent) -> Vec<Warning> {
    let has = |kind| coverage.iter().any(|span| span.kind == kind);
    let is_uncertain = transcript.segments.iter().any(|segment| segment.is_uncertain);
    [
        (extent.cut_short, Warning::CutShort),
        (extent.is_damaged || has(CoverageKind::Damaged), Warning::Damaged),
        (has(CoverageKind::Missing), Warning::Missing),
        (extent.has_other_tracks, Warning::OtherTracks),
        (is_uncertain && !transcript.language_uncertain, Warning::UncertainSegments),
        (transcript.language_uncertain, Warning::LanguageUncertain),
    ]
    .into_iter()
    .filter_map(|(is_so, warning)| is_so.then_some(warning))
    .collect()
}

/// The job error for a decoder's error.
fn job_error(error: DecodeError) -> JobError {
    let refusal = match error {
        DecodeError::Machine(error) => return JobError::Retry(error.into()),
        DecodeError::Refused(refusal) => refusal,
    };
    let code = match refusal {
        Refusal::NotAudio => FailureCode::NotAudio,
        Refusal::UnsupportedCodec { .. }
        | Refusal::UnsupportedTrack { .. }
        | Refusal::UnknownCodec { .. } => FailureCode::UnsupportedCodec,
        Refusal::CutShort => FailureCode::AudioCutShort,
        Refusal::Damaged | Refusal::NoSound => FailureCode::DamagedAudio,
        Refusal::TooLong { .. } => FailureCode::AudioTooLong,
        Refusal::TooManyChannels { .. } | Refusal::UnsupportedRate { .. } => FailureCode::AudioOutOfRange,
        Refusal::DecoderCrashed => FailureCode::DecoderCrashed,
        Refusal::DecoderTimedOut | Refusal::DecoderOutOfMemory => FailureCode::DecoderLimit,
    };
    JobError::Fail(Failure::new(code, refusal.to_string()))
}
