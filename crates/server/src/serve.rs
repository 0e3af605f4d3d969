//! The server: settings and listeners in, a served application out.

use std::io;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use crate::admin::Admin;
use crate::app::{self, BuildError, Built};
use crate::connections::{self, Patience};
use crate::jobs::Jobs;
use crate::settings::Settings;

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Something it needs is not there.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The listener has no address.
    #[error("the server cannot listen")]
    Listen(#[source] io::Error),
}

/// Serves until `shutdown`, then finishes the requests in flight.
pub async fn launch(
    settings: &Settings,
    listener: TcpListener,
    admin: Option<Admin>,
    shutdown: CancellationToken,
) -> Result<(), ServeError> {
    let address = listener.local_addr().map_err(ServeError::Listen)?;
    let Built { app, stores, canceller, clock } = app::build(settings).await?;
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    let patience = Patience { grace: settings.shutdown_grace, ..Patience::default() };
    let jobs = Jobs { maintenance: stores.maintenance.clone(), canceller, clock };
    let mut beside = vec![tokio::spawn(jobs.run(shutdown.clone()))];
    beside.extend(
        admin.map(|admin| tokio::spawn(admin.serve(app.readiness.clone(), patience, shutdown.clone()))),
    );
    tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "chatkitd is up at http://{address}");

    connections::serve(listener, chatkitd_http::router(app), patience, &shutdown).await;
    for task in beside {
        if let Err(error) = task.await {
            tracing::error!(error = &error as &dyn std::error::Error, "a background task broke down");
        }
    }
    stores.close().await;
    Ok(())
}
