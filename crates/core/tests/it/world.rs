//! A `SessionService` on the store in memory, with a clock to move and a hosted upstream to stop.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::id::{SiteName, UserId};
use chatkitd_core::keys::KeyRing;
use chatkitd_core::ports::{Clock, Credentials, Rng, Scope, Spawner, Store, StoreError};
use chatkitd_core::seal::Sealer;
use chatkitd_core::secret_text::{SecretHash, SecretText};
use chatkitd_core::service_keys::ServiceKey;
use chatkitd_core::sessions::{
    ClientSecrets, Grant, Issued, LocalUpstream, NewSession, NoStore, Opened, SecretKind, SecretRecord,
    Session, SessionError, SessionParts, SessionService, Upstream, UpstreamError, later,
};
use chatkitd_core::site::Site;
use chatkitd_core::testing::{ManualClock, MemoryStore, SeededRng};
use chatkitd_core::workflows::Workflows;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::RwLock;

/// Longer than any machine takes for what takes no time.
pub const TOO_LONG: Duration = Duration::from_secs(30);
pub const SECOND: Duration = Duration::from_secs(1);
pub const HOUR: Duration = Duration::from_secs(3600);
pub const DAY: Duration = Duration::from_secs(24 * 3600);

pub struct World {
    parts: SessionParts,
    pub service: Arc<SessionService>,
    pub store: Arc<MemoryStore>,
    pub credentials: Arc<Counted>,
    pub clock: Arc<ManualClock>,
    pub hosted: Arc<Hosted>,
    pub site: Site,
}

/// Stands for `OpenAI`.
pub struct Hosted {
    clock: Arc<ManualClock>,
    /// How often it was asked to open a session.
    pub calls: AtomicU32,
    /// The configuration of each call.
    pub configurations: Mutex<Vec<Value>>,
    granted: AtomicU32,
    pub fails: AtomicBool,
    /// Gives the first secret again.
    pub repeats: AtomicBool,
    /// How long the secret of each call was to live.
    pub lifetimes: Mutex<Vec<Duration>>,
    /// While a test holds this for writing, no answer comes.
    pub silence: RwLock<()>,
}

#[async_trait]
impl Upstream for Hosted {
    async fn open(&self, grant: &Grant<'_>) -> Result<Opened, UpstreamError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.configurations.lock().unwrap().push(Value::Object(grant.configuration.clone()));
        self.lifetimes.lock().unwrap().push(grant.secret_lifetime);
        let _answering = self.silence.read().await;
        if self.fails.load(Ordering::SeqCst) {
            return Err(UpstreamError::TimedOut);
        }
        let number = self.granted.fetch_add(1, Ordering::SeqCst);
        let number = if self.repeats.load(Ordering::SeqCst) { 0 } else { number };
        Ok(Opened {
            secret: SecretText::new(format!("ek_hosted_{number}")),
            kind: SecretKind::Hosted { upstream_session: format!("cksess_{number}") },
            expires_at: later(self.clock.now(), Duration::from_secs(600)),
            configuration: None,
        })
    }
}

/// Starts tasks of the test's own runtime.
pub struct Tokio;

impl Spawner for Tokio {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(task);
    }
}

/// Counts how often a client secret is looked up.
pub struct Counted {
    of: Arc<dyn Credentials>,
    pub look_ups: AtomicU32,
}

#[async_trait]
impl Credentials for Counted {
    async fn client_secret(&self, hash: &SecretHash) -> Result<Option<(SecretRecord, Session)>, StoreError> {
        self.look_ups.fetch_add(1, Ordering::SeqCst);
        self.of.client_secret(hash).await
    }

    async fn service_key(&self, hash: &SecretHash) -> Result<Option<ServiceKey>, StoreError> {
        self.of.service_key(hash).await
    }
}

/// With a store and an `OpenAI` key.
pub fn world() -> World {
    let store = Arc::new(MemoryStore::default());
    build(store.clone(), store.clone(), store, true)
}

/// With a store and no `OpenAI` key: hosted workflows have nobody to answer for them.
pub fn world_without_key() -> World {
    let store = Arc::new(MemoryStore::default());
    build(store.clone(), store.clone(), store, false)
}

/// With an `OpenAI` key and no database (design 4.4); `store` stays empty.
pub fn world_without_database() -> World {
    build(Arc::new(NoStore), Arc::new(NoStore), Arc::default(), true)
}

fn build(
    store: Arc<dyn Store>,
    credentials: Arc<dyn Credentials>,
    memory: Arc<MemoryStore>,
    key: bool,
) -> World {
    let clock = Arc::new(ManualClock::at_second(1_800_000_000));
    let rng: Arc<dyn Rng> = Arc::new(SeededRng::new(3));
    let ring = KeyRing::new(["secret".into()]).unwrap();
    let secrets = Arc::new(ClientSecrets::new(&ring));
    let hosted = Arc::new(Hosted {
        clock: clock.clone(),
        calls: AtomicU32::new(0),
        configurations: Mutex::default(),
        lifetimes: Mutex::default(),
        granted: AtomicU32::new(0),
        fails: AtomicBool::new(false),
        repeats: AtomicBool::new(false),
        silence: RwLock::new(()),
    });
    let credentials = Arc::new(Counted { of: credentials, look_ups: AtomicU32::new(0) });
    let parts = SessionParts {
        store,
        credentials: credentials.clone(),
        secrets: secrets.clone(),
        sealer: Sealer::new(&ring),
        clock: clock.clone(),
        rng: rng.clone(),
        spawner: Arc::new(Tokio),
        workflows: Workflows::new(BTreeMap::new(), key),
        local: Arc::new(LocalUpstream::new(secrets, clock.clone(), rng)),
        hosted: key.then(|| hosted.clone() as Arc<dyn Upstream>),
    };
    let service = Arc::new(SessionService::new(parts.clone()));
    let mut site = Site::new(SiteName::default_site());
    site.workflows = vec!["wf_demo".to_owned(), "wf_hosted".to_owned()];
    World { parts, service, store: memory, credentials, clock, hosted, site }
}

pub fn ann() -> UserId {
    UserId::named("ann").unwrap()
}

/// What `user` asks for when nothing but a workflow is sent.
pub fn asked(user: UserId, workflow: &str) -> NewSession {
    NewSession {
        user,
        workflow: Some(workflow.to_owned()),
        trusted: false,
        state_variables: None,
        metadata: None,
        configuration: None,
        promise: None,
    }
}

/// The scope of whoever owns the session.
pub fn owner(issued: &Issued) -> Scope {
    Scope::User(issued.session.site.clone(), issued.session.user.clone())
}

impl World {
    /// Another node on the same store.
    pub fn other_node(&self) -> Arc<SessionService> {
        Arc::new(SessionService::new(self.parts.clone()))
    }

    pub async fn issue(&self, workflow: &str) -> Issued {
        self.ask(&asked(ann(), workflow)).await.unwrap()
    }

    pub async fn ask(&self, asked: &NewSession) -> Result<Issued, SessionError> {
        self.service.issue(&self.site, asked).await
    }

    pub async fn refresh(&self, secret: &SecretText) -> Result<Issued, SessionError> {
        let presented = self.service.present(secret).await?;
        self.service.refresh(&self.site, &presented).await
    }

    pub async fn revoke(&self, issued: &Issued) {
        let actor = "operator".to_owned();
        self.service.revoke(&owner(issued), &issued.session.id, actor).await.unwrap();
    }

    /// What `OpenAI` was last told that a session may do.
    pub fn told_upstream(&self) -> Value {
        self.hosted.configurations.lock().unwrap().last().cloned().unwrap()
    }

    pub fn upstream_calls(&self) -> u32 {
        self.hosted.calls.load(Ordering::SeqCst)
    }
}
