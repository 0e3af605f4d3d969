//! Design 4.5: who is counted under what.

use std::num::NonZeroU32;
use std::time::Duration;

use chatkitd_core::limits::Quota;
use serde_json::json;

use crate::app::{START, Setup, send, site, token};

#[tokio::test]
async fn the_sixth_anonymous_creation_in_a_minute_is_refused() {
    let app = Setup::default().start().await;
    for left in (0..5).rev() {
        let answer = send(app.create()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-ratelimit-limit"), "5");
        assert_eq!(answer.header("x-ratelimit-remaining"), left.to_string());
    }
    app.clock.advance(Duration::from_secs(20));
    let refused = send(app.create()).await;
    refused.is_error(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "40");
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    assert_eq!(refused.header("x-ratelimit-reset"), (START + 60).to_string());
    assert_eq!(app.session_count().await, 5);
    app.clock.advance(Duration::from_secs(40));
    assert_eq!(send(app.create()).await.status, 200);
}

#[tokio::test]
async fn a_forged_forwarded_header_does_not_escape_the_limit() {
    let app = Setup::default().start().await;
    for number in 0..5 {
        send(app.create().header("x-forwarded-for", format!("203.0.113.{number}"))).await;
    }
    send(app.create().header("x-forwarded-for", "203.0.113.99")).await.is_error(429, "rate_limited");
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_visitor_is_counted() {
    let app = Setup { proxies: "127.0.0.0/8", ..Setup::default() }.start().await;
    for number in 0..7 {
        let answer =
            send(app.create().header("x-forwarded-for", format!("6.6.6.6, 203.0.113.{number}"))).await;
        assert_eq!(answer.status, 200);
    }
    for _ in 0..5 {
        send(app.create().header("x-forwarded-for", "2001:db8::1")).await;
    }
    let neighbour = send(app.create().header("x-forwarded-for", "2001:db8::2")).await;
    neighbour.is_error(429, "rate_limited");
}

#[tokio::test]
async fn only_anonymous_creations_count_against_the_address() {
    let app = Setup::default().start().await;
    let key = app.service_key("default").await;
    for number in 0..7 {
        let named = app.create().bearer_auth(&key).json(&json!({"userId": format!("u{number}")}));
        assert_eq!(send(named).await.status, 200);
        assert_eq!(send(app.create().bearer_auth(token("ann"))).await.status, 200);
    }
    let made = send(app.create()).await;
    for _ in 0..7 {
        let again = app.refresh(&made.field("session_id")).bearer_auth(made.field("client_secret"));
        assert_eq!(send(again).await.status, 200);
    }
}

/// The reason goes on being said, and whoever asks rightly then is not made to wait.
#[tokio::test]
async fn what_cannot_be_issued_is_refused_uncounted() {
    let app = Setup { hosted: false, ..Setup::default() }.start().await;
    for _ in 0..6 {
        let foreign = app.create().json(&json!({"workflowId": "wf_foreign"}));
        send(foreign).await.is_error(403, "workflow_not_allowed");
        let keyless = app.create().json(&json!({"workflowId": "wf_hosted"}));
        send(keyless).await.is_error(500, "openai_key_not_configured");
    }
    assert_eq!(send(app.create()).await.header("x-ratelimit-remaining"), "4");

    let mut bare = site();
    bare.workflows.clear();
    let app = Setup::of(bare).start().await;
    for _ in 0..6 {
        let start = send(app.post("/.netlify/functions/chatkit-start")).await;
        start.is_error(500, "workflow_not_configured");
    }
}

#[tokio::test]
async fn users_sessions_and_sites_have_limits_of_their_own() {
    let mut limited = site();
    limited.limits.user = Some(Quota::per_minute(2));
    limited.limits.session = Some(Quota::per_minute(1));
    let app = Setup::of(limited).start().await;
    let made = send(app.create().bearer_auth(token("ann"))).await;
    assert_eq!(send(app.create().bearer_auth(token("ann"))).await.status, 200);
    send(app.create().bearer_auth(token("ann"))).await.is_error(429, "rate_limited");
    assert_eq!(send(app.create().bearer_auth(token("bob"))).await.status, 200);
    let id = made.field("session_id");
    assert_eq!(send(app.refresh(&id).bearer_auth(token("ann"))).await.status, 200);
    send(app.refresh(&id).bearer_auth(token("ann"))).await.is_error(429, "rate_limited");

    let mut tight = site();
    tight.limits.site = Some(Quota::per_minute(1));
    let app = Setup::of(tight).start().await;
    assert_eq!(send(app.create()).await.status, 200);
    send(app.create().bearer_auth(token("ann"))).await.is_error(429, "rate_limited");
}

#[tokio::test]
async fn who_is_refused_by_their_own_limit_uses_up_nobody_elses() {
    let mut tight = site();
    tight.limits.anonymous = Some(Quota::per_minute(1));
    tight.limits.user = Some(Quota::per_minute(1));
    tight.limits.session = Some(Quota::per_minute(1));
    tight.limits.site = Some(Quota::per_minute(5));
    tight.max_requests_per_1_minute = NonZeroU32::new(1);
    let app = Setup::of(tight).start().await;
    let made = send(app.create().bearer_auth(token("ann"))).await;
    let (id, secret) = (made.field("session_id"), made.field("client_secret"));
    let list = json!({"type": "threads.list", "params": {}});
    assert_eq!(send(app.create()).await.status, 200);
    assert_eq!(send(app.refresh(&id).bearer_auth(token("ann"))).await.status, 200);
    assert_eq!(send(app.chat(&list).bearer_auth(&secret)).await.status, 200);
    for _ in 0..5 {
        send(app.create()).await.is_error(429, "rate_limited");
        send(app.create().bearer_auth(token("ann"))).await.is_error(429, "rate_limited");
        send(app.refresh(&id).bearer_auth(token("ann"))).await.is_error(429, "rate_limited");
        send(app.chat(&list).bearer_auth(&secret)).await.is_openai_error(429, "rate_limited");
    }
    assert_eq!(send(app.create().bearer_auth(token("bob"))).await.status, 200);
    send(app.create().bearer_auth(token("cid"))).await.is_error(429, "rate_limited");
}

#[tokio::test]
async fn what_a_back_end_creates_for_nobody_counts_on_its_site() {
    let mut tight = site();
    tight.limits.site = Some(Quota::per_minute(2));
    let app = Setup::of(tight).start().await;
    let key = app.service_key("default").await;
    for _ in 0..2 {
        assert_eq!(send(app.create().bearer_auth(&key)).await.status, 200);
    }
    send(app.create().bearer_auth(&key)).await.is_error(429, "rate_limited");
}

#[tokio::test]
async fn a_limiter_that_fails_closed_answers_503() {
    let app = Setup { limiter_down: true, ..Setup::default() }.start().await;
    send(app.create()).await.is_error(503, "limiter_unavailable");
    assert_eq!(app.session_count().await, 0);
}
