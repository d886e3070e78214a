//! The transcriber pool of a worker: one loaded model per thread, fed from one queue.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use self_shared::domain::model::{ModelDescription, ModelId};
use tokio::sync::{mpsc, oneshot};

use super::recognizer::SpeechRecognizer;
use super::voices::SpeechSpan;
use crate::models::silero::Silero;
use crate::models::transcriber::{TranscribeError, Transcriber, Utterance};

/// The channel for an answer.
type Reply<T> = oneshot::Sender<Result<T, TranscribeError>>;

enum PoolRequest {
    Detect { samples: Arc<Vec<f32>>, reply: Reply<Vec<SpeechSpan>> },
    Transcribe { samples: Arc<Vec<f32>>, stretch: Range<usize>, reply: Reply<Utterance> },
    Retire,
}

/// The models that every thread loads.
#[derive(Clone)]
struct Models {
    silero: Silero,
    transcriber: Arc<dyn Transcriber>,
}

impl Models {
    fn recognizer(&self) -> Result<SpeechRecognizer, TranscribeError> {
        Ok(SpeechRecognizer { detector: self.silero.detector()?, session: self.transcriber.open_session()? })
    }
}

/// Threads that transcribe, outside of the async runtime, whose threads must not block. All recordings of a
/// worker share them, so that the lane's number of cores is used for any number of recordings.
pub struct TranscriberPool {
    models: Models,
    count: Mutex<usize>,
    requests: mpsc::UnboundedSender<PoolRequest>,
    queue: Arc<Mutex<mpsc::UnboundedReceiver<PoolRequest>>>,
}

impl TranscriberPool {
    /// Loads the models `count` times, each for one thread.
    pub fn open(
        silero: Silero,
        transcriber: Arc<dyn Transcriber>,
        count: usize,
    ) -> Result<Self, TranscribeError> {
        // The number of callers that wait for an answer bounds the queue. With a bounded queue, a caller
        // that has a place in it but is not polled would block all callers behind it.
        let (requests, queue) = mpsc::unbounded_channel();
        let queue = Arc::new(Mutex::new(queue));
        let models = Models { silero, transcriber };
        let transcribers = Self { models, count: Mutex::new(0), requests, queue };
        transcribers.grow(count)?;
        Ok(transcribers)
    }

    /// The model of the pool.
    #[must_use]
    pub fn model(&self) -> ModelId {
        self.models.transcriber.id()
    }

    /// The public description of the model.
    #[must_use]
    pub fn description(&self) -> ModelDescription {
        self.models.transcriber.description()
    }

    /// How many chunks are transcribed at once.
    #[must_use]
    pub fn count(&self) -> usize {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes how many chunks are transcribed at once. Chunks that wait already are still transcribed by
    /// as many sessions as before. With a count of 0, work waits until the count grows again.
    pub async fn resize(self: &Arc<Self>, count: usize) -> Result<(), TranscribeError> {
        self.shrink(count)?;
        let transcribers = Arc::clone(self);
        let grown = tokio::task::spawn_blocking(move || transcribers.grow(count)).await;
        grown.unwrap_or(Err(TranscribeError::BrokeOff))
    }

    fn shrink(&self, count: usize) -> Result<(), TranscribeError> {
        let mut now = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        while *now > count {
            self.requests.send(PoolRequest::Retire).map_err(|_| TranscribeError::BrokeOff)?;
            *now -= 1;
        }
        Ok(())
    }

    fn grow(&self, count: usize) -> Result<(), TranscribeError> {
        let mut now = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        while *now < count {
            let recognizer = self.models.recognizer()?;
            let (models, queue) = (self.models.clone(), Arc::clone(&self.queue));
            thread::Builder::new()
                .name("transcriber".to_owned())
                .spawn(move || serve(&models, recognizer, &queue))
                .map_err(|_| TranscribeError::BrokeOff)?;
            *now += 1;
        }
        Ok(())
    }

    /// The stretches of speech in a chunk. Waits for a free session.
    pub(super) async fn voices(&self, samples: Arc<Vec<f32>>) -> Result<Vec<SpeechSpan>, TranscribeError> {
        self.ask(|reply| PoolRequest::Detect { samples, reply }).await
    }

    /// Transcribes a part of a chunk with the model. Waits for a free session.
    pub async fn transcribe(
        &self,
        samples: Arc<Vec<f32>>,
        stretch: Range<usize>,
    ) -> Result<Utterance, TranscribeError> {
        self.ask(|reply| PoolRequest::Transcribe { samples, stretch, reply }).await
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> PoolRequest) -> Result<T, TranscribeError> {
        let (reply, replied) = oneshot::channel();
        self.requests.send(request(reply)).map_err(|_| TranscribeError::BrokeOff)?;
        replied.await.map_err(|_| TranscribeError::BrokeOff)?
    }
}

/// The loop of a thread, until it is retired or the queue is closed.
fn serve(
    models: &Models,
    mut recognizer: SpeechRecognizer,
    queue: &Mutex<mpsc::UnboundedReceiver<PoolRequest>>,
) {
    loop {
        let request = queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let is_whole = match request {
            None | Some(PoolRequest::Retire) => return,
            Some(PoolRequest::Detect { samples, reply }) => give(reply, || recognizer.voices(&samples)),
            Some(PoolRequest::Transcribe { samples, stretch, reply }) => {
                give(reply, || recognizer.transcribe(&samples[stretch]))
            }
        };
        if !is_whole {
            match models.recognizer() {
                Ok(fresh) => recognizer = fresh,
                Err(error) => {
                    tracing::error!(%error, "a transcriber session is used again although it panicked")
                }
            }
        }
    }
}

/// Does the work and sends its result, unless nobody waits for it any more, as after a cancelled job.
/// Returns false if the models panicked.
fn give<T>(reply: Reply<T>, work: impl FnOnce() -> Result<T, TranscribeError>) -> bool {
    if reply.is_closed() {
        return true;
    }
    let given = catch_unwind(AssertUnwindSafe(work));
    let is_whole = given.is_ok();
    let _ = reply.send(given.unwrap_or(Err(TranscribeError::BrokeOff)));
    is_whole
}
