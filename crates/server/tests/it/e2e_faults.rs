//! What the server depends on goes away, and comes back.

use std::time::Duration;

use rusqlite::Connection;
use tempfile::tempdir;

use crate::databases::{OwnPostgres, OwnRedis, Way, postgres, run};
use crate::server::{Env, Node};
use crate::wait::until;

#[tokio::test]
async fn with_redis_dead_and_the_policy_open_requests_pass_and_are_counted_again_later() {
    let (folder, redis) = (tempdir().unwrap(), OwnRedis::start().await);
    let url = redis.url.clone();
    let env = Env::sqlite(&folder).set("CHATKITD_REDIS_URL", &url).unset("CHATKITD_LIMIT_ANONYMOUS");
    let node = Node::start(&env).await;
    assert_eq!(node.create().await.headers["x-ratelimit-remaining"], "4");
    redis.kill();
    for _ in 0..7 {
        let answer = node.create().await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let _redis = OwnRedis::start_on(url.rsplit(':').next().unwrap().parse().unwrap());
    until("requests are counted again", async || node.create().await.status == 429).await;
}

#[tokio::test]
async fn with_redis_dead_and_the_policy_closed_requests_are_refused() {
    let (folder, redis) = (tempdir().unwrap(), OwnRedis::start().await);
    let env = Env::sqlite(&folder)
        .set("CHATKITD_REDIS_URL", &redis.url)
        .set("CHATKITD_LIMITER_ON_FAILURE", "closed")
        .unset("CHATKITD_LIMIT_ANONYMOUS");
    let node = Node::start(&env).await;
    assert_eq!(node.create().await.status, 200);
    redis.kill();
    node.create().await.assert_error(503, "limiter_unavailable");
    assert_eq!(node.status("/healthz").await, 200);
}

/// A server that starts before its Redis does is a server.
#[tokio::test]
async fn a_server_starts_without_its_redis() {
    let folder = tempdir().unwrap();
    let port = crate::databases::free_port().await;
    let env = Env::sqlite(&folder)
        .set("CHATKITD_REDIS_URL", format!("redis://127.0.0.1:{port}"))
        .unset("CHATKITD_LIMIT_ANONYMOUS");
    let node = Node::start(&env).await;
    assert_eq!(node.create().await.status, 200);
}

/// A partition refuses no connection: it answers nothing.
#[tokio::test]
async fn with_postgresql_silent_a_server_still_stops_within_its_grace() {
    let (folder, way) = (tempdir().unwrap(), Way::to(&postgres().await).await);
    let env =
        Env::sqlite(&folder).set("CHATKITD_DATABASE_URL", &way.url).set("CHATKITD_SHUTDOWN_GRACE", "1s");
    let node = Node::start(&env).await;
    assert_eq!(node.create().await.status, 200);
    way.silence();
    let stopped = tokio::time::timeout(Duration::from_secs(20), node.stop()).await;
    stopped.expect("nobody waits for a database that says nothing");
}

#[tokio::test]
async fn with_postgresql_dead_requests_are_refused_and_work_again_when_it_is_back() {
    let folder = tempdir().unwrap();
    let (postgres, url) = OwnPostgres::start();
    let node = Node::start(&Env::sqlite(&folder).set("CHATKITD_DATABASE_URL", &url)).await;
    let made = node.create().await;
    assert_eq!((made.status, node.status("/readyz").await), (200, 200));
    // The test servers write their log late; what was committed so far is to survive the kill.
    run(&url, "CHECKPOINT").await;
    postgres.script("kill");
    node.create().await.assert_error(503, "store_unavailable");
    node.validate(&made).await.assert_error(503, "store_unavailable");
    node.refresh(&made.text("client_secret")).await.assert_error(503, "store_unavailable");
    assert_eq!((node.status("/readyz").await, node.status("/healthz").await), (503, 200));

    postgres.script("start");
    until("the server is ready again", async || node.status("/readyz").await == 200).await;
    assert_eq!(node.validate(&made).await.body["valid"], serde_json::json!(true));
    assert_eq!(node.create().await.status, 200);
    node.stop().await;
}

#[tokio::test]
async fn a_database_that_somebody_else_locks_is_unavailable_and_then_works() {
    let folder = tempdir().unwrap();
    let node = Node::start(&Env::sqlite(&folder)).await;
    let made = node.create().await;
    assert_eq!(made.status, 200);
    let file = folder.path().join("chatkitd.db");
    let other = Connection::open(file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    node.create().await.assert_error(503, "store_unavailable");
    assert_eq!(node.validate(&made).await.status, 200, "readers do not wait for the writer");
    let before: i64 = other.query_row("SELECT count(*) FROM sessions", [], |row| row.get(0)).unwrap();
    assert_eq!(before, 1, "nothing was stored");
    other.execute_batch("COMMIT").unwrap();
    other.close().unwrap();
    assert_eq!(node.create().await.status, 200);
}

#[tokio::test]
async fn a_database_that_is_not_there_stops_the_start_in_words() {
    let folder = tempdir().unwrap();
    let port = crate::databases::free_port().await;
    let env = Env::sqlite(&folder)
        .set("CHATKITD_DATABASE_URL", format!("postgres://chatkitd:hidden-password@127.0.0.1:{port}/none"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refused = chatkitd::Server::new(env.settings()).launch(listener, Default::default()).await;
    let error = refused.unwrap_err();
    assert!(error.to_string().contains("database"), "{error}");
    assert!(!format!("{error:?}").contains("hidden-password"), "{error:?}");
}
