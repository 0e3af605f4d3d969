//! What every handler shares.

use std::sync::Arc;

use async_trait::async_trait;
use chatkitd_core::id::SiteName;
use chatkitd_core::identity::{TokenRefusal, VerifiedUser};
use chatkitd_core::ports::{Clock, Credentials, Limiter, Rng};
use chatkitd_core::sessions::{DeviceTokens, SessionService};
use chatkitd_core::site::Sites;

use crate::client_ip::TrustedProxies;
use crate::page::Page;

/// The server, as handlers see it.
pub struct App {
    /// The sites, with their origins, limits and workflows.
    pub sites: Sites,
    /// Issues, refreshes and revokes.
    pub sessions: SessionService,
    /// Looks up what callers present.
    pub credentials: Arc<dyn Credentials>,
    /// Signs and reads device cookies and tokens.
    pub devices: DeviceTokens,
    /// Verifies users' tokens.
    pub sign_in: Arc<dyn SignIn>,
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
    /// The page at `/`, where it is switched on.
    pub page: Option<Page>,
}

/// Verifies the tokens of a site's users and finds their roles.
#[async_trait]
pub trait SignIn: Send + Sync {
    /// Whether the site has a verifier at all.
    fn is_configured(&self, site: &SiteName) -> bool;

    /// The user a token stands for, with the role the site asks for.
    async fn verify(&self, site: &SiteName, token: &str) -> Result<VerifiedUser, SignInError>;
}

/// Why somebody who presented a token is not let in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The token is not good.
    #[error(transparent)]
    Token(#[from] TokenRefusal),
    /// The site asks for a role, and the user has none (seed 004).
    #[error("User role not found")]
    NoRole,
    /// The site does not let this role in.
    #[error("the role may not use this site")]
    RoleRefused,
    /// The role could not be looked up.
    #[error("roles cannot be looked up")]
    RolesUnavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Whether the server can do its work right now.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// `Ok` when database and keys answer.
    async fn check(&self) -> Result<(), NotReady>;
}

/// What is missing, in one word: `database`, `keys`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotReady(pub &'static str);
