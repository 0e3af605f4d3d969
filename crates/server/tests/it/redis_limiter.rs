//! The limiter that nodes share, against a real Redis, and what happens when it does not answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chatkitd::clock::SystemClock;
use chatkitd::limiter::SharedLimiter;
use chatkitd::redis_limiter::RedisLimiter;
use chatkitd::settings::FailurePolicy;
use chatkitd_core::limits::{Decision, Quota};
use chatkitd_core::ports::{Clock as _, Limiter};
use futures_util::future::join_all;
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use tokio::net::TcpListener;

use crate::databases::{OwnRedis, connection};
use crate::server::required;
use crate::wait::until;

static NEXT: AtomicU32 = AtomicU32::new(0);
const LONG: Duration = Duration::from_secs(60);

/// A key that no other test and no other run has.
fn own_key() -> String {
    let now = SystemClock.now().as_nanosecond();
    format!("test:{}:{now}:{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// One that is connected: what is asked earlier has half a second for that, too.
async fn limiter() -> RedisLimiter {
    let limiter = RedisLimiter::connect(&required("CHATKITD_TEST_REDIS_URL")).unwrap();
    until("it is connected", async || {
        limiter.take(&own_key(), Quota::per_minute(1), SystemClock.now()).await.is_ok()
    })
    .await;
    limiter
}

async fn redis() -> MultiplexedConnection {
    connection(&required("CHATKITD_TEST_REDIS_URL")).await
}

async fn take(limiter: &dyn Limiter, key: &str, quota: Quota) -> Decision {
    limiter.take(key, quota, SystemClock.now()).await.unwrap()
}

#[tokio::test]
async fn as_many_pass_in_a_window_as_the_quota_says() {
    let (limiter, key, quota) = (limiter().await, own_key(), Quota::per_minute(3));
    let mut seen = Vec::new();
    for _ in 0..5 {
        let decision = take(&limiter, &key, quota).await;
        seen.push((decision.allowed, decision.remaining));
        let left = decision.retry_after_secs(SystemClock.now());
        assert!((1..=60).contains(&left), "{left}");
    }
    assert_eq!(seen, [(true, 2), (true, 1), (true, 0), (false, 0), (false, 0)]);
    assert!(take(&limiter, &own_key(), quota).await.allowed, "another key is counted by itself");
}

#[tokio::test]
async fn callers_on_two_nodes_at_once_share_one_count() {
    let (nodes, key) = ([limiter().await, limiter().await], own_key());
    let callers = (0..50).map(|number| take(&nodes[number % 2], &key, Quota::per_minute(10)));
    let passed = join_all(callers).await.iter().filter(|decision| decision.allowed).count();
    assert_eq!(passed, 10);
}

#[tokio::test]
async fn a_window_that_closed_begins_anew_and_leaves_nothing_behind() {
    let (limiter, key) = (limiter().await, own_key());
    let quota = Quota { limit: 1, window: Duration::from_millis(150) };
    assert!(take(&limiter, &key, quota).await.allowed);
    let again = async { while !take(&limiter, &key, quota).await.allowed {} };
    tokio::time::timeout(LONG, again).await.expect("a window of 150 ms closes");
    let mut redis = redis().await;
    let gone = async { while redis.exists::<_, bool>(format!("chatkitd:limit:{key}")).await.unwrap() {} };
    tokio::time::timeout(LONG, gone).await.expect("the count goes with its window");
}

#[tokio::test]
async fn requests_in_a_window_do_not_move_its_end() {
    let (limiter, key) = (limiter().await, own_key());
    let first = take(&limiter, &key, Quota::per_minute(9)).await;
    let mut redis = redis().await;
    let name = format!("chatkitd:limit:{key}");
    let _: bool = redis.pexpire(&name, 5_000).await.unwrap();
    let second = take(&limiter, &key, Quota::per_minute(9)).await;
    assert!(second.resets_at < first.resets_at);
}

#[tokio::test]
async fn a_count_that_was_left_without_an_end_is_given_one() {
    let (limiter, key) = (limiter().await, own_key());
    let mut redis = redis().await;
    let name = format!("chatkitd:limit:{key}");
    let _: () = redis.set(&name, 7).await.unwrap();
    let decision = take(&limiter, &key, Quota::per_minute(5)).await;
    assert!(!decision.allowed);
    let left: i64 = redis.pttl(&name).await.unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
}

/// A server that takes connections and says nothing: worse than none.
async fn one_that_hangs() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    (listener, url)
}

async fn one_that_is_not_there() -> String {
    one_that_hangs().await.1
}

#[tokio::test]
async fn redis_is_connected_and_has_the_script_before_the_first_visitor_comes() {
    let redis = OwnRedis::start().await;
    let _limiter = RedisLimiter::connect(&redis.url).unwrap();
    let mut connection = connection(&redis.url).await;
    until("the script is there", async || {
        let memory: String = redis::cmd("INFO").arg("memory").query_async(&mut connection).await.unwrap();
        memory.contains("number_of_cached_scripts:1")
    })
    .await;
}

#[tokio::test]
async fn a_redis_that_is_not_there_at_the_start_is_looked_for_until_it_is() {
    let (listener, url) = one_that_hangs().await;
    let _limiter = RedisLimiter::connect(&url).unwrap();
    // More often than it is tried for one command.
    for _ in 0..10 {
        let looks = tokio::time::timeout(LONG, listener.accept());
        drop(looks.await.expect("it looks again, and nobody asked").unwrap());
    }
}

#[tokio::test]
async fn where_redis_is_away_or_hangs_the_policy_decides_within_two_seconds() {
    let (_hangs, hanging) = one_that_hangs().await;
    for url in [one_that_is_not_there().await, hanging] {
        let redis: Arc<dyn Limiter> = Arc::new(RedisLimiter::connect(&url).unwrap());
        let open = SharedLimiter::new(redis.clone(), FailurePolicy::Open);
        let closed = SharedLimiter::new(redis, FailurePolicy::Closed);
        let quota = Quota::per_minute(1);
        for _ in 0..2 {
            let asked = async {
                tokio::join!(
                    open.take("k", quota, SystemClock.now()),
                    closed.take("k", quota, SystemClock.now())
                )
            };
            let (passes, refused) =
                tokio::time::timeout(Duration::from_secs(2), asked).await.expect("it does not wait longer");
            assert!(passes.unwrap().allowed, "open lets everybody pass: {url}");
            refused.expect_err("closed lets nobody pass");
        }
    }
}
