//! A store that keeps nothing: brokering without a database (design 4.4).
//!
//! Writing succeeds, nothing is ever found. So a session is brokered, a refresh finds no old secret
//! and becomes a new session for the same user (who lives in the signed cookie), and a revocation has
//! nothing to revoke.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::record::{
    AuditAction, AuditEntry, CancelJob, Claim, ClaimToken, NewSecret, Replacement, SecretRecord, Session,
    SessionChange, SessionPage,
};
use crate::id::{ServiceKeyId, SessionId, UserId};
use crate::ports::{Credentials, Maintenance, Scope, Store, StoreError};
use crate::secret_text::SecretHash;
use crate::service_keys::ServiceKey;

/// Keeps nothing.
pub struct NoStore;

#[async_trait]
impl Store for NoStore {
    fn remembers(&self) -> bool {
        false
    }

    async fn create_session(&self, _: &Scope, _: &Session, _: &NewSecret) -> Result<(), StoreError> {
        Ok(())
    }

    async fn find_or_create_session(
        &self,
        _: &Scope,
        _: &Session,
        _: &NewSecret,
    ) -> Result<Option<Session>, StoreError> {
        Ok(None)
    }

    async fn reusable_session(
        &self,
        _: &Scope,
        _: &str,
        _: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        Ok(None)
    }

    async fn add_secret(
        &self,
        _: &Scope,
        _: &SessionId,
        _: &SessionChange,
        _: &NewSecret,
    ) -> Result<Session, StoreError> {
        Err(StoreError::NotFound)
    }

    async fn claim_replacement(
        &self,
        _: &Scope,
        _: &SecretHash,
        _: Timestamp,
        _: Timestamp,
    ) -> Result<Claim, StoreError> {
        Err(StoreError::NotFound)
    }

    async fn release_claim(&self, _: &Scope, _: &SecretHash, _: ClaimToken) -> Result<(), StoreError> {
        Err(StoreError::NotFound)
    }

    async fn replace_secret(
        &self,
        _: &Scope,
        _: &SecretHash,
        _: &Replacement,
        _: &SessionChange,
        _: &NewSecret,
    ) -> Result<Option<Replacement>, StoreError> {
        Err(StoreError::NotFound)
    }

    async fn cancel_upstream_session(&self, _: &Scope, _: &str, _: Timestamp) -> Result<(), StoreError> {
        Err(StoreError::NotFound)
    }

    async fn session(&self, _: &Scope, _: &SessionId) -> Result<Option<Session>, StoreError> {
        Ok(None)
    }

    async fn sessions(&self, _: &Scope, _: Option<&SessionId>, _: u32) -> Result<SessionPage, StoreError> {
        Ok(SessionPage { sessions: Vec::new(), has_more: false })
    }

    async fn revoke_session(
        &self,
        _: &Scope,
        _: &SessionId,
        _: Timestamp,
        _: &AuditEntry,
    ) -> Result<(), StoreError> {
        Err(StoreError::NotFound)
    }

    async fn hand_over_session(&self, _: &Scope, _: &SessionId, _: &UserId) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn create_service_key(
        &self,
        _: &Scope,
        _: &ServiceKey,
        _: &SecretHash,
        _: &AuditEntry,
    ) -> Result<(), StoreError> {
        Err(StoreError::NotFound)
    }

    async fn service_keys(&self, _: &Scope) -> Result<Vec<ServiceKey>, StoreError> {
        Ok(Vec::new())
    }

    async fn revoke_service_key(
        &self,
        _: &Scope,
        _: &ServiceKeyId,
        _: Timestamp,
        _: &AuditEntry,
    ) -> Result<(), StoreError> {
        Err(StoreError::NotFound)
    }

    async fn audit_log(
        &self,
        _: &Scope,
        _: Option<AuditAction>,
        _: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl Credentials for NoStore {
    async fn client_secret(&self, _: &SecretHash) -> Result<Option<(SecretRecord, Session)>, StoreError> {
        Ok(None)
    }

    async fn service_key(&self, _: &SecretHash) -> Result<Option<ServiceKey>, StoreError> {
        Ok(None)
    }
}

#[async_trait]
impl Maintenance for NoStore {
    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }

    async fn take_cancel_jobs(
        &self,
        _: Timestamp,
        _: Duration,
        _: u32,
    ) -> Result<Vec<CancelJob>, StoreError> {
        Ok(Vec::new())
    }

    async fn finish_cancel_job(&self, _: &CancelJob) -> Result<(), StoreError> {
        Ok(())
    }

    async fn sweep(&self, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }
}
