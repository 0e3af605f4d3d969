//! Ending a session on purpose.

use super::FullStore;
use super::fixture::{Fixture, LEASE, at, audit, no_change, replacement, shop, strangers, user};
use crate::ports::StoreError;
use crate::sessions::{AuditAction, AuditEntry, NewSecret, SecretStanding, Session, SessionStatus};

async fn session_with(store: &dyn FullStore, make: &Fixture, secrets: &[NewSecret]) -> Session {
    let session = make.session(0);
    store.create_session(&user("ann"), &session, &secrets[0]).await.unwrap();
    for secret in &secrets[1..] {
        store.add_secret(&user("ann"), &session.id, &no_change(), secret).await.unwrap();
    }
    session
}

fn entry(second: i64, session: &Session) -> AuditEntry {
    audit(second, AuditAction::SessionRevoked, session.id.as_str())
}

async fn due(store: &dyn FullStore, second: i64) -> Vec<String> {
    let jobs = store.take_cancel_jobs(at(second), LEASE, 100).await.unwrap();
    let mut upstream: Vec<String> = jobs.into_iter().map(|job| job.upstream_session).collect();
    upstream.sort();
    upstream
}

pub async fn revoking_ends_the_session_its_secrets_and_its_upstream_sessions(store: &dyn FullStore) {
    let make = Fixture::default();
    let secrets = [make.secret(0), make.hosted(1, "cksess_a"), make.hosted(2, "cksess_b")];
    let session = session_with(store, &make, &secrets).await;
    let other = make.session(0);
    store.create_session(&user("ann"), &other, &make.hosted(0, "cksess_other")).await.unwrap();

    store.revoke_session(&user("ann"), &session.id, at(10), &entry(10, &session)).await.unwrap();
    let revoked = store.session(&user("ann"), &session.id).await.unwrap().unwrap();
    assert_eq!((revoked.revoked_at, revoked.status(at(10))), (Some(at(10)), SessionStatus::Revoked));
    for secret in &secrets {
        let (record, session) = store.client_secret(&secret.hash).await.unwrap().unwrap();
        assert_eq!(record.revoked_at, Some(at(10)));
        assert_eq!(record.standing(&session, at(10)), SecretStanding::Revoked);
    }
    assert_eq!(due(store, 10).await, ["cksess_a", "cksess_b"]);
    assert_eq!(store.session(&user("ann"), &other.id).await.unwrap(), Some(other));
    assert_eq!(store.audit_log(&shop(), None, 10).await.unwrap(), [entry(10, &session)]);
}

pub async fn revoking_twice_writes_one_audit_entry(store: &dyn FullStore) {
    let make = Fixture::default();
    let session = session_with(store, &make, &[make.secret(0)]).await;
    for second in [10, 20] {
        store.revoke_session(&shop(), &session.id, at(second), &entry(second, &session)).await.unwrap();
    }
    assert_eq!(store.audit_log(&shop(), None, 10).await.unwrap(), [entry(10, &session)]);
    let revoked = store.session(&shop(), &session.id).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(at(10)), "the first revocation stands");
}

pub async fn revoking_outside_the_scope_changes_nothing(store: &dyn FullStore) {
    let make = Fixture::default();
    let secret = make.hosted(0, "cksess_a");
    let session = session_with(store, &make, std::slice::from_ref(&secret)).await;
    for stranger in strangers() {
        let refused = store.revoke_session(&stranger, &session.id, at(10), &entry(10, &session)).await;
        assert!(matches!(refused, Err(StoreError::NotFound)), "{stranger:?}: {refused:?}");
    }
    let unknown = make.session(5);
    let refused = store.revoke_session(&shop(), &unknown.id, at(10), &entry(10, &unknown)).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    let (record, found) = store.client_secret(&secret.hash).await.unwrap().unwrap();
    assert_eq!((record.revoked_at, found), (None, session));
    assert!(store.audit_log(&shop(), None, 10).await.unwrap().is_empty());
    assert!(due(store, 10).await.is_empty());
}

pub async fn revoking_brings_a_waiting_cancel_job_forward(store: &dyn FullStore) {
    let make = Fixture::default();
    let old = make.hosted(0, "cksess_old");
    let session = session_with(store, &make, std::slice::from_ref(&old)).await;
    store
        .replace_secret(
            &user("ann"),
            &old.hash,
            &replacement(5, "s"),
            &no_change(),
            &make.hosted(5, "cksess_new"),
        )
        .await
        .unwrap();
    store.revoke_session(&user("ann"), &session.id, at(10), &entry(10, &session)).await.unwrap();
    assert_eq!(due(store, 10).await, ["cksess_new", "cksess_old"], "the overlap ends with the session");
}

pub async fn an_upstream_session_that_ended_by_itself_is_not_cancelled(store: &dyn FullStore) {
    let make = Fixture::default();
    let session = session_with(store, &make, &[make.hosted(0, "cksess_over")]).await;
    store.revoke_session(&user("ann"), &session.id, at(600), &entry(600, &session)).await.unwrap();
    assert!(due(store, 601).await.is_empty());
}

pub async fn of_some_sessions_those_that_are_revoked_are_told(store: &dyn FullStore) {
    let make = Fixture::default();
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(session_with(store, &make, &[make.secret(0)]).await);
    }
    let ids: Vec<_> = sessions.iter().map(|session| session.id.clone()).collect();
    assert_eq!(store.revoked_sessions(&ids).await.unwrap(), []);
    store.revoke_session(&user("ann"), &ids[1], at(1), &entry(1, &sessions[1])).await.unwrap();
    assert_eq!(store.revoked_sessions(&ids).await.unwrap(), [ids[1].clone()]);
    assert_eq!(store.revoked_sessions(&ids[2..]).await.unwrap(), []);
    assert_eq!(store.revoked_sessions(&[]).await.unwrap(), []);
}
