//! A server on a free port, with a store in memory, a clock that is moved by hand and a hosted upstream
//! that is told what to answer.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{self, Next};
use chatkitd_core::attachments::{AttachmentParts, AttachmentService, UrlSigner};
use chatkitd_core::id::SiteName;
use chatkitd_core::identity::{Algorithm, Jwk, Jwks, JwksError, JwksSource, RolePolicy, RoleRule, Verifiers};
use chatkitd_core::keys::KeyRing;
use chatkitd_core::limits::{Decision, Quota};
use chatkitd_core::memory_limiter::MemoryLimiter;
use chatkitd_core::ports::{
    Clock, Credentials, Limiter, LimiterError, Rng, Scope, Spawner, Store, Transcriber,
};
use chatkitd_core::seal::Sealer;
use chatkitd_core::secret_text::SecretText;
use chatkitd_core::server::agents::Agents;
use chatkitd_core::server::{Agent, ChatServer, ChatServerParts, RunKeeper};
use chatkitd_core::service_keys::ServiceKey;
use chatkitd_core::sessions::{
    AuditAction, AuditEntry, ClientSecrets, DeviceTokens, Grant, LocalUpstream, NoStore, Opened, SecretKind,
    SessionParts, SessionService, Upstream, UpstreamError, later,
};
use chatkitd_core::site::{OriginPattern, Site, Sites};
use chatkitd_core::testing::{ManualClock, MemoryBlobs, MemoryStore, NoPreviews, SeededRng};
use chatkitd_core::workflows::Workflows;
use chatkitd_http::client_ip::{PeerAddr, TrustedProxies};
use chatkitd_http::element::Element;
use chatkitd_http::page::{Fact, FactState, Page};
use chatkitd_http::{ANSWER_WITHIN, App, NotReady, Readiness, SignIn, SiteSignIn, UPLOAD_IDLE, Via, router};
use futures_util::future::BoxFuture;
use http::{HeaderMap, StatusCode};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::chatkit::agent::TestAgent;
use crate::chatkit::client::TOO_LONG;

/// 2026-11-21T00:00:00Z.
pub const START: i64 = 1_795_219_200;

pub struct TestApp {
    pub base: String,
    pub client: Client,
    pub store: Arc<MemoryStore>,
    pub clock: Arc<ManualClock>,
    pub upstream: Arc<FakeUpstream>,
    /// `None` without a database.
    pub chat: Option<Arc<ChatServer>>,
    /// Answers for `wf_demo`.
    pub agent: Arc<TestAgent>,
}

/// What an app is made of before it starts.
pub struct Setup {
    pub sites: Vec<Site>,
    pub hosted: bool,
    pub database: bool,
    pub proxies: &'static str,
    pub limiter_down: bool,
    pub ready: Result<(), NotReady>,
    pub element: Option<Element>,
    pub page: Option<bool>,
    pub roles: bool,
    pub panics: bool,
    pub files: bool,
    pub transcriber: Option<Arc<dyn Transcriber>>,
}

/// A site named `default` that offers `wf_demo` and `wf_hosted`.
pub fn site() -> Site {
    Site {
        workflows: vec!["wf_demo".to_owned(), "wf_hosted".to_owned()],
        ..Site::new(SiteName::default_site())
    }
}

/// `site` with another name and these origins.
pub fn site_of(name: &str, origins: &[&str]) -> Site {
    Site {
        name: SiteName::parse(name).unwrap(),
        origins: origins.iter().map(|origin| OriginPattern::parse(origin).unwrap()).collect(),
        ..site()
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            sites: vec![site()],
            hosted: true,
            database: true,
            proxies: "",
            limiter_down: false,
            ready: Ok(()),
            element: None,
            page: None,
            roles: false,
            panics: false,
            files: false,
            transcriber: None,
        }
    }
}

impl Setup {
    pub fn of(site: Site) -> Self {
        Self { sites: vec![site], ..Self::default() }
    }

    pub async fn start(self) -> TestApp {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let ring = KeyRing::new(["a test secret that is long enough to use".into()]).unwrap();
        let clock = Arc::new(ManualClock::at_second(START));
        let rng: Arc<dyn Rng> = Arc::new(SeededRng::new(7));
        let store = Arc::new(MemoryStore::default());
        let upstream = Arc::new(FakeUpstream::new(clock.clone()));
        let secrets = Arc::new(ClientSecrets::new(&ring));
        let agent = Arc::new(TestAgent::default());
        let files = (self.database && self.files).then(|| file_service(&store, &ring, &clock, &rng));
        let chat = self
            .database
            .then(|| chat_server(&store, &clock, &rng, &agent, files.clone(), self.transcriber.clone()));
        let (sessions_store, credentials): (Arc<dyn Store>, Arc<dyn Credentials>) = if self.database {
            (store.clone(), store.clone())
        } else {
            (Arc::new(NoStore), Arc::new(NoStore))
        };
        let app = App {
            sites: Sites::new(self.sites),
            sessions: Arc::new(SessionService::new(SessionParts {
                store: sessions_store,
                credentials: credentials.clone(),
                secrets: secrets.clone(),
                sealer: Sealer::new(&ring),
                clock: clock.clone(),
                rng: rng.clone(),
                spawner: Arc::new(TokioSpawner),
                workflows: Workflows::new(BTreeMap::new(), self.hosted),
                local: Arc::new(LocalUpstream::new(secrets, clock.clone(), rng.clone())),
                hosted: self.hosted.then(|| upstream.clone() as Arc<dyn Upstream>),
            })),
            chat: chat.clone(),
            files: files.clone(),
            credentials,
            devices: DeviceTokens::new(&ring),
            sign_in: sign_in(self.roles),
            limiter: limiter(self.limiter_down),
            clock: clock.clone(),
            rng,
            proxies: TrustedProxies::parse(self.proxies).unwrap(),
            readiness: if self.panics { Arc::new(Panics) } else { Arc::new(Ready(self.ready)) },
            via: Via::new(&ring),
            passthrough: None,
            element: self.element.map(Arc::new),
            page: self.page.map(|public| Page { public, facts: vec![fact()] }),
            public_url: None,
            answer_within: ANSWER_WITHIN,
            upload_idle: UPLOAD_IDLE,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let routes = router(app).layer(middleware::from_fn(with_peer));
        let service = routes.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await });
        let client = Client::builder().no_proxy().no_gzip().build().unwrap();
        TestApp { base, client, store, clock, upstream, chat, agent }
    }
}

fn limiter(is_down: bool) -> Arc<dyn Limiter> {
    if is_down { Arc::new(BrokenLimiter) } else { Arc::new(MemoryLimiter::default()) }
}

fn chat_server(
    store: &Arc<MemoryStore>,
    clock: &Arc<ManualClock>,
    rng: &Arc<dyn Rng>,
    agent: &Arc<TestAgent>,
    attachments: Option<Arc<AttachmentService>>,
    transcriber: Option<Arc<dyn Transcriber>>,
) -> Arc<ChatServer> {
    Arc::new(ChatServer::new(ChatServerParts {
        threads: store.clone(),
        log: None,
        spawner: Arc::new(TokioSpawner),
        clock: clock.clone(),
        rng: rng.clone(),
        agents: Agents::from_iter([("wf_demo", agent.clone() as Arc<dyn Agent>)]),
        attachments,
        transcriber,
        run_time_limit: Duration::from_secs(24 * 3600),
    }))
}

fn file_service(
    store: &Arc<MemoryStore>,
    ring: &KeyRing,
    clock: &Arc<ManualClock>,
    rng: &Arc<dyn Rng>,
) -> Arc<AttachmentService> {
    Arc::new(AttachmentService::new(AttachmentParts {
        store: store.clone(),
        blobs: Arc::new(MemoryBlobs::default()),
        previews: Arc::new(NoPreviews),
        urls: UrlSigner::new(ring),
        clock: clock.clone(),
        rng: rng.clone(),
    }))
}

struct TokioSpawner;

impl Spawner for TokioSpawner {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(task);
    }
}

async fn with_peer(
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    mut request: Request,
    next: Next,
) -> axum::response::Response {
    request.extensions_mut().insert(PeerAddr(peer));
    next.run(request).await
}

fn fact() -> Fact {
    Fact { name: "Workflow".to_owned(), value: "wf_demo".to_owned(), state: FactState::Ok }
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn field(&self, name: &str) -> String {
        let json = self.json();
        json[name].as_str().unwrap_or_else(|| panic!("no text {name} in {json}")).to_owned()
    }

    /// The device cookie as the next request would send it.
    pub fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    /// Asserts status and error code, and that the envelope is whole.
    #[track_caller]
    pub fn is_error(&self, status: u16, code: &str) {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        let body = self.json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(body["error"], body["message"]);
        assert!(body["error"].as_str().is_some_and(|text| text.len() > 5), "{body}");
        assert_eq!(body["request_id"], self.header("x-request-id"));
    }
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        text: response.text().await.unwrap(),
    }
}

impl TestApp {
    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.base))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.base))
    }

    pub fn delete(&self, path: &str) -> RequestBuilder {
        self.client.delete(format!("{}{path}", self.base))
    }

    pub fn create(&self) -> RequestBuilder {
        self.post("/api/chatkit/session")
    }

    pub fn refresh(&self, session: &str) -> RequestBuilder {
        self.post(&format!("/api/chatkit/session/{session}/refresh"))
    }

    pub fn validate(&self, session: &str) -> RequestBuilder {
        self.get(&format!("/api/chatkit/session/{session}/validate"))
    }

    /// What keeps the runs, twice a second in the server.
    pub fn keeper(&self) -> RunKeeper {
        self.chat.as_ref().unwrap().keeper(self.store.clone(), self.store.clone())
    }

    /// Moves the clock forward by `step`, again and again, until `future` has what it waits for.
    pub async fn passing<T>(&self, future: impl Future<Output = T>, step: Duration) -> T {
        let mut future = std::pin::pin!(future);
        loop {
            tokio::select! {
                biased;
                found = &mut future => return found,
                // Each step lets the server see that time has passed.
                _ = send(self.get("/healthz")) => self.clock.advance(step),
            }
        }
    }

    /// What `future` waits for, which comes when `wait` is over and not a second before.
    pub async fn after<T: Debug>(&self, wait: Duration, future: impl Future<Output = T>) -> T {
        let second = Duration::from_secs(1);
        let mut future = std::pin::pin!(future);
        self.unless_early(future.as_mut()).await;
        self.clock.advance(wait - second);
        self.unless_early(future.as_mut()).await;
        self.clock.advance(second);
        tokio::time::timeout(TOO_LONG, future).await.expect("it comes when its time has come")
    }

    /// Lets the server and the client do all that they can do now.
    async fn unless_early<T: Debug>(&self, mut future: Pin<&mut impl Future<Output = T>>) {
        for _ in 0..3 {
            tokio::select! {
                biased;
                early = &mut future => panic!("before its time: {early:?}"),
                answer = send(self.get("/healthz")) => assert_eq!(answer.status, 200),
            }
        }
    }

    /// A service key of `site`.
    pub async fn service_key(&self, site: &str) -> String {
        let seed = site.bytes().map(u64::from).sum();
        let site = SiteName::parse(site).unwrap();
        let (key, text) = ServiceKey::mint(site.clone(), "test", self.clock.now(), &SeededRng::new(seed));
        let audit = AuditEntry {
            at: self.clock.now(),
            site: site.clone(),
            actor: "operator".to_owned(),
            action: AuditAction::KeyCreated,
            target: key.id.to_string(),
        };
        self.store.create_service_key(&Scope::Site(site), &key, &text.hash(), &audit).await.unwrap();
        text.expose().to_owned()
    }

    /// How many sessions the default site has.
    pub async fn session_count(&self) -> usize {
        let scope = Scope::Site(SiteName::default_site());
        self.store.sessions(&scope, None, 1000).await.unwrap().sessions.len()
    }
}

/// A defect: whoever asks whether the server is ready brings a handler down.
struct Panics;

#[async_trait]
impl Readiness for Panics {
    async fn check(&self) -> Result<(), NotReady> {
        panic!("a defect")
    }
}

/// A hosted upstream that counts and is told what to answer.
pub struct FakeUpstream {
    clock: Arc<ManualClock>,
    pub opened: AtomicU32,
    pub grants: Mutex<Vec<Value>>,
    pub failure: Mutex<Option<fn() -> UpstreamError>>,
}

impl FakeUpstream {
    fn new(clock: Arc<ManualClock>) -> Self {
        Self { clock, opened: AtomicU32::new(0), grants: Mutex::default(), failure: Mutex::default() }
    }
}

#[async_trait]
impl Upstream for FakeUpstream {
    async fn open(&self, grant: &Grant<'_>) -> Result<Opened, UpstreamError> {
        if let Some(failure) = *self.failure.lock().unwrap() {
            return Err(failure());
        }
        tokio::task::yield_now().await;
        let number = self.opened.fetch_add(1, Ordering::SeqCst) + 1;
        self.grants.lock().unwrap().push(serde_json::json!({
            "user": grant.session.user.as_str(),
            "workflow": grant.session.workflow,
            "state_variables": grant.session.state_variables,
            "configuration": grant.configuration,
        }));
        Ok(Opened {
            secret: SecretText::new(format!("ek_hosted_{number}")),
            kind: SecretKind::Hosted { upstream_session: format!("cksess_upstream_{number}") },
            expires_at: later(self.clock.now(), Duration::from_secs(600)),
            configuration: serde_json::json!({"file_upload": {"enabled": true, "max_files": 3}})
                .as_object()
                .cloned(),
        })
    }
}

/// The key that the test site's own back end signs its users' tokens with.
const APP_KEY: &str = "the app's own key, 32 bytes or more";

/// HS256 tokens with a role in `role`; `reader` is a role that is not let in.
fn sign_in(roles: bool) -> SignIn {
    let settings = serde_json::json!({"hs256_secret": APP_KEY, "audience": "chat", "role_claim": "role"});
    let verifiers = Verifiers::new(&[serde_json::from_value(settings).unwrap()]).unwrap();
    let policy = if roles {
        RolePolicy::new(RoleRule::Claim, None, vec!["member".to_owned()])
    } else {
        RolePolicy::new(RoleRule::None, None, Vec::new())
    };
    let default = SiteSignIn { verifiers, roles: policy.unwrap() };
    SignIn::new([(SiteName::default_site(), default)].into(), Arc::new(NoKeys))
}

struct NoKeys;

#[async_trait]
impl Jwks for NoKeys {
    async fn key(&self, _: &JwksSource, _: Option<&str>, _: Algorithm) -> Result<Option<Jwk>, JwksError> {
        Ok(None)
    }
}

/// A token of the test site's own back end, good for an hour.
pub fn token(user: &str) -> String {
    token_of(&serde_json::json!({"sub": user, "aud": "chat", "exp": START + 3600}))
}

pub fn token_of(claims: &Value) -> String {
    let key = jsonwebtoken::EncodingKey::from_secret(APP_KEY.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), claims, &key).unwrap()
}

struct BrokenLimiter;

#[async_trait]
impl Limiter for BrokenLimiter {
    async fn take(&self, _: &str, _: Quota, _: jiff::Timestamp) -> Result<Decision, LimiterError> {
        Err(LimiterError("it is down".into()))
    }
}

struct Ready(Result<(), NotReady>);

#[async_trait]
impl Readiness for Ready {
    async fn check(&self) -> Result<(), NotReady> {
        self.0
    }
}
