//! Placeholder until the identity branch is merged.
use crate::id::UserId;
/// A user.
#[derive(Debug, Clone)]
pub struct VerifiedUser {
    /// id
    pub user: UserId,
}
/// refusal
#[derive(Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// keys
    #[error("keys unavailable")]
    KeysUnavailable,
    /// bad
    #[error("the token is not valid")]
    Malformed,
}
