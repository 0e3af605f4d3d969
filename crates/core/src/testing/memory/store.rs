use async_trait::async_trait;
use jiff::Timestamp;

use super::{MemoryStore, apply, covers_whole_site};
use crate::id::{ServiceKeyId, SessionId, UserId};
use crate::ports::{Scope, Store, StoreError};
use crate::secret_text::SecretHash;
use crate::service_keys::ServiceKey;
use crate::sessions::{
    AuditAction, AuditEntry, Claim, ClaimToken, LIVE_SECRETS, NewSecret, Replacement, SecretKind, Session,
    SessionChange, SessionPage,
};

/// What has to go so that there is room for one more.
fn beyond_the_cap(live: &[SecretHash]) -> &[SecretHash] {
    live.get(LIVE_SECRETS as usize - 1..).unwrap_or_default()
}

#[async_trait]
impl Store for MemoryStore {
    async fn create_session(
        &self,
        scope: &Scope,
        session: &Session,
        secret: &NewSecret,
    ) -> Result<(), StoreError> {
        if !scope.holds(&session.site, &session.user) {
            return Err(StoreError::NotFound);
        }
        self.state().insert_session(session, secret)
    }

    async fn find_or_create_session(
        &self,
        scope: &Scope,
        session: &Session,
        secret: &NewSecret,
    ) -> Result<Option<Session>, StoreError> {
        if !scope.holds(&session.site, &session.user) {
            return Err(StoreError::NotFound);
        }
        let owner = Scope::User(session.site.clone(), session.user.clone());
        let mut state = self.state();
        let standing = state.reusable_session(&owner, &session.workflow, session.created_at).cloned();
        if standing.is_none() {
            state.insert_session(session, secret)?;
        }
        Ok(standing)
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
        Ok(self.state().reusable_session(scope, workflow, now).cloned())
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
        state.revoke_secrets(scope, beyond_the_cap(&live), secret.issued_at);
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
    ) -> Result<Claim, StoreError> {
        let mut state = self.state();
        let secret = match state.standing_secret(scope, old) {
            Err(StoreError::Conflict) => return Ok(Claim::Revoked),
            found => found?,
        };
        if let Some(replacement) = &secret.record.replaced_by {
            return Ok(Claim::Replaced(replacement.clone()));
        }
        if secret.claimed_until.is_some_and(|claimed| claimed > now) {
            return Ok(Claim::Held);
        }
        secret.claimed_until = Some(until);
        Ok(Claim::Yours(ClaimToken(until)))
    }

    async fn release_claim(
        &self,
        scope: &Scope,
        old: &SecretHash,
        token: ClaimToken,
    ) -> Result<(), StoreError> {
        // What is gone or revoked has no right to give back.
        if let Ok(secret) = self.state().standing_secret(scope, old) {
            secret.claimed_until = secret.claimed_until.filter(|until| *until != token.0);
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
        let mut live = state.live_secrets(&session, secret.issued_at);
        live.sort_by_key(|hash| hash != old);
        state.insert_secret(&session, secret)?;
        state.revoke_secrets(scope, beyond_the_cap(&live), secret.issued_at);
        state.standing_secret(scope, old)?.record.replaced_by = Some(replacement.clone());
        state.add_job(scope, &kind, replacement.overlap_until);
        apply(change, state.session_mut(scope, &session)?);
        Ok(None)
    }

    async fn cancel_upstream_session(
        &self,
        scope: &Scope,
        upstream_session: &str,
        due: Timestamp,
    ) -> Result<(), StoreError> {
        let kind = SecretKind::Hosted { upstream_session: upstream_session.to_owned() };
        self.state().add_job(scope, &kind, due);
        Ok(())
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
            .filter(|session| scope.holds(&session.site, &session.user))
            .filter(|session| after.is_none_or(|after| session.id < *after))
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

    async fn hand_over_session(
        &self,
        scope: &Scope,
        id: &SessionId,
        user: &UserId,
    ) -> Result<bool, StoreError> {
        if scope.user().is_none_or(|owner| self.conversations().has_thread_of(scope.site(), owner)) {
            return Ok(false);
        }
        let mut state = self.state();
        let Ok(session) = state.session_mut(scope, id) else { return Ok(false) };
        if session.revoked_at.is_none() {
            session.user = user.clone();
        }
        Ok(session.revoked_at.is_none())
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

    async fn audit_log(
        &self,
        scope: &Scope,
        action: Option<AuditAction>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        if !covers_whole_site(scope) {
            return Ok(Vec::new());
        }
        let state = self.state();
        let is_meant = |entry: &&AuditEntry| {
            entry.site == *scope.site() && action.is_none_or(|action| entry.action == action)
        };
        let newest_first = state.audit.iter().rev().filter(is_meant);
        let mut entries: Vec<AuditEntry> = newest_first.cloned().collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        entries.truncate(limit as usize);
        Ok(entries)
    }
}
