//! The ears of a worker: one loaded model per thread, fed from one queue.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::{mpsc, oneshot};

use crate::models::transcriber::{Ear, TranscribeError, Transcriber, Utterance};
use crate::models::{About, ModelId};

type Answer = Result<Utterance, TranscribeError>;

enum Task {
    Hear { samples: Arc<Vec<f32>>, answer: oneshot::Sender<Answer> },
    Retire,
}

/// Threads that can hear, on cores of their own: none of them belongs to the async runtime, which
/// must stay free for what waits. All recordings of a worker share them, so the cores are used as
/// the lane was given them, however many recordings there are.
pub struct Ears {
    transcriber: Arc<dyn Transcriber>,
    count: Mutex<usize>,
    tasks: mpsc::UnboundedSender<Task>,
    queue: Arc<Mutex<mpsc::UnboundedReceiver<Task>>>,
}

impl Ears {
    /// Loads the model `count` times, each for a thread of its own.
    ///
    /// # Errors
    /// [`TranscribeError`] when the model cannot be loaded.
    pub fn open(transcriber: Arc<dyn Transcriber>, count: usize) -> Result<Self, TranscribeError> {
        // The queue is bounded by those who wait for answers. Were it so by itself, one who has a
        // place in it and is busy elsewhere would hold up all who come behind.
        let (tasks, queue) = mpsc::unbounded_channel();
        let queue = Arc::new(Mutex::new(queue));
        let ears = Self { transcriber, count: Mutex::new(0), tasks, queue };
        ears.grow(count)?;
        Ok(ears)
    }

    /// Which model is heard with.
    #[must_use]
    pub fn model(&self) -> ModelId {
        self.transcriber.id()
    }

    /// What people are told of it.
    #[must_use]
    pub fn about(&self) -> About {
        self.transcriber.about()
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
            let ear = self.transcriber.ear()?;
            let (transcriber, queue) = (Arc::clone(&self.transcriber), Arc::clone(&self.queue));
            thread::Builder::new()
                .name("ear".to_owned())
                .spawn(move || listen(&*transcriber, ear, &queue))
                .map_err(|_| TranscribeError::BrokeOff)?;
            *now += 1;
        }
        Ok(())
    }

    /// What is said in a chunk, as the model hears it. Waits for a free ear.
    ///
    /// # Errors
    /// [`TranscribeError`] when the model fails.
    pub async fn hear(&self, samples: Arc<Vec<f32>>) -> Answer {
        let (answer, heard) = oneshot::channel();
        let task = Task::Hear { samples, answer };
        self.tasks.send(task).map_err(|_| TranscribeError::BrokeOff)?;
        heard.await.map_err(|_| TranscribeError::BrokeOff)?
    }
}

/// The life of an ear: until it is retired, or until nobody is left to give it work.
fn listen(
    transcriber: &dyn Transcriber,
    mut ear: Box<dyn Ear>,
    queue: &Mutex<mpsc::UnboundedReceiver<Task>>,
) {
    loop {
        let task = queue.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(Task::Hear { samples, answer }) = task else { return };
        if answer.is_closed() {
            continue;
        }
        let heard = catch_unwind(AssertUnwindSafe(|| ear.hear(&samples)));
        let broken = heard.is_err();
        // Nobody waits any more if the job was cancelled meanwhile.
        let _ = answer.send(heard.unwrap_or(Err(TranscribeError::BrokeOff)));
        if broken {
            match transcriber.ear() {
                Ok(fresh) => ear = fresh,
                Err(error) => tracing::error!(%error, "an ear is kept although it broke off once"),
            }
        }
    }
}
