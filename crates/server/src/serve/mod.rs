//! The server: settings, agents and listeners in, a served application out.

mod process;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use chatkitd_core::ports::StoreError;
use chatkitd_core::server::Agent;
use tokio::net::TcpListener;
use tokio::signal::unix::Signal;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

pub use crate::admin::Admin;
use crate::agents::OwnAgents;
use crate::app::{BuildError, Foundation};
use crate::connections::{self, Patience};
use crate::jobs::Jobs;
use crate::reload::{Current, Reloader};
use crate::settings::Settings;
pub use process::RunError;
pub(crate) use process::shutdown_signal;

/// For the background tasks and the database at the very end, even where the requests took all of the grace.
const CLOSING: Duration = Duration::from_secs(2);

/// The server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Something it needs is not there.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The listener has no address.
    #[error("the server cannot listen")]
    Listen(#[source] io::Error),
    /// What the server before this one left cannot be put in order.
    #[error("runs that were cut off cannot be closed")]
    Recover(#[source] StoreError),
}

/// A server that is about to start.
///
/// `chatkitd serve` is `Server::new(settings).run()`; a program with agents of its own adds them in between.
pub struct Server {
    settings: Settings,
    own: OwnAgents,
    admin: Option<Admin>,
}

impl Server {
    /// A server with these settings.
    pub fn new(settings: Settings) -> Self {
        Self { settings, own: Vec::new(), admin: None }
    }

    /// Lets `agent` answer for the workflow `id`, such as `wf_support`, whatever the settings say of it. Where
    /// nobody chose the default site's workflows (`CHATKIT_WORKFLOW_ID`), it offers these, the first one first.
    #[must_use]
    pub fn agent(mut self, id: impl Into<String>, agent: impl Agent + 'static) -> Self {
        self.own.push((id.into(), Arc::new(agent)));
        self
    }

    /// Shows metrics and health to operators there.
    #[must_use]
    pub fn admin(mut self, admin: Admin) -> Self {
        self.admin = Some(admin);
        self
    }

    /// Serves until `shutdown`; then answers that are being given may come to their ends, and requests in flight
    /// are finished, all within the grace that the settings name.
    pub async fn launch(self, listener: TcpListener, shutdown: CancellationToken) -> Result<(), ServeError> {
        self.launch_reloading(listener, shutdown, None).await
    }

    /// The same, and the settings are read again at each of these signals.
    async fn launch_reloading(
        self,
        listener: TcpListener,
        shutdown: CancellationToken,
        hangups: Option<Signal>,
    ) -> Result<(), ServeError> {
        let Self { mut settings, own, admin } = self;
        settings.offer(own.iter().map(|(id, _)| id));
        let address = listener.local_addr().map_err(ServeError::Listen)?;
        let foundation = Arc::new(Foundation::lay(&settings).await?);
        let current = Current::new(foundation.serving(&settings, &own)?);
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        let patience = Patience { grace: settings.shutdown_grace, ..Patience::default() };
        let beside = Beside::begin(&foundation, &current, admin, patience, &shutdown).await?;
        let reloader = Reloader {
            foundation: Arc::clone(&foundation),
            own: Arc::new(own),
            settings: Arc::new(settings),
            current: Arc::clone(&current),
        };
        let reloads = hangups.map(|hangups| tokio::spawn(reloader.run(hangups, shutdown.clone())));
        tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "chatkitd is up at http://{address}");

        let answered = CancellationToken::new();
        let served = async {
            connections::serve(listener, current.routes(), patience, &shutdown).await;
            answered.cancel();
        };
        let ended = async {
            shutdown.cancelled().await;
            let deadline = Instant::now() + patience.grace;
            if let Some(runs) = &foundation.runs {
                runs.end(patience.grace, &answered).await;
            }
            deadline
        };
        let ((), deadline) = tokio::join!(served, ended);
        let closed = async {
            beside.end(reloads).await;
            foundation.stores.close().await;
        };
        // A database that has fallen silent, or a slow operator, keeps neither a restart nor a roll-out waiting.
        if timeout_at(deadline.max(Instant::now() + CLOSING), closed).await.is_err() {
            tracing::warn!(
                "background tasks or the database did not end within the grace; their connections are cut"
            );
        }
        Ok(())
    }
}

/// The tasks beside the requests.
struct Beside {
    tasks: Vec<JoinHandle<()>>,
    /// Runs are kept until the last of them is over, which is after the shutdown began.
    over: CancellationToken,
}

impl Beside {
    async fn begin(
        foundation: &Foundation,
        current: &Arc<Current>,
        admin: Option<Admin>,
        patience: Patience,
        shutdown: &CancellationToken,
    ) -> Result<Self, ServeError> {
        let over = CancellationToken::new();
        let mut tasks = Vec::new();
        if let Some(runs) = &foundation.runs {
            runs.recover().await.map_err(ServeError::Recover)?;
            tasks.push(tokio::spawn(Arc::clone(runs).keep(over.clone())));
        }
        let jobs = Jobs {
            maintenance: foundation.stores.maintenance.clone(),
            current: Arc::clone(current),
            clock: foundation.clock.clone(),
        };
        tasks.push(tokio::spawn(jobs.run(shutdown.clone())));
        if let Some(files) = &foundation.files {
            tasks.push(tokio::spawn(files.jobs.clone().run(shutdown.clone())));
        }
        if let Some(admin) = admin {
            let readiness = foundation.readiness.clone();
            tasks.push(tokio::spawn(admin.serve(readiness, patience, shutdown.clone())));
        }
        Ok(Self { tasks, over })
    }

    async fn end(self, reloads: Option<JoinHandle<()>>) {
        self.over.cancel();
        for task in self.tasks.into_iter().chain(reloads) {
            if let Err(error) = task.await {
                tracing::error!(error = &error as &dyn std::error::Error, "a background task broke down");
            }
        }
    }
}
