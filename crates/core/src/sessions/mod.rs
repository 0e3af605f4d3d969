//! Sessions: a user's standing with a site and a workflow, and the secrets that open it.

mod record;

pub use record::{
    AuditAction, AuditEntry, CancelJob, LIVE_SECRETS, MAX_SESSION_AGE, NewSecret, OVERLAP, REFRESH_GRACE,
    Replacement, SecretKind, SecretRecord, SecretStanding, Session, SessionChange, SessionPage,
    SessionStatus,
};
