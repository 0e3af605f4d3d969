//! Sessions: a user's standing with a site and a workflow, and the secrets that open it.

mod device;
mod error;
mod record;
mod refresh;
mod returning;
mod secret;
mod service;
mod signed;
mod stateless;
mod upstream;

pub use device::{DEVICE_LIFETIME, DeviceToken, DeviceTokens, ReadDevice};
pub use error::SessionError;
pub use record::{
    AUDIT_KEPT, AuditAction, AuditEntry, CANCEL_JOBS_KEPT, CancelJob, Claim, ClaimToken, LEASE_DOUBLINGS,
    LIVE_SECRETS, MAX_SESSION_AGE, NewSecret, OVERLAP, Promise, REFRESH_GRACE, Replacement, SecretKind,
    SecretRecord, SecretStanding, Session, SessionChange, SessionPage, SessionStatus, later,
};
pub use secret::{ClientSecrets, MintError, PREFIX as SECRET_PREFIX, SecretClaims};
pub use service::{Issued, NewSession, Presented, SessionParts, SessionService};
pub use stateless::NoStore;
pub use upstream::{Canceller, Grant, LocalUpstream, Opened, Upstream, UpstreamError};
