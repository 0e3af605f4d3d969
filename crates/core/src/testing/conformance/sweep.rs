//! What a sweep forgets, and what it must keep.

use super::FullStore;
use super::fixture::{Fixture, LEASE, at, audit, no_change, replacement, shop, user};
use super::thread_fixture::{completed, fence, started, stored, with_key};
use crate::sessions::{AuditAction, NewSecret, SecretStanding, Session};
use crate::threads::{Begun, Fence};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

pub async fn sealed_replacements_go_after_their_overlap(store: &dyn FullStore) {
    let make = Fixture::default();
    let old = make.secret(0);
    store.create_session(&user("ann"), &make.session(0), &old).await.unwrap();
    store
        .replace_secret(&user("ann"), &old.hash, &replacement(10, "sealed"), &no_change(), &make.secret(10))
        .await
        .unwrap();
    for (second, left) in [(39, "sealed"), (40, "")] {
        store.sweep(at(second)).await.unwrap();
        let (record, _) = store.client_secret(&old.hash).await.unwrap().unwrap();
        assert_eq!(record.replaced_by, Some(replacement(10, left)), "at {second}");
    }
}

pub async fn secrets_go_a_day_after_they_ran_out(store: &dyn FullStore) {
    let make = Fixture::default();
    let (session, secret, young) = (make.session(0), make.secret(0), make.secret(60));
    store.create_session(&user("ann"), &session, &secret).await.unwrap();
    store.add_secret(&user("ann"), &session.id, &no_change(), &young).await.unwrap();

    store.sweep(at(HOUR + DAY - 1)).await.unwrap();
    let (record, found) = store.client_secret(&secret.hash).await.unwrap().unwrap();
    assert_eq!(record.standing(&found, at(HOUR + DAY - 1)), SecretStanding::Refreshable);
    store.sweep(at(HOUR + DAY)).await.unwrap();
    assert!(store.client_secret(&secret.hash).await.unwrap().is_none());
    assert!(store.client_secret(&young.hash).await.unwrap().is_some());
    assert!(store.session(&shop(), &session.id).await.unwrap().is_some(), "the session stays");
}

pub async fn sessions_go_thirty_days_after_they_ended(store: &dyn FullStore) {
    let make = Fixture::default();
    let (expired, revoked, standing) = (make.session(0), make.session(1), make.session(2));
    let mut last = make.secret(0);
    last.expires_at = at(60 * DAY);
    store.create_session(&user("ann"), &expired, &last).await.unwrap();
    for session in [&revoked, &standing] {
        store.create_session(&user("ann"), session, &make.secret(0)).await.unwrap();
    }
    let renewed = crate::sessions::SessionChange { expires_at: Some(at(60 * DAY)), ..no_change() };
    for session in [&revoked, &standing] {
        store.add_secret(&user("ann"), &session.id, &renewed, &make.secret(3)).await.unwrap();
    }
    let entry = audit(DAY, AuditAction::SessionRevoked, revoked.id.as_str());
    store.revoke_session(&user("ann"), &revoked.id, at(DAY), &entry).await.unwrap();

    // Both ended a day in.
    store.sweep(at(31 * DAY)).await.unwrap();
    for session in [&expired, &revoked, &standing] {
        assert!(store.session(&shop(), &session.id).await.unwrap().is_some());
    }
    store.sweep(at(31 * DAY + 1)).await.unwrap();
    for session in [&expired, &revoked] {
        assert_eq!(store.session(&shop(), &session.id).await.unwrap(), None);
    }
    assert!(store.client_secret(&last.hash).await.unwrap().is_none(), "secrets go with their session");
    assert!(store.session(&shop(), &standing.id).await.unwrap().is_some());
    assert_eq!(store.audit_log(&shop(), None, 10).await.unwrap(), [entry], "the audit log is kept");
}

pub async fn entries_of_the_audit_log_go_after_a_year(store: &dyn FullStore) {
    let make = Fixture::default();
    let year = 365 * DAY;
    let entries = [0, 1, 2].map(|second| {
        let key = make.key(second, "key");
        (audit(second, AuditAction::KeyCreated, key.id.as_str()), key)
    });
    for (entry, key) in &entries {
        store.create_service_key(&shop(), key, &make.hash(), entry).await.unwrap();
    }
    store.sweep(at(year)).await.unwrap();
    assert_eq!(store.audit_log(&shop(), None, 10).await.unwrap().len(), 3);
    store.sweep(at(year + 2)).await.unwrap();
    let [_, _, (youngest, _)] = entries;
    assert_eq!(store.audit_log(&shop(), None, 10).await.unwrap(), [youngest]);
    assert_eq!(store.service_keys(&shop()).await.unwrap().len(), 3, "the keys stay");
}

pub async fn cancel_jobs_go_once_what_they_cancel_has_run_out(store: &dyn FullStore) {
    for (upstream, due) in [("cksess_old", 10), ("cksess_young", 11)] {
        store.cancel_upstream_session(&user("ann"), upstream, at(due)).await.unwrap();
    }
    store.sweep(at(611)).await.unwrap();
    let left = store.take_cancel_jobs(at(611), LEASE, 10).await.unwrap();
    assert_eq!(left.iter().map(|job| job.upstream_session.as_str()).collect::<Vec<_>>(), ["cksess_young"]);
    store.sweep(at(1211)).await.unwrap();
    assert_eq!(
        store.take_cancel_jobs(at(1212), LEASE, 10).await.unwrap().len(),
        1,
        "it was due again at 621"
    );
}

pub async fn a_sweep_goes_through_more_rows_than_one_batch_holds(store: &dyn FullStore) {
    let make = Fixture::default();
    let sessions: Vec<_> = (0..1_100).map(|_| (make.session(0), make.secret(0))).collect();
    let scope = shop();
    let creating = sessions.iter().map(|(session, secret)| store.create_session(&scope, session, secret));
    for created in futures_util::future::join_all(creating).await {
        created.unwrap();
    }
    store.sweep(at(40 * DAY)).await.unwrap();
    assert!(store.sessions(&shop(), None, 10).await.unwrap().sessions.is_empty());
}

pub async fn what_still_lives_does_not_hide_what_is_over_behind_it(store: &dyn FullStore) {
    let make = Fixture::default();
    let living = (0..1_100).map(|_| (make.session(0), make.secret(0), at(60 * DAY)));
    let over = (make.session(1), make.secret(1), at(DAY));
    let sessions: Vec<_> = living
        .chain([over])
        .map(|(session, secret, expires_at)| {
            (Session { expires_at, ..session }, NewSecret { expires_at, ..secret })
        })
        .collect();
    let scope = shop();
    for (session, secret) in &sessions {
        store.create_session(&scope, session, secret).await.unwrap();
    }
    let (gone, kept) = sessions.split_last().unwrap();
    store.sweep(at(2 * DAY + 1)).await.unwrap();
    assert!(store.client_secret(&gone.1.hash).await.unwrap().is_none());
    store.sweep(at(31 * DAY + 1)).await.unwrap();
    assert_eq!(store.session(&scope, &gone.0.id).await.unwrap(), None);
    for (session, secret) in [&kept[0], &kept[1_099]] {
        assert_eq!(store.session(&scope, &session.id).await.unwrap().as_ref(), Some(session));
        assert!(store.client_secret(&secret.hash).await.unwrap().is_some());
    }
}

pub async fn the_store_answers_a_ping(store: &dyn FullStore) {
    store.ping().await.unwrap();
}

pub async fn idempotency_keys_go_after_their_time(store: &dyn FullStore) {
    let make = Fixture::default();
    let ann = user("ann");
    let begin = async || {
        let start = with_key(make.start_new(&make.thread(0), Vec::new()), "key", 1, HOUR);
        (start.run.clone(), store.begin_run(&ann, &start).await.unwrap())
    };
    let (first, begun) = begin().await;
    started(begun);
    store.sweep(at(HOUR - 1)).await.unwrap();
    assert_eq!(begin().await.1, Begun::Repeated(first.clone()));
    store.sweep(at(HOUR)).await.unwrap();
    started(begin().await.1);
    assert!(store.run(&ann, &first).await.unwrap().is_some(), "the run goes on");
}

pub async fn runs_go_a_day_after_they_ended(store: &dyn FullStore) {
    let make = Fixture::default();
    let ann = user("ann");
    let going = make.running(store, &["a"]).await;
    let keyed = with_key(make.start_new(&make.thread(0), Vec::new()), "key", 1, 2 * DAY);
    started(store.begin_run(&ann, &keyed).await.unwrap());
    let (ended, keyed) = (make.running(store, &["a"]).await, fence(&ann, &keyed));
    for run in [&ended, &keyed] {
        store.end_run(run, &completed(HOUR, Vec::new())).await.unwrap();
    }
    let is_kept = async |fence: &Fence| store.run(&ann, &fence.run).await.unwrap().is_some();

    store.sweep(at(HOUR + DAY)).await.unwrap();
    assert!(is_kept(&ended).await);
    store.sweep(at(HOUR + DAY + 1)).await.unwrap();
    assert!(!is_kept(&ended).await);
    assert!(is_kept(&keyed).await, "a key names it");
    store.sweep(at(2 * DAY)).await.unwrap();
    assert!(!is_kept(&keyed).await);
    assert!(is_kept(&going).await, "it has not ended");
    assert_eq!(stored(store, &ended.thread).await, ["a"], "what it wrote stays");
    started(store.begin_run(&ann, &make.start_on(&ended.thread, 1, Vec::new())).await.unwrap());
}
