//! A server as the whole of a process: its log, its listeners, its signals.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use super::{Admin, ServeError, Server};
use crate::telemetry::{self, TelemetryError};

/// The process cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Logs, traces or metrics.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// An address is taken or not this machine's.
    #[error("chatkitd cannot listen on {address}; set {variable} to a free address of this machine")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What sets it.
        variable: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The server.
    #[error(transparent)]
    Serve(#[from] ServeError),
    /// The last traces.
    #[error("the last traces were not sent")]
    Flush(#[from] JoinError),
}

impl Server {
    /// Logs, listens where the settings say, and serves until Ctrl-C or SIGTERM: once in a process. At SIGHUP
    /// settings that came from [`Settings::from_environment`](crate::settings::Settings::from_environment) are read
    /// again.
    pub async fn run(mut self) -> Result<(), RunError> {
        let telemetry = telemetry::start(&self.settings)?;
        let listener = listen(self.settings.listen, "CHATKITD_LISTEN").await?;
        if self.admin.is_none() {
            self.admin = self.operators().await?;
        }
        let hangups = self.hangups();
        let served = self.launch_reloading(listener, shutdown_signal(), hangups).await;
        // The exporter blocks while it sends the last spans.
        tokio::task::spawn_blocking(move || telemetry.flush()).await?;
        Ok(served?)
    }

    /// Heard from now on: a signal that nobody hears ends the process.
    fn hangups(&self) -> Option<Signal> {
        self.settings.origin.as_ref()?;
        signal(SignalKind::hangup())
            .inspect_err(|error| {
                tracing::warn!(
                    error = error as &dyn std::error::Error,
                    "SIGHUP will not reload the settings"
                );
            })
            .ok()
    }

    async fn operators(&self) -> Result<Option<Admin>, RunError> {
        let Some(address) = self.settings.admin_listen else { return Ok(None) };
        let listener = match listen(address, "CHATKITD_ADMIN_LISTEN").await {
            Ok(listener) => listener,
            // Somebody who tries it out beside something else is not to be stopped by a port for operators.
            Err(error) if self.settings.dev => {
                tracing::warn!(error = &error as &dyn std::error::Error, "there are no metrics");
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let address = listener.local_addr().map_err(ServeError::Listen)?;
        tracing::info!(%address, "operators find metrics and health at http://{address}");
        Ok(Some(Admin { listener, metrics: telemetry::metrics()? }))
    }
}

async fn listen(address: SocketAddr, variable: &'static str) -> Result<TcpListener, RunError> {
    TcpListener::bind(address).await.map_err(|source| RunError::Listen { address, variable, source })
}

/// A token that is cancelled by Ctrl-C or SIGTERM.
pub(crate) fn shutdown_signal() -> CancellationToken {
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = received(SignalKind::interrupt()) => {}
            () = received(SignalKind::terminate()) => {}
        }
        tracing::info!("stopping; requests in flight are finished first");
        stop.cancel();
    });
    token
}

/// Ends once the signal came: never, where it cannot be heard.
async fn received(kind: SignalKind) {
    match signal(kind) {
        Ok(mut signal) => _ = signal.recv().await,
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                signal = kind.as_raw_value(),
                "this signal will end the process at once, whatever is in flight"
            );
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_signal_that_cannot_be_heard_is_none_that_came() {
        let kill = SignalKind::from_raw(9);
        assert!(signal(kill).is_err());
        assert_eq!(received(kill).now_or_never(), None);
    }
}
