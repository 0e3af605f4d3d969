//! The server: settings and listeners in, a served application out.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::get;
use chatkitd_http::client_ip::PeerAddr;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::app::{self, BuildError, Built};
use crate::jobs::Jobs;
use crate::settings::Settings;

/// How long requests in flight may take after the server was told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// The server cannot start, or broke down.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Something it needs is not there.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The listener failed.
    #[error("the server stopped listening")]
    Listen(#[source] io::Error),
}

/// Where operators look: a listener of its own, and the metrics to show there.
pub struct Admin {
    /// Loopback by default.
    pub listener: TcpListener,
    /// Renders `/metrics`.
    pub metrics: PrometheusHandle,
}

/// Serves until `shutdown`, then finishes the requests in flight.
pub async fn launch(
    settings: &Settings,
    listener: TcpListener,
    admin: Option<Admin>,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let Built { app, stores, canceller, clock } = app::build(settings).await?;
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    let jobs = Jobs { maintenance: stores.maintenance.clone(), canceller, clock };
    let jobs = tokio::spawn(jobs.run(shutdown.clone()));
    let admin = tokio::spawn(serve_admin(admin, shutdown.clone()));
    let address = listener.local_addr().map_err(ServeError::Listen)?;
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "chatkitd is up at http://{address}");

    let routes = chatkitd_http::router(app).layer(middleware::from_fn(with_peer));
    let served = serve(listener, routes, &shutdown).await;
    shutdown.cancel();
    for task in [jobs, admin] {
        if let Err(error) = task.await {
            tracing::error!(error = &error as &dyn std::error::Error, "a background task broke down");
        }
    }
    stores.close().await;
    served.map_err(ServeError::Listen)
}

async fn serve(listener: TcpListener, routes: Router, shutdown: &CancellationToken) -> io::Result<()> {
    let service = routes.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let too_late = async {
        shutdown.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving => served,
        () = too_late => {
            tracing::warn!("requests were still in flight after {} seconds and were cut off", GRACE.as_secs());
            Ok(())
        }
    }
}

async fn with_peer(ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(PeerAddr(peer));
    next.run(request).await
}

async fn serve_admin(admin: Option<Admin>, shutdown: CancellationToken) {
    let Some(Admin { listener, metrics }) = admin else { return };
    let routes = Router::new()
        .route("/metrics", get(|State(metrics): State<PrometheusHandle>| async move { metrics.render() }))
        .with_state(metrics.clone());
    // Histograms are kept small by being looked at now and then.
    let upkeep = async {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            metrics.run_upkeep();
        }
    };
    let serving = axum::serve(listener, routes).with_graceful_shutdown(shutdown.cancelled_owned());
    tokio::select! {
        served = serving => {
            if let Err(error) = served {
                tracing::error!(error = &error as &dyn std::error::Error, "the admin listener stopped");
            }
        }
        () = upkeep => {}
    }
}
