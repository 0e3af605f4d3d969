//! What every limiter must do: fixed windows, anchored at the first request.

use std::time::Duration;

use futures_util::future::join_all;

use super::fixture::at;
use crate::limits::Quota;
use crate::ports::Limiter;

const QUOTA: Quota = Quota { limit: 3, window: Duration::from_secs(60) };

pub async fn requests_pass_up_to_the_limit_and_then_wait_for_the_window(limiter: &dyn Limiter) {
    for (second, allowed, remaining) in
        [(0, true, 2), (1, true, 1), (2, true, 0), (3, false, 0), (59, false, 0)]
    {
        let decision = limiter.take("ip:192.0.2.1", QUOTA, at(second)).await.unwrap();
        assert_eq!((decision.allowed, decision.remaining), (allowed, remaining), "at {second}");
        assert_eq!((decision.limit, decision.resets_at), (3, at(60)), "at {second}");
    }
    let reopened = limiter.take("ip:192.0.2.1", QUOTA, at(60)).await.unwrap();
    assert_eq!((reopened.allowed, reopened.remaining, reopened.resets_at), (true, 2, at(120)));
}

pub async fn a_window_is_anchored_at_its_first_request(limiter: &dyn Limiter) {
    assert_eq!(limiter.take("user:ann", QUOTA, at(7)).await.unwrap().resets_at, at(67));
    assert_eq!(limiter.take("user:ann", QUOTA, at(66)).await.unwrap().resets_at, at(67));
    assert_eq!(limiter.take("user:ann", QUOTA, at(90)).await.unwrap().resets_at, at(150));
}

pub async fn keys_are_counted_apart(limiter: &dyn Limiter) {
    for _ in 0..4 {
        limiter.take("session:a", QUOTA, at(0)).await.unwrap();
    }
    assert!(!limiter.take("session:a", QUOTA, at(1)).await.unwrap().allowed);
    assert!(limiter.take("session:b", QUOTA, at(1)).await.unwrap().allowed);
}

pub async fn fifty_requests_at_once_are_counted_one_by_one(limiter: &dyn Limiter) {
    let quota = Quota { limit: 20, window: Duration::from_secs(60) };
    let decisions = join_all((0..50).map(|_| limiter.take("site:shop", quota, at(0)))).await;
    let passed = decisions.into_iter().filter(|decision| decision.as_ref().unwrap().allowed).count();
    assert_eq!(passed, 20);
}
