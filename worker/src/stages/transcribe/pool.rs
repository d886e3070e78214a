//! The transcriber pool of a worker: one loaded model per thread, fed from one queue.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use self_shared::domain::model::{ModelDescription, ModelId};
use tokio::sync::{mpsc, oneshot};

use super::listener::Listener;
use super::voices::Stretch;
use crate::models::silero::Silero;
use crate::models::transcriber::{TranscribeError, Transcriber, Utterance};

/// The channel for an answer.
type Answer<T> = oneshot::Sender<Result<T, TranscribeError>>;

enum Task {
    Detect { samples: Arc<Vec<f32>>, answer: Answer<Vec<Stretch>> },
    Hear { samples: Arc<Vec<f32>>, stretch: Range<usize>, answer: Answer<Utterance> },
    Retire,
}

/// The models that every thread loads.
#[derive(Clone)]
struct Models {
    silero: Silero,
    transcriber: Arc<dyn Transcriber>,
}

impl Models {
    fn listener(&self) -> Result<Listener, TranscribeError> {
        Ok(Listener { detector: self.silero.detector()?, session: self.transcriber.open_session()? })
    }
}

/// Threads that transcribe, outside of the async runtime, whose threads must not block. All recordings of a
/// worker share them, so that the lane's number of cores is used for any number of recordings.
pub struct TranscriberPool {
    models: Models,
    count: Mutex<usize>,
    tasks: mpsc::UnboundedSender<Task>,
    queue: Arc<Mutex<mpsc::UnboundedReceiver<Task>>>,
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
        let (tasks, queue) = mpsc::unbounded_channel();
        let queue = Arc::new(Mutex::new(queue));
        let models = Models { silero, transcriber };
        let transcribers = Self { models, count: Mutex::new(0), tasks, queue };
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
            self.tasks.send(Task::Retire).map_err(|_| TranscribeError::BrokeOff)?;
            *now -= 1;
        }
        Ok(())
    }

    fn grow(&self, count: usize) -> Result<(), TranscribeError> {
        let mut now = self.count.lock().unwrap_or_else(PoisonError::into_inner);
        while *now < count {
            let listener = self.models.listener()?;
            let (models, queue) = (self.models.clone(), Arc::clone(&self.queue));
            thread::Builder::new()
                .name("transcriber".to_owned())
                .spawn(move || listen(&models, listener, &queue))
                .map_err(|_| TranscribeError::BrokeOff)?;
            *now += 1;
        }
        Ok(())
    }

    /// The stretches of speech in a chunk. Waits for a free session.
    pub(super) async fn voices(&self, samples: Arc<Vec<f32>>) -> Result<Vec<Stretch>, TranscribeError> {
        self.ask(|answer| Task::Detect { samples, answer }).await
    }

    /// Transcribes a part of a chunk with the model. Waits for a free session.
    pub async fn hear(
        &self,
        samples: Arc<Vec<f32>>,
        stretch: Range<usize>,
    ) -> Result<Utterance, TranscribeError> {
        self.ask(|answer| Task::Hear { samples, stretch, answer }).await
    }

    async fn ask<T>(&self, task: impl FnOnce(Answer<T>) -> Task) -> Result<T, TranscribeError> {
        let (answer, answered) = oneshot::channel();
        self.tasks.send(task(answer)).map_err(|_| TranscribeError::BrokeOff)?;
        answered.await.map_err(|_| TranscribeError::BrokeOff)?
    }
}

/// The loop of a thread, until it is retired or the queue is closed.
fn listen(models: &Models, mut listener: Listener, queue: &Mutex<mpsc::UnboundedReceiver<Task>>) {
    loop {
        let task = queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let is_whole = match task {
            None | Some(Task::Retire) => return,
            Some(Task::Detect { samples, answer }) => give(answer, || listener.voices(&samples)),
            Some(Task::Hear { samples, stretch, answer }) => {
                give(answer, || listener.hear(&samples[stretch]))
            }
        };
        if !is_whole {
            match models.listener() {
                Ok(fresh) => listener = fresh,
                Err(error) => {
                    tracing::error!(%error, "a transcriber session is kept although it failed once")
                }
            }
        }
    }
}

/// Does the work and sends its result, unless nobody waits for it any more, as after a cancelled job.
/// Returns false if the models panicked.
fn give<T>(answer: Answer<T>, work: impl FnOnce() -> Result<T, TranscribeError>) -> bool {
    if answer.is_closed() {
        return true;
    }
    let given = catch_unwind(AssertUnwindSafe(work));
    let is_whole = given.is_ok();
    let _ = answer.send(given.unwrap_or(Err(TranscribeError::BrokeOff)));
    is_whole
}
