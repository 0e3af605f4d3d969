//! `chatkitd serve`.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::{CommandResult, source};
use crate::serve::{Admin, launch};
use crate::settings::Settings;
use crate::telemetry;

/// Run the server
#[derive(clap::Args)]
pub(super) struct ServeArgs {
    /// For trying it out: the built-in demo answers, / shows a page, .env.local and .env are read, logs are for people
    #[arg(long)]
    dev: bool,
}

/// An address is taken or not this machine's.
#[derive(Debug, thiserror::Error)]
#[error("chatkitd cannot listen on {address}; set {variable} to a free address of this machine")]
struct ListenError {
    address: SocketAddr,
    variable: &'static str,
    source: io::Error,
}

pub(super) async fn run(config: Option<&Path>, args: &ServeArgs) -> CommandResult {
    let settings = source::load(config, args.dev)?;
    let telemetry = telemetry::start(&settings)?;
    let listener = listen(settings.listen, "CHATKITD_LISTEN").await?;
    let admin = admin(&settings).await?;
    let served = launch(&settings, listener, admin, shutdown_signal()).await;
    // The exporter blocks while it sends the last spans.
    tokio::task::spawn_blocking(move || telemetry.flush()).await?;
    Ok(served?)
}

async fn admin(settings: &Settings) -> Result<Option<Admin>, Box<dyn std::error::Error + Send + Sync>> {
    let Some(address) = settings.admin_listen else { return Ok(None) };
    let listener = match listen(address, "CHATKITD_ADMIN_LISTEN").await {
        Ok(listener) => listener,
        // Somebody who tries it out beside something else is not to be stopped by a port for operators.
        Err(error) if settings.dev => {
            tracing::warn!(error = &error as &dyn std::error::Error, "there are no metrics");
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    Ok(Some(Admin { listener, metrics: telemetry::metrics()? }))
}

async fn listen(address: SocketAddr, variable: &'static str) -> Result<TcpListener, ListenError> {
    TcpListener::bind(address).await.map_err(|source| ListenError { address, variable, source })
}

/// A token that is cancelled by Ctrl-C or SIGTERM.
pub(super) fn shutdown_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        let terminated = async {
            match signal(SignalKind::terminate()) {
                Ok(mut terminate) => terminate.recv().await,
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated => {}
        }
        tracing::info!("stopping; requests in flight are finished first");
        stop.cancel();
    });
    token
}
