//! Puts the application together from settings and adapters.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chatkitd_core::attachments::AttachmentService;
use chatkitd_core::id::{RunId, SiteName};
use chatkitd_core::identity::{RolePolicy, RolePolicyError, Roles, Verifiers, VerifiersError};
use chatkitd_core::keys::{KeyRing, NoSecretError};
use chatkitd_core::memory_limiter::MemoryLimiter;
use chatkitd_core::ports::{Clock, Limiter, Maintenance, Rng, RunLog};
use chatkitd_core::seal::Sealer;
use chatkitd_core::server::{ChatServer, ChatServerParts};
use chatkitd_core::sessions::{
    Canceller, ClientSecrets, DeviceTokens, LocalUpstream, SessionParts, SessionService, Upstream,
};
use chatkitd_core::site::Sites;
use chatkitd_core::workflows::Workflows;
use chatkitd_http::page::{Fact, FactState, Page};
use chatkitd_http::{
    ANSWER_WITHIN, App, NotReady, Passthrough, Readiness, SignIn, SiteSignIn, UPLOAD_IDLE,
};
use chatkitd_store::{RoleQuery, RoleQueryError};
use secrecy::ExposeSecret;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::agents::{self, Agents, AgentsError};
use crate::attachment_jobs::AttachmentJobs;
use crate::clock::SystemClock;
use crate::files::{self, FilesError};
use crate::hosted::{ClientError, Deadlines, HostedUpstream};
use crate::jwks::HttpJwks;
use crate::limiter::SharedLimiter;
use crate::passthrough::OpenAiPassthrough;
use crate::rng::SystemRng;
use crate::runs::{Runs, Stops};
use crate::secret_file::{self, SecretFileError};
use crate::serving_lock::{ServingLock, ServingLockError};
use crate::settings::{Database, LimiterKind, PageSetting, Settings};
use crate::spawner::TokioSpawner;
use crate::stores::{OpenError, Stores, UsersTable, make_folder};

/// The server cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The data folder or the database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Another server works on the same database.
    #[error(transparent)]
    ServingLock(#[from] ServingLockError),
    /// What answers.
    #[error(transparent)]
    Agents(#[from] AgentsError),
    /// The generated secret.
    #[error(transparent)]
    SecretFile(#[from] SecretFileError),
    /// No secret, and no folder to keep a generated one in.
    #[error(transparent)]
    NoSecret(#[from] NoSecretError),
    /// The client for `OpenAI`.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The client for issuers' keys.
    #[error("the client for sign-in keys cannot be made")]
    Jwks(#[from] crate::jwks::ClientError),
    /// A site's verifiers.
    #[error("a site's sign-in is not valid")]
    Verifiers(#[from] VerifiersError),
    /// A site's roles.
    #[error("a site's roles are not valid")]
    Roles(#[from] RolePolicyError),
    /// The query on the users table.
    #[error("CHATKITD_ROLES_QUERY cannot be used")]
    RoleQuery(#[from] RoleQueryError),
    /// Where files are kept.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The shared limiter.
    #[error("the limiter cannot be set up: {0}")]
    Limiter(&'static str),
    /// The address of Redis.
    #[cfg(feature = "redis")]
    #[error("CHATKITD_REDIS_URL is not valid; write redis://host:6379 or rediss://user:password@host:6379")]
    Redis(#[from] redis::RedisError),
}

/// The application, and what runs beside it.
pub(crate) struct Built {
    pub(crate) app: App,
    pub(crate) stores: Stores,
    pub(crate) canceller: Option<Arc<dyn Canceller>>,
    pub(crate) clock: Arc<dyn Clock>,
    /// What deletes files that nobody needs; `None` where there are none.
    pub(crate) attachment_jobs: Option<AttachmentJobs>,
    /// The runs of this process, and which of them other nodes ask to stop; `None` without a database.
    pub(crate) runs: Option<(Arc<Runs>, Stops)>,
}

/// `own`: agents that do not come from the settings.
pub(crate) async fn build(settings: &Settings, own: Agents) -> Result<Built, BuildError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let rng: Arc<dyn Rng> = Arc::new(SystemRng::default());
    let ring = key_ring(settings, rng.as_ref())?;
    let stores = Stores::open(settings).await?;
    let hosted = hosted(settings, &clock, &rng)?;
    let agents = agents::of(settings, own)?;
    let workflows = Workflows::new(settings.workflows.clone(), hosted.is_some());
    let workflows = workflows.with_local(agents.keys().cloned());
    let files = match &stores.conversations {
        Some(conversations) => files::files(settings, conversations, &ring, &clock, &rng)?,
        None => None,
    };
    let (files, attachment_jobs) = files.map(|files| (files.service, files.jobs)).unzip();
    let runs = runs(settings, &stores, agents, files.clone(), &clock, &rng)?;
    let secrets = Arc::new(ClientSecrets::new(&ring));
    let app = App {
        sites: Sites::new(settings.sites.clone()),
        sessions: SessionService::new(SessionParts {
            store: stores.store.clone(),
            credentials: stores.credentials.clone(),
            secrets: secrets.clone(),
            sealer: Sealer::new(&ring),
            clock: clock.clone(),
            rng: rng.clone(),
            workflows,
            local: Arc::new(LocalUpstream::new(secrets, clock.clone(), rng.clone())),
            hosted: hosted.clone().map(|hosted| hosted as Arc<dyn Upstream>),
        }),
        chat: runs.as_ref().map(|(runs, _)| runs.chat.clone()),
        files,
        credentials: stores.credentials.clone(),
        devices: DeviceTokens::new(&ring),
        sign_in: sign_in(settings, &clock)?,
        limiter: limiter(settings, &stores)?,
        clock: clock.clone(),
        rng,
        proxies: settings.proxies.clone(),
        readiness: Arc::new(DatabaseReadiness(stores.maintenance.clone())),
        passthrough: passthrough(settings)?,
        page: page(settings),
        public_url: settings.public_url.clone(),
        answer_within: ANSWER_WITHIN,
        upload_idle: UPLOAD_IDLE,
    };
    let canceller = hosted.map(|hosted| hosted as Arc<dyn Canceller>);
    Ok(Built { app, stores, canceller, clock, attachment_jobs, runs })
}

/// The engine behind `/chatkit`.
fn runs(
    settings: &Settings,
    stores: &Stores,
    agents: Agents,
    attachments: Option<Arc<AttachmentService>>,
    clock: &Arc<dyn Clock>,
    rng: &Arc<dyn Rng>,
) -> Result<Option<(Arc<Runs>, Stops)>, BuildError> {
    let Some(conversations) = stores.conversations.clone() else { return Ok(None) };
    let lock = match &settings.database {
        Database::Sqlite(path) => Some(ServingLock::take(path)?),
        Database::Postgres(_) | Database::None => None,
    };
    let (log, stops) = match run_log(settings)? {
        Some((log, stops)) => (Some(log), Some(stops)),
        None => (None, None),
    };
    let spawner = TokioSpawner::default();
    let chat = Arc::new(ChatServer::new(ChatServerParts {
        threads: conversations.threads,
        lease: conversations.lease,
        recovery: conversations.recovery,
        log,
        spawner: Arc::new(spawner.clone()),
        clock: clock.clone(),
        rng: rng.clone(),
        agents,
        attachments,
        run_time_limit: settings.run_timeout,
    }));
    Ok(Some((Arc::new(Runs { chat, clock: clock.clone(), spawner, lock }), stops)))
}

type SharedRunLog = (Arc<dyn RunLog>, UnboundedReceiver<RunId>);

/// `None` where there is one node: its own log is all that its readers need.
#[cfg(feature = "redis")]
fn run_log(settings: &Settings) -> Result<Option<SharedRunLog>, BuildError> {
    let (Database::Postgres(_), Some(url)) = (&settings.database, &settings.redis_url) else {
        return Ok(None);
    };
    let (log, stops) = crate::redis_run_log::RedisRunLog::connect(url.expose_secret(), settings.run_timeout)?;
    Ok(Some((Arc::new(log), stops)))
}

#[cfg(not(feature = "redis"))]
fn run_log(_: &Settings) -> Result<Option<SharedRunLog>, BuildError> {
    Ok(None)
}

fn key_ring(settings: &Settings, rng: &dyn Rng) -> Result<KeyRing, BuildError> {
    if !settings.secrets.is_empty() || matches!(settings.database, Database::None) {
        return Ok(KeyRing::new(settings.secrets.clone())?);
    }
    make_folder(&settings.data_dir)?;
    Ok(KeyRing::new([secret_file::read_or_make(&settings.data_dir, rng)?])?)
}

fn hosted(
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    rng: &Arc<dyn Rng>,
) -> Result<Option<Arc<HostedUpstream>>, BuildError> {
    let Some(openai) = settings.openai.clone() else { return Ok(None) };
    let upstream = HostedUpstream::new(openai, Deadlines::default(), clock.clone(), rng.clone())?;
    Ok(Some(Arc::new(upstream)))
}

fn passthrough(settings: &Settings) -> Result<Option<Arc<dyn Passthrough>>, BuildError> {
    let Some(openai) = settings.openai.clone().filter(|_| settings.passthrough) else { return Ok(None) };
    Ok(Some(Arc::new(OpenAiPassthrough::new(openai)?)))
}

fn sign_in(settings: &Settings, clock: &Arc<dyn Clock>) -> Result<SignIn, BuildError> {
    let users_table: Option<Arc<dyn Roles>> = match &settings.roles_query {
        Some(roles) => {
            Some(Arc::new(UsersTable(RoleQuery::new(roles.database_url.expose_secret(), &roles.query)?)))
        }
        None => None,
    };
    let mut sites: BTreeMap<SiteName, SiteSignIn> = BTreeMap::new();
    for (name, how) in &settings.sign_in {
        let verifiers = Verifiers::new(&how.verifiers)?;
        let roles = RolePolicy::new(how.roles, users_table.clone(), how.allowed_roles.clone())?;
        sites.insert(name.clone(), SiteSignIn { verifiers, roles });
    }
    Ok(SignIn::new(sites, Arc::new(HttpJwks::new(clock.clone())?)))
}

fn limiter(settings: &Settings, stores: &Stores) -> Result<Arc<dyn Limiter>, BuildError> {
    let shared = match settings.limiter {
        LimiterKind::Memory => return Ok(Arc::new(MemoryLimiter::default())),
        LimiterKind::Sql => {
            stores.limiter.clone().ok_or(BuildError::Limiter("CHATKITD_LIMITER=sql needs a database"))?
        }
        LimiterKind::Redis => redis_limiter(settings)?,
    };
    Ok(Arc::new(SharedLimiter::new(shared, settings.limiter_on_failure)))
}

#[cfg(feature = "redis")]
fn redis_limiter(settings: &Settings) -> Result<Arc<dyn Limiter>, BuildError> {
    let url = settings
        .redis_url
        .as_ref()
        .ok_or(BuildError::Limiter("CHATKITD_LIMITER=redis needs CHATKITD_REDIS_URL"))?;
    Ok(Arc::new(crate::redis_limiter::RedisLimiter::connect(url.expose_secret())?))
}

#[cfg(not(feature = "redis"))]
fn redis_limiter(_: &Settings) -> Result<Arc<dyn Limiter>, BuildError> {
    Err(BuildError::Limiter("this build has no Redis; set CHATKITD_LIMITER=sql"))
}

/// Keys were derived at start, or the server would not be here; what can go away is the database.
struct DatabaseReadiness(Arc<dyn Maintenance>);

#[async_trait]
impl Readiness for DatabaseReadiness {
    async fn check(&self) -> Result<(), NotReady> {
        self.0.ping().await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "the database does not answer");
            NotReady("database")
        })
    }
}

fn page(settings: &Settings) -> Option<Page> {
    let public = match settings.page {
        PageSetting::Off => return None,
        PageSetting::Auto if !settings.dev => return None,
        PageSetting::Auto => false,
        PageSetting::On => true,
    };
    Some(Page { public, facts: facts(settings) })
}

fn facts(settings: &Settings) -> Vec<Fact> {
    let fact = |name: &str, value: String, state| Fact { name: name.to_owned(), value, state };
    let database = match &settings.database {
        Database::Sqlite(path) => fact("Database", format!("SQLite in {}", path.display()), FactState::Ok),
        Database::Postgres(_) => fact("Database", "PostgreSQL".to_owned(), FactState::Ok),
        Database::None => {
            fact("Database", "none: hosted workflows only, nothing is kept".to_owned(), FactState::Risky)
        }
    };
    let openai = match &settings.openai {
        Some(openai) => {
            fact("OpenAI key", format!("set; hosted workflows at {}", openai.shown_base()), FactState::Ok)
        }
        None => fact(
            "OpenAI key",
            "not set (OPENAI_API_KEY): workflows that run here only".to_owned(),
            FactState::Missing,
        ),
    };
    let secret = if settings.secrets.is_empty() {
        let file = settings.data_dir.join("secret");
        fact("Signing secret", format!("made by chatkitd, in {}", file.display()), FactState::Risky)
    } else {
        fact("Signing secret", "set".to_owned(), FactState::Ok)
    };
    let mut facts = vec![database, openai, secret];
    for site in &settings.sites {
        let about = |what: &str| format!("{what} of site {}", site.name);
        facts.push(match site.workflows.as_slice() {
            [] => fact(&about("Workflows"), "none (CHATKIT_WORKFLOW_ID)".to_owned(), FactState::Missing),
            workflows => fact(&about("Workflows"), workflows.join(", "), FactState::Ok),
        });
        let origins: Vec<_> = site.origins.iter().map(ToString::to_string).collect();
        facts.push(match origins.as_slice() {
            [] => fact(
                &about("Origins"),
                "any page may call (CHATKIT_ALLOWED_ORIGINS)".to_owned(),
                FactState::Risky,
            ),
            origins => fact(&about("Origins"), origins.join(", "), FactState::Ok),
        });
        let sign_in = if site.anonymous { "visitors may chat without signing in" } else { "required" };
        facts.push(fact(&about("Sign-in"), sign_in.to_owned(), FactState::Ok));
    }
    facts
}
