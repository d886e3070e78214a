//! The ears of a worker: one loaded model per thread, fed from one queue.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use self_shared::domain::model::{About, ModelId};
use tokio::sync::{mpsc, oneshot};

use super::listener::Listener;
use super::voices::Stretch;
use crate::models::silero::Silero;
use crate::models::transcriber::{TranscribeError, Transcriber, Utterance};

/// Where an answer goes.
type Answer<T> = oneshot::Sender<Result<T, TranscribeError>>;

enum Task {
    Detect { samples: Arc<Vec<f32>>, answer: Answer<Vec<Stretch>> },
    Hear { samples: Arc<Vec<f32>>, stretch: Range<usize>, answer: Answer<Utterance> },
    Retire,
}

/// What every thread loads for itself.
#[derive(Clone)]
struct Models {
    silero: Silero,
    transcriber: Arc<dyn Transcriber>,
}

impl Models {
    fn listener(&self) -> Result<Listener, TranscribeError> {
        Ok(Listener { detector: self.silero.detector()?, ear: self.transcriber.ear()? })
    }
}

/// Threads that can hear, on cores of their own: none of them belongs to the async runtime, which
/// must stay free for what waits. All recordings of a worker share them, so the cores are used as
/// the lane was given them, however many recordings there are.
pub struct Ears {
    models: Models,
    count: Mutex<usize>,
    tasks: mpsc::UnboundedSender<Task>,
    queue: Arc<Mutex<mpsc::UnboundedReceiver<Task>>>,
}

impl Ears {
    /// Loads the models `count` times, each for a thread of its own.
    ///
    /// # Errors
    /// [`TranscribeError`] when a model cannot be loaded.
    pub fn open(
        silero: Silero,
        transcriber: Arc<dyn Transcriber>,
        count: usize,
    ) -> Result<Self, TranscribeError> {
        // The queue is bounded by those who wait for answers. Were it so by itself, one who has a
        // place in it and is busy elsewhere would hold up all who come behind.
        let (tasks, queue) = mpsc::unbounded_channel();
        let queue = Arc::new(Mutex::new(queue));
        let models = Models { silero, transcriber };
        let ears = Self { models, count: Mutex::new(0), tasks, queue };
        ears.grow(count)?;
        Ok(ears)
    }

    /// Which model is heard with.
    #[must_use]
    pub fn model(&self) -> ModelId {
        self.models.transcriber.id()
    }

    /// What people are told of it.
    #[must_use]
    pub fn about(&self) -> About {
        self.models.transcriber.about()
    }

    /// How many chunks are heard at once.
    #[must_use]
    pub fn count(&self) -> usize {
        *self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes how many chunks are heard at once; what waits already is still heard by
    /// as many as before. With none, work waits until there are some again.
    ///
    /// # Errors
    /// [`TranscribeError`] when the model cannot be loaded once more.
    pub async fn resize(self: &Arc<Self>, count: usize) -> Result<(), TranscribeError> {
        self.shrink(count)?;
        let ears = Arc::clone(self);
        let grown = tokio::task::spawn_blocking(move || ears.grow(count)).await;
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
                .name("ear".to_owned())
                .spawn(move || listen(&models, listener, &queue))
                .map_err(|_| TranscribeError::BrokeOff)?;
            *now += 1;
        }
        Ok(())
    }

    /// Where somebody speaks in a chunk. Waits for a free ear.
    ///
    /// # Errors
    /// [`TranscribeError`] when the voice detector fails.
    pub(super) async fn voices(&self, samples: Arc<Vec<f32>>) -> Result<Vec<Stretch>, TranscribeError> {
        self.ask(|answer| Task::Detect { samples, answer }).await
    }

    /// What is said in a part of a chunk, as the model hears it. Waits for a free ear.
    ///
    /// # Errors
    /// [`TranscribeError`] when the model fails.
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

/// The life of an ear: until it is retired, or until nobody is left to give it work.
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
                Err(error) => tracing::error!(%error, "an ear is kept although it broke off once"),
            }
        }
    }
}

/// Works for whoever waits for the answer; nobody does any more if the job was cancelled meanwhile. False
/// when the models came to a bad end.
fn give<T>(answer: Answer<T>, work: impl FnOnce() -> Result<T, TranscribeError>) -> bool {
    if answer.is_closed() {
        return true;
    }
    let given = catch_unwind(AssertUnwindSafe(work));
    let is_whole = given.is_ok();
    let _ = answer.send(given.unwrap_or(Err(TranscribeError::BrokeOff)));
    is_whole
}
