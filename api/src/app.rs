//! What requests are answered with.

use std::sync::Arc;

use self_shared::bus::Bus;
use self_shared::config::ApiConfig;
use self_shared::database::Database;
use self_shared::objects::ObjectStore;
use self_shared::redis::buckets::Buckets;
use self_shared::redis::cache::Cache;
use self_shared::relay::Relay;
use self_shared::rings::Rings;
use self_shared::telemetry::Metrics;
use self_shared::vectors::Vectors;
use tokio_util::sync::CancellationToken;

use crate::auth::Auth;
use crate::hub::Hub;

/// Everything that a route needs. Cheap to clone; routes and middleware find it in the request.
#[derive(Clone)]
pub struct App {
    /// What was configured.
    pub config: Arc<ApiConfig>,
    /// Postgres remembers.
    pub database: Database,
    /// Object storage holds.
    pub objects: ObjectStore,
    /// What compares them by meaning, besides Postgres.
    pub vectors: Vectors,
    /// Redis rings.
    pub rings: Rings,
    /// What need not be worked out again.
    pub cache: Cache,
    /// NATS tells.
    pub bus: Bus,
    /// The sockets of this node.
    pub hub: Arc<Hub>,
    /// Passes on what was written down.
    pub relay: Relay,
    /// Who is asking.
    pub auth: Auth,
    /// What `/metrics` shows.
    pub metrics: Metrics,
    /// Cancelled when the server stops: sockets close then.
    pub stopping: CancellationToken,
}

impl App {
    /// Prepares connections. Touches only what answers at once: a server that is away is waited
    /// for by the requests that need it.
    ///
    /// # Errors
    /// When an address makes no sense.
    pub async fn new(config: ApiConfig, metrics: Metrics) -> anyhow::Result<Self> {
        let rings = Rings::connect(&config.shared.redis_url, &config.shared.namespace)?;
        let database = Database::new(&config.shared.database).with_rings(rings.clone());
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
            rings,
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
