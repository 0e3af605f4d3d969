//! A session of a newcomer becomes that of the visitor who was here before.

use super::FullStore;
use super::fixture::{Fixture, at, audit, shop, strangers, user};
use crate::id::UserId;
use crate::sessions::AuditAction;

fn heir() -> UserId {
    UserId::recorded("bob")
}

pub async fn a_session_in_which_nothing_was_said_can_be_handed_over(store: &dyn FullStore) {
    let make = Fixture::default();
    let (session, secret) = (make.session(0), make.secret(0));
    store.create_session(&user("ann"), &session, &secret).await.unwrap();

    assert!(store.hand_over_session(&user("ann"), &session.id, &heir()).await.unwrap());
    assert_eq!(store.session(&user("ann"), &session.id).await.unwrap(), None);
    let found = store.session(&user("bob"), &session.id).await.unwrap().unwrap();
    assert_eq!(found.user, heir());
    assert_eq!(store.client_secret(&secret.hash).await.unwrap().unwrap().1, found);
    assert!(
        !store.hand_over_session(&user("ann"), &session.id, &heir()).await.unwrap(),
        "it is not hers now"
    );
}

pub async fn whoever_has_a_thread_keeps_their_sessions(store: &dyn FullStore) {
    let make = Fixture::default();
    let session = make.session(0);
    store.create_session(&user("ann"), &session, &make.secret(0)).await.unwrap();
    let thread = make.thread(1);
    store.begin_run(&user("ann"), &make.start_new(&thread, Vec::new())).await.unwrap();

    assert!(!store.hand_over_session(&user("ann"), &session.id, &heir()).await.unwrap());
    assert_eq!(store.session(&user("ann"), &session.id).await.unwrap(), Some(session));
}

pub async fn nobody_hands_over_what_is_not_theirs_or_has_ended(store: &dyn FullStore) {
    let make = Fixture::default();
    let session = make.session(0);
    store.create_session(&user("ann"), &session, &make.secret(0)).await.unwrap();
    for stranger in strangers().iter().chain([&shop()]) {
        assert!(!store.hand_over_session(stranger, &session.id, &heir()).await.unwrap(), "{stranger:?}");
    }
    let entry = audit(10, AuditAction::SessionRevoked, session.id.as_str());
    store.revoke_session(&user("ann"), &session.id, at(10), &entry).await.unwrap();
    assert!(!store.hand_over_session(&user("ann"), &session.id, &heir()).await.unwrap());
}
