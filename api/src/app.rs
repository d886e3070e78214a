//! The state that all routes share.

use std::sync::Arc;

use self_shared::bus::Bus;
use self_shared::config::ApiConfig;
use self_shared::database::Database;
use self_shared::objects::ObjectStore;
use self_shared::redis::buckets::Buckets;
use self_shared::redis::cache::Cache;
use self_shared::relay::Relay;
use self_shared::telemetry::Metrics;
use self_shared::vectors::Vectors;
use self_shared::wake_ups::WakeUps;
use tokio_util::sync::CancellationToken;

use crate::auth::Auth;
use crate::hub::Hub;

/// All dependencies of the routes. Cheap to clone; routes and middleware find it in the request.
#[derive(Clone)]
pub struct App {
    /// The configuration.
    pub config: Arc<ApiConfig>,
    /// PostgreSQL.
    pub database: Database,
    /// Object storage.
    pub objects: ObjectStore,
    /// Vectors: PostgreSQL, and Qdrant if configured.
    pub vectors: Vectors,
    /// Sends wake-ups to workers.
    pub wake_ups: WakeUps,
    /// Cached answers.
    pub cache: Cache,
    /// NATS.
    pub bus: Bus,
    /// The sockets of this node.
    pub hub: Arc<Hub>,
    /// Publishes committed events.
    pub relay: Relay,
    /// Authentication and sessions.
    pub auth: Auth,
    /// The metrics for `/metrics`.
    pub metrics: Metrics,
    /// Cancelled when the server stops; sockets close then.
    pub stopping: CancellationToken,
}

impl App {
    /// Prepares connections without waiting for any server: a request that needs an absent server waits for
    /// it.
    ///
    /// # Errors
    /// When an address in the configuration is invalid.
    pub async fn new(config: ApiConfig, metrics: Metrics) -> anyhow::Result<Self> {
        let wake_ups = WakeUps::connect(&config.shared.redis_url, &config.shared.namespace)?;
        let database = Database::new(&config.shared.database).with_wake_ups(wake_ups.clone());
        let objects = ObjectStore::new(&config.shared.objects)?;
        let vectors = Vectors::new(&config.shared, database.clone())?;
        let bus = Bus::connect(&config.shared.nats_url, &config.shared.namespace).await?;
        let relay = Relay::new(database.clone(), bus.clone());
        let cache = Cache::connect(&config.shared.redis_url, &config.shared.namespace)?;
        let buckets = Buckets::connect(&config.shared.redis_url, &config.shared.namespace)?;
        let auth = Auth::new(&config, database.clone(), bus.clone(), buckets);
        let stopping = CancellationToken::new();
        let hub = Hub::start(bus.clone(), stopping.clone());
        Ok(Self {
            config: Arc::new(config),
            database,
            objects,
            vectors,
            wake_ups,
            cache,
            bus,
            hub,
            relay,
            auth,
            metrics,
            stopping,
        })
    }
}
