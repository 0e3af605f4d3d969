//! What a user may be: roles from a claim, or from a query on the app's own users table (seed 004).

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;

use super::VerifiedUser;
use crate::id::UserId;

/// Where a site's roles come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RoleRule {
    /// Nobody has a role.
    #[default]
    None,
    /// The verifier's `role_claim`.
    Claim,
    /// The app's own users table.
    Query,
}

/// The app's own users table could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("the users table cannot be queried")]
pub struct RolesError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The app's own users table.
#[async_trait]
pub trait Roles: Send + Sync {
    /// The role of a user; `None` when there is no such row. The id is the one with the verifier's
    /// prefix: a bare subject could be somebody else's at the site's other issuer.
    async fn role(&self, user: &UserId) -> Result<Option<String>, RolesError>;
}

/// Why a signed-in user is not let in.
#[derive(Debug, thiserror::Error)]
pub enum RoleRefusal {
    /// No row or no claim (403; the words are seed 004's).
    #[error("User role not found")]
    NotFound,
    /// A role outside the site's list (403).
    #[error("this role may not use the chat")]
    NotAllowed,
    /// The table could not be asked: not the caller's fault (503).
    #[error("sign-in is not available at the moment; try again soon")]
    Unavailable(#[from] RolesError),
}

/// Settings of roles that contradict themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RolePolicyError {
    /// The rule asks a table and no query is set.
    #[error("roles come from a query, but no query is set; set it, or set the role rule to \"claim\"")]
    NoQuery,
    /// A list of roles, and nobody has one.
    #[error(
        "allowed_roles is set, but the role rule is \"none\"; set the rule to \"claim\" or \"query\", or \
         remove allowed_roles"
    )]
    AllowedWithoutRule,
}

/// Which signed-in users a site lets in.
#[derive(Clone)]
pub struct RolePolicy {
    source: Source,
    allowed: Vec<String>,
}

#[derive(Clone)]
enum Source {
    None,
    Claim,
    Query(Arc<dyn Roles>),
}

impl RolePolicy {
    /// `allowed` empty: every role. `query` is what [`RoleRule::Query`] asks.
    pub fn new(
        rule: RoleRule,
        query: Option<Arc<dyn Roles>>,
        allowed: Vec<String>,
    ) -> Result<Self, RolePolicyError> {
        let source = match rule {
            RoleRule::None if !allowed.is_empty() => return Err(RolePolicyError::AllowedWithoutRule),
            RoleRule::None => Source::None,
            RoleRule::Claim => Source::Claim,
            RoleRule::Query => Source::Query(query.ok_or(RolePolicyError::NoQuery)?),
        };
        Ok(Self { source, allowed })
    }

    /// The user's role: of several the first that is let in. `None` only where the site has no roles.
    pub async fn role_of(&self, user: &VerifiedUser) -> Result<Option<String>, RoleRefusal> {
        let mut found = match &self.source {
            Source::None => return Ok(None),
            Source::Claim => user.roles.clone(),
            Source::Query(roles) => roles.role(&user.user).await?.into_iter().collect(),
        };
        found.retain(|role| !role.is_empty());
        if found.is_empty() {
            return Err(RoleRefusal::NotFound);
        }
        let is_let_in = |role: &String| self.allowed.is_empty() || self.allowed.contains(role);
        found.into_iter().find(is_let_in).map(Some).ok_or(RoleRefusal::NotAllowed)
    }
}
