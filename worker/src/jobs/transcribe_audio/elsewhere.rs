//! Which transcriber hears a recording: the one elsewhere, where there is one, it speaks the language
//! and the person lets their sound go there; the model of this worker otherwise.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use self_shared::config::Fallback;
use self_shared::database::models;
use self_shared::domain::failure::{Failure, FailureCode};
use self_shared::domain::job::Ending;
use self_shared::domain::language;
use self_shared::domain::model::Spoken;
use self_shared::domain::transcription::TranscriptionOptions;

use super::super::Bench;
use super::super::heard_by::HeardBy;
use crate::models::ModelId;
use crate::models::remote_transcriber::{RemoteError, RemoteTranscriber};
use crate::models::transcriber::{TranscribeError, Utterance};

/// What one recording is heard by.
pub(super) struct Elsewhere {
    remote: Option<Arc<RemoteTranscriber>>,
    /// The model of this worker.
    local: ModelId,
    /// The language that was asked for.
    asked: Option<String>,
    /// Whether the model of this worker can take the place of the transcriber elsewhere.
    falls_back: bool,
    /// Whether sound was sent elsewhere.
    sent: AtomicBool,
    /// What has heard something so far.
    used: Mutex<Vec<ModelId>>,
}

impl Elsewhere {
    /// Chooses for a recording, of which this is known from earlier attempts.
    ///
    /// # Errors
    /// [`Ending::Fail`] when no transcriber of the fleet speaks the language, and [`Ending::Wait`] when
    /// only that of another worker does.
    pub(super) async fn choose(
        bench: &Bench,
        options: &TranscriptionOptions,
        known: &HeardBy,
    ) -> Result<Self, Ending> {
        let local = bench.ears.about().languages;
        let speaks = |tag: &str| language::speaks(&local, tag);
        let asked = options.language.clone();
        let may_leave = options.allow_remote != Some(false);
        let remote = bench
            .remote
            .clone()
            .filter(|remote| may_leave && asked.as_deref().is_none_or(|tag| remote.speaks(tag)));
        let is_spoken_here = asked.as_deref().is_none_or(speaks);
        if let (None, false, Some(tag)) = (&remote, is_spoken_here, &asked) {
            return Err(unspoken(bench, tag, may_leave).await?);
        }
        let language = asked.as_deref().or(known.language());
        let falls_back = remote.as_ref().is_some_and(|remote| remote.fallback() == Fallback::Local)
            && language.is_none_or(speaks);
        Ok(Self {
            remote,
            local: bench.ears.model(),
            asked,
            falls_back,
            sent: AtomicBool::new(false),
            used: Mutex::new(Vec::new()),
        })
    }

    /// What is said in a chunk; none where the model of this worker is to hear it.
    ///
    /// # Errors
    /// [`TranscribeError::Remote`].
    pub(super) async fn hear(&self, samples: &[f32]) -> Result<Option<Utterance>, TranscribeError> {
        let remote = self.remote.as_ref().filter(|remote| !(self.falls_back && remote.is_away()));
        let Some(remote) = remote else {
            self.note(&self.local);
            return Ok(None);
        };
        match remote.hear(samples, self.asked.as_deref(), &self.sent).await {
            Ok(heard) => {
                self.note(&remote.id());
                Ok(Some(heard))
            }
            Err(RemoteError::Away { host, reason }) if self.falls_back => {
                tracing::warn!(host, reason, "the transcriber elsewhere is away: heard here meanwhile");
                self.note(&self.local);
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn note(&self, model: &ModelId) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if !used.contains(model) {
            used.push(model.clone());
        }
    }

    /// Tells what has heard, and where sound went, so far.
    pub(super) fn tell(&self, heard_by: &mut HeardBy) {
        for model in self.used.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            heard_by.add_model(model);
        }
        if let (Some(remote), true) = (&self.remote, self.sent.load(Ordering::Relaxed)) {
            heard_by.endpoint = Some(remote.host().to_owned());
        }
    }

    /// The model that is asked first: what is named where nothing was said at all.
    pub(super) fn first(&self) -> ModelId {
        self.remote.as_ref().map_or_else(|| self.local.clone(), |remote| remote.id())
    }
}

/// What becomes of a recording whose language this worker does not speak.
async fn unspoken(bench: &Bench, tag: &str, may_leave: bool) -> anyhow::Result<Ending> {
    let mut tx = bench.database.as_system().await?;
    let spoken = Spoken::by(&models::of_the_fleet(&mut tx).await?, may_leave);
    let detail = format!("No transcriber of this server that may hear this speaks `{tag}`.");
    Ok(match &spoken {
        spoken if spoken.includes(tag) => Ending::Wait(Failure::new(
            FailureCode::LanguageUnsupported,
            format!("Not every worker of this server speaks `{tag}`: this waits for one that does."),
        )),
        Spoken::These(tags) => Ending::Fail(Failure::new(
            FailureCode::LanguageUnsupported,
            format!("{detail} Those that are spoken: {}.", tags.join(", ")),
        )),
        Spoken::Any => Ending::Fail(Failure::new(FailureCode::LanguageUnsupported, detail)),
    })
}

/// What a transcriber's error means for the job.
pub(super) fn ending(error: TranscribeError) -> Ending {
    let code = match &error {
        TranscribeError::Remote(RemoteError::Away { .. }) => FailureCode::TranscriberAway,
        TranscribeError::Remote(_) => FailureCode::TranscriberRefused,
        _ => return Ending::Retry(error.into()),
    };
    Ending::Wait(Failure::new(code, format!("{error} It is tried again by itself.")))
}
