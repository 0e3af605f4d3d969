//! Rows of both databases and how they become the domain's records.

use std::time::Duration;

use chatkitd_core::id::{ServiceKeyId, SessionId, SiteName, UserId};
use chatkitd_core::limits::{Decision, Quota};
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::secret_text::SecretHash;
use chatkitd_core::service_keys::ServiceKey;
use chatkitd_core::sessions::{
    AuditAction, AuditEntry, CancelJob, Promise, Replacement, SecretKind, SecretRecord, Session, SessionPage,
};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::error::Damaged;

/// The scope's site, unless the scope is a visitor's: those reach neither keys nor the audit log.
pub(crate) fn whole_site(scope: &Scope) -> Option<&str> {
    scope.user().is_none().then(|| scope.site().as_str())
}

/// The scope's user as a query's parameter; `None` stands for everybody.
pub(crate) fn user(scope: &Scope) -> Option<&str> {
    scope.user().map(UserId::as_str)
}

pub(crate) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

pub(crate) fn whole_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

pub(crate) fn timestamp(column: &'static str, millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|error| Damaged::because(column, error))
}

pub(crate) fn optional_timestamp(
    column: &'static str,
    millis: Option<i64>,
) -> Result<Option<Timestamp>, StoreError> {
    millis.map(|millis| timestamp(column, millis)).transpose()
}

pub(crate) fn json_text(map: &Map<String, Value>) -> Result<String, StoreError> {
    serde_json::to_string(map).map_err(|error| StoreError::Other(Box::new(error)))
}

pub(crate) fn optional_json_text(map: Option<&Map<String, Value>>) -> Result<Option<String>, StoreError> {
    map.map(json_text).transpose()
}

fn json(column: &'static str, text: &str) -> Result<Map<String, Value>, StoreError> {
    serde_json::from_str(text).map_err(|error| Damaged::json(column, &error))
}

fn promise(text: &str) -> Result<Promise, StoreError> {
    serde_json::from_str(text).map_err(|error| Damaged::json("sessions.promise", &error))
}

fn promise_text(promise: &Promise) -> Result<String, StoreError> {
    serde_json::to_string(promise).map_err(|error| StoreError::Other(Box::new(error)))
}

fn site(name: &str) -> Result<SiteName, StoreError> {
    SiteName::parse(name).map_err(|error| Damaged::because("site", error))
}

/// How a secret's kind is kept: the upstream session, or NULL for a local one.
pub(crate) fn upstream_session(kind: &SecretKind) -> Option<&str> {
    match kind {
        SecretKind::Local => None,
        SecretKind::Hosted { upstream_session } => Some(upstream_session),
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct SessionRow {
    pub id: String,
    pub site: String,
    pub user_id: String,
    pub workflow: String,
    pub state_variables: String,
    pub metadata: String,
    pub configuration: String,
    pub promise: Option<String>,
    pub created_at: i64,
    pub expires_at: i64,
    pub revoked_at: Option<i64>,
}

impl TryFrom<SessionRow> for Session {
    type Error = StoreError;

    fn try_from(row: SessionRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: SessionId::parse(&row.id).ok_or_else(|| Damaged::bare("sessions.id"))?,
            site: site(&row.site)?,
            user: UserId::recorded(row.user_id),
            workflow: row.workflow,
            state_variables: json("sessions.state_variables", &row.state_variables)?,
            metadata: json("sessions.metadata", &row.metadata)?,
            configuration: json("sessions.configuration", &row.configuration)?,
            promise: row.promise.as_deref().map(promise).transpose()?,
            created_at: timestamp("sessions.created_at", row.created_at)?,
            expires_at: timestamp("sessions.expires_at", row.expires_at)?,
            revoked_at: optional_timestamp("sessions.revoked_at", row.revoked_at)?,
        })
    }
}

impl TryFrom<&Session> for SessionRow {
    type Error = StoreError;

    fn try_from(session: &Session) -> Result<Self, StoreError> {
        Ok(Self {
            id: session.id.as_str().to_owned(),
            site: session.site.as_str().to_owned(),
            user_id: session.user.as_str().to_owned(),
            workflow: session.workflow.clone(),
            state_variables: json_text(&session.state_variables)?,
            metadata: json_text(&session.metadata)?,
            configuration: json_text(&session.configuration)?,
            promise: session.promise.as_ref().map(promise_text).transpose()?,
            created_at: millis(session.created_at),
            expires_at: millis(session.expires_at),
            revoked_at: session.revoked_at.map(millis),
        })
    }
}

/// A page from rows of which one more was asked for than the page holds.
pub(crate) fn page(mut rows: Vec<SessionRow>, limit: u32) -> Result<SessionPage, StoreError> {
    let limit = limit as usize;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let sessions = rows.into_iter().map(Session::try_from).collect::<Result<_, _>>()?;
    Ok(SessionPage { sessions, has_more })
}

/// A secret with its session.
#[derive(sqlx::FromRow)]
pub(crate) struct SecretRow {
    pub hash: Vec<u8>,
    pub upstream_session: Option<String>,
    pub issued_at: i64,
    pub secret_expires_at: i64,
    pub secret_revoked_at: Option<i64>,
    #[sqlx(flatten)]
    pub replacement: ReplacementRow,
    #[sqlx(flatten)]
    pub session: SessionRow,
}

impl TryFrom<SecretRow> for (SecretRecord, Session) {
    type Error = StoreError;

    fn try_from(row: SecretRow) -> Result<Self, StoreError> {
        let session = Session::try_from(row.session)?;
        let hash = row.hash.try_into().map_err(|_| Damaged::bare("secrets.hash"))?;
        let record = SecretRecord {
            hash: SecretHash::from_bytes(hash),
            session: session.id.clone(),
            kind: match row.upstream_session {
                Some(upstream_session) => SecretKind::Hosted { upstream_session },
                None => SecretKind::Local,
            },
            issued_at: timestamp("secrets.issued_at", row.issued_at)?,
            expires_at: timestamp("secrets.expires_at", row.secret_expires_at)?,
            revoked_at: optional_timestamp("secrets.revoked_at", row.secret_revoked_at)?,
            replaced_by: row.replacement.into_replacement()?,
        };
        Ok((record, session))
    }
}

#[derive(Clone, sqlx::FromRow)]
pub(crate) struct ReplacementRow {
    pub replaced_at: Option<i64>,
    pub overlap_until: Option<i64>,
    pub sealed: Option<Vec<u8>>,
}

impl ReplacementRow {
    pub(crate) fn into_replacement(self) -> Result<Option<Replacement>, StoreError> {
        let (Some(at), Some(overlap_until)) = (self.replaced_at, self.overlap_until) else {
            return Ok(None);
        };
        Ok(Some(Replacement {
            at: timestamp("secrets.replaced_at", at)?,
            overlap_until: timestamp("secrets.overlap_until", overlap_until)?,
            sealed: self.sealed.unwrap_or_default(),
        }))
    }
}

/// What decides whether a secret can be replaced.
#[derive(sqlx::FromRow)]
pub(crate) struct StandingRow {
    pub session_id: String,
    pub upstream_session: Option<String>,
    pub revoked: bool,
    #[sqlx(flatten)]
    pub replacement: ReplacementRow,
}

/// Whether a secret can be replaced.
pub(crate) enum Standing {
    Open,
    Replaced(Replacement),
    /// It, or its session.
    Revoked,
}

impl StandingRow {
    pub(crate) fn standing(&self) -> Result<Standing, StoreError> {
        if self.revoked {
            return Ok(Standing::Revoked);
        }
        let replacement = self.replacement.clone().into_replacement()?;
        Ok(replacement.map_or(Standing::Open, Standing::Replaced))
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct KeyRow {
    pub id: String,
    pub site: String,
    pub name: String,
    pub hint: String,
    pub created_at: i64,
    pub revoked_at: Option<i64>,
}

impl TryFrom<KeyRow> for ServiceKey {
    type Error = StoreError;

    fn try_from(row: KeyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ServiceKeyId::parse(&row.id).ok_or_else(|| Damaged::bare("service_keys.id"))?,
            site: site(&row.site)?,
            name: row.name,
            hint: row.hint,
            created_at: timestamp("service_keys.created_at", row.created_at)?,
            revoked_at: optional_timestamp("service_keys.revoked_at", row.revoked_at)?,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct AuditRow {
    pub at: i64,
    pub site: String,
    pub actor: String,
    pub action: String,
    pub target: String,
}

impl TryFrom<AuditRow> for AuditEntry {
    type Error = StoreError;

    fn try_from(row: AuditRow) -> Result<Self, StoreError> {
        Ok(Self {
            at: timestamp("audit_log.at", row.at)?,
            site: site(&row.site)?,
            actor: row.actor,
            action: AuditAction::parse(&row.action).ok_or_else(|| Damaged::bare("audit_log.action"))?,
            target: row.target,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct JobRow {
    pub site: String,
    pub upstream_session: String,
    pub attempts: i64,
}

impl TryFrom<JobRow> for CancelJob {
    type Error = StoreError;

    fn try_from(row: JobRow) -> Result<Self, StoreError> {
        Ok(Self {
            site: site(&row.site)?,
            upstream_session: row.upstream_session,
            attempts: u32::try_from(row.attempts).unwrap_or(u32::MAX),
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct WindowRow {
    pub count: i64,
    pub resets_at: i64,
}

impl WindowRow {
    pub(crate) fn decision(&self, quota: Quota) -> Result<Decision, StoreError> {
        let resets_at = timestamp("limiter_windows.resets_at", self.resets_at)?;
        let count = u64::try_from(self.count).map_err(|_| Damaged::bare("limiter_windows.count"))?;
        Ok(Decision::of_count(quota, count, resets_at))
    }
}

/// When a window that opens at `now` closes.
pub(crate) fn window_end(now: Timestamp, quota: Quota) -> i64 {
    millis(now.checked_add(quota.window).unwrap_or(Timestamp::MAX))
}

/// `age` before `now`, for a sweep.
pub(crate) fn before(now: Timestamp, age: Duration) -> i64 {
    millis(now.checked_sub(age).unwrap_or(Timestamp::MIN))
}

/// How many rows one statement of a sweep deletes, so that none holds the database long.
pub(crate) const SWEEP_BATCH: u32 = 1_000;

/// Rows of a query as domain records.
pub(crate) fn records<R, T>(rows: Vec<R>) -> Result<Vec<T>, StoreError>
where
    T: TryFrom<R, Error = StoreError>,
{
    rows.into_iter().map(T::try_from).collect()
}

/// At most one row as a domain record.
pub(crate) fn record<R, T>(row: Option<R>) -> Result<Option<T>, StoreError>
where
    T: TryFrom<R, Error = StoreError>,
{
    row.map(T::try_from).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_promise_is_not_quoted() {
        let refused = promise(r#"{"max_requests_per_1_minute": "words"}"#).unwrap_err();
        assert!(!format!("{refused:?}").contains("words"), "{refused:?}");
    }
}
