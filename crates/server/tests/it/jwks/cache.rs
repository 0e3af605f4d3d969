use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chatkitd::jwks::{HttpJwks, KEPT, PAUSE, PAUSE_WITHOUT_KEYS};
use chatkitd_core::identity::Algorithm::RS256;
use chatkitd_core::identity::{Jwks, JwksSource};
use chatkitd_core::ports::Clock;
use chatkitd_core::testing::{ManualClock, TestKey};
use futures_util::FutureExt;
use futures_util::future::join_all;
use jiff::Timestamp;

use super::issuer::{Answer, Issuer};

/// Longer than keys are fresh when the issuer does not say.
const LONG: Duration = Duration::from_secs(11 * 60);

fn client() -> (HttpJwks, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at_second(1_767_225_600));
    (HttpJwks::new(Arc::<ManualClock>::clone(&clock)).unwrap(), clock)
}

fn one_key() -> Answer {
    Answer::keys(&[TestKey::Rsa.jwk("first")])
}

async fn has(jwks: &HttpJwks, source: &JwksSource, kid: &str) -> bool {
    jwks.key(source, Some(kid), RS256).await.unwrap().is_some()
}

#[tokio::test]
async fn keys_are_found_by_kid_or_alone_and_fetched_once() {
    let issuer = Issuer::start(one_key()).await;
    let (jwks, _) = client();
    let source = issuer.keys_source();
    let key = jwks.key(&source, Some("first"), RS256).await.unwrap();
    assert_eq!(key, Some(TestKey::Rsa.jwk("first")));
    assert_eq!(jwks.key(&source, None, RS256).await.unwrap(), key);
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn without_a_kid_nothing_is_chosen_among_several_keys() {
    let keys = Answer::keys(&[TestKey::Rsa.jwk("first"), TestKey::P256.jwk("second")]);
    let issuer = Issuer::start(keys).await;
    assert_eq!(client().0.key(&issuer.keys_source(), None, RS256).await.unwrap(), None);
}

#[tokio::test]
async fn a_storm_of_unknown_kids_costs_the_issuer_at_most_two_fetches() {
    let issuer = Issuer::start(one_key()).await;
    let (jwks, clock) = client();
    let source = issuer.keys_source();
    assert!(has(&jwks, &source, "first").await);
    clock.advance(PAUSE);
    let kids: Vec<_> = (0..500).map(|number| format!("made-up-{number}")).collect();
    let found = join_all(kids.iter().map(|kid| has(&jwks, &source, kid))).await;
    assert!(found.iter().all(|found| !found));
    assert!(has(&jwks, &source, "first").await);
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn callers_who_come_together_share_one_fetch() {
    let issuer = Issuer::start(one_key()).await;
    let (jwks, _) = client();
    let source = issuer.keys_source();
    issuer.hold();
    // All fifty have asked before the issuer may answer: `join!` polls them first.
    let callers = join_all((0..50).map(|_| has(&jwks, &source, "first")));
    let (found, ()) = tokio::join!(callers, async { issuer.answer_one() });
    assert!(found.iter().all(|found| *found));
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn a_rotated_key_is_found_at_once_and_the_old_one_is_gone() {
    let issuer = Issuer::start(one_key()).await;
    let (jwks, clock) = client();
    let source = issuer.keys_source();
    assert!(has(&jwks, &source, "first").await);
    issuer.publish(Answer::keys(&[TestKey::OtherRsa.jwk("second")])).await;
    clock.advance(PAUSE);
    assert!(has(&jwks, &source, "second").await);
    assert!(!has(&jwks, &source, "first").await);
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn keys_are_fetched_again_when_they_are_old_or_as_old_as_the_issuer_says() {
    let issuer = Issuer::start(one_key().header("cache-control", "public, max-age=3600")).await;
    let (jwks, clock) = client();
    let source = issuer.keys_source();
    assert!(has(&jwks, &source, "first").await);
    clock.advance(LONG);
    assert!(has(&jwks, &source, "first").await);
    assert_eq!(issuer.fetches(), 1);
    issuer.publish(one_key()).await;
    clock.advance(Duration::from_secs(3600));
    assert!(has(&jwks, &source, "first").await);
    clock.advance(LONG);
    assert!(has(&jwks, &source, "first").await);
    assert_eq!(issuer.fetches(), 3);
}

#[tokio::test]
async fn keys_outlive_an_outage_for_a_day() {
    let issuer = Issuer::start(one_key()).await;
    let (jwks, clock) = client();
    let source = issuer.keys_source();
    assert!(has(&jwks, &source, "first").await);
    issuer.publish(Answer::status(503)).await;
    clock.advance(LONG);
    for _ in 0..100 {
        assert!(has(&jwks, &source, "first").await);
    }
    assert_eq!(issuer.fetches(), 2);
    clock.advance(KEPT - LONG - Duration::from_secs(1));
    assert!(has(&jwks, &source, "first").await);
    clock.advance(PAUSE);
    assert!(jwks.key(&source, Some("first"), RS256).await.is_err());
    issuer.publish(one_key()).await;
    clock.advance(PAUSE);
    assert!(has(&jwks, &source, "first").await);
}

#[tokio::test]
async fn an_issuer_that_is_down_from_the_start_is_tried_again_soon() {
    let issuer = Issuer::start(Answer::status(500)).await;
    let (jwks, clock) = client();
    let source = issuer.keys_source();
    for _ in 0..100 {
        assert!(jwks.key(&source, Some("first"), RS256).await.is_err());
    }
    assert_eq!(issuer.fetches(), 1);
    issuer.publish(one_key()).await;
    clock.advance(PAUSE_WITHOUT_KEYS);
    assert!(has(&jwks, &source, "first").await);
}

#[tokio::test]
async fn callers_who_waited_for_a_fetch_that_failed_do_not_wait_for_another() {
    let issuer = Issuer::start(Answer::status(503)).await;
    let (jwks, clock) = client();
    let source = issuer.keys_source();
    issuer.hold();
    let callers = join_all((0..3).map(|_| jwks.key(&source, Some("first"), RS256)));
    let (found, ()) = tokio::join!(callers, async {
        // Until it answers, as long passes as there is between two fetches.
        clock.advance(PAUSE_WITHOUT_KEYS);
        issuer.answer_one();
    });
    assert!(found.iter().all(Result::is_err));
    assert_eq!(issuer.fetches(), 1);
}

/// A clock that has gone on whenever it is looked at.
struct Ticking(ManualClock);

#[async_trait]
impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        self.0.advance(Duration::from_millis(1));
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.sleep(duration).await;
    }
}

#[tokio::test]
async fn keys_serve_the_caller_who_fetched_them_however_long_that_took() {
    let issuer = Issuer::start(one_key()).await;
    let clock = Ticking(ManualClock::at_second(1_767_225_600));
    let jwks = HttpJwks::new(Arc::new(clock)).unwrap();
    assert!(has(&jwks, &issuer.keys_source(), "first").await);
}

#[tokio::test]
async fn old_keys_serve_while_one_caller_waits_for_a_slow_issuer() {
    let issuer = Issuer::start(one_key()).await;
    let (jwks, clock) = client();
    let source = issuer.keys_source();
    assert!(has(&jwks, &source, "first").await);
    clock.advance(LONG);
    issuer.hold();
    let (waited, ()) = tokio::join!(has(&jwks, &source, "first"), async {
        assert_eq!(has(&jwks, &source, "first").now_or_never(), Some(true));
        issuer.answer_one();
    });
    assert!(waited);
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn a_caller_who_leaves_does_not_break_off_the_fetch() {
    let issuer = Issuer::start(one_key()).await;
    let (jwks, _) = client();
    let source = issuer.keys_source();
    issuer.hold();
    // Polled once: the fetch has begun, and nobody waits for it any more.
    let left = jwks.key(&source, Some("first"), RS256).now_or_never();
    assert!(left.is_none());
    issuer.answer_one();
    assert!(has(&jwks, &source, "first").await);
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn sources_do_not_share_keys() {
    let (first, second) = (Issuer::start(one_key()).await, Issuer::start(Answer::keys(&[])).await);
    let (jwks, _) = client();
    assert!(has(&jwks, &first.keys_source(), "first").await);
    assert!(!has(&jwks, &second.keys_source(), "first").await);
}
