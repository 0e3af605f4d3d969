//! The hosted upstream: sessions at `OpenAI`, while it lasts (1.1 and 1.2 of the REST reference).
//!
//! Creating a session is not idempotent and the API takes no key to make it so; it is tried again only
//! where it certainly did not happen: no connection, or a refusal (429, 503) that says when to come back.

mod answer;
mod queue;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::id::{SiteName, UserId};
use chatkitd_core::ports::{Clock, Rng};
use chatkitd_core::secret_text::SecretText;
use chatkitd_core::sessions::{Canceller, Grant, Opened, SecretKind, Upstream, UpstreamError};
use chatkitd_protocol::rest::{
    CreateSessionRequest, CreatedSession, ExpiresAfter, RateLimits, Tracing, WorkflowParam,
};
use jiff::Timestamp;
use reqwest::header::{self, HeaderMap, HeaderValue};
use reqwest::{Client, Method, RequestBuilder, Url};
use secrecy::ExposeSecret;
use tracing::{Instrument as _, Span};

use crate::client_span;
use crate::retry::Backoff;
use crate::settings::OpenAi;
use answer::{Failure, read_success};
use queue::Queue;

/// The longest a secret of `OpenAI`'s lives.
const MAX_SECRET_LIFETIME: Duration = Duration::from_secs(600);
/// What a device is called at another chatkitd instead of `anon_`.
const DEVICE_ELSEWHERE: &str = "visitor_";
const BETA: (&str, &str) = ("openai-beta", "chatkit_beta=v1");

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Deadlines {
    /// Until a connection stands. Default 2 s.
    pub connect: Duration,
    /// For everything together, retries included. Default 10 s.
    pub total: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { connect: Duration::from_secs(2), total: Duration::from_secs(10) }
    }
}

/// Opens and cancels sessions at `OpenAI`.
pub struct HostedUpstream {
    client: Client,
    openai: OpenAi,
    sessions: Url,
    deadlines: Deadlines,
    queue: Queue,
    /// It is another chatkitd, which has devices of its own.
    reserves_devices: AtomicBool,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

/// The HTTP client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the client for OpenAI cannot be made; are CA certificates installed (Debian: ca-certificates)?")]
pub struct ClientError(#[source] pub(crate) reqwest::Error);

impl HostedUpstream {
    /// An upstream at this address with this key. Requests say in `via` who sends them.
    pub fn new(
        openai: OpenAi,
        via: HeaderValue,
        deadlines: Deadlines,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, ClientError> {
        let client = Client::builder()
            .connect_timeout(deadlines.connect)
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(openai.concurrency)
            .user_agent(concat!("chatkitd/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([(header::VIA, via)]))
            .build()
            .map_err(ClientError)?;
        let mut sessions = openai.base.clone();
        if let Ok(mut path) = sessions.path_segments_mut() {
            path.pop_if_empty().extend(["chatkit", "sessions"]);
        }
        let queue = Queue::new(openai.concurrency);
        let reserves_devices = AtomicBool::new(false);
        Ok(Self { client, openai, sessions, deadlines, queue, reserves_devices, clock, rng })
    }

    /// With the key of the site, which needs to have one.
    fn request(&self, site: &SiteName, url: Url) -> Result<RequestBuilder, UpstreamError> {
        let key = self.openai.key_of(site).ok_or(UpstreamError::Unauthorized)?;
        let request = self.client.request(Method::POST, url);
        Ok(request.bearer_auth(key.expose_secret()).header(BETA.0, BETA.1))
    }

    /// Ends when the time for everything is up.
    async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, UpstreamError>>,
    ) -> Result<T, UpstreamError> {
        let done = tokio::time::timeout(self.deadlines.total, work).await;
        done.unwrap_or(Err(UpstreamError::TimedOut))
    }

    /// Sends a request until it succeeds or fails for good. Each try has its `span`.
    async fn call(
        &self,
        span: impl Fn() -> Span,
        request: RequestBuilder,
        idempotent: bool,
    ) -> Result<Vec<u8>, UpstreamError> {
        let _place = self.queue.enter().await?;
        let mut backoff = Backoff::new(self.deadlines.total, self.rng.as_ref());
        loop {
            let Some(attempt) = request.try_clone() else { return Err(UpstreamError::Failed(None)) };
            let span = span();
            let attempt = attempt.headers(client_span::headers(&span));
            let failure = match self.attempt(attempt).instrument(span.clone()).await {
                Ok(body) => return Ok(body),
                Err(failure) => failure,
            };
            client_span::failed(&span);
            let may_repeat = failure.never_happened() || idempotent && failure.is_passing();
            match may_repeat.then(|| backoff.next(failure.retry_after())).flatten() {
                Some(wait) => self.clock.sleep(wait).await,
                None => return Err(failure.into()),
            }
        }
    }

    async fn attempt(&self, request: RequestBuilder) -> Result<Vec<u8>, Failure> {
        let response = request.send().await.map_err(Failure::from_send)?;
        read_success(response, self.clock.now()).await
    }

    /// Retries and the wait for a place are part of the time.
    fn count(&self, operation: &'static str, started: Duration, error: Option<&UpstreamError>) {
        let took = self.clock.monotonic().saturating_sub(started);
        let labels = [("operation", operation), ("outcome", outcome(error))];
        metrics::counter!("chatkitd_upstream_requests_total", &labels).increment(1);
        metrics::histogram!("chatkitd_upstream_request_seconds", &labels).record(took);
    }

    async fn open_for(&self, user: &str, grant: &Grant<'_>) -> Result<Opened, UpstreamError> {
        let request = self.request(&grant.session.site, self.sessions.clone())?;
        let is_traced = grant.session.is_traced();
        let span = || if is_traced { client_span::post(&self.sessions) } else { Span::none() };
        let body = self.call(span, request.json(&Self::body(user, grant)), false).await?;
        read_session(&body)
    }

    async fn open_as_known(&self, grant: &Grant<'_>) -> Result<Opened, UpstreamError> {
        let user = grant.session.user.as_str();
        let Some(device) = user.strip_prefix(UserId::ANONYMOUS_PREFIX) else {
            return self.open_for(user, grant).await;
        };
        // To another chatkitd, whose devices begin with the same letters, this one's are users like others.
        let elsewhere = format!("{DEVICE_ELSEWHERE}{device}");
        if self.reserves_devices.load(Ordering::Relaxed) {
            return self.open_for(&elsewhere, grant).await;
        }
        match self.open_for(user, grant).await {
            Err(UpstreamError::UserReserved) => {
                self.reserves_devices.store(true, Ordering::Relaxed);
                self.open_for(&elsewhere, grant).await
            }
            opened => opened,
        }
    }

    fn body<'a>(user: &'a str, grant: &Grant<'a>) -> CreateSessionRequest<'a> {
        let variables = &grant.session.state_variables;
        let promise = grant.session.promise.as_ref();
        CreateSessionRequest {
            user,
            workflow: WorkflowParam {
                id: &grant.session.workflow,
                version: promise.and_then(|promise| promise.workflow_version.as_deref()),
                state_variables: (!variables.is_empty()).then_some(variables),
                tracing: promise.map(|promise| Tracing { enabled: promise.tracing }),
            },
            expires_after: Some(ExpiresAfter {
                anchor: "created_at",
                seconds: grant.secret_lifetime.min(MAX_SECRET_LIFETIME).as_secs().max(1),
            }),
            chatkit_configuration: (!grant.configuration.is_empty()).then_some(grant.configuration),
            rate_limits: grant
                .max_requests_per_1_minute
                .map(|limit| RateLimits { max_requests_per_1_minute: limit.get() }),
        }
    }
}

#[async_trait]
impl Upstream for HostedUpstream {
    async fn open(&self, grant: &Grant<'_>) -> Result<Opened, UpstreamError> {
        let started = self.clock.monotonic();
        let opened = self.in_time(self.open_as_known(grant)).await;
        self.count("create", started, opened.as_ref().err());
        opened
    }
}

/// The answer is not a session. Says where, and not what: the answer may hold a secret.
#[derive(Debug, thiserror::Error)]
#[error("the answer is not a session (line {line}, column {column})")]
struct NotASession {
    line: usize,
    column: usize,
}

fn read_session(body: &[u8]) -> Result<Opened, UpstreamError> {
    let created: CreatedSession = serde_json::from_slice(body).map_err(|error| {
        UpstreamError::Failed(Some(Box::new(NotASession { line: error.line(), column: error.column() })))
    })?;
    let expires_at = Timestamp::from_second(created.expires_at)
        .map_err(|error| UpstreamError::Failed(Some(Box::new(error))))?;
    if created.client_secret.is_empty() || created.id.is_empty() {
        return Err(UpstreamError::Failed(None));
    }
    Ok(Opened {
        secret: SecretText::new(created.client_secret),
        kind: SecretKind::Hosted { upstream_session: created.id },
        expires_at,
        configuration: created.chatkit_configuration,
    })
}

#[async_trait]
impl Canceller for HostedUpstream {
    async fn cancel(&self, site: &SiteName, upstream_session: &str) -> Result<(), UpstreamError> {
        let mut url = self.sessions.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.extend([upstream_session, "cancel"]);
        }
        let started = self.clock.monotonic();
        // A job's: nobody's request is behind it.
        let called = self.in_time(self.call(Span::none, self.request(site, url)?, true)).await;
        self.count("cancel", started, called.as_ref().err());
        match called {
            // Gone already, which is what was wanted.
            Ok(_) | Err(UpstreamError::Refused { status: 404 }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn outcome(error: Option<&UpstreamError>) -> &'static str {
    match error {
        None => "ok",
        Some(UpstreamError::Unauthorized) => "unauthorized",
        Some(UpstreamError::Refused { .. } | UpstreamError::UserReserved) => "refused",
        Some(UpstreamError::RateLimited { .. }) => "rate_limited",
        Some(UpstreamError::Failed(_)) => "failed",
        Some(UpstreamError::TimedOut) => "timed_out",
        Some(UpstreamError::Overloaded) => "overloaded",
    }
}
