//! Logs, traces and metrics.

use std::io::IsTerminal as _;

use axum::Router;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::filter::{LevelFilter, ParseError};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::client_span;
use crate::json_log::WithSources;
use crate::settings::{LogFormat, Settings};
use crate::text_log::MaskedStderr;
use crate::traces;

/// Logs, traces or metrics cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error(
        "CHATKITD_LOG = {0:?} is not valid; set it to a level such as info, or to a filter such as info,chatkitd=debug"
    )]
    Filter(String),
    /// The exporter of traces cannot be made.
    #[error("traces cannot be sent to OTEL_EXPORTER_OTLP_ENDPOINT")]
    Traces(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Something else logs already.
    #[error("logs are set up already")]
    Taken(#[from] TryInitError),
    /// The metrics recorder cannot be made.
    #[error("metrics cannot be set up")]
    Metrics(#[from] BuildError),
}

/// What has to be flushed before the process ends.
#[derive(Default)]
pub struct Telemetry {
    traces: Option<opentelemetry_sdk::trace::SdkTracerProvider>,
}

impl Telemetry {
    /// Sends what is still waiting.
    pub fn flush(&self) {
        if let Some(traces) = &self.traces
            && let Err(error) = traces.shutdown()
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "the last traces were not sent");
        }
    }
}

type BoxedLayer = Box<dyn Layer<Registry> + Send + Sync>;

/// Sets up logs and traces for the whole process.
pub fn start(settings: &Settings) -> Result<Telemetry, TelemetryError> {
    let filter = log_filter(&settings.log).map_err(|_| TelemetryError::Filter(settings.log.clone()))?;
    let format: BoxedLayer = match settings.log_format {
        LogFormat::Json => Box::new(
            fmt::layer()
                .json()
                .flatten_event(true)
                .with_current_span(true)
                .with_span_list(false)
                .map_event_format(WithSources)
                .with_writer(std::io::stderr)
                .with_filter(filter),
        ),
        LogFormat::Text => {
            let layer = fmt::layer().compact().with_target(false).with_writer(|| MaskedStderr);
            // Left alone it looks at NO_COLOR only.
            let is_read_by_people = std::io::stderr().is_terminal();
            Box::new(if is_read_by_people { layer } else { layer.with_ansi(false) }.with_filter(filter))
        }
    };
    let mut layers = vec![format];
    let telemetry = traces(settings, &mut layers)?;
    tracing_subscriber::registry().with(layers).try_init()?;
    Ok(telemetry)
}

fn log_filter(log: &str) -> Result<EnvFilter, ParseError> {
    let without_client_spans = format!("{}=off", client_span::TARGET).parse()?;
    Ok(EnvFilter::try_new(log)?.add_directive(without_client_spans))
}

fn traces(settings: &Settings, layers: &mut Vec<BoxedLayer>) -> Result<Telemetry, TelemetryError> {
    let Some(collector) = &settings.otlp_endpoint else { return Ok(Telemetry::default()) };
    let provider = traces::provider(collector, settings.otlp_service_name.clone())
        .map_err(|error| TelemetryError::Traces(Box::new(error)))?;
    layers.push(Box::new(traces::layer(&provider).with_filter(LevelFilter::INFO)));
    Ok(Telemetry { traces: Some(provider) })
}

/// `routes`, where each request goes on with the trace of whoever sends it. Without a collector they stay as they are.
pub(crate) fn traced(routes: Router, settings: &Settings) -> Router {
    if settings.otlp_endpoint.is_some() { traces::continuing(routes) } else { routes }
}

/// Sets up metrics for the whole process; the handle renders them.
pub fn metrics() -> Result<PrometheusHandle, TelemetryError> {
    let seconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &seconds)?
        .install_recorder()?;
    metrics::describe_counter!(
        "chatkitd_http_requests_total",
        "Requests answered, by route, method and status"
    );
    metrics::describe_histogram!("chatkitd_http_request_seconds", "How long requests took");
    metrics::describe_counter!("chatkitd_http_panics_total", "Handlers that panicked");
    metrics::describe_counter!("chatkitd_sessions_issued_total", "Client secrets handed out, by site");
    metrics::describe_counter!(
        "chatkitd_upstream_requests_total",
        "Requests to OpenAI, by operation and outcome"
    );
    metrics::describe_histogram!("chatkitd_upstream_request_seconds", "How long requests to OpenAI took");
    metrics::describe_counter!(
        "chatkitd_model_requests_total",
        "Requests to model servers, by whether they began to answer"
    );
    metrics::describe_histogram!(
        "chatkitd_model_request_seconds",
        "How long it took until a model server began to answer"
    );
    metrics::describe_counter!("chatkitd_limiter_failures_total", "Requests that could not be counted");
    metrics::describe_counter!(
        "chatkitd_reloads_total",
        "Times that the settings were read again (SIGHUP), by outcome"
    );
    describe_runs();
    Ok(handle)
}

fn describe_runs() {
    metrics::describe_gauge!("chatkitd_runs_going", "Answers that are being given on this node");
    metrics::describe_counter!("chatkitd_runs_ended_total", "Answers that are over, by outcome");
    metrics::describe_counter!("chatkitd_run_events_total", "Events of answers that are over");
    metrics::describe_gauge!("chatkitd_run_log_bytes", "What events take in this node's memory, in bytes");
    metrics::describe_counter!(
        "chatkitd_run_log_failures_total",
        "Times that the log between nodes could not be used"
    );
}
