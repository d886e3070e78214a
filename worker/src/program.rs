//! Starts and stops a worker: load, serve, drain.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use self_language::entity_finder;
use self_language::models::{Embedder, EntityFinder, MiniLm};
use self_onnx::Runtime;
use self_shared::bus::Bus;
use self_shared::config::WorkerConfig;
use self_shared::database::Database;
use self_shared::domain::model::ModelCard;
use self_shared::objects::ObjectStore;
use self_shared::relay::Relay;
use self_shared::telemetry;
use self_shared::vectors::Vectors;
use self_shared::wake_ups::WakeUps;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::engine::{EngineContext, LaneExecutor, reconciler};
use crate::health::{self, Subject};
use crate::jobs::JobContext;
use crate::models::cards::cards;
use crate::models::moonshine::Moonshine;
use crate::models::remote_transcriber::RemoteTranscriber;
use crate::models::silero::Silero;
use crate::models::summarizer::Summarizer;
use crate::models::transcriber::Transcriber;
use crate::sandbox::{Ffmpeg, Sandbox};
use crate::stages::decode::Limits;
use crate::stages::transcribe::TranscriberPool;
use crate::{fleet, queries};

/// The longest time of one step of a model: a chunk of sound, a batch of passages.
const LONGEST_STEP: Duration = Duration::from_secs(3);

/// Runs a worker until it is stopped.
///
/// # Errors
/// When something is missing that a retry cannot provide: a model, or a valid address. The worker waits for
/// a server that is down.
pub fn run(config: WorkerConfig) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let models = Models::load(&config)?;
    let busy = Arc::downgrade(&models.transcriber);
    let served = runtime.block_on(serve(config, models));
    // A model may still work on something that nobody needs any more. It gets the time to finish, since its
    // library must not be unloaded while it runs.
    let began = Instant::now();
    runtime.shutdown_timeout(LONGEST_STEP);
    while busy.strong_count() > 0 && began.elapsed() < LONGEST_STEP {
        std::thread::sleep(Duration::from_millis(5));
    }
    served
}

async fn serve(config: WorkerConfig, models: Models) -> anyhow::Result<()> {
    let metrics = telemetry::init_metrics()?;
    let wake_ups = WakeUps::connect(&config.shared.redis_url, &config.shared.namespace)?;
    let database = Database::new(&config.shared.database).with_wake_ups(wake_ups.clone());
    let objects = ObjectStore::new(&config.shared.objects)?;
    let vectors = Vectors::new(&config.shared, database.clone())?;
    let bus = Bus::connect(&config.shared.nats_url, &config.shared.namespace).await?;
    let relay = Relay::new(database.clone(), bus.clone());
    let engine = EngineContext {
        database: database.clone(),
        wake_ups,
        bus: bus.clone(),
        worker: format!("{}-{}", std::process::id(), Uuid::now_v7()),
        lease: config.lease,
    };
    let remote = config.transcriber.as_ref().map(RemoteTranscriber::new).transpose()?.map(Arc::new);
    let cards = models.cards(&config, remote.as_deref());
    let context = Arc::new(JobContext {
        database: database.clone(),
        bus: bus.clone(),
        events_keep: config.events_keep,
        objects: objects.clone(),
        vectors: vectors.clone(),
        sandbox: sandbox(&config),
        transcribers: Arc::new(TranscriberPool::open(
            models.silero,
            models.transcriber,
            config.transcribe_threads,
        )?),
        remote,
        uncertain_below: config.uncertain_below,
        finder: models.finder,
        embedder: models.embedder,
        summarizer: config.summarizer.as_ref().map(Summarizer::new).transpose()?,
    });

    // `draining` stops the claims of jobs; `stopping` stops the tasks that the remaining jobs need.
    let (draining, stopping) = (CancellationToken::new(), CancellationToken::new());
    let (running, around) = (TaskTracker::new(), TaskTracker::new());
    let lanes: Vec<LaneExecutor<JobContext>> = config
        .lanes
        .iter()
        .map(|(lane, concurrency)| {
            let context = Arc::clone(&context);
            LaneExecutor::new(*lane, *concurrency, engine.clone(), context, draining.clone(), running.clone())
        })
        .collect();
    for lane in lanes.clone() {
        around.spawn(async move { lane.serve().await });
    }
    around.spawn({
        let stop = stopping.clone();
        async move { relay.run(stop).await }
    });
    around.spawn({
        let (engine, stop) = (engine.clone(), draining.clone());
        async move { reconciler::run(&engine, stop).await }
    });
    around.spawn(ensure(objects.clone(), draining.clone()));
    around.spawn({
        let (vectors, stop) = (vectors.clone(), draining.clone());
        async move { vectors.run(stop).await }
    });
    around.spawn(queries::answer(bus, models.query_embedder, draining.clone()));
    around.spawn({
        let (engine, lanes, started_with) = (engine.clone(), lanes.clone(), config.lanes.clone());
        let (draining, stop) = (draining.clone(), stopping.clone());
        async move { fleet::report(&engine, &started_with, &lanes, &cards, &draining, stop).await }
    });
    let subject =
        Subject { engine: engine.clone(), objects, vectors, lanes, draining: draining.clone(), metrics };
    let health = around.spawn({
        let (host, port, stop) = (config.host.clone(), config.port, stopping.clone());
        async move {
            let served = health::serve(subject, &host, port, stop).await;
            served.with_context(|| format!("cannot listen on {host}:{port} (WORKER_PORT)"))
        }
    });
    tracing::info!(worker = engine.worker, lanes = ?config.lanes, port = config.port, "serving");

    tokio::select! {
        told = told_to_stop() => told?,
        ended = health => return ended?,
    }
    tracing::info!("stopping: running jobs are handed back");
    draining.cancel();
    running.close();
    tokio::select! {
        () = running.wait() => {}
        () = sleep(config.drain) => {
            tracing::warn!("jobs were not handed back in time; their leases will run out");
        }
        told = told_to_stop() => {
            told?;
            anyhow::bail!("aborted by a second signal");
        }
    }
    stopping.cancel();
    around.close();
    let _ = timeout(Duration::from_secs(2), around.wait()).await;
    tracing::info!("stopped");
    Ok(())
}

/// The models, which take seconds to load.
struct Models {
    /// Shared by all threads that transcribe.
    silero: Silero,
    transcriber: Arc<dyn Transcriber>,
    finder: Arc<dyn EntityFinder>,
    embedder: Arc<Mutex<dyn Embedder + Send>>,
    query_embedder: Arc<Mutex<dyn Embedder + Send>>,
}

impl Models {
    fn load(config: &WorkerConfig) -> anyhow::Result<Self> {
        let runtime = Runtime::load(&config.models_dir)?;
        Ok(Self {
            silero: Silero::load(&config.models_dir)?,
            transcriber: Arc::new(match &config.moonshine {
                Some(model) => Moonshine::open(&runtime, &model.dir, &model.languages)?,
                None => Moonshine::load(&config.models_dir)?,
            }),
            finder: entity_finder(&runtime, &config.models_dir, config.gliner_dir.as_deref())?,
            embedder: Arc::new(Mutex::new(MiniLm::load(&runtime, &config.models_dir)?)),
            query_embedder: Arc::new(Mutex::new(MiniLm::load(&runtime, &config.models_dir)?)),
        })
    }
}

impl Models {
    /// The public descriptions of these models, and of those that other programs serve.
    fn cards(&self, config: &WorkerConfig, remote: Option<&RemoteTranscriber>) -> Vec<ModelCard> {
        let embedder = self.embedder.lock().unwrap_or_else(PoisonError::into_inner);
        cards(config, &*self.transcriber, remote, &*self.finder, &*embedder)
    }
}

pub(crate) fn sandbox(config: &WorkerConfig) -> Sandbox {
    let seconds = u32::try_from(config.audio_max.as_secs()).unwrap_or(u32::MAX);
    let ffmpeg = config.ffmpeg.as_deref().and_then(Ffmpeg::find);
    match (&config.ffmpeg, &ffmpeg) {
        (Some(program), Some(_)) => {
            tracing::info!(program = %program.display(), "ffmpeg decodes what is foreign")
        }
        (Some(program), None) => tracing::warn!(program = %program.display(), "this ffmpeg does not work"),
        (None, _) => tracing::info!("there is no ffmpeg: codecs that the worker does not know are refused"),
    }
    Sandbox { limits: Limits { seconds, ..Limits::default() }, ffmpeg, ..Sandbox::default() }
}

/// Creates the bucket or folder for objects, as soon as the storage can be reached.
async fn ensure(objects: ObjectStore, stop: CancellationToken) {
    while let Err(error) = objects.ensure().await {
        tracing::warn!(error = format!("{:#}", anyhow::Error::from(error)), "object storage is not ready");
        if stop.run_until_cancelled(sleep(Duration::from_secs(5))).await.is_none() {
            return;
        }
    }
}

async fn told_to_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
