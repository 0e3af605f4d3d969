//! Puts the application together from settings and adapters.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chatkitd_core::id::{RunId, SiteName};
use chatkitd_core::identity::{RolePolicy, RolePolicyError, Roles, Verifiers, VerifiersError};
use chatkitd_core::keys::{KeyRing, NoSecretError};
use chatkitd_core::memory_limiter::MemoryLimiter;
use chatkitd_core::ports::{Clock, Limiter, Maintenance, Rng, RunLog};
use chatkitd_core::seal::Sealer;
use chatkitd_core::server::agents::Agents as CoreAgents;
use chatkitd_core::server::{ChatServer, ChatServerParts};
use chatkitd_core::sessions::{
    Canceller, ClientSecrets, DeviceTokens, LocalUpstream, SessionParts, SessionService, Upstream,
};
use chatkitd_core::site::Sites;
use chatkitd_core::workflows::Workflows;
use chatkitd_http::element::Element;
use chatkitd_http::{
    ANSWER_WITHIN, App, NotReady, Passthrough, Readiness, SignIn, SiteSignIn, UPLOAD_IDLE, Via,
};
use chatkitd_store::{RoleQuery, RoleQueryError};
use secrecy::ExposeSecret;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::agents::{self, AgentsError, OwnAgents};
use crate::clock::SystemClock;
use crate::element;
use crate::files::{self, Files, FilesError};
use crate::hosted::{ClientError, Deadlines, HostedUpstream};
use crate::jwks::HttpJwks;
use crate::limiter::SharedLimiter;
use crate::models::{self, ModelClient};
use crate::page_facts;
use crate::passthrough::OpenAiPassthrough;
use crate::reload::Serving;
use crate::rng::SystemRng;
use crate::runs::{Runs, Stops};
use crate::secret_file::{self, SecretFileError};
use crate::serving_lock::{ServingLock, ServingLockError};
use crate::settings::{Database, FailurePolicy, LimiterKind, Settings};
use crate::spawner::TokioSpawner;
use crate::stores::{
    DATA_DIR, OpenError, Stores, UsersTable, check_folder, make_database_folder, make_folder,
};
use crate::telemetry;

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
    /// The client for model servers.
    #[error(transparent)]
    Models(#[from] models::ClientError),
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
    /// The users table is in the database that there will be after a restart.
    #[error(
        "CHATKITD_ROLES_QUERY asks chatkitd's own database, and there is none until a restart; restart, or set \
         CHATKITD_ROLES_DATABASE_URL"
    )]
    NoRolesDatabase,
    /// Where files are kept.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The shared limiter.
    #[error("the limiter cannot be set up: {0}")]
    Limiter(&'static str),
    /// The address of Redis.
    #[error("CHATKITD_REDIS_URL is not valid; write redis://host:6379 or rediss://user:password@host:6379")]
    Redis(#[from] redis::RedisError),
}

/// What a server stands on: databases, keys, counts and connections. Settings that change while it runs are built
/// on it anew.
pub(crate) struct Foundation {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) stores: Stores,
    pub(crate) readiness: Arc<dyn Readiness>,
    /// The runs of this process; `None` without a database.
    pub(crate) runs: Option<Arc<Runs>>,
    rng: Arc<dyn Rng>,
    ring: KeyRing,
    run_log: Option<Arc<dyn RunLog>>,
    element: Option<Arc<Element>>,
    /// Files that visitors send; `None` where none are kept.
    pub(crate) files: Option<Files>,
    limiter: BuiltLimiter,
    jwks: Arc<HttpJwks>,
    models: ModelClient,
}

impl Foundation {
    /// Opens what is to be opened.
    pub(crate) async fn lay(settings: &Settings) -> Result<Self, BuildError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let rng: Arc<dyn Rng> = Arc::new(SystemRng::default());
        let ring = key_ring(settings, rng.as_ref())?;
        // Before the database is opened, which brings its schema up to date under whoever serves from it.
        let lock = serving_lock(settings)?;
        let stores = Stores::open(settings).await?;
        let (run_log, stops) = run_log(settings)?.unzip();
        let files = match &stores.conversations {
            Some(conversations) => files::files(settings, conversations, &ring, &clock, &rng)?,
            None => None,
        };
        let mut foundation = Self {
            element: element::embedded(),
            files,
            readiness: Arc::new(DatabaseReadiness(stores.maintenance.clone())),
            runs: None,
            ring,
            run_log,
            limiter: limiter(settings, &stores)?,
            jwks: Arc::new(HttpJwks::new(clock.clone())?),
            models: ModelClient::new(models::Deadlines::default(), clock.clone(), rng.clone())?,
            clock,
            rng,
            stores,
        };
        foundation.runs = foundation.begin_runs(settings, stops, lock).map(Arc::new);
        Ok(foundation)
    }

    /// Whether [`Self::lay`] would find what it needs, as far as that shows without writing and without asking a
    /// server.
    pub(crate) fn check(settings: &Settings) -> Result<(), BuildError> {
        Stores::check(settings)?;
        if keeps_secret(settings) {
            match secret_file::read(&settings.data_dir)? {
                Some(_) => {}
                None => check_folder(&settings.data_dir, DATA_DIR)?,
            }
        }
        if !matches!(settings.database, Database::None) {
            files::check(settings)?;
        }
        Ok(())
    }

    /// Puts the application together as the settings say. `own`: agents that do not come from them.
    pub(crate) fn serving(&self, settings: &Settings, own: &OwnAgents) -> Result<Serving, BuildError> {
        let hosted = self.hosted(settings)?;
        let agents = agents::of(settings, own, &self.models)?;
        let workflows = workflows(settings, &agents);
        let chat = self.runs.as_ref().and_then(|runs| {
            let parts = self.chat_parts(settings, agents, runs.spawner.clone())?;
            Some(Arc::new(runs.chat.succeeded_by(parts)))
        });
        let own = own.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>();
        let app = App {
            sites: Sites::new(settings.sites.clone()),
            sessions: Arc::new(self.sessions(workflows, hosted.clone())),
            chat,
            files: self.files.as_ref().map(|files| files.service.clone()),
            credentials: self.stores.credentials.clone(),
            devices: DeviceTokens::new(&self.ring),
            sign_in: self.sign_in(settings)?,
            limiter: self.limiter.with(settings.limiter_on_failure),
            clock: self.clock.clone(),
            rng: self.rng.clone(),
            proxies: settings.proxies.clone(),
            readiness: self.readiness.clone(),
            via: Via::new(&self.ring),
            passthrough: passthrough(settings)?,
            element: self.element.clone(),
            page: page_facts::page(settings, &own),
            public_url: settings.public_url.clone(),
            answer_within: ANSWER_WITHIN,
            upload_idle: UPLOAD_IDLE,
        };
        let canceller = hosted.map(|hosted| hosted as Arc<dyn Canceller>);
        Ok(Serving { routes: telemetry::traced(chatkitd_http::router(app), settings), canceller })
    }

    fn sessions(&self, workflows: Workflows, hosted: Option<Arc<HostedUpstream>>) -> SessionService {
        let secrets = Arc::new(ClientSecrets::new(&self.ring));
        // The one that is waited for at the end; without a database there are no others to wait for.
        let spawner = self.runs.as_ref().map(|runs| runs.spawner.clone()).unwrap_or_default();
        SessionService::new(SessionParts {
            store: self.stores.store.clone(),
            credentials: self.stores.credentials.clone(),
            secrets: secrets.clone(),
            sealer: Sealer::new(&self.ring),
            clock: self.clock.clone(),
            rng: self.rng.clone(),
            spawner: Arc::new(spawner),
            workflows,
            local: Arc::new(LocalUpstream::new(secrets, self.clock.clone(), self.rng.clone())),
            hosted: hosted.map(|hosted| hosted as Arc<dyn Upstream>),
        })
    }

    /// The runs, with an engine that answers nobody: those that answer succeed it.
    fn begin_runs(&self, settings: &Settings, stops: Stops, lock: Option<ServingLock>) -> Option<Runs> {
        let spawner = TokioSpawner::default();
        let conversations = self.stores.conversations.clone()?;
        let chat = ChatServer::new(self.chat_parts(settings, CoreAgents::default(), spawner.clone())?);
        let keeper = chat.keeper(conversations.lease, conversations.recovery);
        Some(Runs { chat, keeper, clock: self.clock.clone(), spawner, stops: Mutex::new(stops), lock })
    }

    /// The engine behind `/chatkit`; `None` without a database.
    fn chat_parts(
        &self,
        settings: &Settings,
        agents: CoreAgents,
        spawner: TokioSpawner,
    ) -> Option<ChatServerParts> {
        let conversations = self.stores.conversations.clone()?;
        Some(ChatServerParts {
            threads: conversations.threads,
            log: self.run_log.clone(),
            spawner: Arc::new(spawner),
            clock: self.clock.clone(),
            rng: self.rng.clone(),
            agents,
            attachments: self.files.as_ref().map(|files| files.service.clone()),
            transcriber: agents::transcriber(settings, &self.models),
            run_time_limit: settings.run_timeout,
        })
    }

    fn hosted(&self, settings: &Settings) -> Result<Option<Arc<HostedUpstream>>, BuildError> {
        let Some(openai) = settings.openai.clone() else { return Ok(None) };
        let deadlines = Deadlines::default();
        let via = Via::new(&self.ring).header();
        let upstream = HostedUpstream::new(openai, via, deadlines, self.clock.clone(), self.rng.clone())?;
        Ok(Some(Arc::new(upstream)))
    }

    fn sign_in(&self, settings: &Settings) -> Result<SignIn, BuildError> {
        let users_table: Option<Arc<dyn Roles>> = match &settings.roles_query {
            Some(roles) => {
                let url = roles.database_url.clone().or_else(|| settings.database.url());
                let url = url.ok_or(BuildError::NoRolesDatabase)?;
                Some(Arc::new(UsersTable(RoleQuery::new(url.expose_secret(), &roles.query)?)))
            }
            None => None,
        };
        let mut sites: BTreeMap<SiteName, SiteSignIn> = BTreeMap::new();
        for (name, how) in &settings.sign_in {
            let verifiers = Verifiers::new(&how.verifiers)?;
            let roles = RolePolicy::new(how.roles, users_table.clone(), how.allowed_roles.clone())?;
            sites.insert(name.clone(), SiteSignIn { verifiers, roles });
        }
        Ok(SignIn::new(sites, self.jwks.clone()))
    }
}

/// `None` where several servers may work on the same database.
fn serving_lock(settings: &Settings) -> Result<Option<ServingLock>, BuildError> {
    let Database::Sqlite(path) = &settings.database else { return Ok(None) };
    make_database_folder(settings, path)?;
    Ok(Some(ServingLock::take(path)?))
}

fn workflows(settings: &Settings, agents: &CoreAgents) -> Workflows {
    let openai = settings.openai.as_ref();
    let hosted_everywhere = openai.is_some_and(|openai| openai.key.is_some());
    let workflows = Workflows::new(settings.workflows.clone(), hosted_everywhere)
        .with_local(agents.everywhere().map(str::to_owned));
    let workflows = agents
        .on_sites()
        .fold(workflows, |workflows, (site, id)| workflows.with_local_on(site.clone(), id.to_owned()));
    let keys = openai.into_iter().flat_map(|openai| openai.site_keys.keys().cloned());
    keys.fold(workflows, Workflows::with_hosted_key_of)
}

type SharedRunLog = (Arc<dyn RunLog>, UnboundedReceiver<RunId>);

/// `None` where there is one node: its own log is all that its readers need.
fn run_log(settings: &Settings) -> Result<Option<SharedRunLog>, BuildError> {
    let (Database::Postgres(_), Some(url)) = (&settings.database, &settings.redis_url) else {
        return Ok(None);
    };
    let (log, stops) = crate::redis_run_log::RedisRunLog::connect(url.expose_secret(), settings.run_timeout)?;
    Ok(Some((Arc::new(log), stops)))
}

/// Whether the signing secret is one that the server makes itself.
fn keeps_secret(settings: &Settings) -> bool {
    settings.secrets.is_empty() && !matches!(settings.database, Database::None)
}

fn key_ring(settings: &Settings, rng: &dyn Rng) -> Result<KeyRing, BuildError> {
    if !keeps_secret(settings) {
        return Ok(KeyRing::new(settings.secrets.clone())?);
    }
    make_folder(&settings.data_dir, DATA_DIR)?;
    Ok(KeyRing::new([secret_file::read_or_make(&settings.data_dir, rng)?])?)
}

fn passthrough(settings: &Settings) -> Result<Option<Arc<dyn Passthrough>>, BuildError> {
    let Some(openai) = settings.openai.clone().filter(|_| settings.passthrough) else { return Ok(None) };
    Ok(Some(Arc::new(OpenAiPassthrough::new(openai)?)))
}

/// Where requests are counted; the counts outlive the settings.
enum BuiltLimiter {
    Own(Arc<MemoryLimiter>),
    Shared(Arc<dyn Limiter>),
}

impl BuiltLimiter {
    fn with(&self, on_failure: FailurePolicy) -> Arc<dyn Limiter> {
        match self {
            Self::Own(limiter) => limiter.clone(),
            Self::Shared(limiter) => Arc::new(SharedLimiter::new(limiter.clone(), on_failure)),
        }
    }
}

fn limiter(settings: &Settings, stores: &Stores) -> Result<BuiltLimiter, BuildError> {
    Ok(match settings.limiter {
        LimiterKind::Memory => BuiltLimiter::Own(Arc::default()),
        LimiterKind::Sql => {
            let limiter = stores.limiter.clone();
            BuiltLimiter::Shared(limiter.ok_or(BuildError::Limiter("CHATKITD_LIMITER=sql needs a database"))?)
        }
        LimiterKind::Redis => BuiltLimiter::Shared(redis_limiter(settings)?),
    })
}

fn redis_limiter(settings: &Settings) -> Result<Arc<dyn Limiter>, BuildError> {
    let url = settings
        .redis_url
        .as_ref()
        .ok_or(BuildError::Limiter("CHATKITD_LIMITER=redis needs CHATKITD_REDIS_URL"))?;
    Ok(Arc::new(crate::redis_limiter::RedisLimiter::connect(url.expose_secret())?))
}

/// Keys were derived at start, or the server would not be here; what can go away is the database.
struct DatabaseReadiness(Arc<dyn Maintenance>);

#[async_trait]
impl Readiness for DatabaseReadiness {
    async fn check(&self) -> Result<(), NotReady> {
        self.0.ping().await.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "the database is not ready");
            NotReady("database")
        })
    }
}
