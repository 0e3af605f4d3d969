//! What every handler shares.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::attachments::AttachmentService;
use chatkitd_core::ports::{Clock, Credentials, Limiter, Rng};
use chatkitd_core::server::ChatServer;
use chatkitd_core::sessions::{DeviceTokens, SessionService};
use chatkitd_core::site::Sites;
use url::Url;

use crate::client_ip::TrustedProxies;
use crate::element::Element;
use crate::page::Page;
use crate::passthrough::Passthrough;
use crate::sign_in::SignIn;
use crate::via::Via;

/// The server, as handlers see it.
pub struct App {
    /// The sites, with their origins, limits and workflows.
    pub sites: Sites,
    /// Issues, refreshes and revokes.
    pub sessions: Arc<SessionService>,
    /// Holds conversations. `None` without a database to keep them in (design 4.4).
    pub chat: Option<Arc<ChatServer>>,
    /// Keeps files that visitors send. `None`: none are taken.
    pub files: Option<Arc<AttachmentService>>,
    /// Looks up what callers present.
    pub credentials: Arc<dyn Credentials>,
    /// Signs and reads device cookies and tokens.
    pub devices: DeviceTokens,
    /// Verifies users' tokens.
    pub sign_in: SignIn,
    /// Counts requests.
    pub limiter: Arc<dyn Limiter>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
    /// Whose word on a client's address counts.
    pub proxies: TrustedProxies,
    /// What `/readyz` asks.
    pub readiness: Arc<dyn Readiness>,
    /// What this server calls itself to upstreams.
    pub via: Via,
    /// Forwards other calls of `OpenAI`'s API, where that is switched on.
    pub passthrough: Option<Arc<dyn Passthrough>>,
    /// The widget; `None` in a build without it.
    pub element: Option<Arc<Element>>,
    /// The page at `/`, where it is switched on.
    pub page: Option<Page>,
    /// What addresses that are handed out begin with. `None`: what a request was sent to.
    pub public_url: Option<Url>,
    /// How long a request may take until its answer begins, a body that drips included. See
    /// [`ANSWER_WITHIN`] for the usual value.
    pub answer_within: Duration,
    /// How long the sender of a file may send nothing. See [`UPLOAD_IDLE`] for the usual value.
    pub upload_idle: Duration,
}

/// More than an upstream call (10 s) and a wait for another one's refresh (15 s) or for a thread that is busy
/// (5 s) together.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// Long enough for a telephone that loses its network for a moment.
pub const UPLOAD_IDLE: Duration = Duration::from_secs(30);

/// How long an upload may take in all, however slowly it comes: 100 MB at 30 KB a second.
pub(crate) const UPLOAD_WITHIN: Duration = Duration::from_secs(3600);

/// Whether the server can do its work right now.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// `Ok` when the database answers.
    async fn check(&self) -> Result<(), NotReady>;
}

/// What is missing, in one word: `database`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotReady(pub &'static str);
