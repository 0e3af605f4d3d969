//! Data for the cases: two sites, two users, and sessions at given times.

use std::time::Duration;

use jiff::Timestamp;

use crate::id::{ServiceKeyId, SessionId, SiteName, UserId};
use crate::ports::Scope;
use crate::secret_text::{SecretHash, SecretText};
use crate::service_keys::ServiceKey;
use crate::sessions::{
    AuditAction, AuditEntry, NewSecret, OVERLAP, Replacement, SecretKind, Session, SessionChange,
};
use crate::testing::SeededRng;

/// The workflow of sessions that a case does not care about.
pub const WORKFLOW: &str = "wf_1";

/// The lease of cancel jobs that a case does not care about.
pub const LEASE: Duration = Duration::from_secs(10);

/// `second` seconds after the time at which the cases begin. The odd milliseconds show what is cut off.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_millisecond(1_767_225_600_123 + second * 1_000).expect("a time in this century")
}

/// A site's name.
pub fn site(name: &str) -> SiteName {
    SiteName::parse(name).expect("a site's name")
}

/// One user on the site `shop`.
pub fn user(name: &str) -> Scope {
    Scope::User(site("shop"), UserId::recorded(name))
}

/// Everybody on the site `shop`.
pub fn shop() -> Scope {
    Scope::Site(site("shop"))
}

/// Scopes that hold nothing of `ann` on `shop`.
pub fn strangers() -> [Scope; 3] {
    [user("bob"), Scope::User(site("blog"), UserId::recorded("ann")), Scope::Site(site("blog"))]
}

/// Makes records whose ids and hashes never repeat within one case.
pub struct Fixture(SeededRng);

impl Default for Fixture {
    fn default() -> Self {
        Self(SeededRng::new(7))
    }
}

impl Fixture {
    pub(super) fn rng(&self) -> &SeededRng {
        &self.0
    }

    /// A session of `ann` on `shop`, made at `at(second)`, that lasts a day.
    pub fn session(&self, second: i64) -> Session {
        self.session_of(&user("ann"), second)
    }

    /// A session of the scope's user.
    pub fn session_of(&self, scope: &Scope, second: i64) -> Session {
        Session {
            id: SessionId::mint(at(second), &self.0),
            site: scope.site().clone(),
            user: scope.user().cloned().unwrap_or_else(|| UserId::recorded("ann")),
            workflow: WORKFLOW.to_owned(),
            state_variables: json(r#"{"locale":"en"}"#),
            metadata: json("{}"),
            configuration: json("{}"),
            promise: None,
            created_at: at(second),
            expires_at: at(second + 24 * 3600),
            revoked_at: None,
        }
    }

    /// A secret's hash.
    pub fn hash(&self) -> SecretHash {
        SecretText::new(ServiceKeyId::mint(at(0), &self.0).as_str()).hash()
    }

    /// A local secret, issued at `at(second)`, that lasts an hour.
    pub fn secret(&self, second: i64) -> NewSecret {
        NewSecret {
            hash: self.hash(),
            kind: SecretKind::Local,
            issued_at: at(second),
            expires_at: at(second + 3600),
        }
    }

    /// A secret minted upstream, issued at `at(second)`, that lasts ten minutes.
    pub fn hosted(&self, second: i64, upstream_session: &str) -> NewSecret {
        NewSecret {
            kind: SecretKind::Hosted { upstream_session: upstream_session.to_owned() },
            expires_at: at(second + 600),
            ..self.secret(second)
        }
    }

    /// A key of `shop`, made at `at(second)`.
    pub fn key(&self, second: i64, name: &str) -> ServiceKey {
        ServiceKey {
            id: ServiceKeyId::mint(at(second), &self.0),
            site: site("shop"),
            name: name.to_owned(),
            hint: "9f3a".to_owned(),
            created_at: at(second),
            revoked_at: None,
        }
    }
}

/// A replacement at `at(second)` whose sealed text is `sealed`.
pub fn replacement(second: i64, sealed: &str) -> Replacement {
    let overlap = i64::try_from(Duration::as_secs(&OVERLAP)).expect("a short overlap");
    Replacement { at: at(second), overlap_until: at(second + overlap), sealed: sealed.as_bytes().to_vec() }
}

/// A change of nothing.
pub fn no_change() -> SessionChange {
    SessionChange::default()
}

/// An entry about `target` on `shop`.
pub fn audit(second: i64, action: AuditAction, target: &str) -> AuditEntry {
    AuditEntry {
        at: at(second),
        site: site("shop"),
        actor: "operator".to_owned(),
        action,
        target: target.to_owned(),
    }
}

/// An object from its text.
pub fn json(text: &str) -> serde_json::Map<String, serde_json::Value> {
    serde_json::from_str(text).expect("a JSON object")
}
