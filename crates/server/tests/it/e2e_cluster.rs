//! Two nodes, one PostgreSQL: what one of them does, the other one knows.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;
use tempfile::{TempDir, tempdir};

use crate::databases::{count, postgres, run};
use crate::server::{Answer, Env, Node, REFRESH, required, send};
use crate::upstream_standin::UpstreamStandin;
use crate::wait::until;

struct Cluster {
    a: Node,
    b: Node,
    database: String,
    _folder: TempDir,
}

async fn cluster(change: impl FnOnce(Env) -> Env) -> Cluster {
    let folder = tempdir().unwrap();
    let database = postgres().await;
    let env = change(Env::sqlite(&folder).set("CHATKITD_DATABASE_URL", &database));
    // Both at once: the migration is a race that both have to survive.
    let (a, b) = tokio::join!(Node::start(&env), Node::start(&env));
    until("both nodes are up", async || a.status("/readyz").await == 200 && b.status("/readyz").await == 200)
        .await;
    Cluster { a, b, database, _folder: folder }
}

#[tokio::test]
async fn fifty_callers_on_two_nodes_share_one_refresh_upstream() {
    let standin = UpstreamStandin::start().await;
    let cluster = cluster(|env| env.hosted(&standin.base).set("CHATKITD_LIMIT_SESSION", "0")).await;
    let old = cluster.a.create().await.text("client_secret");
    let callers = (0..50).map(|number| if number % 2 == 0 { &cluster.a } else { &cluster.b });
    let answers = join_all(callers.map(|node| node.refresh(&old))).await;
    let statuses: BTreeSet<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, BTreeSet::from([200]));
    let secrets: BTreeSet<_> = answers.iter().map(|answer| answer.text("client_secret")).collect();
    assert_eq!(secrets, BTreeSet::from(["ek_upstream_secret_2".to_owned()]));
    assert_eq!(standin.creates(), 2, "the creation, and one refresh for all");
}

/// A caller for whom a slow machine has no connection to the database in time is told to come back, and does.
async fn refresh(node: &Node, old: &str) -> Answer {
    for _ in 0..10 {
        let answer = node.refresh(old).await;
        if answer.status != 503 {
            return answer;
        }
    }
    panic!("the database has no connection for everybody");
}

#[tokio::test]
async fn fifty_callers_on_two_nodes_get_the_same_local_secret() {
    let cluster = cluster(|env| env.set("CHATKITD_LIMIT_SESSION", "0")).await;
    let old = cluster.a.create().await.text("client_secret");
    let callers = (0..50).map(|number| if number % 2 == 0 { &cluster.a } else { &cluster.b });
    let answers = join_all(callers.map(|node| refresh(node, &old))).await;
    let secrets: BTreeSet<_> = answers.iter().map(|answer| answer.text("client_secret")).collect();
    assert_eq!(secrets.len(), 1, "{secrets:?}");
    assert!(!secrets.contains(&old));
}

#[tokio::test]
async fn a_revocation_on_one_node_is_felt_on_the_other_at_once() {
    let cluster = cluster(|env| env).await;
    let made = cluster.a.create().await;
    assert_eq!(cluster.b.validate(&made).await.body["valid"], json!(true));
    assert_eq!(cluster.a.delete(&made).await.status, 204);
    assert_ne!(cluster.b.validate(&made).await.body["valid"], json!(true));
    cluster.b.refresh(&made.text("client_secret")).await.assert_error(401, "secret_revoked");
}

#[tokio::test]
async fn a_deleted_session_is_cancelled_upstream_once() {
    let standin = UpstreamStandin::start().await;
    let cluster = cluster(|env| env.hosted(&standin.base)).await;
    let made = cluster.a.create().await;
    assert_eq!(cluster.b.delete(&made).await.status, 204);
    until("the session is cancelled upstream", async || !standin.cancels().is_empty()).await;
    until("the job is done", async || {
        count(&cluster.database, "SELECT count(*) FROM chatkitd.cancel_jobs").await == 0
    })
    .await;
    assert_eq!(standin.cancels(), ["/v1/chatkit/sessions/cksess_up_1/cancel"]);
}

/// The overlap is thirty seconds; the test brings the job's time forward rather than waiting.
#[tokio::test]
async fn a_replaced_session_is_cancelled_upstream_after_the_overlap() {
    let standin = UpstreamStandin::start().await;
    let cluster = cluster(|env| env.hosted(&standin.base)).await;
    let old = cluster.a.create().await.text("client_secret");
    assert_eq!(cluster.b.refresh(&old).await.text("client_secret"), "ek_upstream_secret_2");
    let later = "SELECT count(*) FROM chatkitd.cancel_jobs WHERE upstream_session = 'cksess_up_1'
                 AND due_at > (extract(epoch FROM now()) + 20) * 1000 AND due_at < (extract(epoch FROM now()) + 31) * 1000";
    assert_eq!(count(&cluster.database, later).await, 1, "due in thirty seconds");
    assert!(standin.cancels().is_empty());
    run(&cluster.database, "UPDATE chatkitd.cancel_jobs SET due_at = 0").await;
    until("the session is cancelled upstream", async || !standin.cancels().is_empty()).await;
    assert_eq!(standin.cancels(), ["/v1/chatkit/sessions/cksess_up_1/cancel"]);
}

#[tokio::test]
async fn a_session_that_was_opened_upstream_while_its_own_was_deleted_is_cancelled() {
    let standin = UpstreamStandin::start().await;
    let cluster = cluster(|env| env.hosted(&standin.base)).await;
    let made = cluster.a.create().await;
    standin.close_gate();
    let request = cluster.a.post(REFRESH).json(&json!({"currentClientSecret": made.text("client_secret")}));
    let refreshing = tokio::spawn(send(request));
    standin.asked(2).await;
    assert_eq!(cluster.b.delete(&made).await.status, 204);
    standin.open_gate();
    refreshing.await.unwrap().assert_error(401, "secret_revoked");
    let cancelled =
        |number: u32| standin.cancels().contains(&format!("/v1/chatkit/sessions/cksess_up_{number}/cancel"));
    until("both are cancelled upstream", async || cancelled(1) && cancelled(2)).await;
}

/// Five a minute, counted together, whichever node they come to.
async fn counts_together(cluster: &Cluster) {
    for number in 0..5 {
        let node = if number % 2 == 0 { &cluster.a } else { &cluster.b };
        let answer = node.create().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.headers["x-ratelimit-remaining"], (4 - number).to_string());
    }
    for node in [&cluster.a, &cluster.b] {
        let refused = node.create().await;
        refused.assert_error(429, "rate_limited");
        let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
    }
}

#[tokio::test]
async fn the_limit_is_shared_through_redis() {
    // A database of its own inside the tests' Redis: the keys name addresses, which all tests share.
    let url = format!("{}/1", required("CHATKITD_TEST_REDIS_URL"));
    let cluster = cluster(|env| env.unset("CHATKITD_LIMIT_ANONYMOUS").set("CHATKITD_REDIS_URL", url)).await;
    counts_together(&cluster).await;
}

#[tokio::test]
async fn the_limit_is_shared_through_the_database() {
    let cluster = cluster(|env| env.unset("CHATKITD_LIMIT_ANONYMOUS").set("CHATKITD_LIMITER", "sql")).await;
    counts_together(&cluster).await;
}
