//! Chooses the transcriber of a recording. It is the remote one if it is configured, speaks the language,
//! and the person lets their sound leave; otherwise it is the model of this worker.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self_shared::config::Fallback;
use self_shared::database::models;
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::JobError;
use self_shared::domain::language;
use self_shared::domain::model::ModelId;
use self_shared::domain::model::SupportedLanguages;
use self_shared::domain::transcription::TranscriptionOptions;

use super::super::JobContext;
use super::super::transcript_origin::TranscriptOrigin;
use super::permission::Permission;
use crate::models::remote_transcriber::{RemoteError, RemoteTranscriber, UNDETERMINED};
use crate::models::transcriber::{TranscribeError, Utterance};

/// The transcribers of one recording.
pub(super) struct TranscriberChoice {
    remote: Option<Arc<RemoteTranscriber>>,
    permission: Permission,
    /// The model of this worker, and its languages.
    local: ModelId,
    local_languages: Vec<String>,
    /// The language that was requested.
    asked: Option<String>,
    /// Whether sound was sent to the remote transcriber.
    sent: AtomicBool,
    /// The host that received sound from earlier attempts.
    sent_before: Option<String>,
    /// The models that transcribed something so far, and the languages.
    known: Mutex<TranscriptOrigin>,
}

impl TranscriberChoice {
    /// Chooses for a recording. `known` is what earlier attempts have stored.
    ///
    /// # Errors
    /// [`JobError::Fail`] when no transcriber of the system speaks the language, and
    /// [`JobError::RetryWith`] when only the transcriber of another worker does.
    pub(super) async fn choose(
        context: &JobContext,
        options: &TranscriptionOptions,
        permission: Permission,
        known: &TranscriptOrigin,
    ) -> Result<Self, JobError> {
        let local_languages = context.transcribers.description().languages;
        let asked = options.language.clone();
        let may_leave = permission.is_given().await?;
        let remote = context
            .remote
            .clone()
            .filter(|remote| may_leave && asked.as_deref().is_none_or(|tag| remote.speaks(tag)));
        let is_spoken_here = is_spoken(&local_languages, asked.as_deref());
        if let (None, false, Some(tag)) = (&remote, is_spoken_here, &asked) {
            return Err(unspoken(context, tag, may_leave).await?);
        }
        Ok(Self {
            remote,
            permission,
            local: context.transcribers.model(),
            local_languages,
            asked,
            sent: AtomicBool::new(false),
            sent_before: known.endpoint.clone(),
            known: Mutex::new(known.clone()),
        })
    }

    /// The host that will receive sound. None without a remote transcriber, and while the model of this
    /// worker replaces one that is away.
    pub(super) fn host(&self) -> Option<&str> {
        self.asks().map(RemoteTranscriber::host)
    }

    fn asks(&self) -> Option<&RemoteTranscriber> {
        self.remote.as_deref().filter(|remote| !(self.falls_back() && remote.is_away()))
    }

    /// Whether the model of this worker can replace the remote transcriber: it has to speak the language
    /// that was requested or that was heard so far. While no language is known, it would turn speech of
    /// others into nothing for good.
    fn falls_back(&self) -> bool {
        let known = self.known();
        let language = self.asked.as_deref().or(known.language());
        self.remote.as_ref().is_some_and(|remote| remote.fallback() == Fallback::Local)
            && language.is_some_and(|tag| language::speaks(&self.local_languages, tag))
    }

    /// Transcribes a chunk remotely; none when the model of this worker must transcribe it.
    pub(super) async fn transcribe(&self, samples: &[f32]) -> Result<Option<Utterance>, TranscribeError> {
        let Some(remote) = self.asks() else { return Ok(self.local()) };
        let heard = match remote.turn().await {
            Ok(turn) => {
                // Read last: the turn may have come after a long wait.
                if !self.may_leave().await? {
                    return self.forbidden(remote);
                }
                turn.transcribe(samples, self.asked.as_deref(), &self.sent).await
            }
            Err(error) => Err(error),
        };
        match heard {
            Ok(heard) => {
                let mut known = self.known();
                known.add_model(&remote.id());
                let language = heard.language.as_deref().filter(|tag| *tag != UNDETERMINED);
                if let Some(language) = language.filter(|_| !heard.words.is_empty()) {
                    known.add_words(language, heard.words.len());
                }
                Ok(Some(heard))
            }
            Err(RemoteError::Away { host, reason }) if self.falls_back() => {
                tracing::warn!(host, reason, "the remote transcriber does not answer; using the local one");
                Ok(self.local())
            }
            Err(RemoteError::Chunk { host, reason }) => {
                tracing::warn!(host, reason, "the remote transcriber refuses a chunk, which is given up");
                if self.falls_back() {
                    return Ok(self.local());
                }
                Ok(Some(Utterance { is_lost: true, ..Utterance::default() }))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The result for a chunk that the model of this worker must transcribe.
    fn local(&self) -> Option<Utterance> {
        self.known().add_model(&self.local);
        None
    }

    async fn may_leave(&self) -> Result<bool, TranscribeError> {
        self.permission.is_given().await.map_err(|error| TranscribeError::Permission(error.to_string()))
    }

    /// The result for a chunk that may not be sent any more.
    fn forbidden(&self, remote: &RemoteTranscriber) -> Result<Option<Utterance>, TranscribeError> {
        if is_spoken(&self.local_languages, self.asked.as_deref()) {
            return Ok(self.local());
        }
        // The next attempt finds that nobody may transcribe the language.
        Err(RemoteError::Forbidden { host: remote.host().to_owned() }.into())
    }

    fn known(&self) -> MutexGuard<'_, TranscriptOrigin> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds the models that have transcribed, and the host that received sound, so far.
    pub(super) fn record(&self, origin: &mut TranscriptOrigin) {
        origin.add_models(&self.known());
        origin.endpoint = match &self.remote {
            Some(remote) if self.sent.load(Ordering::Relaxed) => Some(remote.host().to_owned()),
            _ => self.sent_before.clone(),
        };
    }

    /// The model that is asked first. A transcript without any speech names it.
    pub(super) fn first(&self) -> ModelId {
        self.remote.as_ref().map_or_else(|| self.local.clone(), |remote| remote.id())
    }
}

/// Whether a model for these languages may transcribe a recording for which this language was requested.
fn is_spoken(languages: &[String], asked: Option<&str>) -> bool {
    asked.is_none_or(|tag| language::speaks(languages, tag))
}

/// The error for a recording whose language this worker does not speak.
async fn unspoken(context: &JobContext, tag: &str, may_leave: bool) -> anyhow::Result<JobError> {
    let mut tx = context.database.as_system().await?;
    let spoken = SupportedLanguages::of(&models::of_the_fleet(&mut tx).await?, may_leave);
    let detail = format!("No transcriber of this server that may hear this speaks `{tag}`.");
    Ok(match &spoken {
        spoken if spoken.includes(tag) => JobError::RetryWith(Failure::new(
            FailureCode::LanguageUnsupported,
            format!("Not every worker of this server speaks `{tag}`: this waits for one that does."),
        )),
        SupportedLanguages::These(tags) => JobError::Fail(Failure::new(
            FailureCode::LanguageUnsupported,
            format!("{detail} Those that are spoken: {}.", tags.join(", ")),
        )),
        SupportedLanguages::Any => JobError::Fail(Failure::new(FailureCode::LanguageUnsupported, detail)),
    })
}

/// The job error for a transcriber's error.
pub(super) fn job_error(error: TranscribeError) -> JobError {
    let code = match &error {
        TranscribeError::Remote(RemoteError::Away { .. }) => FailureCode::TranscriberAway,
        TranscribeError::Remote(RemoteError::Forbidden { .. }) => FailureCode::LanguageUnsupported,
        TranscribeError::Remote(_) => FailureCode::TranscriberRefused,
        _ => return JobError::Retry(error.into()),
    };
    JobError::RetryWith(Failure::new(code, format!("{error} It is tried again by itself.")))
}
