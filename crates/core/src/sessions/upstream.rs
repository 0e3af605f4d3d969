//! Where secrets come from: two upstreams behind one port, chosen per workflow.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::record::{SecretKind, Session};
use super::secret::ClientSecrets;
use crate::id::SiteName;
use crate::ports::{Clock, Rng};
use crate::secret_text::SecretText;

/// Mints client secrets for a session and takes them back.
#[async_trait]
pub trait Upstream: Send + Sync {
    /// Opens the session there and returns a client secret that opens it.
    async fn open(&self, grant: &Grant<'_>) -> Result<Opened, UpstreamError>;
}

/// Ends sessions at a hosted upstream.
#[async_trait]
pub trait Canceller: Send + Sync {
    /// Cancels an upstream session of the site, whose key opened it. One that is gone already is a success.
    async fn cancel(&self, site: &SiteName, upstream_session: &str) -> Result<(), UpstreamError>;
}

/// What an upstream is asked to grant.
#[derive(Clone, Debug)]
pub struct Grant<'a> {
    /// The session that the secret is to open.
    pub session: &'a Session,
    /// How long the secret should live, which is no longer than its session. An upstream may grant less.
    pub secret_lifetime: Duration,
    /// How often a minute the secret may be used; `None`: as the upstream does by itself.
    pub max_requests_per_1_minute: Option<NonZeroU32>,
    /// `chatkit_configuration`, narrowed already; empty when nothing is asked for.
    pub configuration: &'a Map<String, Value>,
}

/// What an upstream granted.
#[derive(Clone, Debug)]
pub struct Opened {
    /// `ek_…`.
    pub secret: SecretText,
    /// Where it was minted.
    pub kind: SecretKind,
    /// When it stops.
    pub expires_at: Timestamp,
    /// `chatkit_configuration` as the upstream says that it holds; `None`: as it was asked for.
    pub configuration: Option<Map<String, Value>>,
}

/// Why an upstream granted nothing. None of these carries the upstream's own words: they are logged
/// where they arrive and never reach a browser (design section 3).
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// It refused the key (401, 403).
    #[error("the upstream refused the API key")]
    Unauthorized,
    /// It does not know the workflow, or refused the request for another reason (other 4xx).
    #[error("the upstream refused the request with status {status}")]
    Refused {
        /// The HTTP status it answered with.
        status: u16,
    },
    /// It keeps users of this name for itself, as another chatkitd does with its devices (design 4.1).
    #[error("the upstream reserves the user's name")]
    UserReserved,
    /// It wants fewer requests (429), after every retry that was safe.
    #[error("the upstream limits the rate of requests")]
    RateLimited {
        /// How long it asked to wait.
        retry_after: Option<Duration>,
    },
    /// It failed (5xx), could not be reached, or answered with something that is not a session.
    #[error("the upstream failed")]
    Failed(#[source] Option<Box<dyn std::error::Error + Send + Sync>>),
    /// It did not answer in time.
    #[error("the upstream did not answer in time")]
    TimedOut,
    /// Too many requests are waiting for it already; this one was not sent.
    #[error("too many requests are waiting for the upstream")]
    Overloaded,
}

impl UpstreamError {
    /// The same for somebody else who waited for it. What led to it is told once.
    pub(super) fn without_cause(&self) -> Self {
        match self {
            Self::Unauthorized => Self::Unauthorized,
            Self::Refused { status } => Self::Refused { status: *status },
            Self::UserReserved => Self::UserReserved,
            Self::RateLimited { retry_after } => Self::RateLimited { retry_after: *retry_after },
            Self::Failed(_) => Self::Failed(None),
            Self::TimedOut => Self::TimedOut,
            Self::Overloaded => Self::Overloaded,
        }
    }
}

/// Mints secrets here, as JWTs of ids only (design section 6).
pub struct LocalUpstream {
    secrets: Arc<ClientSecrets>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
}

impl LocalUpstream {
    /// An upstream that signs with these keys.
    pub fn new(secrets: Arc<ClientSecrets>, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self { secrets, clock, rng }
    }
}

#[async_trait]
impl Upstream for LocalUpstream {
    async fn open(&self, grant: &Grant<'_>) -> Result<Opened, UpstreamError> {
        let now = self.clock.now();
        let expires_at = super::record::later(now, grant.secret_lifetime);
        let secret = self
            .secrets
            .mint(grant.session, now, expires_at, self.rng.as_ref())
            .map_err(|source| UpstreamError::Failed(Some(Box::new(source))))?;
        Ok(Opened { secret, kind: SecretKind::Local, expires_at, configuration: None })
    }
}
