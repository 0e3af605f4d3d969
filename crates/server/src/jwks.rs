//! The [`Jwks`] port over HTTP: issuers' published keys, cached (design section 6).
//!
//! A source is fetched by one caller at a time, again when its keys grow old or a `kid` is unknown,
//! and never twice within [`PAUSE`]: tokens with made-up `kid`s cost the issuer nothing. Keys outlive
//! an outage of the issuer by [`KEPT`].
//!
//! The cache is our own: a cache library evicts and expires, and here nothing is ever evicted and what
//! has expired still serves.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::identity::{Algorithm, Jwk, Jwks, JwksError, JwksSource};
use chatkitd_core::ports::Clock;
use jiff::Timestamp;
use tokio::sync::{Mutex, OwnedMutexGuard, RwLock};

mod fetch;
mod key_set;

pub use fetch::{ClientError, FetchError};
use fetch::{Fetched, Fetcher};
use key_set::KeySet;

use crate::masking::bare_url;

/// How long a source is left alone after a fetch, however many unknown `kid`s turn up.
pub const PAUSE: Duration = Duration::from_secs(30);
/// The same for a source of which no keys are there: without them nobody can sign in.
pub const PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(5);
/// How long keys go on working when they cannot be fetched again.
pub const KEPT: Duration = Duration::from_secs(24 * 3600);

/// Issuers' keys, fetched with reqwest and cached in memory.
pub struct HttpJwks {
    clock: Arc<dyn Clock>,
    fetcher: Arc<Fetcher>,
    /// As many as verifiers are configured: sources never come from tokens.
    sources: RwLock<HashMap<JwksSource, Arc<Source>>>,
}

/// What is known of a source.
#[derive(Default)]
struct Source {
    state: RwLock<State>,
    /// Locked while keys are fetched. Holds when that last ended.
    attempt: Arc<Mutex<Option<Timestamp>>>,
}

#[derive(Default)]
struct State {
    keys: Option<Arc<KeySet>>,
    /// Why the last fetch brought none.
    failure: Option<Arc<FetchError>>,
}

impl State {
    fn take(&mut self, from: &JwksSource, fetched: Result<Fetched, FetchError>, now: Timestamp) {
        match fetched {
            Ok(fetched) => *self = Self { keys: Some(Arc::new(KeySet::new(fetched, now))), failure: None },
            Err(error) => {
                tracing::warn!(
                    url = bare_url(from.url()),
                    error = &error as &dyn std::error::Error,
                    "an issuer's keys cannot be fetched; those that are there go on working for a day"
                );
                self.failure = Some(Arc::new(error));
            }
        }
    }

    fn usable(&self, now: Timestamp) -> Option<&Arc<KeySet>> {
        self.keys.as_ref().filter(|keys| keys.is_within(KEPT, now))
    }
}

/// No keys, or none that are young enough.
#[derive(Debug, thiserror::Error)]
#[error("no keys were fetched from {url} within the last day")]
struct NoKeysError {
    url: String,
    #[source]
    failure: Option<Arc<FetchError>>,
}

impl HttpJwks {
    /// An empty cache. Fails where the TLS library finds no certificate authorities.
    pub fn new(clock: Arc<dyn Clock>) -> Result<Self, ClientError> {
        Ok(Self { clock, fetcher: Arc::new(Fetcher::new()?), sources: RwLock::default() })
    }

    async fn source(&self, source: &JwksSource) -> Arc<Source> {
        if let Some(known) = self.sources.read().await.get(source) {
            return Arc::clone(known);
        }
        Arc::clone(self.sources.write().await.entry(source.clone()).or_default())
    }

    /// Fetches the keys, unless that was tried just now. Waits for a fetch that somebody else began.
    async fn refresh(&self, from: &JwksSource, source: &Arc<Source>) {
        let attempt = Arc::clone(&source.attempt).lock_owned().await;
        self.fetch(from, source, attempt).await;
    }

    /// Like `refresh`, but leaves at once when somebody else is fetching.
    async fn refresh_unless_busy(&self, from: &JwksSource, source: &Arc<Source>) {
        if let Ok(attempt) = Arc::clone(&source.attempt).try_lock_owned() {
            self.fetch(from, source, attempt).await;
        }
    }

    async fn fetch(
        &self,
        from: &JwksSource,
        source: &Arc<Source>,
        mut attempt: OwnedMutexGuard<Option<Timestamp>>,
    ) {
        let now = self.clock.now();
        let pause = if source.state.read().await.keys.is_some() { PAUSE } else { PAUSE_WITHOUT_KEYS };
        if attempt.is_some_and(|last| is_within(pause, last, now)) {
            return;
        }
        let (from, source, fetcher) = (from.clone(), Arc::clone(source), Arc::clone(&self.fetcher));
        let clock = Arc::clone(&self.clock);
        // A task of its own: a caller who leaves must not use up the attempt for everybody.
        let task = tokio::spawn(async move {
            let fetched = fetcher.fetch(&from).await;
            source.state.write().await.take(&from, fetched, now);
            // Those who waited have waited for this one: the pause begins where it ended.
            *attempt = Some(clock.now());
        });
        if let Err(error) = task.await {
            tracing::error!(error = &error as &dyn std::error::Error, "fetching an issuer's keys broke off");
        }
    }
}

#[async_trait]
impl Jwks for HttpJwks {
    async fn key(
        &self,
        from: &JwksSource,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Jwk>, JwksError> {
        let source = self.source(from).await;
        let now = self.clock.now();
        let cached = source.state.read().await.usable(now).cloned();
        match cached.as_deref().map(|keys| (keys.find(kid, algorithm), keys.is_fresh(now))) {
            Some((Some(key), true)) => return Ok(Some(key.clone())),
            // Old keys are good enough for those who would have to wait for an issuer that is slow.
            Some((Some(_), false)) => self.refresh_unless_busy(from, &source).await,
            Some((None, _)) | None => self.refresh(from, &source).await,
        }
        // Keys that came while this waited are younger than `now`.
        let now = self.clock.now();
        let state = source.state.read().await;
        let no_keys = || NoKeysError { url: bare_url(from.url()), failure: state.failure.clone() };
        state
            .usable(now)
            .map(|keys| keys.find(kid, algorithm).cloned())
            .ok_or_else(|| JwksError(Box::new(no_keys())))
    }
}

/// Whether `then` is at most `span` ago. A `then` to come (the clock was set back) is not.
fn is_within(span: Duration, then: Timestamp, now: Timestamp) -> bool {
    Duration::try_from(now.duration_since(then)).is_ok_and(|age| age < span)
}
