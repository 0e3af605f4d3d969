use super::upstream::UpstreamError;
use crate::id::SiteName;
use crate::ports::StoreError;

/// Why a caller gets no session, or none of its data.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The site lists no workflow.
    #[error("no workflow is configured for site {0}")]
    NoWorkflow(SiteName),
    /// The workflow is not on the site's list.
    #[error("site {0} does not offer the workflow")]
    WorkflowNotAllowed(SiteName),
    /// The workflow is not defined here, and there is no key for a hosted one.
    #[error("nothing can answer for the workflow")]
    NoUpstream,
    /// The workflow runs here, and without a database nothing can be kept of it.
    #[error("a workflow that runs here needs a database")]
    NeedsDatabase,
    /// No such session, or not one of the caller's.
    #[error("no such session")]
    NotFound,
    /// The session was ended on purpose.
    #[error("the session was revoked")]
    SessionRevoked,
    /// The session was made more than 30 days ago.
    #[error("the session is too old to be renewed")]
    SessionTooOld,
    /// The secret was not minted here, or so long ago that it is forgotten.
    #[error("unknown client secret")]
    SecretUnknown,
    /// The secret ran out more than 24 hours ago.
    #[error("the client secret has expired")]
    SecretExpired,
    /// The secret was revoked, or was replaced more than 30 seconds ago.
    #[error("the client secret was revoked")]
    SecretRevoked,
    /// Another request is refreshing the same secret and does not come to an end.
    #[error("another request is refreshing this client secret")]
    RefreshBusy,
    /// The task that issued or refreshed a secret ended without an answer: it failed, or the server is stopping.
    #[error("issuing the client secret was broken off")]
    Aborted,
    /// The upstream granted nothing.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// The store failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            error => Self::Store(error),
        }
    }
}
