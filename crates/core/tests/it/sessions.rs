//! `SessionService` on the store in memory: the rules of design 4.1 that take days.

use std::sync::atomic::Ordering;
use std::time::Duration;

use chatkitd_core::ports::Clock;
use chatkitd_core::sessions::{SessionError, UpstreamError, later};

use crate::world::{DAY, HOUR, owner, world};

#[tokio::test]
async fn a_session_is_renewed_only_when_little_of_it_is_left() {
    let world = world();
    let first = world.issue("wf_demo").await;
    world.clock.advance(22 * HOUR);
    let kept = world.issue("wf_demo").await;
    assert_eq!((&kept.session.id, kept.session.expires_at), (&first.session.id, first.session.expires_at));
    world.clock.advance(HOUR);
    let renewed = world.issue("wf_demo").await;
    assert_eq!(renewed.session.id, first.session.id);
    assert_eq!(renewed.session.expires_at, later(world.clock.now(), DAY));
}

#[tokio::test]
async fn of_a_short_session_a_quarter_is_little() {
    let mut world = world();
    world.site.lifetimes.session = Duration::from_secs(400);
    let first = world.issue("wf_demo").await;
    world.clock.advance(Duration::from_secs(299));
    assert_eq!(world.issue("wf_demo").await.session.expires_at, first.session.expires_at);
    world.clock.advance(Duration::from_secs(1));
    assert!(world.issue("wf_demo").await.session.expires_at > first.session.expires_at);
}

#[tokio::test]
async fn a_session_is_renewed_for_thirty_days_and_then_a_new_one_takes_its_place() {
    let world = world();
    let first = world.issue("wf_demo").await;
    let mut last = first.clone();
    while last.session.id == first.session.id {
        assert!(last.session.expires_at <= first.session.renewable_until());
        world.clock.advance(DAY - HOUR / 2);
        last = world.issue("wf_demo").await;
    }
    assert!(world.clock.now() > later(first.session.created_at, 29 * DAY));
}

#[tokio::test]
async fn a_session_that_can_be_renewed_no_more_is_not_given_out_in_its_last_hour() {
    let world = world();
    let mut last = world.issue("wf_demo").await;
    let (id, end) = (last.session.id.clone(), last.session.renewable_until());
    while last.session.expires_at < end {
        world.clock.advance(DAY - HOUR / 2);
        last = world.issue("wf_demo").await;
    }
    let left = Duration::try_from(end.duration_since(world.clock.now())).unwrap();
    world.clock.advance(left.checked_sub(2 * HOUR).unwrap());
    assert_eq!(world.issue("wf_demo").await.session.id, id);
    world.clock.advance(HOUR);
    let next = world.issue("wf_demo").await;
    assert_ne!(next.session.id, id);
    assert_eq!(next.session.expires_at, later(world.clock.now(), DAY));
    assert_eq!(world.issue("wf_demo").await.session.id, next.session.id);
    // What is open goes on to its end.
    assert_eq!(world.refresh(&last.secret).await.unwrap().session.id, id);
}

/// As where its lifetime was set longer than thirty days.
#[tokio::test]
async fn a_session_of_sixty_days_is_given_out_until_little_is_left() {
    let mut world = world();
    world.site.lifetimes.session = 60 * DAY;
    let first = world.issue("wf_demo").await;
    world.clock.advance(59 * DAY);
    assert_eq!(world.issue("wf_demo").await.session.id, first.session.id);
    world.clock.advance(DAY - HOUR);
    assert_ne!(world.issue("wf_demo").await.session.id, first.session.id);
}

#[tokio::test]
async fn a_session_of_sixty_days_is_refreshed_to_its_end() {
    let mut world = world();
    world.site.lifetimes.session = 60 * DAY;
    let first = world.issue("wf_demo").await;
    world.clock.advance(59 * DAY);
    let last = world.issue("wf_demo").await;
    world.clock.advance(DAY - HOUR / 2);
    let refreshed = world.refresh(&last.secret).await.unwrap();
    assert_eq!(refreshed.session, first.session);
    assert_eq!(refreshed.secret_expires_at, first.session.expires_at);
    world.clock.advance(HOUR / 2);
    let refused = world.refresh(&refreshed.secret).await.unwrap_err();
    assert!(matches!(refused, SessionError::SessionTooOld), "{refused}");
}

#[tokio::test]
async fn no_session_is_shortened_by_its_renewal() {
    let mut world = world();
    world.site.lifetimes.session = 30 * DAY + HOUR / 2;
    let first = world.issue("wf_demo").await;
    world.clock.advance(30 * DAY - HOUR / 4);
    assert_eq!(
        world.service.reissue(&world.site, &owner(&first), &first.session.id).await.unwrap().session,
        first.session
    );
}

#[tokio::test]
async fn a_refresh_past_thirty_days_is_refused() {
    let world = world();
    let mut issued = world.issue("wf_demo").await;
    let end = issued.session.renewable_until();
    loop {
        world.clock.advance(20 * HOUR);
        match world.refresh(&issued.secret).await {
            Ok(fresh) => issued = fresh,
            Err(error) => {
                assert!(matches!(error, SessionError::SessionTooOld), "{error}");
                break;
            }
        }
    }
    assert!(world.clock.now() >= end);
}

#[tokio::test]
async fn a_secret_never_outlives_its_session() {
    let mut world = world();
    world.site.lifetimes.session = Duration::from_secs(60);
    let issued = world.issue("wf_demo").await;
    assert_eq!(issued.secret_expires_at, issued.session.expires_at);
    world.issue("wf_hosted").await;
    assert_eq!(*world.hosted.lifetimes.lock().unwrap(), [Duration::from_secs(60)]);
}

#[tokio::test]
async fn another_workflow_is_another_session() {
    let world = world();
    assert_ne!(world.issue("wf_demo").await.session.id, world.issue("wf_hosted").await.session.id);
}

#[tokio::test]
async fn a_refresh_that_fails_upstream_can_be_tried_again_at_once() {
    let world = world();
    let issued = world.issue("wf_hosted").await;
    world.hosted.fails.store(true, Ordering::SeqCst);
    let failed = world.refresh(&issued.secret).await.unwrap_err();
    assert!(matches!(failed, SessionError::Upstream(UpstreamError::TimedOut)));
    world.hosted.fails.store(false, Ordering::SeqCst);
    assert_eq!(world.refresh(&issued.secret).await.unwrap().secret.expose(), "ek_hosted_1");
}

#[tokio::test]
async fn a_session_revoked_during_an_overlap_gives_its_secret_to_nobody() {
    let world = world();
    let issued = world.issue("wf_demo").await;
    world.refresh(&issued.secret).await.unwrap();
    world.revoke(&issued).await;
    let refused = world.refresh(&issued.secret).await.unwrap_err();
    assert!(matches!(refused, SessionError::SecretRevoked), "{refused}");
}
