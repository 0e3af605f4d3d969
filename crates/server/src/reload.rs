//! New settings for a server that goes on: read again, built again, and put in place at once, or not at all.
//!
//! A request is served by what was in force when it came, to the end of its answer; a run goes on with the
//! agent that it has.

use std::error::Error;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::Request;
use chatkitd_core::sessions::Canceller;
use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::agents::OwnAgents;
use crate::app::{BuildError, Foundation};
use crate::error_words::with_causes;
use crate::settings::{Settings, SourceError};

/// What settings determine.
pub(crate) struct Serving {
    pub(crate) routes: Router,
    pub(crate) canceller: Option<Arc<dyn Canceller>>,
}

/// What is in force.
pub(crate) struct Current(ArcSwap<Serving>);

impl Current {
    pub(crate) fn new(serving: Serving) -> Arc<Self> {
        Arc::new(Self(ArcSwap::from_pointee(serving)))
    }

    /// Routes that hand each request to those that are in force when it comes.
    pub(crate) fn routes(self: &Arc<Self>) -> Router {
        let current = Arc::clone(self);
        Router::new().fallback_service(tower::service_fn(move |request: Request| {
            current.0.load().routes.clone().oneshot(request)
        }))
    }

    /// Cancels sessions at the hosted upstream, where there is one.
    pub(crate) fn canceller(&self) -> Option<Arc<dyn Canceller>> {
        self.0.load().canceller.clone()
    }
}

/// Why the old settings stay in force.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    #[error(transparent)]
    Settings(#[from] SourceError),
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// Reads the settings again whenever the process is told to.
pub(crate) struct Reloader {
    pub(crate) foundation: Arc<Foundation>,
    pub(crate) own: Arc<OwnAgents>,
    /// In force; what only a restart changes is as it was at the start.
    pub(crate) settings: Arc<Settings>,
    pub(crate) current: Arc<Current>,
}

impl Reloader {
    /// At each signal, until `shutdown`.
    pub(crate) async fn run(mut self, mut hangups: Signal, shutdown: CancellationToken) {
        while let Some(Some(())) = shutdown.run_until_cancelled(hangups.recv()).await {
            self.reload().await;
        }
    }

    async fn reload(&mut self) {
        let (settings, foundation, own) =
            (Arc::clone(&self.settings), Arc::clone(&self.foundation), Arc::clone(&self.own));
        // Files are read, and clients for TLS take a moment to be made.
        let read = tokio::task::spawn_blocking(move || read_again(&settings, &foundation, &own)).await;
        match read {
            Ok(Ok((settings, serving))) => {
                self.settings = Arc::new(settings);
                self.current.0.store(Arc::new(serving));
                tracing::info!("the settings were read again and are in force");
                count("reloaded");
            }
            Ok(Err(error)) => refused(&error),
            Err(error) => refused(&error),
        }
    }
}

fn read_again(
    old: &Settings,
    foundation: &Foundation,
    own: &OwnAgents,
) -> Result<(Settings, Serving), ReloadError> {
    let mut settings = old.read_again()?;
    settings.offer(own.iter().map(|(id, _)| id));
    for name in settings.keep_what_needs_a_restart(old) {
        tracing::warn!(
            setting = name,
            "{name} was changed and needs a restart; the old value stays in force"
        );
    }
    let serving = foundation.serving(&settings, own)?;
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    Ok((settings, serving))
}

fn refused(error: &dyn Error) {
    let reason = with_causes(error);
    tracing::error!(reason, "the settings were not read again; those that were in force stay");
    count("refused");
}

fn count(outcome: &'static str) {
    metrics::counter!("chatkitd_reloads_total", "outcome" => outcome).increment(1);
}
