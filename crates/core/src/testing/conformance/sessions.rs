//! Creating, finding and reusing sessions.

use std::num::NonZeroU32;

use super::FullStore;
use super::fixture::{Fixture, WORKFLOW, at, audit, json, no_change, shop, strangers, user};
use crate::id::SessionId;
use crate::ports::StoreError;
use crate::sessions::{AuditAction, NewSecret, Promise, SecretKind, Session, SessionChange};

pub async fn a_new_session_is_found_with_everything_it_was_given(store: &dyn FullStore) {
    let make = Fixture::default();
    let (session, secret) = (make.session(0), make.hosted(0, "cksess_up"));
    store.create_session(&user("ann"), &session, &secret).await.unwrap();

    assert!(store.remembers());
    assert_eq!(store.session(&user("ann"), &session.id).await.unwrap(), Some(session.clone()));
    assert_eq!(store.session(&shop(), &session.id).await.unwrap(), Some(session.clone()));
    let (record, of_secret) = store.client_secret(&secret.hash).await.unwrap().unwrap();
    assert_eq!(of_secret, session);
    assert_eq!(record.hash, secret.hash);
    assert_eq!(record.session, session.id);
    assert_eq!(record.kind, SecretKind::Hosted { upstream_session: "cksess_up".to_owned() });
    assert_eq!((record.issued_at, record.expires_at), (at(0), at(600)));
    assert_eq!((record.revoked_at, record.replaced_by), (None, None));
}

fn promise() -> Promise {
    Promise {
        max_requests_per_1_minute: NonZeroU32::new(25).unwrap(),
        secret_seconds: 300,
        workflow_version: Some("2".to_owned()),
        tracing: false,
    }
}

pub async fn what_a_session_is_promised_comes_back_with_it(store: &dyn FullStore) {
    let make = Fixture::default();
    let mut session = make.session(0);
    session.promise = Some(promise());
    let secret = make.secret(0);
    store.create_session(&user("ann"), &session, &secret).await.unwrap();
    let changed = store.add_secret(&user("ann"), &session.id, &no_change(), &make.secret(1)).await.unwrap();
    assert_eq!(changed, session);
    assert_eq!(store.session(&shop(), &session.id).await.unwrap(), Some(session.clone()));
    assert_eq!(store.client_secret(&secret.hash).await.unwrap().unwrap().1, session);
    assert_eq!(store.sessions(&shop(), None, 9).await.unwrap().sessions, [session]);
}

/// An SDK's own tests name one so.
pub async fn a_session_may_have_an_id_that_was_given_elsewhere(store: &dyn FullStore) {
    let make = Fixture::default();
    let session = Session { id: SessionId::parse("cksess_123").unwrap(), ..make.session(0) };
    store.create_session(&user("ann"), &session, &make.secret(0)).await.unwrap();
    assert_eq!(store.session(&shop(), &session.id).await.unwrap(), Some(session.clone()));
    assert_eq!(store.sessions(&shop(), None, 9).await.unwrap().sessions, [session]);
}

pub async fn an_id_that_is_taken_is_a_conflict_and_changes_nothing(store: &dyn FullStore) {
    let make = Fixture::default();
    let (session, secret) = (make.session(0), make.secret(0));
    store.create_session(&user("ann"), &session, &secret).await.unwrap();

    let mut twin = make.session(1);
    twin.id = session.id.clone();
    let second = make.secret(1);
    let refused = store.create_session(&user("ann"), &twin, &second).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert_eq!(store.session(&shop(), &session.id).await.unwrap(), Some(session));
    assert!(store.client_secret(&second.hash).await.unwrap().is_none());

    let other = make.session(2);
    let refused = store.create_session(&user("ann"), &other, &secret).await;
    assert!(matches!(refused, Err(StoreError::Conflict)), "{refused:?}");
    assert_eq!(store.session(&shop(), &other.id).await.unwrap(), None, "half a session was left");
}

pub async fn a_session_cannot_be_created_outside_the_scope(store: &dyn FullStore) {
    let make = Fixture::default();
    let (session, secret) = (make.session(0), make.secret(0));
    for stranger in strangers() {
        let refused = store.create_session(&stranger, &session, &secret).await;
        assert!(matches!(refused, Err(StoreError::NotFound)), "{stranger:?}: {refused:?}");
    }
    assert_eq!(store.session(&shop(), &session.id).await.unwrap(), None);
    store.create_session(&shop(), &session, &secret).await.unwrap();
    assert_eq!(store.session(&user("ann"), &session.id).await.unwrap(), Some(session));
}

pub async fn another_user_and_another_site_find_nothing(store: &dyn FullStore) {
    let make = Fixture::default();
    let session = make.session(0);
    store.create_session(&user("ann"), &session, &make.secret(0)).await.unwrap();
    for stranger in strangers() {
        assert_eq!(store.session(&stranger, &session.id).await.unwrap(), None, "{stranger:?}");
        assert!(store.sessions(&stranger, None, 10).await.unwrap().sessions.is_empty(), "{stranger:?}");
        assert_eq!(store.reusable_session(&stranger, WORKFLOW, at(1)).await.unwrap(), None, "{stranger:?}");
    }
}

pub async fn json_comes_back_byte_for_byte_in_the_order_it_came(store: &dyn FullStore) {
    let make = Fixture::default();
    let text = r#"{"z":1,"a":"grüße 👋 \u0000 \" \\ ","m":{"y":[1,2.5,-0.0,1e300,true,null],"b":{}},"":""}"#;
    let mut session = make.session(0);
    (session.state_variables, session.metadata, session.configuration) = (json(text), json(text), json(text));
    let sent = serde_json::to_string(&session.metadata).unwrap();
    store.create_session(&user("ann"), &session, &make.secret(0)).await.unwrap();

    let found = store.session(&user("ann"), &session.id).await.unwrap().unwrap();
    for field in [found.state_variables, found.metadata, found.configuration] {
        assert_eq!(serde_json::to_string(&field).unwrap(), sent);
    }
    let change = SessionChange { metadata: Some(json(r#"{"b":"\u0000","a":1}"#)), ..no_change() };
    let changed = store.add_secret(&user("ann"), &session.id, &change, &make.secret(1)).await.unwrap();
    assert_eq!(serde_json::to_string(&changed.metadata).unwrap(), r#"{"b":"\u0000","a":1}"#);
}

pub async fn the_newest_standing_session_of_the_workflow_is_reused(store: &dyn FullStore) {
    let make = Fixture::default();
    let (older, newer, mut other) = (make.session(0), make.session(10), make.session(20));
    other.workflow = "wf_2".to_owned();
    for session in [&newer, &older, &other] {
        store.create_session(&user("ann"), session, &make.secret(0)).await.unwrap();
    }
    let found = |workflow| async move {
        store.reusable_session(&user("ann"), workflow, at(30)).await.unwrap().map(|session| session.id)
    };
    assert_eq!(found(WORKFLOW).await, Some(newer.id));
    assert_eq!(found("wf_2").await, Some(other.id));
    assert_eq!(found("wf_3").await, None);
}

pub async fn revoked_expired_and_foreign_sessions_are_not_reused(store: &dyn FullStore) {
    let make = Fixture::default();
    let (mut short, long, revoked) = (make.session(2), make.session(0), make.session(1));
    short.expires_at = at(100);
    for session in [&short, &long, &revoked] {
        store.create_session(&user("ann"), session, &make.secret(0)).await.unwrap();
    }
    store.create_session(&user("bob"), &make.session_of(&user("bob"), 3), &make.secret(3)).await.unwrap();
    let entry = audit(50, AuditAction::SessionRevoked, revoked.id.as_str());
    store.revoke_session(&user("ann"), &revoked.id, at(50), &entry).await.unwrap();

    let reusable = |second| async move {
        store.reusable_session(&user("ann"), WORKFLOW, at(second)).await.unwrap().map(|found| found.id)
    };
    assert_eq!(reusable(99).await, Some(short.id));
    assert_eq!(reusable(100).await, Some(long.id), "a session that ends now is over");
    assert_eq!(reusable(24 * 3600).await, None);
    assert_eq!(store.reusable_session(&shop(), WORKFLOW, at(99)).await.unwrap(), None, "no user, no reuse");
}

pub async fn what_was_promised_to_somebody_is_not_reused(store: &dyn FullStore) {
    let make = Fixture::default();
    let (older, mut promised) = (make.session(0), make.session(10));
    promised.promise = Some(promise());
    for session in [&older, &promised] {
        store.create_session(&user("ann"), session, &make.secret(0)).await.unwrap();
    }
    let found = store.reusable_session(&user("ann"), WORKFLOW, at(20)).await.unwrap();
    assert_eq!(found, Some(older));
}

pub async fn a_session_is_created_once_and_found_from_then_on(store: &dyn FullStore) {
    let make = Fixture::default();
    let ((first, its_secret), (second, unused)) =
        ((make.session(0), make.secret(0)), (make.session(10), make.secret(10)));
    let created = store.find_or_create_session(&user("ann"), &first, &its_secret).await.unwrap();
    assert_eq!(created, None);
    assert_eq!(store.client_secret(&its_secret.hash).await.unwrap().unwrap().1, first);

    let found = store.find_or_create_session(&user("ann"), &second, &unused).await.unwrap();
    assert_eq!(found.as_ref(), Some(&first));
    assert_eq!(store.session(&shop(), &second.id).await.unwrap(), None);
    assert!(store.client_secret(&unused.hash).await.unwrap().is_none());

    for stranger in strangers() {
        let refused = store.find_or_create_session(&stranger, &second, &unused).await;
        assert!(matches!(refused, Err(StoreError::NotFound)), "{stranger:?}: {refused:?}");
    }
    let entry = audit(20, AuditAction::SessionRevoked, first.id.as_str());
    store.revoke_session(&user("ann"), &first.id, at(20), &entry).await.unwrap();
    assert_eq!(store.find_or_create_session(&shop(), &second, &unused).await.unwrap(), None);
    assert_eq!(store.session(&shop(), &second.id).await.unwrap(), Some(second));
}

pub async fn of_fifty_callers_one_creates_and_the_others_find_it(store: &dyn FullStore) {
    let make = Fixture::default();
    let asked: Vec<(Session, NewSecret)> = (0..50).map(|_| (make.session(0), make.secret(0))).collect();
    let ann = user("ann");
    let asking = asked.iter().map(|(session, secret)| store.find_or_create_session(&ann, session, secret));
    let said = futures_util::future::join_all(asking).await;
    let said: Vec<Option<Session>> = said.into_iter().map(|said| said.unwrap()).collect();
    let created: Vec<usize> = (0..50).filter(|number| said[*number].is_none()).collect();
    assert_eq!(created.len(), 1, "{created:?}");
    let (session, _) = &asked[created[0]];
    assert!(said.iter().flatten().all(|found| found == session));
    let listed = store.sessions(&shop(), None, 9).await.unwrap().sessions;
    assert_eq!(listed, std::slice::from_ref(session));
}

pub async fn each_user_workflow_and_site_has_a_session_of_its_own(store: &dyn FullStore) {
    let make = Fixture::default();
    let [bob, of_another_site, _] = strangers();
    let mut other_workflow = make.session(0);
    other_workflow.workflow = "wf_2".to_owned();
    let own = [
        (user("ann"), make.session(0)),
        (user("ann"), other_workflow),
        (bob.clone(), make.session_of(&bob, 0)),
        (of_another_site.clone(), make.session_of(&of_another_site, 0)),
    ];
    for (scope, session) in &own {
        let found = store.find_or_create_session(scope, session, &make.secret(0)).await.unwrap();
        assert_eq!(found, None, "{scope:?}");
    }
}

pub async fn of_creations_at_the_same_time_only_the_one_at_fault_fails(store: &dyn FullStore) {
    let make = Fixture::default();
    let mut sessions: Vec<_> = (0..40).map(|n| (make.session(n), make.secret(n))).collect();
    sessions[20].0.id = sessions[10].0.id.clone();
    let scope = shop();
    let creating = sessions.iter().map(|(session, secret)| store.create_session(&scope, session, secret));
    let results = futures_util::future::join_all(creating).await;
    let failed: Vec<_> = (0..40).filter(|n| results[*n].is_err()).collect();
    assert!(failed == [10] || failed == [20], "{failed:?}");
    assert!(matches!(results[failed[0]], Err(StoreError::Conflict)));
    for (number, (_, secret)) in sessions.iter().enumerate() {
        let found = store.client_secret(&secret.hash).await.unwrap();
        assert_eq!(found.is_some(), number != failed[0], "{number}");
    }
}
