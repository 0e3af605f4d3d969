//! The server: settings, agents and listeners in, a served application out.

mod process;

use std::io;
use std::sync::Arc;

use chatkitd_core::id::SiteName;
use chatkitd_core::ports::StoreError;
use chatkitd_core::server::Agent;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub use crate::admin::Admin;
use crate::agents::Agents;
use crate::app::{self, BuildError, Built};
use crate::connections::{self, Patience};
use crate::jobs::Jobs;
use crate::settings::Settings;
pub use process::RunError;
pub(crate) use process::shutdown_signal;

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
    own: Vec<(String, Arc<dyn Agent>)>,
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
        let Self { mut settings, own, admin } = self;
        offer(&mut settings, own.iter().map(|(id, _)| id.clone()));
        let address = listener.local_addr().map_err(ServeError::Listen)?;
        let Built { app, stores, canceller, clock, attachment_jobs, runs } =
            app::build(&settings, own.into_iter().collect::<Agents>()).await?;
        for warning in &settings.warnings {
            tracing::warn!("{warning}");
        }
        if let Some((runs, _)) = &runs {
            runs.recover().await.map_err(ServeError::Recover)?;
        }
        let patience = Patience { grace: settings.shutdown_grace, ..Patience::default() };
        let jobs = Jobs { maintenance: stores.maintenance.clone(), canceller, clock };
        let mut beside = vec![tokio::spawn(jobs.run(shutdown.clone()))];
        beside.extend(attachment_jobs.map(|jobs| tokio::spawn(jobs.run(shutdown.clone()))));
        beside.extend(
            admin.map(|admin| tokio::spawn(admin.serve(app.readiness.clone(), patience, shutdown.clone()))),
        );
        let over = CancellationToken::new();
        let runs = runs.map(|(runs, stops)| {
            beside.push(tokio::spawn(Arc::clone(&runs).keep(stops, over.clone())));
            runs
        });
        tracing::info!(%address, version = env!("CARGO_PKG_VERSION"), "chatkitd is up at http://{address}");

        let served = connections::serve(listener, chatkitd_http::router(app), patience, &shutdown);
        let ended = async {
            shutdown.cancelled().await;
            if let Some(runs) = runs {
                runs.end(patience.grace).await;
            }
        };
        tokio::join!(served, ended);
        over.cancel();
        for task in beside {
            if let Err(error) = task.await {
                tracing::error!(error = &error as &dyn std::error::Error, "a background task broke down");
            }
        }
        stores.close().await;
        Ok(())
    }
}

/// Who adds an agent wants to talk to it.
fn offer(settings: &mut Settings, own: impl Iterator<Item = String>) {
    let chosen = settings.facts.iter().any(|fact| fact.name == "CHATKIT_WORKFLOW_ID");
    let default = settings.sites.iter_mut().find(|site| site.name == SiteName::default_site());
    if let Some(site) = default.filter(|_| !chosen) {
        site.workflows.splice(0..0, own);
    }
}
