//! What the store keeps of sessions and secrets, and the questions that can be answered from it.

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::{SessionId, SiteName, UserId};
use crate::secret_text::SecretHash;
use crate::site::{ChatKitConfiguration, Site};

/// How long a replaced secret still works, so that parallel tabs live (design 4.2).
pub const OVERLAP: Duration = Duration::from_secs(30);
/// How long after its end a secret can still be refreshed (design 4.1 and 4.2).
pub const REFRESH_GRACE: Duration = Duration::from_secs(24 * 3600);
/// How long after its creation a session can be renewed (design 4.1).
pub const MAX_SESSION_AGE: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long after it was due a cancel job is kept: by then the upstream session has run out by itself.
pub const CANCEL_JOBS_KEPT: Duration = Duration::from_secs(600);
/// How long an entry of the audit log is kept.
pub const AUDIT_KEPT: Duration = Duration::from_secs(365 * 24 * 3600);
/// How many secrets of one session live at once; past that the oldest go (design 4.1).
pub const LIVE_SECRETS: u32 = 10;
/// How often the wait for the next attempt at a cancel job doubles.
pub const LEASE_DOUBLINGS: u32 = 3;

/// A user's standing with a site and a workflow.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// `cksess_…`.
    pub id: SessionId,
    /// The site it was made on.
    pub site: SiteName,
    /// Whose it is.
    pub user: UserId,
    /// What answers, an opaque id.
    pub workflow: String,
    /// Handed to the workflow: strings, numbers and booleans, at most 64 of them.
    pub state_variables: Map<String, Value>,
    /// The front end's own notes, handed back as they came.
    pub metadata: Map<String, Value>,
    /// `chatkit_configuration` as it was promised over REST, or else asked for; empty when nothing was said. What
    /// holds is [`Session::configuration_on`] its site.
    pub configuration: Map<String, Value>,
    /// What else a service key promised when it made the session over REST; `None` for sessions of the session
    /// contracts, which are as the site says.
    pub promise: Option<Promise>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, unless renewed.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// What a session is promised at its creation over REST (1.1 of the reference), and keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    /// How often a minute its secrets may be used.
    pub max_requests_per_1_minute: NonZeroU32,
    /// How many seconds each of its secrets lives.
    pub secret_seconds: u32,
    /// The version of the workflow; `None`: the one that is deployed.
    pub workflow_version: Option<String>,
    /// Whether its requests and answers may be traced.
    pub tracing: bool,
}

impl Promise {
    /// How long each of the session's secrets lives.
    pub fn secret_lifetime(&self) -> Duration {
        Duration::from_secs(self.secret_seconds.into())
    }
}

/// Whether a session still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// It stands.
    Active,
    /// Its time ran out; a refresh may renew it.
    Expired,
    /// It was ended on purpose; nothing renews it.
    Revoked,
}

impl SessionStatus {
    /// The word the API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Session {
    /// Whether it stands at `now`.
    pub fn status(&self, now: Timestamp) -> SessionStatus {
        if self.revoked_at.is_some() {
            SessionStatus::Revoked
        } else if self.expires_at <= now {
            SessionStatus::Expired
        } else {
            SessionStatus::Active
        }
    }

    /// Whether its requests and answers may be traced. Default: yes.
    pub fn is_traced(&self) -> bool {
        self.promise.as_ref().is_none_or(|promise| promise.tracing)
    }

    /// How often a minute its secrets may be used on `site`; `None`: as often as they like.
    pub fn max_requests_per_1_minute(&self, site: &Site) -> Option<NonZeroU32> {
        let promised = self.promise.as_ref().map(|promise| promise.max_requests_per_1_minute);
        promised.into_iter().chain(site.max_requests_per_1_minute).min()
    }

    /// How long a secret of it lives on `site`.
    pub fn secret_lifetime(&self, site: &Site) -> Duration {
        let promised = self.promise.as_ref().map(Promise::secret_lifetime);
        promised.into_iter().fold(site.lifetimes.secret, Duration::min)
    }

    /// `chatkit_configuration` as it was promised or asked for, within what `site` says today.
    pub fn configuration_on(&self, site: &Site) -> ChatKitConfiguration {
        // What it holds was checked when it was made.
        let promised = serde_json::from_value(Value::Object(self.configuration.clone())).unwrap_or_default();
        site.configuration.resolve(&promised)
    }

    /// The last moment to which it can be renewed.
    pub fn renewable_until(&self) -> Timestamp {
        later(self.created_at, MAX_SESSION_AGE)
    }
}

/// `at` + `by`, or the end of time.
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Where a secret was minted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretKind {
    /// Here.
    Local,
    /// At `OpenAI`, with the id of the session there.
    Hosted {
        /// `cksess_…` as `OpenAI` gave it; opaque.
        upstream_session: String,
    },
}

/// A secret that was just minted, as the store needs it.
#[derive(Clone, Debug)]
pub struct NewSecret {
    /// SHA-256 of the text.
    pub hash: SecretHash,
    /// Where it was minted.
    pub kind: SecretKind,
    /// When it was minted.
    pub issued_at: Timestamp,
    /// When it stops by itself.
    pub expires_at: Timestamp,
}

/// What came of asking for the right to replace a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is yours until its end, or until it is released with this.
    Yours(ClaimToken),
    /// The secret was replaced already, by this.
    Replaced(Replacement),
    /// Somebody else holds it: ask again later.
    Held,
    /// The secret or its session is revoked.
    Revoked,
}

/// Shows whose claim it is: the time at which it ends. The next claim can only begin then, so it ends
/// later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimToken(pub Timestamp);

/// What replaced a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Replacement {
    /// When.
    pub at: Timestamp,
    /// Until when the old secret works and `sealed` is kept.
    pub overlap_until: Timestamp,
    /// The new secret's text, sealed for the old one (see [`crate::seal`]); empty once swept.
    pub sealed: Vec<u8>,
}

impl std::fmt::Debug for Replacement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replacement")
            .field("at", &self.at)
            .field("overlap_until", &self.overlap_until)
            .finish_non_exhaustive()
    }
}

/// A secret as the store knows it.
#[derive(Clone, Debug)]
pub struct SecretRecord {
    /// SHA-256 of the text.
    pub hash: SecretHash,
    /// Which session it opens.
    pub session: SessionId,
    /// Where it was minted.
    pub kind: SecretKind,
    /// When it was minted.
    pub issued_at: Timestamp,
    /// When it stops by itself.
    pub expires_at: Timestamp,
    /// When it was revoked: by hand, with its session, or as the eleventh.
    pub revoked_at: Option<Timestamp>,
    /// What a refresh put in its place.
    pub replaced_by: Option<Replacement>,
}

/// What a secret is good for right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretStanding {
    /// Opens its session.
    Live,
    /// Ran out less than [`REFRESH_GRACE`] ago: can be refreshed, and nothing else.
    Refreshable,
    /// Ran out longer ago.
    Expired,
    /// Revoked, or replaced longer than [`OVERLAP`] ago, or its session was revoked.
    Revoked,
}

impl SecretRecord {
    /// What the secret is good for at `now`.
    pub fn standing(&self, session: &Session, now: Timestamp) -> SecretStanding {
        let replaced = self.replaced_by.as_ref().is_some_and(|by| by.overlap_until <= now);
        if self.revoked_at.is_some() || session.revoked_at.is_some() || replaced {
            SecretStanding::Revoked
        } else if self.expires_at > now {
            SecretStanding::Live
        } else if later(self.expires_at, REFRESH_GRACE) > now {
            SecretStanding::Refreshable
        } else {
            SecretStanding::Expired
        }
    }
}

/// What a reuse, a renewal or a refresh changes of a session. `None` leaves a field alone.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SessionChange {
    /// The new end.
    pub expires_at: Option<Timestamp>,
    /// All state variables anew.
    pub state_variables: Option<Map<String, Value>>,
    /// All metadata anew.
    pub metadata: Option<Map<String, Value>>,
    /// What is kept of the configuration anew.
    pub configuration: Option<Map<String, Value>>,
}

/// One page of a list.
#[derive(Clone, Debug)]
pub struct SessionPage {
    /// Newest first.
    pub sessions: Vec<Session>,
    /// Whether older ones follow.
    pub has_more: bool,
}

/// An upstream session that nobody needs any more and that is to be cancelled there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelJob {
    /// The site whose key opened it.
    pub site: SiteName,
    /// The upstream session.
    pub upstream_session: String,
    /// How often it was taken, this time included.
    pub attempts: u32,
}

/// What an operator or an owner did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditAction {
    /// A service key was made.
    KeyCreated,
    /// A service key that existed elsewhere was imported.
    KeyImported,
    /// A service key was revoked.
    KeyRevoked,
    /// A session was revoked.
    SessionRevoked,
    /// A thread was deleted, with all that was said on it.
    ThreadDeleted,
}

impl AuditAction {
    /// All there are.
    pub const ALL: [Self; 5] =
        [Self::KeyCreated, Self::KeyImported, Self::KeyRevoked, Self::SessionRevoked, Self::ThreadDeleted];

    /// The word in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyCreated => "key_created",
            Self::KeyImported => "key_imported",
            Self::KeyRevoked => "key_revoked",
            Self::SessionRevoked => "session_revoked",
            Self::ThreadDeleted => "thread_deleted",
        }
    }

    /// Reads the word in the log.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }
}

/// One line of the audit log. Holds ids, never a secret, a token or a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// On which site.
    pub site: SiteName,
    /// Who: `operator`, `key:key_…`, or `user:…`.
    pub actor: String,
    /// What.
    pub action: AuditAction,
    /// To what: an id.
    pub target: String,
}
