//! The server: settings and listeners in, a served application out.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use chatkitd_http::client_ip::PeerAddr;
use http::{StatusCode, header};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::app::{self, BuildError, Built};
use crate::jobs::Jobs;
use crate::settings::Settings;

/// How long requests in flight may take after the server was told to stop.
const GRACE: Duration = Duration::from_secs(30);
/// How long a request's head may take.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request may take until its answer begins: more than an upstream call (10 s) and a wait for another
/// one's refresh (15 s) together.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
/// How often an idle HTTP/2 connection is asked whether it still lives.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// The largest head of an HTTP/1 request; a credential has 16 KiB at the most.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// The same for HTTP/2.
const MAX_HEAD_LIST: u32 = 64 * 1024;
/// After a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

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

    let routes = chatkitd_http::router(app).layer(middleware::from_fn(in_time));
    serve(listener, routes, &shutdown).await;
    shutdown.cancel();
    for task in [jobs, admin] {
        if let Err(error) = task.await {
            tracing::error!(error = &error as &dyn std::error::Error, "a background task broke down");
        }
    }
    stores.close().await;
    Ok(())
}

/// Accepts connections until `shutdown`, then waits for those that are busy.
///
/// `axum::serve` would do but for one thing: it sets no time limit on a request's head, so that a client which
/// sends a byte a minute would hold its connection for ever.
async fn serve(listener: TcpListener, routes: Router, shutdown: &CancellationToken) {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MAX_HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(KEEP_ALIVE))
        .max_header_list_size(MAX_HEAD_LIST);
    let graceful = GracefulShutdown::new();
    while let Some(accepted) = shutdown.run_until_cancelled(listener.accept()).await {
        match accepted {
            Ok((stream, peer)) => {
                // Small answers are to go out at once.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(
                        error = &error as &dyn std::error::Error,
                        "a connection was lost at once"
                    );
                }
                let service = routes.clone().map_request(move |mut request: http::Request<Incoming>| {
                    request.extensions_mut().insert(PeerAddr(peer));
                    request
                });
                let service = TowerToHyperService::new(service);
                let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
                let connection = graceful.watch(connection.into_owned());
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        tracing::debug!(error, "a connection broke");
                    }
                });
            }
            Err(error) => {
                // Out of file descriptors, most likely: others will be closed soon.
                tracing::error!(error = &error as &dyn std::error::Error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still in flight after {} seconds and were cut off", GRACE.as_secs());
    }
}

/// Ends a request whose answer has not begun in time: a body that drips, above all.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => (StatusCode::REQUEST_TIMEOUT, [(header::CONNECTION, "close")]).into_response(),
    }
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
