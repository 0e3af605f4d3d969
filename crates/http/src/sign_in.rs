//! Signs a site's users in by their tokens.

use std::collections::BTreeMap;
use std::sync::Arc;

use chatkitd_core::id::SiteName;
use chatkitd_core::identity::{Jwks, RolePolicy, RoleRefusal, TokenRefusal, VerifiedUser, Verifiers};
use jiff::Timestamp;

/// How each site signs its users in. A site that is absent here signs nobody in.
pub struct SignIn {
    sites: BTreeMap<SiteName, SiteSignIn>,
    jwks: Arc<dyn Jwks>,
}

/// How one site signs its users in.
pub struct SiteSignIn {
    /// Whose tokens count.
    pub verifiers: Verifiers,
    /// Which roles are let in.
    pub roles: RolePolicy,
}

/// Why somebody who presented a token is not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    #[error(transparent)]
    Token(#[from] TokenRefusal),
    #[error(transparent)]
    Role(#[from] RoleRefusal),
    /// The site has no verifier.
    #[error("site {0} verifies no tokens")]
    NotConfigured(SiteName),
}

impl SignIn {
    /// Signs in at these sites, with published keys from `jwks`.
    pub fn new(sites: BTreeMap<SiteName, SiteSignIn>, jwks: Arc<dyn Jwks>) -> Self {
        Self { sites, jwks }
    }

    pub(crate) async fn verify(
        &self,
        name: &SiteName,
        token: &str,
        now: Timestamp,
    ) -> Result<VerifiedUser, SignInError> {
        let site = self.sites.get(name).filter(|site| !site.verifiers.is_empty());
        let site = site.ok_or_else(|| SignInError::NotConfigured(name.clone()))?;
        let user = site.verifiers.verify(token, now, self.jwks.as_ref()).await?;
        let role = site.roles.role_of(&user).await?;
        Ok(VerifiedUser { roles: role.into_iter().collect(), ..user })
    }
}
