//! What the domain needs of the world. Adapters implement these; `testing` has in-memory ones.
//!
//! Store methods are whole operations, so that no caller ever holds a transaction, and each takes a
//! [`Scope`], so that a query without an owner cannot be written. The exceptions are named:
//! [`Credentials`], where the secret that was presented is itself the authority; the writes of a run, whose
//! [`Fence`](crate::threads::Fence) has the scope; and [`Maintenance`], [`AttachmentSweep`], [`RunLease`] and
//! [`RunRecovery`], which no handler can obtain.

mod attachments;
mod models;
mod threads;

pub use attachments::{
    AttachmentSweep, Attachments, Blob, BlobError, BlobKey, Blobs, ByteStream, Preview, PreviewError,
    Previews,
};
pub use models::{Model, Transcriber};
pub use threads::{LogPart, RunLease, RunLog, RunLogError, RunRecovery, Spawner, Threads};

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::id::{ServiceKeyId, SessionId, SiteName, UserId};
use crate::limits::{Decision, Quota};
use crate::secret_text::SecretHash;
use crate::service_keys::ServiceKey;
use crate::sessions::{
    AuditAction, AuditEntry, CancelJob, Claim, ClaimToken, NewSecret, Replacement, SecretRecord, Session,
    SessionChange, SessionPage,
};

/// The time of day, and waiting.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now. Whole milliseconds.
    fn now(&self) -> Timestamp;
    /// The time since a moment that stays the same for as long as the process lives, as finely as the machine
    /// counts it; nobody sets it back. For measuring how long something took.
    fn monotonic(&self) -> Duration;
    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);
}

/// Randomness fit for secrets.
pub trait Rng: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// Whose data an operation may touch. A browser's handler can only build [`Scope::User`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One user of one site.
    User(SiteName, UserId),
    /// Everybody on one site: service keys and operators.
    Site(SiteName),
}

impl Scope {
    /// The site.
    pub fn site(&self) -> &SiteName {
        match self {
            Self::User(site, _) | Self::Site(site) => site,
        }
    }

    /// Whether all that `other` may touch is in this scope too.
    pub fn covers(&self, other: &Self) -> bool {
        self.site() == other.site() && self.user().is_none_or(|user| other.user() == Some(user))
    }

    /// Whether what belongs to this user of this site is in it.
    pub fn holds(&self, site: &SiteName, user: &UserId) -> bool {
        self.site() == site && self.user().is_none_or(|own| own == user)
    }

    /// The user, when the scope is that narrow.
    pub fn user(&self) -> Option<&UserId> {
        match self {
            Self::User(_, user) => Some(user),
            Self::Site(_) => None,
        }
    }
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What the operation is about is not there, or not in this scope.
    #[error("not found")]
    NotFound,
    /// It is there, but in another state than the operation needs (revoked, already taken).
    #[error("conflict")]
    Conflict,
    /// The database cannot be reached, is locked, full or shutting down: trying later can help.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Anything else: a defect here or a damaged database.
    #[error("the store failed")]
    Other(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Sessions and secrets. Threads, items and runs are [`Threads`].
#[async_trait]
pub trait Store: Send + Sync {
    /// Whether anything outlives the request. `false` only without a database (design 4.4).
    fn remembers(&self) -> bool {
        true
    }

    /// Writes a new session with its first secret. The session's site and user must be those of
    /// `scope`, else `NotFound`; `Conflict` when the id is taken.
    async fn create_session(
        &self,
        scope: &Scope,
        session: &Session,
        secret: &NewSecret,
    ) -> Result<(), StoreError>;

    /// Writes a new session with its first secret, unless its user has one that [`Store::reusable_session`]
    /// finds at `session.created_at`: then nothing is written, and that one is returned. Of calls at the same time
    /// one writes. Errors as of [`Store::create_session`].
    async fn find_or_create_session(
        &self,
        scope: &Scope,
        session: &Session,
        secret: &NewSecret,
    ) -> Result<Option<Session>, StoreError>;

    /// The newest session of the scope's user for `workflow` that is neither revoked nor, at `now`,
    /// expired. Those made with a promise belong to whoever made them and do not count. `None` for a scope
    /// without a user.
    async fn reusable_session(
        &self,
        scope: &Scope,
        workflow: &str,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError>;

    /// Changes a session and adds a secret to it, in one step, and returns the session as it is now.
    ///
    /// Of more than [`crate::sessions::LIVE_SECRETS`] secrets that live at `secret.issued_at`, those
    /// issued first are revoked, hosted ones with a cancel job due at once. `NotFound` outside the
    /// scope; `Conflict` when the session is revoked.
    async fn add_secret(
        &self,
        scope: &Scope,
        session: &SessionId,
        change: &SessionChange,
        secret: &NewSecret,
    ) -> Result<Session, StoreError>;

    /// Asks for the right to replace `old`, until `until` (later than `now`): for replacements that need
    /// an upstream call. `NotFound` outside the scope.
    async fn claim_replacement(
        &self,
        scope: &Scope,
        old: &SecretHash,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, StoreError>;

    /// Gives back the right that [`Store::claim_replacement`] gave, without having used it. Once it has
    /// ended nothing happens, whoever holds it now.
    async fn release_claim(
        &self,
        scope: &Scope,
        old: &SecretHash,
        token: ClaimToken,
    ) -> Result<(), StoreError>;

    /// Replaces `old` by `secret`, in one step with `change`; the first caller wins.
    ///
    /// `Ok(None)`: done. `Ok(Some(replacement))`: somebody was faster, and that is what they wrote;
    /// nothing was changed. A hosted `old` gets a cancel job due at `replacement.overlap_until`. Secrets
    /// are pushed out as by [`Store::add_secret`], but never `old`, which counts.
    /// `NotFound` outside the scope; `Conflict` when `old` or its session is revoked.
    async fn replace_secret(
        &self,
        scope: &Scope,
        old: &SecretHash,
        replacement: &Replacement,
        change: &SessionChange,
        secret: &NewSecret,
    ) -> Result<Option<Replacement>, StoreError>;

    /// Notes that an upstream session which no secret opens is to be cancelled from `due` on: it was opened for a
    /// secret that [`Store::add_secret`] or [`Store::replace_secret`] did not take. Noted twice, it is one job, due
    /// at the earlier time.
    async fn cancel_upstream_session(
        &self,
        scope: &Scope,
        upstream_session: &str,
        due: Timestamp,
    ) -> Result<(), StoreError>;

    /// One session.
    async fn session(&self, scope: &Scope, id: &SessionId) -> Result<Option<Session>, StoreError>;

    /// Sessions of the scope, newest first, after the id `after`, at most `limit`.
    async fn sessions(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: u32,
    ) -> Result<SessionPage, StoreError>;

    /// Revokes a session and all its secrets, hosted ones with a cancel job due at once (those that ran
    /// out need none), and writes `audit`, all in one step. Revoking twice is no error and writes
    /// nothing. `NotFound` outside the scope.
    async fn revoke_session(
        &self,
        scope: &Scope,
        id: &SessionId,
        at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError>;

    /// Makes `user` the owner of a session of the scope's user, who has said nothing yet: `true`. Where that user has
    /// a thread, or the session is revoked or not in the scope, nothing changes: `false`.
    async fn hand_over_session(
        &self,
        scope: &Scope,
        id: &SessionId,
        user: &UserId,
    ) -> Result<bool, StoreError>;

    /// Writes a service key and `audit` in one step. `Conflict` when the same key is there already.
    async fn create_service_key(
        &self,
        scope: &Scope,
        key: &ServiceKey,
        hash: &SecretHash,
        audit: &AuditEntry,
    ) -> Result<(), StoreError>;

    /// The site's service keys, revoked ones included, oldest first.
    async fn service_keys(&self, scope: &Scope) -> Result<Vec<ServiceKey>, StoreError>;

    /// Revokes a service key and writes `audit` in one step. `NotFound` outside the scope; revoking
    /// twice is no error and writes nothing.
    async fn revoke_service_key(
        &self,
        scope: &Scope,
        id: &ServiceKeyId,
        at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError>;

    /// The newest entries of the site's audit log, newest first, at most `limit`; those of one action,
    /// where one is given.
    async fn audit_log(
        &self,
        scope: &Scope,
        action: Option<AuditAction>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;
}

/// Looks up what was presented as proof. The secret names its owner, so no scope is needed; the hash
/// cannot be guessed.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// The record of a client secret and its session as they are now. `None`: never seen here.
    async fn client_secret(&self, hash: &SecretHash) -> Result<Option<(SecretRecord, Session)>, StoreError>;

    /// A service key that is not revoked.
    async fn service_key(&self, hash: &SecretHash) -> Result<Option<ServiceKey>, StoreError>;
}

/// Sweeps over everything. Background tasks and operators hold it; no handler can obtain it.
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// Whether the database answers and has its tables. One that others may switch to read-only has to take writes, as
    /// far as that shows without one.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Takes up to `limit` cancel jobs that are due at `now`. Nobody else gets them for `lease`, which
    /// doubles with each earlier attempt, [`crate::sessions::LEASE_DOUBLINGS`] times at the most.
    async fn take_cancel_jobs(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<CancelJob>, StoreError>;

    /// Removes a cancel job that is done, or that cannot succeed any more.
    async fn finish_cancel_job(&self, job: &CancelJob) -> Result<(), StoreError>;

    /// Forgets what no rule needs any more at `now`: sealed replacements after their overlap, secrets
    /// 24 h after their end, sessions that ended more than 30 days ago, limiter windows that closed,
    /// idempotency keys after their time, runs that ended more than 24 h ago and that no key names,
    /// cancel jobs ten minutes after they were due, where a thread stood in its lists 24 h after it was deleted,
    /// and entries of the audit log a year after they were made.
    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError>;
}

/// Counts requests.
#[async_trait]
pub trait Limiter: Send + Sync {
    /// Counts one request of `key` at `now` and says whether it may pass.
    async fn take(&self, key: &str, quota: Quota, now: Timestamp) -> Result<Decision, LimiterError>;
}

/// The shared limiter cannot be asked.
#[derive(Debug, thiserror::Error)]
#[error("the limiter is unavailable")]
pub struct LimiterError(#[source] pub Box<dyn std::error::Error + Send + Sync>);
