//! The store in memory: what the ports ask for, in the plainest words. Tests only: nothing outlives
//! the process and every operation waits for one lock.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::id::{ServiceKeyId, SessionId};
use crate::ports::{Credentials, Maintenance, Scope, Store, StoreError};
use crate::secret_text::SecretHash;
use crate::service_keys::ServiceKey;
use crate::sessions::{
    AuditEntry, CancelJob, LIVE_SECRETS, MAX_SESSION_AGE, NewSecret, REFRESH_GRACE, Replacement, SecretKind,
    SecretRecord, Session, SessionChange, SessionPage,
};

/// An empty store in memory.
#[derive(Default)]
pub struct MemoryStore(Mutex<State>);

#[derive(Default)]
struct State {
    sessions: BTreeMap<SessionId, Session>,
    secrets: HashMap<SecretHash, Secret>,
    keys: Vec<(SecretHash, ServiceKey)>,
    audit: Vec<AuditEntry>,
    jobs: Vec<Job>,
}

struct Secret {
    record: SecretRecord,
    claimed_until: Option<Timestamp>,
}

struct Job {
    job: CancelJob,
    due: Timestamp,
}

fn covers(scope: &Scope, session: &Session) -> bool {
    *scope.site() == session.site && scope.user().is_none_or(|user| *user == session.user)
}

/// A visitor's scope reaches neither service keys nor the audit log.
fn covers_whole_site(scope: &Scope) -> bool {
    scope.user().is_none()
}

impl MemoryStore {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no operation panics while it holds the store")
    }
}

impl State {
    fn session_mut(&mut self, scope: &Scope, id: &SessionId) -> Result<&mut Session, StoreError> {
        self.sessions.get_mut(id).filter(|session| covers(scope, session)).ok_or(StoreError::NotFound)
    }

    /// A secret that is in the scope and, with its session, not revoked.
    fn standing_secret(&mut self, scope: &Scope, hash: &SecretHash) -> Result<&mut Secret, StoreError> {
        let secret = self.secrets.get_mut(hash).ok_or(StoreError::NotFound)?;
        let session = self.sessions.get(&secret.record.session).ok_or(StoreError::NotFound)?;
        if !covers(scope, session) {
            return Err(StoreError::NotFound);
        }
        if secret.record.revoked_at.is_some() || session.revoked_at.is_some() {
            return Err(StoreError::Conflict);
        }
        Ok(secret)
    }

    fn insert_secret(&mut self, session: &SessionId, secret: &NewSecret) -> Result<(), StoreError> {
        if self.secrets.contains_key(&secret.hash) {
            return Err(StoreError::Conflict);
        }
        let record = SecretRecord {
            hash: secret.hash,
            session: session.clone(),
            kind: secret.kind.clone(),
            issued_at: secret.issued_at,
            expires_at: secret.expires_at,
            revoked_at: None,
            replaced_by: None,
        };
        self.secrets.insert(secret.hash, Secret { record, claimed_until: None });
        Ok(())
    }

    /// Revokes secrets; upstream sessions that are still alive get a cancel job due at once.
    fn revoke_secrets(&mut self, scope: &Scope, hashes: &[SecretHash], at: Timestamp) {
        for hash in hashes {
            let Some(secret) = self.secrets.get_mut(hash) else { continue };
            secret.record.revoked_at = Some(at);
            if secret.record.expires_at > at {
                let kind = secret.record.kind.clone();
                self.add_job(scope, &kind, at);
            }
        }
    }

    fn add_job(&mut self, scope: &Scope, kind: &SecretKind, due: Timestamp) {
        let SecretKind::Hosted { upstream_session } = kind else { return };
        let known = self
            .jobs
            .iter_mut()
            .find(|known| known.job.site == *scope.site() && known.job.upstream_session == *upstream_session);
        match known {
            Some(known) if known.job.attempts == 0 => known.due = known.due.min(due),
            Some(_) => {}
            None => self.jobs.push(Job {
                job: CancelJob {
                    site: scope.site().clone(),
                    upstream_session: upstream_session.clone(),
                    attempts: 0,
                },
                due,
            }),
        }
    }

    /// Secrets of a session that live at `at`, the last issued first.
    fn live_secrets(&self, session: &SessionId, at: Timestamp) -> Vec<SecretHash> {
        let mut live: Vec<&SecretRecord> = self
            .secrets
            .values()
            .map(|secret| &secret.record)
            .filter(|record| record.session == *session)
            .filter(|record| record.revoked_at.is_none() && record.expires_at > at)
            .filter(|record| record.replaced_by.as_ref().is_none_or(|by| by.overlap_until > at))
            .collect();
        live.sort_by_key(|record| std::cmp::Reverse(record.issued_at));
        live.into_iter().map(|record| record.hash).collect()
    }
}

fn apply(change: &SessionChange, session: &mut Session) {
    let SessionChange { expires_at, state_variables, metadata, configuration } = change.clone();
    session.expires_at = expires_at.unwrap_or(session.expires_at);
    if let Some(state_variables) = state_variables {
        session.state_variables = state_variables;
    }
    if let Some(metadata) = metadata {
        session.metadata = metadata;
    }
    if let Some(configuration) = configuration {
        session.configuration = configuration;
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create_session(
        &self,
        scope: &Scope,
        session: &Session,
        secret: &NewSecret,
    ) -> Result<(), StoreError> {
        if !covers(scope, session) {
            return Err(StoreError::NotFound);
        }
        let mut state = self.state();
        if state.sessions.contains_key(&session.id) {
            return Err(StoreError::Conflict);
        }
        state.insert_secret(&session.id, secret)?;
        state.sessions.insert(session.id.clone(), session.clone());
        Ok(())
    }

    async fn reusable_session(
        &self,
        scope: &Scope,
        workflow: &str,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        if scope.user().is_none() {
            return Ok(None);
        }
        let state = self.state();
        let newest = state.sessions.values().rev().find(|session| {
            covers(scope, session)
                && session.workflow == workflow
                && session.revoked_at.is_none()
                && session.expires_at > now
        });
        Ok(newest.cloned())
    }

    async fn add_secret(
        &self,
        scope: &Scope,
        session: &SessionId,
        change: &SessionChange,
        secret: &NewSecret,
    ) -> Result<Session, StoreError> {
        let mut state = self.state();
        if state.session_mut(scope, session)?.revoked_at.is_some() {
            return Err(StoreError::Conflict);
        }
        let live = state.live_secrets(session, secret.issued_at);
        state.insert_secret(session, secret)?;
        let kept = (LIVE_SECRETS - 1).min(live.len());
        state.revoke_secrets(scope, &live[kept..], secret.issued_at);
        let session = state.session_mut(scope, session)?;
        apply(change, session);
        Ok(session.clone())
    }

    async fn claim_replacement(
        &self,
        scope: &Scope,
        old: &SecretHash,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Replacement>, StoreError> {
        let mut state = self.state();
        let secret = state.standing_secret(scope, old)?;
        if let Some(replacement) = &secret.record.replaced_by {
            return Ok(Some(replacement.clone()));
        }
        if secret.claimed_until.is_some_and(|claimed| claimed > now) {
            return Err(StoreError::Conflict);
        }
        secret.claimed_until = Some(until);
        Ok(None)
    }

    async fn release_claim(&self, scope: &Scope, old: &SecretHash) -> Result<(), StoreError> {
        match self.state().standing_secret(scope, old) {
            Ok(secret) => secret.claimed_until = None,
            // What is gone or revoked has no right to give back.
            Err(_) => {}
        }
        Ok(())
    }

    async fn replace_secret(
        &self,
        scope: &Scope,
        old: &SecretHash,
        replacement: &Replacement,
        change: &SessionChange,
        secret: &NewSecret,
    ) -> Result<Option<Replacement>, StoreError> {
        let mut state = self.state();
        let replaced = &state.standing_secret(scope, old)?.record;
        if let Some(faster) = &replaced.replaced_by {
            return Ok(Some(faster.clone()));
        }
        let (session, kind) = (replaced.session.clone(), replaced.kind.clone());
        state.insert_secret(&session, secret)?;
        state.standing_secret(scope, old)?.record.replaced_by = Some(replacement.clone());
        state.add_job(scope, &kind, replacement.overlap_until);
        apply(change, state.session_mut(scope, &session)?);
        Ok(None)
    }

    async fn session(&self, scope: &Scope, id: &SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.state().session_mut(scope, id).ok().cloned())
    }

    async fn sessions(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: u32,
    ) -> Result<SessionPage, StoreError> {
        let limit = limit as usize;
        let state = self.state();
        let mut sessions: Vec<Session> = state
            .sessions
            .values()
            .rev()
            .filter(|session| covers(scope, session) && after.is_none_or(|after| session.id < *after))
            .take(limit.saturating_add(1))
            .cloned()
            .collect();
        let has_more = sessions.len() > limit;
        sessions.truncate(limit);
        Ok(SessionPage { sessions, has_more })
    }

    async fn revoke_session(
        &self,
        scope: &Scope,
        id: &SessionId,
        at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let session = state.session_mut(scope, id)?;
        if session.revoked_at.is_some() {
            return Ok(());
        }
        session.revoked_at = Some(at);
        let hashes: Vec<SecretHash> = state
            .secrets
            .values()
            .filter(|secret| secret.record.session == *id && secret.record.revoked_at.is_none())
            .map(|secret| secret.record.hash)
            .collect();
        state.revoke_secrets(scope, &hashes, at);
        state.audit.push(audit.clone());
        Ok(())
    }

    async fn create_service_key(
        &self,
        scope: &Scope,
        key: &ServiceKey,
        hash: &SecretHash,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        if !covers_whole_site(scope) || key.site != *scope.site() {
            return Err(StoreError::NotFound);
        }
        let mut state = self.state();
        if state.keys.iter().any(|(known, other)| known == hash || other.id == key.id) {
            return Err(StoreError::Conflict);
        }
        state.keys.push((*hash, key.clone()));
        state.audit.push(audit.clone());
        Ok(())
    }

    async fn service_keys(&self, scope: &Scope) -> Result<Vec<ServiceKey>, StoreError> {
        if !covers_whole_site(scope) {
            return Ok(Vec::new());
        }
        let state = self.state();
        let of_site = state.keys.iter().map(|(_, key)| key).filter(|key| key.site == *scope.site());
        let mut keys: Vec<ServiceKey> = of_site.cloned().collect();
        keys.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(keys)
    }

    async fn revoke_service_key(
        &self,
        scope: &Scope,
        id: &ServiceKeyId,
        at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        let mut state = self.state();
        let key = state
            .keys
            .iter_mut()
            .map(|(_, key)| key)
            .find(|key| covers_whole_site(scope) && key.site == *scope.site() && key.id == *id)
            .ok_or(StoreError::NotFound)?;
        if key.revoked_at.is_none() {
            key.revoked_at = Some(at);
            state.audit.push(audit.clone());
        }
        Ok(())
    }

    async fn audit_log(&self, scope: &Scope, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        if !covers_whole_site(scope) {
            return Ok(Vec::new());
        }
        let state = self.state();
        let newest_first = state.audit.iter().rev().filter(|entry| entry.site == *scope.site());
        let mut entries: Vec<AuditEntry> = newest_first.cloned().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        entries.truncate(limit as usize);
        Ok(entries)
    }
}

#[async_trait]
impl Credentials for MemoryStore {
    async fn client_secret(&self, hash: &SecretHash) -> Result<Option<(SecretRecord, Session)>, StoreError> {
        let state = self.state();
        Ok(state.secrets.get(hash).and_then(|secret| {
            let session = state.sessions.get(&secret.record.session)?;
            Some((secret.record.clone(), session.clone()))
        }))
    }

    async fn service_key(&self, hash: &SecretHash) -> Result<Option<ServiceKey>, StoreError> {
        let state = self.state();
        let found = state.keys.iter().find(|(known, key)| known == hash && key.revoked_at.is_none());
        Ok(found.map(|(_, key)| key.clone()))
    }
}

#[async_trait]
impl Maintenance for MemoryStore {
    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn take_cancel_jobs(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<CancelJob>, StoreError> {
        let mut state = self.state();
        state.jobs.sort_by_key(|job| job.due);
        let due = state.jobs.iter_mut().filter(|job| job.due <= now).take(limit as usize);
        Ok(due
            .map(|job| {
                job.due = until;
                job.job.attempts += 1;
                job.job.clone()
            })
            .collect())
    }

    async fn finish_cancel_job(&self, done: &CancelJob) -> Result<(), StoreError> {
        self.state()
            .jobs
            .retain(|Job { job, .. }| job.site != done.site || job.upstream_session != done.upstream_session);
        Ok(())
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut guard = self.state();
        let state = &mut *guard;
        for secret in state.secrets.values_mut() {
            if let Some(by) = &mut secret.record.replaced_by {
                if by.overlap_until <= now {
                    by.sealed.clear();
                }
            }
        }
        let before = |age| now.checked_sub(age).unwrap_or(Timestamp::MIN);
        let (secrets_end, sessions_end) = (before(REFRESH_GRACE), before(MAX_SESSION_AGE));
        state.sessions.retain(|_, session| {
            session.expires_at >= sessions_end && session.revoked_at.is_none_or(|at| at >= sessions_end)
        });
        state.secrets.retain(|_, Secret { record, .. }| {
            record.expires_at > secrets_end && state.sessions.contains_key(&record.session)
        });
        Ok(())
    }
}
