//! Logs and metrics of a process, set up once in `main`.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Renders the metrics in the text format of Prometheus.
pub use metrics_exporter_prometheus::PrometheusHandle as Metrics;

/// Buckets of durations in seconds, from the milliseconds of a queue to the hour of a long recording.
const SECONDS: &[f64] = &[0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 600.0, 3600.0];

/// Starts logging to standard error: `RUST_LOG` sets the filter, the configuration the format.
pub fn init_logs(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| {
        EnvFilter::new("info,sqlx=warn,async_nats=warn,apalis_core=warn,symphonia=error,ort=warn")
    });
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().init(),
    }
}

/// Installs the recorder of metrics. The handle renders them for `/metrics`.
///
/// # Errors
/// When a recorder is installed already.
pub fn init_metrics() -> anyhow::Result<Metrics> {
    Ok(PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .install_recorder()?)
}
