//! An upload of bytes that the server has already. What it asks otherwise than the first upload is done or
//! refused, never ignored.

use self_shared::database::audio::Audio;
use self_shared::database::conversations::{self, Conversation};
use self_shared::database::transcriptions::{self, Transcription};
use self_shared::database::{UserTx, jobs};
use self_shared::domain::job::{JobKind, JobSnapshot};
use self_shared::domain::language;
use self_shared::domain::transcription::TranscriptionOptions;

use super::upload::{AcceptedView, Recorded, UploadMetadata, transcribe};
use crate::problem::{Code, Problem};
use crate::views::JobView;

/// The number of jobs of a recording that are looked at, newest first.
const MOST_JOBS: i64 = 100;

/// The answer about a recording that is known. If its job has not ended and other options are asked for, a job
/// with these options replaces it: no sound is sent that the newest request forbids to send.
pub(super) async fn known_already(
    tx: &mut UserTx,
    audio: Audio,
    said: &UploadMetadata,
    traceparent: Option<&str>,
) -> Result<Recorded, Problem> {
    let conversation = conversations::get(tx, audio.conversation_id)
        .await?
        .ok_or_else(|| Problem::internal(anyhow::anyhow!("a recording without its conversation")))?;
    let (user, about) = (tx.user(), jobs::JobFilter { audio_id: Some(audio.id), ..Default::default() });
    let known = jobs::list(tx, user, &about, None, MOST_JOBS).await?;
    let made = transcriptions_of(tx, &audio).await?;
    let of = |job: &JobSnapshot| made.iter().find(|one| Some(one.id) == job.transcription_id);
    let unfinished = || known.iter().filter(|job| is_unfinished(job));
    let replaced =
        unfinished().filter(|job| of(job).is_some_and(|one| differs(&said.options, &one.options.0)));
    let replaced: Vec<&JobSnapshot> = replaced.collect();
    let mut are_cancelled = false;
    for job in &replaced {
        are_cancelled |= cancelled(tx, job).await?;
    }
    let mut wrong = misplaced(said, &audio, &conversation);
    let mut newest = None;
    if let Some(former) = replaced.first().and_then(|job| of(job)).filter(|_| are_cancelled) {
        let options = merged(&said.options, &former.options.0);
        newest = Some(transcribe(tx, &audio, options, traceparent).await?);
    } else if !replaced.is_empty()
        || (unfinished().next().is_none() && made.first().is_some_and(|one| is_otherwise(&said.options, one)))
    {
        wrong.push(format!(
            "it was transcribed with other options: transcribe it again with `POST /api/v1/audio/transcribe`, the \
             `audio_id` `{}` and these options",
            audio.id
        ));
    }
    let newest = newest.or_else(|| known.into_iter().next());
    let refusal = (!wrong.is_empty()).then(|| {
        let detail = format!("the server has the bytes of this recording already; {}", wrong.join("; "));
        Problem::new(Code::DuplicateUpload, detail)
    });
    let accepted = AcceptedView {
        audio: audio.into(),
        conversation: conversation.into(),
        job: newest.map(JobView::from),
        duplicate: true,
    };
    Ok(Recorded { accepted, refusal })
}

/// The transcriptions of a recording, newest first.
async fn transcriptions_of(tx: &mut UserTx, audio: &Audio) -> Result<Vec<Transcription>, Problem> {
    let all = transcriptions::of_conversation(tx, audio.conversation_id).await?;
    let mut own: Vec<_> = all.into_iter().filter(|one| one.audio_id == Some(audio.id)).collect();
    own.sort_by_key(|one| std::cmp::Reverse((one.created_at, one.id)));
    Ok(own)
}

fn is_unfinished(job: &JobSnapshot) -> bool {
    job.kind == JobKind::TranscribeAudio && !job.state.is_ending() && !job.cancel_requested
}

/// Cancels a job. Returns false if it has ended meanwhile.
async fn cancelled(tx: &mut UserTx, job: &JobSnapshot) -> Result<bool, Problem> {
    let user = tx.user();
    match jobs::cancel(tx, user, job.id).await {
        Ok(_) => Ok(true),
        Err(jobs::CancelError::Database(error)) => Err(error.into()),
        Err(_) => Ok(false),
    }
}

/// What an upload asks of the conversation and of the recording that they are not, with the remedies.
fn misplaced(said: &UploadMetadata, audio: &Audio, conversation: &Conversation) -> Vec<String> {
    let mut wrong = Vec::new();
    if !said.title.is_empty() && said.title != conversation.title {
        wrong.push(format!(
            "its conversation has another title: change it with `PATCH /api/v1/conversations/{}`",
            conversation.id
        ));
    }
    if said.conversation_id.is_some_and(|asked| asked != conversation.id) {
        wrong
            .push(format!("it belongs to the conversation `{}`: upload it without another", conversation.id));
    }
    let micros = |time: chrono::DateTime<chrono::Utc>| time.timestamp_micros();
    if said.recorded_at.is_some() && said.recorded_at.map(micros) != audio.recorded_at.map(micros) {
        wrong.push(
            "it was uploaded with another `recorded_at`: upload it without one, or delete the conversation first"
                .to_owned(),
        );
    }
    wrong
}

/// Whether options are asked for that a transcription which still runs was not given.
fn differs(asked: &TranscriptionOptions, given: &TranscriptionOptions) -> bool {
    merged(asked, given) != *given
}

/// The given options, with those that are asked for in their place.
fn merged(asked: &TranscriptionOptions, given: &TranscriptionOptions) -> TranscriptionOptions {
    let same = |tag: &String| {
        given.language.as_ref().is_some_and(|given| language::canonical(given) == language::canonical(tag))
    };
    TranscriptionOptions {
        language: asked.language.clone().filter(|tag| !same(tag)).or_else(|| given.language.clone()),
        allow_remote: match asked.allow_remote {
            // Nothing forbids it already.
            Some(true) if given.allow_remote.is_none() => None,
            asked => asked.or(given.allow_remote),
        },
    }
}

/// Whether an ended transcription was made otherwise than these options ask.
fn is_otherwise(asked: &TranscriptionOptions, known: &Transcription) -> bool {
    let options = &known.options.0;
    let language = asked.language.as_deref().is_some_and(|tag| match &options.language {
        Some(given) => language::canonical(given) != language::canonical(tag),
        None => known.language().is_none_or(|heard| !language::is_same(heard, tag)),
    });
    language
        || match asked.allow_remote {
            // What matters is whether the sound was sent.
            Some(false) => known.endpoint.is_some(),
            Some(true) => options.allow_remote == Some(false),
            None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(language: Option<&str>, allow_remote: Option<bool>) -> TranscriptionOptions {
        TranscriptionOptions { language: language.map(str::to_owned), allow_remote }
    }

    #[test]
    fn the_same_or_no_options_change_nothing() {
        for (asked, given) in [
            (options(None, None), options(Some("de"), Some(false))),
            (options(Some("DE-ch"), None), options(Some("de-CH"), None)),
            (options(None, Some(true)), options(None, None)),
            (options(None, Some(false)), options(Some("de"), Some(false))),
        ] {
            assert!(!differs(&asked, &given), "{asked:?} {given:?}");
        }
    }

    #[test]
    fn what_is_asked_for_replaces_what_was_given() {
        for (asked, given, both) in [
            (options(None, Some(false)), options(Some("de"), None), options(Some("de"), Some(false))),
            (options(None, Some(false)), options(None, Some(true)), options(None, Some(false))),
            (options(Some("de"), None), options(None, Some(false)), options(Some("de"), Some(false))),
            (
                options(Some("de"), Some(true)),
                options(Some("en"), Some(false)),
                options(Some("de"), Some(true)),
            ),
        ] {
            assert!(differs(&asked, &given));
            assert_eq!(merged(&asked, &given), both);
        }
    }
}
