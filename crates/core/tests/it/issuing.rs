//! Who gets which session: reuse, the choice of a workflow, forgeries, and life without a database.

use std::sync::atomic::Ordering;

use chatkitd_core::id::{SessionId, SiteName, UserId};
use chatkitd_core::keys::KeyRing;
use chatkitd_core::ports::{Clock, Maintenance, Scope, Store, StoreError};
use chatkitd_core::secret_text::SecretText;
use chatkitd_core::sessions::{
    ClientSecrets, NewSecret, NewSession, SecretKind, SecretStanding, Session, SessionChange, SessionError,
    SessionStatus, later,
};
use chatkitd_core::site::ChatKitConfiguration;
use chatkitd_core::testing::SeededRng;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use crate::world::{
    HOUR, SECOND, TOO_LONG, World, ann, asked, owner, world, world_without_database, world_without_key,
};

fn map(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).unwrap()
}

async fn standing(world: &World, secret: &SecretText) -> SecretStanding {
    world.service.present(secret).await.unwrap().standing
}

#[tokio::test]
async fn whoever_signed_in_gets_the_same_session_and_a_fresh_secret() {
    let world = world();
    for workflow in ["wf_demo", "wf_hosted"] {
        let first = world.issue(workflow).await;
        world.clock.advance(SECOND);
        let second = world.issue(workflow).await;
        assert_eq!(second.session, first.session);
        assert_ne!(second.secret.expose(), first.secret.expose());
        for secret in [&first.secret, &second.secret] {
            assert_eq!(standing(&world, secret).await, SecretStanding::Live, "of another tab: {workflow}");
        }
    }
}

/// Two tabs that open at once: while `OpenAI` is asked for the one, the other finds no session either.
#[tokio::test]
async fn two_first_requests_at_once_get_one_session() {
    for workflow in ["wf_demo", "wf_hosted"] {
        let world = world();
        let silence = world.hosted.silence.write().await;
        let mut tabs = JoinSet::new();
        for _ in 0..2 {
            let (service, site, new) = (world.service.clone(), world.site.clone(), asked(ann(), workflow));
            tabs.spawn(async move { service.issue(&site, &new).await.unwrap() });
        }
        while workflow == "wf_hosted" && world.upstream_calls() < 2 {
            tokio::task::yield_now().await;
        }
        drop(silence);
        let tabs = tabs.join_all().await;
        assert_eq!(tabs[0].session, tabs[1].session, "{workflow}");
        for tab in &tabs {
            assert_eq!(standing(&world, &tab.secret).await, SecretStanding::Live, "{workflow}");
            assert_eq!(world.service.present(&tab.secret).await.unwrap().session, tab.session, "{workflow}");
        }
        let all = Scope::Site(SiteName::default_site());
        assert_eq!(world.store.sessions(&all, None, 9).await.unwrap().sessions.len(), 1, "{workflow}");
        let jobs = world.store.take_cancel_jobs(world.clock.now(), HOUR, 9).await.unwrap();
        assert_eq!(jobs.len(), usize::from(workflow == "wf_hosted"), "opened for nothing: {workflow}");
    }
}

#[tokio::test]
async fn an_anonymous_visitor_gets_a_new_session_each_time() {
    let world = world();
    let visitor = UserId::mint_anonymous(world.clock.now(), &SeededRng::new(1));
    let first = world.ask(&asked(visitor.clone(), "wf_demo")).await.unwrap();
    let second = world.ask(&asked(visitor, "wf_demo")).await.unwrap();
    assert_ne!(second.session.id, first.session.id);
    assert_eq!(first.session.expires_at, later(world.clock.now(), HOUR), "an hour, not a day");
    assert_eq!(standing(&world, &first.secret).await, SecretStanding::Live);
}

#[tokio::test]
async fn a_reused_session_takes_what_was_sent_and_keeps_the_rest() {
    let world = world();
    let sent = NewSession {
        state_variables: Some(map(json!({"locale": "en"}))),
        metadata: Some(map(json!({"z": 1, "a": 2}))),
        ..asked(ann(), "wf_demo")
    };
    let first = world.ask(&sent).await.unwrap().session;
    assert_eq!(
        (&first.state_variables, &first.metadata),
        (&map(json!({"locale": "en"})), &map(json!({"z": 1, "a": 2})))
    );

    let changed = NewSession { state_variables: Some(map(json!({"vip": true}))), ..asked(ann(), "wf_demo") };
    let second = world.ask(&changed).await.unwrap().session;
    let expected = Session { state_variables: map(json!({"vip": true})), ..first };
    assert_eq!(second, expected);
    let stored = world.service.find(&Scope::User(expected.site.clone(), ann()), &expected.id).await.unwrap();
    assert_eq!(stored, expected);
    assert_eq!(stored.metadata.keys().collect::<Vec<_>>(), ["z", "a"], "in the order it was sent");
}

#[tokio::test]
async fn after_a_revocation_the_next_session_is_a_new_one() {
    let world = world();
    let first = world.issue("wf_demo").await;
    world.revoke(&first).await;
    let second = world.issue("wf_demo").await;
    assert_ne!(second.session.id, first.session.id);
    let revoked = world.service.find(&owner(&first), &first.session.id).await.unwrap();
    assert_eq!(revoked.status(world.clock.now()), SessionStatus::Revoked);
    assert_eq!(standing(&world, &first.secret).await, SecretStanding::Revoked);
}

#[tokio::test]
async fn a_reissue_opens_the_owners_session_and_nobody_elses() {
    let world = world();
    let first = world.issue("wf_demo").await;
    let id = &first.session.id;
    let again = world.service.reissue(&world.site, &owner(&first), id).await.unwrap();
    assert_eq!(again.session, first.session);
    let bob = Scope::User(first.session.site.clone(), UserId::named("bob").unwrap());
    let refused = world.service.reissue(&world.site, &bob, id).await.unwrap_err();
    assert!(matches!(refused, SessionError::NotFound), "{refused}");
    world.revoke(&first).await;
    let refused = world.service.reissue(&world.site, &owner(&first), id).await.unwrap_err();
    assert!(matches!(refused, SessionError::SessionRevoked), "{refused}");
}

#[tokio::test]
async fn an_upstream_that_grants_nothing_leaves_no_session() {
    let world = world();
    world.hosted.fails.store(true, Ordering::SeqCst);
    let refused = world.ask(&asked(ann(), "wf_hosted")).await.unwrap_err();
    assert!(matches!(refused, SessionError::Upstream(_)), "{refused}");
    let all = Scope::Site(SiteName::default_site());
    assert!(world.store.sessions(&all, None, 10).await.unwrap().sessions.is_empty());
}

#[tokio::test]
async fn forged_local_secrets_never_reach_the_store() {
    let world = world();
    let issued = world.issue("wf_demo").await;
    let keyless = world_without_key();
    let stranger = ClientSecrets::new(&KeyRing::new(["another".into()]).unwrap());
    let (now, end) = (world.clock.now(), issued.secret_expires_at);
    let foreign = stranger.mint(&issued.session, now, end, &SeededRng::new(1)).unwrap();
    let (signed, signature) = issued.secret.expose().rsplit_once('.').unwrap();
    for forged in [format!("{signed}."), format!("{signed}x.{signature}"), "ek_a.b.c".to_owned()] {
        let refused = world.service.present(&SecretText::new(forged.as_str())).await.unwrap_err();
        assert!(matches!(refused, SessionError::SecretUnknown), "{forged}: {refused}");
    }
    // Another chatkitd's would do as a hosted secret, and only as that.
    let refused = keyless.service.present(&foreign).await.unwrap_err();
    assert!(matches!(refused, SessionError::SecretUnknown), "{refused}");
    assert_eq!(keyless.credentials.look_ups.load(Ordering::SeqCst), 0);
    assert_eq!(world.credentials.look_ups.load(Ordering::SeqCst), 0);
    // A hosted secret has no form to check, and a genuine one is looked up: the count does count.
    world.service.present(&SecretText::new("ek_unknown")).await.unwrap_err();
    world.service.present(&issued.secret).await.unwrap();
    assert_eq!(world.credentials.look_ups.load(Ordering::SeqCst), 2);
}

/// Rotated: the row is there, and the key that it was signed with is not set any more.
#[tokio::test]
async fn a_secret_of_a_key_that_is_no_longer_set_is_refused_though_the_store_knows_it() {
    let world = world();
    let issued = world.issue("wf_demo").await;
    let before = ClientSecrets::new(&KeyRing::new(["the one before".into()]).unwrap());
    let end = issued.secret_expires_at;
    let old = before.mint(&issued.session, world.clock.now(), end, &SeededRng::new(1)).unwrap();
    let record = NewSecret {
        hash: old.hash(),
        kind: SecretKind::Local,
        issued_at: world.clock.now(),
        expires_at: end,
    };
    let no_change = SessionChange::default();
    world.store.add_secret(&owner(&issued), &issued.session.id, &no_change, &record).await.unwrap();
    let refused = world.service.present(&old).await.unwrap_err();
    assert!(matches!(refused, SessionError::SecretUnknown), "{refused}");
}

#[tokio::test]
async fn the_sites_list_says_which_workflow_answers() {
    let mut world = world();
    let unsaid = NewSession { workflow: None, ..asked(ann(), "") };
    assert_eq!(world.ask(&unsaid).await.unwrap().session.workflow, "wf_demo", "the first is the default");
    let refused = world.ask(&asked(ann(), "wf_echo")).await.unwrap_err();
    assert!(matches!(refused, SessionError::WorkflowNotAllowed(_)), "{refused}");
    let trusted = NewSession { trusted: true, ..asked(ann(), "wf_echo") };
    assert_eq!(world.ask(&trusted).await.unwrap().session.workflow, "wf_echo");

    world.site.workflows.clear();
    for nothing in [unsaid, asked(ann(), "wf_demo")] {
        let refused = world.ask(&nothing).await.unwrap_err();
        assert!(matches!(refused, SessionError::NoWorkflow(_)), "{nothing:?}: {refused}");
    }
}

#[tokio::test]
async fn an_upstream_that_gives_the_same_secret_again_is_asked_a_few_times_and_no_more() {
    let world = world();
    world.issue("wf_hosted").await;
    world.hosted.repeats.store(true, Ordering::SeqCst);
    let refused = world.ask(&asked(ann(), "wf_hosted")).await.unwrap_err();
    assert!(matches!(refused, SessionError::Store(StoreError::Conflict)), "{refused:?}");
    assert_eq!(world.upstream_calls(), 1 + 3);
}

/// As when a tab is closed while `OpenAI` is asked: the server drops the request there and then.
#[tokio::test]
async fn what_was_opened_for_a_caller_who_went_away_is_not_left_to_nobody() {
    let world = world();
    let silence = world.hosted.silence.write().await;
    let (service, site) = (world.service.clone(), world.site.clone());
    let gone = tokio::spawn(async move { service.issue(&site, &asked(ann(), "wf_hosted")).await });
    while world.upstream_calls() < 1 {
        tokio::task::yield_now().await;
    }
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    drop(silence);
    let secret = SecretText::new("ek_hosted_0");
    let kept = async {
        while world.service.present(&secret).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(TOO_LONG, kept)
        .await
        .expect("its secret is known, and its end ends the session upstream");
}

#[tokio::test]
async fn a_hosted_workflow_needs_a_key() {
    let world = world_without_key();
    let refused = world.ask(&asked(ann(), "wf_hosted")).await.unwrap_err();
    assert!(matches!(refused, SessionError::NoUpstream), "{refused}");
    let trusted = NewSession { trusted: true, ..asked(ann(), "wf_elsewhere") };
    let refused = world.ask(&trusted).await.unwrap_err();
    assert!(matches!(refused, SessionError::WorkflowNotAllowed(_)), "{refused}");
    assert_eq!(world.issue("wf_demo").await.session.workflow, "wf_demo");
}

#[tokio::test]
async fn without_a_database_hosted_sessions_are_brokered_and_forgotten() {
    let world = world_without_database();
    assert!(!world.service.remembers());
    let first = world.issue("wf_hosted").await;
    let second = world.issue("wf_hosted").await;
    assert_eq!((first.secret.expose(), second.secret.expose()), ("ek_hosted_0", "ek_hosted_1"));
    assert_ne!(first.session.id, second.session.id);

    let refused = world.service.present(&first.secret).await.unwrap_err();
    assert!(matches!(refused, SessionError::SecretUnknown), "a refresh becomes a start: {refused}");
    let (scope, id): (Scope, &SessionId) = (owner(&first), &first.session.id);
    let refusals = [
        world.service.find(&scope, id).await.unwrap_err(),
        world.service.reissue(&world.site, &scope, id).await.unwrap_err(),
        world.service.revoke(&scope, id, "operator".to_owned()).await.unwrap_err(),
    ];
    for refused in refusals {
        assert!(matches!(refused, SessionError::NotFound), "{refused}");
    }
}

#[tokio::test]
async fn without_a_database_nothing_runs_here() {
    let world = world_without_database();
    let refused = world.ask(&asked(ann(), "wf_demo")).await.unwrap_err();
    assert!(matches!(refused, SessionError::NeedsDatabase), "{refused}");
}

fn configuration(value: Value) -> ChatKitConfiguration {
    serde_json::from_value(value).unwrap()
}

#[tokio::test]
async fn what_a_site_says_now_reaches_the_sessions_that_it_has() {
    let mut world = world();
    let files = |upload: Value| configuration(json!({"file_upload": upload}));
    world.site.configuration = files(json!({"enabled": true, "max_files": 5}));
    let first = world.issue("wf_hosted").await;
    assert_eq!(world.told_upstream(), json!({"file_upload": {"enabled": true, "max_files": 5}}));
    for upload in [json!({"enabled": false}), json!({"enabled": true, "max_files": 9})] {
        world.site.configuration = files(upload.clone());
        world.refresh(&first.secret).await.unwrap();
        world.service.reissue(&world.site, &owner(&first), &first.session.id).await.unwrap();
        assert_eq!(world.told_upstream(), json!({"file_upload": upload}), "tightened, and loosened again");
    }
}

#[tokio::test]
async fn what_was_asked_for_holds_within_what_the_site_says_now() {
    let more = configuration(json!({
        "file_upload": {"enabled": true, "max_files": 3}, "history": {"enabled": false},
    }));
    let browser = NewSession { configuration: Some(more), ..asked(ann(), "wf_hosted") };
    let server = NewSession { trusted: true, user: UserId::named("bob").unwrap(), ..browser.clone() };
    let open = json!({"history": {"enabled": true}});
    let closed = json!({"file_upload": {"enabled": false}});
    let wide = json!({"file_upload": {"enabled": true, "max_files": 9}});
    let no_history = |upload: Value| json!({"file_upload": upload, "history": {"enabled": false}});
    for (new, said, holds) in [
        (&browser, &open, no_history(json!({"max_files": 3}))),
        (&browser, &closed, no_history(json!({"enabled": false, "max_files": 3}))),
        (&browser, &wide, no_history(json!({"enabled": true, "max_files": 3}))),
        (&server, &open, no_history(json!({"enabled": true, "max_files": 3}))),
        (&server, &closed, no_history(json!({"enabled": false, "max_files": 3}))),
        (&server, &wide, no_history(json!({"enabled": true, "max_files": 3}))),
    ] {
        let mut world = world();
        let made = world.ask(new).await.unwrap();
        world.site.configuration = configuration(said.clone());
        world.service.reissue(&world.site, &owner(&made), &made.session.id).await.unwrap();
        assert_eq!(world.told_upstream(), holds, "trusted: {}, on a site that says {said}", new.trusted);
    }
}
