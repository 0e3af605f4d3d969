//! What commands that work on the database share: an open store, the site, and output.

use std::path::Path;
use std::sync::Arc;

use chatkitd_core::id::{SiteName, SiteNameError};
use chatkitd_core::ports::{Clock, Scope, Store};
use chatkitd_core::sessions::{AuditAction, AuditEntry};

use crate::clock::SystemClock;
use crate::settings::{Database, Settings, SourceError};
use crate::stores::{OpenError, Stores};

/// Which site a command is about.
#[derive(clap::Args)]
pub(super) struct SiteArg {
    /// The site it is about
    #[arg(long, value_name = "NAME", default_value = "default")]
    site: String,
}

/// The database cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub(super) enum OperatorError {
    #[error(transparent)]
    Settings(#[from] SourceError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Site(#[from] SiteNameError),
    #[error("there is no database (CHATKITD_DATABASE_URL=none), so nothing is kept")]
    NoDatabase,
}

/// An operator at work on one site.
pub(super) struct Operator {
    pub(super) store: Arc<dyn Store>,
    pub(super) site: SiteName,
    pub(super) clock: SystemClock,
    stores: Stores,
}

impl Operator {
    pub(super) async fn open(config: Option<&Path>, site: &SiteArg) -> Result<Self, OperatorError> {
        let settings = Settings::from_environment(config, false)?;
        if matches!(settings.database, Database::None) {
            return Err(OperatorError::NoDatabase);
        }
        let site = SiteName::parse(&site.site)?;
        let stores = Stores::open(&settings).await?;
        Ok(Self { store: stores.store.clone(), site, clock: SystemClock, stores })
    }

    pub(super) fn scope(&self) -> Scope {
        Scope::Site(self.site.clone())
    }

    pub(super) fn audit(&self, action: AuditAction, target: &str) -> AuditEntry {
        AuditEntry {
            at: self.clock.now(),
            site: self.site.clone(),
            actor: "operator".to_owned(),
            action,
            target: target.to_owned(),
        }
    }

    pub(super) async fn close(self) {
        self.stores.close().await;
    }
}

/// Prints a line to standard output; a closed pipe ends the command quietly.
pub(super) fn say(line: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        written => written,
    }
}
