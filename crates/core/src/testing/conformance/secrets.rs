//! Adding secrets to a session.

use futures_util::future::join_all;

use super::FullStore;
use super::fixture::{Fixture, LEASE, at, audit, json, no_change, replacement, shop, strangers, user};
use crate::ports::StoreError;
use crate::secret_text::SecretHash;
use crate::sessions::{AuditAction, LIVE_SECRETS, NewSecret, SecretStanding, Session, SessionChange};

async fn standing(store: &dyn FullStore, hash: &SecretHash, second: i64) -> SecretStanding {
    let (record, session) = store.client_secret(hash).await.unwrap().expect("a secret that was written");
    record.standing(&session, at(second))
}

/// A session with `secrets[0]`, to which the others are added.
async fn session_with(store: &dyn FullStore, make: &Fixture, secrets: &[NewSecret]) -> Session {
    let session = make.session(0);
    store.create_session(&user("ann"), &session, &secrets[0]).await.unwrap();
    for secret in &secrets[1..] {
        store.add_secret(&user("ann"), &session.id, &no_change(), secret).await.unwrap();
    }
    session
}

pub async fn an_unknown_secret_is_not_found(store: &dyn FullStore) {
    let make = Fixture::default();
    store.create_session(&user("ann"), &make.session(0), &make.secret(0)).await.unwrap();
    assert!(store.client_secret(&make.hash()).await.unwrap().is_none());
}

pub async fn adding_a_secret_changes_only_what_the_change_names(store: &dyn FullStore) {
    let make = Fixture::default();
    let secrets = [make.secret(0), make.secret(5)];
    let mut expected = session_with(store, &make, &secrets).await;
    assert_eq!(store.session(&shop(), &expected.id).await.unwrap(), Some(expected.clone()));

    let change = SessionChange {
        expires_at: Some(at(99_999)),
        state_variables: Some(json(r#"{"locale":"de","vip":true}"#)),
        metadata: None,
        configuration: Some(json(r#"{"history":{"enabled":false}}"#)),
    };
    let added = make.secret(10);
    let changed = store.add_secret(&user("ann"), &expected.id, &change, &added).await.unwrap();
    expected.expires_at = at(99_999);
    expected.state_variables = json(r#"{"locale":"de","vip":true}"#);
    expected.configuration = json(r#"{"history":{"enabled":false}}"#);
    assert_eq!(changed, expected);
    for secret in secrets.iter().chain([&added]) {
        let (record, session) = store.client_secret(&secret.hash).await.unwrap().unwrap();
        assert_eq!(session, expected, "every secret opens the session as it is now");
        assert_eq!(record.standing(&session, at(11)), SecretStanding::Live);
    }
}

pub async fn a_secret_is_not_added_outside_the_scope_or_to_a_revoked_session(store: &dyn FullStore) {
    let make = Fixture::default();
    let session = session_with(store, &make, &[make.secret(0)]).await;
    let change = SessionChange { expires_at: Some(at(1)), ..no_change() };
    let secret = make.secret(1);
    for stranger in strangers() {
        let refused = store.add_secret(&stranger, &session.id, &change, &secret).await;
        assert!(matches!(refused, Err(StoreError::NotFound)), "{stranger:?}: {refused:?}");
    }
    let entry = audit(2, AuditAction::SessionRevoked, session.id.as_str());
    store.revoke_session(&user("ann"), &session.id, at(2), &entry).await.unwrap();
    let refused = store.add_secret(&user("ann"), &session.id, &change, &secret).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert!(store.client_secret(&secret.hash).await.unwrap().is_none());
    let untouched = store.session(&user("ann"), &session.id).await.unwrap().unwrap();
    assert_eq!(untouched.expires_at, session.expires_at);
}

pub async fn the_eleventh_secret_revokes_the_one_issued_first(store: &dyn FullStore) {
    let make = Fixture::default();
    // Issued out of order: age counts, not the order of writing.
    let secrets: Vec<NewSecret> = [3, 1, 2, 4, 5, 6, 7, 8, 9, 10].map(|second| make.secret(second)).into();
    let session = session_with(store, &make, &secrets).await;
    for secret in &secrets {
        assert_eq!(standing(store, &secret.hash, 10).await, SecretStanding::Live);
    }
    let eleventh = make.secret(11);
    store.add_secret(&user("ann"), &session.id, &no_change(), &eleventh).await.unwrap();
    for secret in secrets.iter().chain([&eleventh]) {
        let expected = if secret.issued_at == at(1) { SecretStanding::Revoked } else { SecretStanding::Live };
        assert_eq!(standing(store, &secret.hash, 11).await, expected, "{:?}", secret.issued_at);
    }
    let (first, _) = store.client_secret(&secrets[1].hash).await.unwrap().unwrap();
    assert_eq!(first.revoked_at, Some(at(11)));
}

pub async fn only_live_secrets_count_towards_the_cap(store: &dyn FullStore) {
    let make = Fixture::default();
    let mut expired = make.secret(0);
    expired.expires_at = at(20);
    let replaced = make.secret(1);
    let session = session_with(store, &make, &[expired.clone(), replaced.clone()]).await;
    store
        .replace_secret(&user("ann"), &replaced.hash, &replacement(2, "x"), &no_change(), &make.secret(2))
        .await
        .unwrap();
    // One live secret at second 50: the replacement. Nine more fit.
    for second in 50..59 {
        store.add_secret(&user("ann"), &session.id, &no_change(), &make.secret(second)).await.unwrap();
    }
    for old in [&expired, &replaced] {
        let (record, _) = store.client_secret(&old.hash).await.unwrap().unwrap();
        assert_eq!(record.revoked_at, None, "what is over anyway is left as it is");
    }
    let live = make.secret(60);
    store.add_secret(&user("ann"), &session.id, &no_change(), &live).await.unwrap();
    assert_eq!(standing(store, &live.hash, 60).await, SecretStanding::Live);
}

pub async fn a_replacement_counts_towards_the_cap_and_spares_what_it_replaces(store: &dyn FullStore) {
    let make = Fixture::default();
    let mut secrets: Vec<NewSecret> = (0..10).map(|n| make.hosted(n, &format!("cksess_up_{n}"))).collect();
    session_with(store, &make, &secrets).await;
    secrets.push(make.secret(20));
    let (old, by) = (secrets[0].hash, replacement(20, "s"));
    store.replace_secret(&user("ann"), &old, &by, &no_change(), &secrets[10]).await.unwrap();
    for (n, secret) in secrets.iter().enumerate() {
        let expected = if n == 1 { SecretStanding::Revoked } else { SecretStanding::Live };
        assert_eq!(standing(store, &secret.hash, 20).await, expected, "secret {n}");
    }
    let jobs = store.take_cancel_jobs(at(20), LEASE, 10).await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.upstream_session.as_str()).collect::<Vec<_>>(), ["cksess_up_1"]);
}

pub async fn refreshing_again_and_again_leaves_ten_live_secrets(store: &dyn FullStore) {
    let make = Fixture::default();
    let secrets: Vec<NewSecret> = (0..=25).map(|second| make.secret(second)).collect();
    session_with(store, &make, &secrets[..1]).await;
    for (pair, second) in secrets.windows(2).zip(1..) {
        let by = replacement(second, "s");
        let done = store.replace_secret(&user("ann"), &pair[0].hash, &by, &no_change(), &pair[1]).await;
        assert_eq!(done.unwrap(), None);
    }
    let mut live = 0;
    for secret in &secrets {
        live += usize::from(standing(store, &secret.hash, 25).await == SecretStanding::Live);
    }
    assert_eq!(live, LIVE_SECRETS as usize);
}

pub async fn a_hosted_secret_that_is_pushed_out_is_cancelled_at_once(store: &dyn FullStore) {
    let make = Fixture::default();
    let secrets: Vec<NewSecret> = (0..10).map(|n| make.hosted(n, &format!("cksess_up_{n}"))).collect();
    let session = session_with(store, &make, &secrets).await;
    store.add_secret(&user("ann"), &session.id, &no_change(), &make.secret(20)).await.unwrap();
    assert!(store.take_cancel_jobs(at(19), LEASE, 10).await.unwrap().is_empty());
    let jobs = store.take_cancel_jobs(at(20), LEASE, 10).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].upstream_session, "cksess_up_0");
    assert_eq!(jobs[0].site, *shop().site());
}

pub async fn adding_in_parallel_leaves_ten_live_secrets(store: &dyn FullStore) {
    let make = Fixture::default();
    let session = session_with(store, &make, &[make.secret(0)]).await;
    let secrets: Vec<NewSecret> = (1..=30).map(|second| make.secret(second)).collect();
    let (scope, change) = (user("ann"), no_change());
    let adding = secrets.iter().map(|secret| store.add_secret(&scope, &session.id, &change, secret));
    for added in join_all(adding).await {
        added.unwrap();
    }
    let mut live = 0;
    for secret in &secrets {
        live += usize::from(standing(store, &secret.hash, 31).await == SecretStanding::Live);
    }
    assert_eq!(live, LIVE_SECRETS as usize);
}
