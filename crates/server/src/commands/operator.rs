//! What commands that work on the database share: an open store, the site, and output.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chatkitd_core::id::{SiteName, SiteNameError};
use chatkitd_core::ports::{Clock, Scope, Store};
use chatkitd_core::sessions::{AuditAction, AuditEntry};
use chatkitd_core::site::Site;

use crate::clock::SystemClock;
use crate::settings::{Database, Settings, SourceError};
use crate::stores::{OpenError, Stores};

/// Whose settings a command goes by.
#[derive(clap::Args)]
pub(super) struct DevArg {
    /// For a server that is run as `serve --dev`: .env.local and .env are read, too
    #[arg(long)]
    pub(super) dev: bool,
}

/// Which server a command is about, and which site of it.
#[derive(clap::Args)]
pub(super) struct Target {
    /// The site it is about
    #[arg(long, value_name = "NAME", default_value = "default")]
    site: String,
    #[command(flatten)]
    settings: DevArg,
}

impl Target {
    /// Whether it is run with `--dev`.
    pub(super) fn is_dev(&self) -> bool {
        self.settings.dev
    }

    /// The site, as the settings know it.
    fn site(&self, settings: &Settings) -> Result<Site, OperatorError> {
        let name = SiteName::parse(&self.site)?;
        if let Some(site) = settings.sites.iter().find(|known| known.name == name) {
            return Ok(site.clone());
        }
        let known: Vec<&str> = settings.sites.iter().map(|known| known.name.as_str()).collect();
        Err(OperatorError::UnknownSite { site: name, known: known.join(", ") })
    }
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
    #[error("the settings know no site {site}; they know {known}")]
    UnknownSite { site: SiteName, known: String },
    #[error("there is no database (CHATKITD_DATABASE_URL=none), so nothing is kept")]
    NoDatabase,
    #[error(
        "there is no database at {}. The first `chatkitd serve` makes it; if the server has another one, set \
         CHATKITD_DATA_DIR or CHATKITD_DATABASE_URL as it does, name its settings with --config, or add --dev if it \
         is run with that", path.display()
    )]
    NoFile { path: PathBuf },
}

/// An operator at work on one site.
pub(super) struct Operator {
    pub(super) store: Arc<dyn Store>,
    pub(super) site: Site,
    pub(super) clock: SystemClock,
    stores: Stores,
}

impl Operator {
    /// Where there is no SQLite file yet, it is made: keys may be there before the server is.
    pub(super) async fn open(config: Option<&Path>, target: &Target) -> Result<Self, OperatorError> {
        Self::at(&Settings::from_environment(config, target.settings.dev)?, target).await
    }

    /// For what there can only be once a server was there: a SQLite file that is missing is another one than the
    /// server's.
    pub(super) async fn open_existing(config: Option<&Path>, target: &Target) -> Result<Self, OperatorError> {
        let settings = Settings::from_environment(config, target.settings.dev)?;
        match &settings.database {
            Database::Sqlite(file) if !file.exists() => {
                let path = std::path::absolute(file).unwrap_or_else(|_| file.clone());
                Err(OperatorError::NoFile { path })
            }
            Database::Sqlite(_) | Database::Postgres(_) | Database::None => Self::at(&settings, target).await,
        }
    }

    async fn at(settings: &Settings, target: &Target) -> Result<Self, OperatorError> {
        if matches!(settings.database, Database::None) {
            return Err(OperatorError::NoDatabase);
        }
        let site = target.site(settings)?;
        let stores = Stores::open(settings).await?;
        Ok(Self { store: stores.store.clone(), site, clock: SystemClock, stores })
    }

    pub(super) fn scope(&self) -> Scope {
        Scope::Site(self.site.name.clone())
    }

    pub(super) fn audit(&self, action: AuditAction, target: &str) -> AuditEntry {
        AuditEntry {
            at: self.clock.now(),
            site: self.site.name.clone(),
            actor: "operator".to_owned(),
            action,
            target: target.to_owned(),
        }
    }

    pub(super) async fn close(self) {
        self.stores.close().await;
    }
}

/// Prints a line with words of others in it: what would move the cursor of a terminal, or begin a line, is written out.
pub(super) fn say_harmlessly(line: &str) -> std::io::Result<()> {
    let written_out = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    say(&line.chars().map(written_out).collect::<String>())
}

/// Prints a line to standard output; a closed pipe ends the command quietly.
pub(super) fn say(line: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    match writeln!(std::io::stdout(), "{line}") {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        written => written,
    }
}
