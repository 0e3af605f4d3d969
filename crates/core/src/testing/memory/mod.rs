//! The store in memory: what the ports ask for, in the plainest words. For tests and measurements:
//! nothing outlives the process and every operation waits for a lock.

mod attachments;
mod conversation;
mod conversations;
mod maintenance;
mod store;
mod threads;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::id::SessionId;
use crate::ports::{Clock, Credentials, Scope, StoreError};
use crate::secret_text::SecretHash;
use crate::service_keys::ServiceKey;
use crate::sessions::{AuditEntry, CancelJob, NewSecret, SecretKind, SecretRecord, Session, SessionChange};
use crate::testing::ManualClock;
use conversations::Conversations;

/// A store in memory.
pub struct MemoryStore {
    state: Mutex<State>,
    conversations: Mutex<Conversations>,
    /// What leases go by, as by a database's clock.
    clock: Arc<dyn Clock>,
    /// How many more writes of runs are made without an answer.
    lost_replies: AtomicU32,
}

/// An empty store whose clock stands still: a lease runs out at once if it is of no length, else never.
impl Default for MemoryStore {
    fn default() -> Self {
        Self::with_clock(Arc::new(ManualClock::at_second(0)))
    }
}

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

/// A visitor's scope reaches neither service keys nor the audit log.
fn covers_whole_site(scope: &Scope) -> bool {
    scope.user().is_none()
}

impl MemoryStore {
    /// An empty store whose leases go by this clock.
    pub fn with_clock(clock: Arc<dyn Clock>) -> Self {
        Self {
            state: Mutex::default(),
            conversations: Mutex::default(),
            clock,
            lost_replies: AtomicU32::default(),
        }
    }

    /// Makes the next `count` writes of runs and says of each that the store was away, as a connection does that breaks
    /// between the commit and its reply.
    pub fn lose_replies(&self, count: u32) {
        self.lost_replies.store(count, Ordering::Relaxed);
    }

    fn reply(&self) -> Result<(), StoreError> {
        let left =
            self.lost_replies.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        left.map_or(Ok(()), |_| Err(StoreError::Unavailable("the reply was lost".into())))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no operation panics while it holds the store")
    }

    fn conversations(&self) -> MutexGuard<'_, Conversations> {
        self.conversations.lock().expect("no operation panics while it holds the threads")
    }
}

impl State {
    fn session_mut(&mut self, scope: &Scope, id: &SessionId) -> Result<&mut Session, StoreError> {
        let session = self.sessions.get_mut(id).filter(|session| scope.holds(&session.site, &session.user));
        session.ok_or(StoreError::NotFound)
    }

    fn insert_session(&mut self, session: &Session, secret: &NewSecret) -> Result<(), StoreError> {
        if self.sessions.contains_key(&session.id) {
            return Err(StoreError::Conflict);
        }
        self.insert_secret(&session.id, secret)?;
        self.sessions.insert(session.id.clone(), session.clone());
        Ok(())
    }

    fn reusable_session(&self, scope: &Scope, workflow: &str, now: Timestamp) -> Option<&Session> {
        self.sessions.values().rev().find(|session| {
            scope.holds(&session.site, &session.user)
                && session.workflow == workflow
                && session.promise.is_none()
                && session.revoked_at.is_none()
                && session.expires_at > now
        })
    }

    /// A secret that is in the scope and, with its session, not revoked.
    fn standing_secret(&mut self, scope: &Scope, hash: &SecretHash) -> Result<&mut Secret, StoreError> {
        let secret = self.secrets.get_mut(hash).ok_or(StoreError::NotFound)?;
        let session = self.sessions.get(&secret.record.session).ok_or(StoreError::NotFound)?;
        if !scope.holds(&session.site, &session.user) {
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
