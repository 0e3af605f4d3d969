//! What operators look at: `/metrics`, `/healthz` and `/readyz` on a listener of their own.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use chatkitd_http::{NotReady, Readiness};
use http::StatusCode;
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::connections::{self, Patience};

/// How often histograms are condensed when nobody scrapes them.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// A listener of its own, and the metrics to show there.
pub struct Admin {
    /// Loopback by default.
    pub listener: TcpListener,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
}

impl Admin {
    pub(crate) async fn serve(
        self,
        readiness: Arc<dyn Readiness>,
        patience: Patience,
        shutdown: CancellationToken,
    ) {
        let Self { listener, metrics } = self;
        let shown = metrics.clone();
        let routes = Router::new()
            .route("/metrics", get(async move || shown.render()))
            .route("/healthz", get(async || Json(json!({"status": "ok"}))))
            .route("/readyz", get(ready))
            .with_state(readiness);
        let upkeep = async {
            loop {
                tokio::time::sleep(UPKEEP_EVERY).await;
                metrics.run_upkeep();
            }
        };
        tokio::select! {
            () = connections::serve(listener, routes, patience, &shutdown) => {}
            () = upkeep => {}
        }
    }
}

/// The same words as `/readyz` has on the public listener.
async fn ready(State(readiness): State<Arc<dyn Readiness>>) -> (StatusCode, Json<Value>) {
    match readiness.check().await {
        Ok(()) => (StatusCode::OK, Json(json!({"status": "ok"}))),
        Err(NotReady(missing)) => {
            let body = json!({"status": "unavailable", "missing": missing});
            (StatusCode::SERVICE_UNAVAILABLE, Json(body))
        }
    }
}
