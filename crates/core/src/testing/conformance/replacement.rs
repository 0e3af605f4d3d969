//! Replacing one secret by another: the refresh.

use futures_util::future::join_all;

use super::FullStore;
use super::fixture::{Fixture, LEASE, at, audit, json, no_change, replacement, shop, strangers, user};
use crate::ports::StoreError;
use crate::sessions::{AuditAction, Claim, NewSecret, Replacement, SecretStanding, Session, SessionChange};

async fn session_with(store: &dyn FullStore, make: &Fixture, secret: &NewSecret) -> Session {
    let session = make.session(0);
    store.create_session(&user("ann"), &session, secret).await.unwrap();
    session
}

async fn revoke(store: &dyn FullStore, session: &Session) {
    let entry = audit(2, AuditAction::SessionRevoked, session.id.as_str());
    store.revoke_session(&user("ann"), &session.id, at(2), &entry).await.unwrap();
}

pub async fn a_replaced_secret_names_its_replacement_and_the_new_one_works(store: &dyn FullStore) {
    let make = Fixture::default();
    let (old, new) = (make.secret(0), make.secret(60));
    let session = session_with(store, &make, &old).await;
    let change =
        SessionChange { expires_at: Some(at(90_000)), metadata: Some(json(r#"{"n":2}"#)), ..no_change() };
    let by = replacement(60, "sealed");
    assert_eq!(store.replace_secret(&user("ann"), &old.hash, &by, &change, &new).await.unwrap(), None);

    let (record, changed) = store.client_secret(&old.hash).await.unwrap().unwrap();
    assert_eq!(record.replaced_by, Some(by));
    assert_eq!((changed.expires_at, &changed.metadata), (at(90_000), &json(r#"{"n":2}"#)));
    assert_eq!(changed.state_variables, session.state_variables);
    assert_eq!(record.standing(&changed, at(89)), SecretStanding::Live);
    assert_eq!(record.standing(&changed, at(90)), SecretStanding::Revoked);
    let (record, opened) = store.client_secret(&new.hash).await.unwrap().unwrap();
    assert_eq!((record.session, record.issued_at), (session.id, at(60)));
    assert_eq!(opened, changed);
}

pub async fn a_second_replacement_gets_what_the_first_wrote(store: &dyn FullStore) {
    let make = Fixture::default();
    let (old, late) = (make.secret(0), make.secret(61));
    let session = session_with(store, &make, &old).await;
    let first = replacement(60, "first");
    store.replace_secret(&user("ann"), &old.hash, &first, &no_change(), &make.secret(60)).await.unwrap();
    let change = SessionChange { expires_at: Some(at(1)), ..no_change() };
    let second = replacement(61, "second");
    let found = store.replace_secret(&user("ann"), &old.hash, &second, &change, &late).await.unwrap();
    assert_eq!(found, Some(first));
    assert!(store.client_secret(&late.hash).await.unwrap().is_none(), "nothing was changed");
    assert_eq!(store.session(&shop(), &session.id).await.unwrap(), Some(session));
}

pub async fn of_fifty_callers_one_replaces(store: &dyn FullStore) {
    let make = Fixture::default();
    let old = make.secret(0);
    session_with(store, &make, &old).await;
    let attempts: Vec<(Replacement, NewSecret)> =
        (0..50).map(|n| (replacement(60, &format!("caller {n}")), make.secret(60))).collect();
    let (scope, change) = (user("ann"), no_change());
    let racing = attempts.iter().map(|(by, new)| store.replace_secret(&scope, &old.hash, by, &change, new));
    let results: Vec<Option<Replacement>> =
        join_all(racing).await.into_iter().map(|result| result.unwrap()).collect();

    let winners: Vec<usize> = (0..50).filter(|n| results[*n].is_none()).collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    let (won, _) = &attempts[winners[0]];
    assert!(results.iter().flatten().all(|found| found == won));
    for (n, (_, new)) in attempts.iter().enumerate() {
        let written = store.client_secret(&new.hash).await.unwrap().is_some();
        assert_eq!(written, n == winners[0], "secret of caller {n}");
    }
}

pub async fn a_hosted_secret_is_cancelled_after_the_overlap(store: &dyn FullStore) {
    let make = Fixture::default();
    let (old, new) = (make.hosted(0, "cksess_old"), make.hosted(60, "cksess_new"));
    session_with(store, &make, &old).await;
    store.replace_secret(&user("ann"), &old.hash, &replacement(60, "s"), &no_change(), &new).await.unwrap();
    assert!(store.take_cancel_jobs(at(89), LEASE, 10).await.unwrap().is_empty());
    let jobs = store.take_cancel_jobs(at(90), LEASE, 10).await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.upstream_session.as_str()).collect::<Vec<_>>(), ["cksess_old"]);
}

pub async fn nothing_is_replaced_outside_the_scope_or_once_revoked(store: &dyn FullStore) {
    let make = Fixture::default();
    let (old, new) = (make.secret(0), make.secret(1));
    let session = session_with(store, &make, &old).await;
    let (by, change) = (replacement(1, "s"), no_change());
    for stranger in strangers() {
        let refused = store.replace_secret(&stranger, &old.hash, &by, &change, &new).await;
        assert!(matches!(refused, Err(StoreError::NotFound)), "{stranger:?}: {refused:?}");
    }
    let refused = store.replace_secret(&user("ann"), &make.hash(), &by, &change, &new).await;
    assert!(matches!(refused, Err(StoreError::NotFound)), "{refused:?}");
    revoke(store, &session).await;
    let refused = store.replace_secret(&user("ann"), &old.hash, &by, &change, &new).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert!(store.client_secret(&new.hash).await.unwrap().is_none());
    assert_eq!(store.client_secret(&old.hash).await.unwrap().unwrap().0.replaced_by, None);
}

pub async fn a_claim_is_exclusive_until_it_ends_or_is_released(store: &dyn FullStore) {
    let make = Fixture::default();
    let old = make.hosted(0, "cksess_up");
    session_with(store, &make, &old).await;
    let scope = user("ann");
    let claim = |now, until| store.claim_replacement(&scope, &old.hash, at(now), at(until));
    assert!(matches!(claim(10, 20).await.unwrap(), Claim::Yours(_)));
    for second in [10, 19] {
        assert_eq!(claim(second, 40).await.unwrap(), Claim::Held, "at {second}");
    }
    let Claim::Yours(token) = claim(20, 30).await.unwrap() else { panic!("one that ended is taken over") };
    assert_eq!(claim(21, 40).await.unwrap(), Claim::Held);
    store.release_claim(&scope, &old.hash, token).await.unwrap();
    assert!(matches!(claim(21, 40).await.unwrap(), Claim::Yours(_)));
}

pub async fn a_late_holder_cannot_release_the_claim_of_another(store: &dyn FullStore) {
    let make = Fixture::default();
    let old = make.hosted(0, "cksess_up");
    session_with(store, &make, &old).await;
    let scope = user("ann");
    let claim = |now, until| store.claim_replacement(&scope, &old.hash, at(now), at(until));
    let Claim::Yours(late) = claim(10, 20).await.unwrap() else { panic!("the first claim") };
    let Claim::Yours(token) = claim(20, 30).await.unwrap() else { panic!("the second claim") };
    store.release_claim(&scope, &old.hash, late).await.unwrap();
    assert_eq!(claim(21, 40).await.unwrap(), Claim::Held);
    store.release_claim(&scope, &old.hash, token).await.unwrap();
    assert!(matches!(claim(21, 40).await.unwrap(), Claim::Yours(_)));
}

pub async fn a_claim_on_a_replaced_secret_returns_the_replacement(store: &dyn FullStore) {
    let make = Fixture::default();
    let old = make.secret(0);
    session_with(store, &make, &old).await;
    let scope = user("ann");
    let claimed = store.claim_replacement(&scope, &old.hash, at(1), at(20)).await.unwrap();
    assert!(matches!(claimed, Claim::Yours(_)), "{claimed:?}");
    let by = replacement(2, "sealed");
    let done = store.replace_secret(&scope, &old.hash, &by, &no_change(), &make.secret(2)).await.unwrap();
    assert_eq!(done, None);
    for second in [3, 30] {
        let found = store.claim_replacement(&scope, &old.hash, at(second), at(99)).await.unwrap();
        assert_eq!(found, Claim::Replaced(by.clone()), "at {second}");
    }
}

pub async fn of_fifty_callers_one_claims(store: &dyn FullStore) {
    let make = Fixture::default();
    let old = make.secret(0);
    session_with(store, &make, &old).await;
    let scope = user("ann");
    let racing = (0..50).map(|_| store.claim_replacement(&scope, &old.hash, at(1), at(20)));
    let results = join_all(racing).await;
    let winners = results.iter().filter(|result| matches!(result, Ok(Claim::Yours(_)))).count();
    let losers = results.iter().filter(|result| matches!(result, Ok(Claim::Held))).count();
    assert_eq!((winners, losers), (1, 49), "{results:?}");
}

pub async fn no_claim_is_given_outside_the_scope_or_once_revoked(store: &dyn FullStore) {
    let make = Fixture::default();
    let old = make.secret(0);
    let session = session_with(store, &make, &old).await;
    for stranger in strangers() {
        let refused = store.claim_replacement(&stranger, &old.hash, at(1), at(20)).await;
        assert!(matches!(refused, Err(StoreError::NotFound)), "{stranger:?}: {refused:?}");
    }
    revoke(store, &session).await;
    let refused = store.claim_replacement(&user("ann"), &old.hash, at(3), at(20)).await;
    assert_eq!(refused.unwrap(), Claim::Revoked);
}

pub async fn releasing_outside_the_scope_releases_nothing(store: &dyn FullStore) {
    let make = Fixture::default();
    let old = make.secret(0);
    session_with(store, &make, &old).await;
    let claimed = store.claim_replacement(&user("ann"), &old.hash, at(1), at(20)).await.unwrap();
    let Claim::Yours(token) = claimed else { panic!("{claimed:?}") };
    for stranger in strangers() {
        store.release_claim(&stranger, &old.hash, token).await.unwrap();
    }
    store.release_claim(&user("ann"), &make.hash(), token).await.unwrap();
    let refused = store.claim_replacement(&user("ann"), &old.hash, at(2), at(20)).await;
    assert_eq!(refused.unwrap(), Claim::Held);
}

pub async fn a_secret_that_was_pushed_out_is_neither_claimed_nor_replaced(store: &dyn FullStore) {
    let make = Fixture::default();
    let (old, new) = (make.secret(0), make.secret(20));
    let session = session_with(store, &make, &old).await;
    for second in 1..=10 {
        store.add_secret(&user("ann"), &session.id, &no_change(), &make.secret(second)).await.unwrap();
    }
    let refused = store.claim_replacement(&user("ann"), &old.hash, at(20), at(30)).await;
    assert_eq!(refused.unwrap(), Claim::Revoked);
    let by = replacement(20, "s");
    let refused = store.replace_secret(&user("ann"), &old.hash, &by, &no_change(), &new).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert!(store.client_secret(&new.hash).await.unwrap().is_none());
}
