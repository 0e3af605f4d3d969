//! The old secret for a new one (design 4.2): overlap, grace, and fifty callers at once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chatkitd_core::keys::KeyRing;
use chatkitd_core::ports::{Clock, Maintenance, Store};
use chatkitd_core::secret_text::SecretText;
use chatkitd_core::sessions::{
    ClientSecrets, Issued, OVERLAP, REFRESH_GRACE, SecretStanding, SessionError, UpstreamError, later,
};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::world::{DAY, HOUR, SECOND, TOO_LONG, World, owner, world};

const CALLERS: usize = 50;

async fn standing(world: &World, secret: &SecretText) -> SecretStanding {
    world.service.present(secret).await.unwrap().standing
}

/// Moves the clock once those who were started before wait.
async fn time_passes(world: &World, by: Duration) {
    tokio::task::yield_now().await;
    world.clock.advance(by);
}

/// Fifty tasks that all hold the same old secret, unreplaced, and refresh it at the same moment.
async fn fifty_refresh(world: &World, old: &SecretText) -> JoinSet<Result<Issued, SessionError>> {
    let start = Arc::new(Barrier::new(CALLERS));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let presented = world.service.present(old).await.unwrap();
        assert_eq!(presented.record.replaced_by, None);
        let (service, site, start) = (world.service.clone(), world.site.clone(), start.clone());
        callers.spawn(async move {
            start.wait().await;
            service.refresh(&site, &presented).await
        });
    }
    callers
}

fn one_secret_of(answers: Vec<Result<Issued, SessionError>>) -> Issued {
    let answers: Vec<Issued> = answers.into_iter().map(|answer| answer.unwrap()).collect();
    let secrets: BTreeSet<&str> = answers.iter().map(|issued| issued.secret.expose()).collect();
    assert_eq!((answers.len(), secrets.len()), (CALLERS, 1));
    assert!(answers.iter().all(|issued| issued.secret_expires_at == answers[0].secret_expires_at));
    assert!(answers.iter().all(|issued| issued.session == answers[0].session));
    answers[0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_callers_share_one_upstream_call() {
    let world = world();
    let old = world.issue("wf_hosted").await;
    let silence = world.hosted.silence.write().await;
    let callers = fifty_refresh(&world, &old.secret).await;
    // The first one waits for its answer; the others come while it does.
    while world.upstream_calls() < 2 {
        tokio::task::yield_now().await;
    }
    drop(silence);
    let shared = one_secret_of(callers.join_all().await);
    assert_eq!(shared.secret.expose(), "ek_hosted_1");
    assert_eq!(world.upstream_calls(), 2, "one to issue, one to refresh");
    assert_eq!(standing(&world, &shared.secret).await, SecretStanding::Live);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_callers_get_the_same_local_secret() {
    let world = world();
    let old = world.issue("wf_demo").await;
    let shared = one_secret_of(fifty_refresh(&world, &old.secret).await.join_all().await);
    let reader = ClientSecrets::new(&KeyRing::new(["secret".into()]).unwrap());
    let jti = |secret| reader.read(secret).unwrap().jti;
    assert_ne!(jti(&shared.secret), jti(&old.secret));
    // Only the shared one was written: the other forty-nine were thrown away unseen.
    assert_eq!(standing(&world, &shared.secret).await, SecretStanding::Live);
    let late = world.refresh(&old.secret).await.unwrap();
    assert_eq!(jti(&late.secret), jti(&shared.secret), "within the overlap");
}

/// As when a tab is closed while `OpenAI` is asked: the server drops the request there and then.
#[tokio::test]
async fn a_refresh_whose_caller_went_away_comes_to_its_end_for_the_others() {
    let world = world();
    let old = world.issue("wf_hosted").await;
    let silence = world.hosted.silence.write().await;
    let presented = world.service.present(&old.secret).await.unwrap();
    let (service, site) = (world.service.clone(), world.site.clone());
    let gone = tokio::spawn(async move { service.refresh(&site, &presented).await });
    while world.upstream_calls() < 2 {
        tokio::task::yield_now().await;
    }
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    drop(silence);
    let waiting = async {
        loop {
            tokio::task::yield_now().await;
            world.clock.advance(Duration::from_millis(50));
        }
    };
    let refreshed = tokio::select! {
        refreshed = world.refresh(&old.secret) => refreshed.unwrap(),
        () = waiting => unreachable!("it does not end"),
    };
    assert_eq!(refreshed.secret.expose(), "ek_hosted_1", "what was opened is not left to nobody");
    assert_eq!(world.upstream_calls(), 2);
}

#[tokio::test]
async fn the_old_secret_works_for_thirty_seconds_and_then_no_more() {
    for workflow in ["wf_demo", "wf_hosted"] {
        let world = world();
        let old = world.issue(workflow).await;
        let new = world.refresh(&old.secret).await.unwrap();
        assert_ne!(new.secret.expose(), old.secret.expose());
        assert_eq!(new.session.id, old.session.id);

        world.clock.advance(OVERLAP - SECOND);
        assert_eq!(standing(&world, &old.secret).await, SecretStanding::Live);
        assert_eq!(world.refresh(&old.secret).await.unwrap().secret.expose(), new.secret.expose());
        world.clock.advance(SECOND);
        assert_eq!(standing(&world, &old.secret).await, SecretStanding::Revoked);
        let refused = world.refresh(&old.secret).await.unwrap_err();
        assert!(matches!(refused, SessionError::SecretRevoked), "{workflow}: {refused}");
        assert_eq!(standing(&world, &new.secret).await, SecretStanding::Live, "{workflow}");
    }
}

#[tokio::test]
async fn a_hosted_session_that_was_replaced_is_cancelled_after_the_overlap() {
    let world = world();
    let old = world.issue("wf_hosted").await;
    world.refresh(&old.secret).await.unwrap();
    let due = later(world.clock.now(), OVERLAP);
    let early = due.checked_sub(SECOND).unwrap();
    assert!(world.store.take_cancel_jobs(early, HOUR, 10).await.unwrap().is_empty());
    let jobs = world.store.take_cancel_jobs(due, HOUR, 10).await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.upstream_session.as_str()).collect::<Vec<_>>(), ["cksess_0"]);
}

/// One request may hold the right to refresh for twelve seconds. Here the first takes longer, so two sessions are
/// opened, of which one is kept.
#[tokio::test]
async fn a_hosted_session_that_was_opened_for_a_refresh_that_came_too_late_is_cancelled() {
    let world = world();
    let old = world.issue("wf_hosted").await;
    let silence = world.hosted.silence.write().await;
    let mut refreshing = JoinSet::new();
    for calls in [2, 3] {
        let presented = world.service.present(&old.secret).await.unwrap();
        let (service, site) = (world.other_node(), world.site.clone());
        refreshing.spawn(async move { service.refresh(&site, &presented).await.unwrap() });
        while world.upstream_calls() < calls {
            tokio::task::yield_now().await;
        }
        time_passes(&world, 13 * SECOND).await;
    }
    drop(silence);
    let both = refreshing.join_all().await;
    assert_eq!(both[0].secret.expose(), both[1].secret.expose(), "one secret for both");
    let lost = if both[0].secret.expose() == "ek_hosted_1" { "cksess_2" } else { "cksess_1" };
    let jobs = world.store.take_cancel_jobs(world.clock.now(), HOUR, 10).await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.upstream_session.as_str()).collect::<Vec<_>>(), [lost]);
}

#[tokio::test]
async fn a_secret_that_ran_out_within_a_day_renews_its_session() {
    let world = world();
    let old = world.issue("wf_demo").await;
    world.clock.advance(HOUR + REFRESH_GRACE - SECOND);
    assert_eq!(standing(&world, &old.secret).await, SecretStanding::Refreshable);
    assert!(old.session.expires_at < world.clock.now(), "the session ran out as well");
    let new = world.refresh(&old.secret).await.unwrap();
    assert_eq!(new.session.id, old.session.id);
    assert_eq!(new.session.expires_at, later(world.clock.now(), DAY));
    let stored = world.service.find(&owner(&new), &new.session.id).await.unwrap();
    assert_eq!(stored, new.session);
}

#[tokio::test]
async fn a_secret_that_ran_out_a_day_ago_is_too_old() {
    for workflow in ["wf_demo", "wf_hosted"] {
        let world = world();
        let old = world.issue(workflow).await;
        let lived = if workflow == "wf_demo" { HOUR } else { Duration::from_secs(600) };
        world.clock.advance(lived + REFRESH_GRACE);
        let refused = world.refresh(&old.secret).await.unwrap_err();
        assert!(matches!(refused, SessionError::SecretExpired), "{workflow}: {refused}");
    }
}

#[tokio::test]
async fn a_revoked_secret_is_not_refreshed() {
    for workflow in ["wf_demo", "wf_hosted"] {
        let world = world();
        let issued = world.issue(workflow).await;
        let before = world.service.present(&issued.secret).await.unwrap();
        let calls = world.upstream_calls();
        world.revoke(&issued).await;
        let refused = world.refresh(&issued.secret).await.unwrap_err();
        assert!(matches!(refused, SessionError::SecretRevoked), "{workflow}: {refused}");
        // Presented before, refreshed after: the store has the last word, and nobody waits for it.
        let refresh = world.service.refresh(&world.site, &before);
        let (refused, ()) = tokio::join!(refresh, time_passes(&world, 15 * SECOND));
        let refused = refused.unwrap_err();
        assert!(matches!(refused, SessionError::SecretRevoked), "{workflow}: {refused}");
        assert_eq!(world.upstream_calls(), calls, "{workflow}: nobody asks upstream for a revoked one");
    }
}

#[tokio::test]
async fn a_right_that_nobody_gives_back_runs_out_for_those_who_wait() {
    let world = world();
    let old = world.issue("wf_hosted").await;
    // A request that took the right and died, as a killed node's would.
    let now = world.clock.now();
    world
        .store
        .claim_replacement(&owner(&old), &old.secret.hash(), now, later(now, 12 * SECOND))
        .await
        .unwrap();
    let (refreshed, ()) = tokio::join!(world.refresh(&old.secret), time_passes(&world, 12 * SECOND));
    assert_eq!(refreshed.unwrap().secret.expose(), "ek_hosted_1");
}

#[tokio::test]
async fn those_who_wait_for_a_refresh_that_the_upstream_fails_fail_with_it() {
    let world = world();
    let old = world.issue("wf_hosted").await;
    let calls = world.upstream_calls();
    world.hosted.fails.store(true, Ordering::SeqCst);
    let silence = world.hosted.silence.write().await;
    let callers = fifty_refresh(&world, &old.secret).await;
    while world.upstream_calls() == calls {
        tokio::task::yield_now().await;
    }
    drop(silence);
    for refused in callers.join_all().await {
        assert!(matches!(refused, Err(SessionError::Upstream(UpstreamError::TimedOut))), "{refused:?}");
    }
    assert_eq!(world.upstream_calls(), calls + 1, "one asked for all");
    world.hosted.fails.store(false, Ordering::SeqCst);
    assert_eq!(standing(&world, &old.secret).await, SecretStanding::Live, "nothing was changed");
    assert_eq!(world.refresh(&old.secret).await.unwrap().secret.expose(), "ek_hosted_1", "the right is free");
}

#[tokio::test]
async fn nobody_waits_longer_than_fifteen_seconds_for_another_request() {
    let world = world();
    let old = world.issue("wf_hosted").await;
    let now = world.clock.now();
    world.store.claim_replacement(&owner(&old), &old.secret.hash(), now, later(now, HOUR)).await.unwrap();
    let (refused, ()) = tokio::join!(world.refresh(&old.secret), time_passes(&world, 15 * SECOND));
    assert!(matches!(refused, Err(SessionError::RefreshBusy)), "{refused:?}");
}

#[tokio::test]
async fn nobody_waits_longer_because_the_clock_was_set_back() {
    let world = world();
    let old = world.issue("wf_hosted").await;
    let now = world.clock.now();
    world.store.claim_replacement(&owner(&old), &old.secret.hash(), now, later(now, HOUR)).await.unwrap();
    let set_back = async {
        tokio::task::yield_now().await;
        world.clock.set_back(HOUR);
        world.clock.advance(15 * SECOND);
    };
    let refresh = tokio::time::timeout(TOO_LONG, world.refresh(&old.secret));
    let (refused, ()) = tokio::join!(refresh, set_back);
    let refused = refused.expect("it gives up");
    assert!(matches!(refused, Err(SessionError::RefreshBusy)), "{refused:?}");
}
