//! Who is it (design 4.6): a secret, else a token, else a device, else somebody new.

use std::num::NonZeroU32;
use std::time::Duration;

use serde_json::{Value, json};

use super::client::{add, create, get, said};
use crate::app::{Answer, Setup, TestApp, send, site, site_of, token};

fn list() -> Value {
    json!({"type": "threads.list", "params": {}})
}

/// What the agent was told of the visitor.
fn told(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text);
    serde_json::from_str(&said(&answer.events())).unwrap()
}

async fn threads_of(app: &TestApp, cookie: &str) -> usize {
    let answer = send(app.chat(&list()).header("cookie", cookie)).await;
    answer.json()["data"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_secret_brings_its_session_along() {
    let app = Setup::default().start().await;
    let fields = json!({"locale": "fr", "pageUrl": "https://shop.example/a"});
    let session = send(app.create().json(&fields)).await;
    let mut ask = create("who");
    ask["metadata"] = json!({"page": 7});
    let request = app.conversation(&ask).bearer_auth(session.field("client_secret"));
    let told = told(&send(request.header("accept-language", "en;q=0.4, de-AT, de;q=0.9")).await);
    assert_eq!(told["user"], session.json()["user_id"]);
    assert_eq!(told["session"], session.json()["session_id"]);
    assert_eq!(told["workflow"], "wf_demo");
    assert_eq!(told["state_variables"], json!({"locale": "fr", "page_url": "https://shop.example/a"}));
    assert_eq!(told["locale"], "de-AT");
    assert_eq!(told["metadata"], json!({"page": 7}));
}

#[tokio::test]
async fn a_token_names_its_user_and_the_sites_first_workflow_answers() {
    let app = Setup::default().start().await;
    let first = told(&send(app.chat(&create("who")).bearer_auth(token("ann"))).await);
    assert_eq!((&first["user"], &first["session"]), (&json!("ann"), &Value::Null));
    assert_eq!((&first["workflow"], &first["state_variables"]), (&json!("wf_demo"), &json!({})));
    let made = send(app.chat(&create("hello")).bearer_auth(token("ann"))).await;
    assert_eq!(made.header("set-cookie"), "");
}

#[tokio::test]
async fn somebody_new_gets_a_cookie_and_is_known_by_it() {
    let app = Setup::default().start().await;
    let first = send(app.chat(&create("hello"))).await;
    let cookie = first.header("set-cookie");
    assert!(cookie.starts_with("chatkit_device="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"), "{cookie}");
    assert_eq!(first.header("x-ratelimit-remaining"), "4");
    let thread = first.events()[0]["thread"]["id"].as_str().unwrap().to_owned();
    let again = send(app.chat(&add(&thread, "hello")).header("cookie", first.cookie())).await;
    assert_eq!(said(&again.events()), "hello");
    assert_eq!(again.header("set-cookie"), "", "it has one");
    assert_eq!(threads_of(&app, &first.cookie()).await, 1);
}

#[tokio::test]
async fn a_device_in_use_is_not_forgotten() {
    let app = Setup::default().start().await;
    let mut cookie = send(app.chat(&create("hello"))).await.cookie();
    for _ in 0..3 {
        app.clock.advance(Duration::from_secs(20 * 24 * 3600));
        let answer = send(app.chat(&list()).header("cookie", &cookie)).await;
        assert_eq!(answer.json()["data"].as_array().unwrap().len(), 1);
        cookie = answer.cookie();
    }
}

#[tokio::test]
async fn a_newcomer_is_known_even_if_the_first_request_was_refused() {
    let app = Setup::default().start().await;
    let refused = send(app.chat(&get("cthr_1"))).await;
    refused.is_openai_error(404, "thread_not_found");
    let cookie = refused.cookie();
    let next = send(app.chat(&create("hello")).header("cookie", &cookie)).await;
    assert_eq!((next.status.as_u16(), next.header("set-cookie")), (200, ""));
}

#[tokio::test]
async fn the_sixth_newcomer_in_a_minute_is_refused_and_those_who_are_known_are_not() {
    let app = Setup::default().start().await;
    let cookie = send(app.chat(&list())).await.cookie();
    for _ in 0..4 {
        assert_eq!(send(app.chat(&list())).await.status, 200);
    }
    let refused = send(app.chat(&list())).await;
    refused.is_openai_error(429, "rate_limited");
    assert_eq!(refused.header("x-ratelimit-limit"), "5");
    assert_eq!(refused.header("set-cookie"), "");
    for _ in 0..6 {
        assert_eq!(send(app.chat(&list()).header("cookie", &cookie)).await.status, 200);
        assert_eq!(send(app.chat(&list()).bearer_auth(token("ann"))).await.status, 200);
    }
}

#[tokio::test]
async fn what_is_malformed_makes_nobody_up() {
    let app = Setup::default().start().await;
    for _ in 0..7 {
        let answer = send(app.post("/chatkit").body("{")).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (400, ""));
    }
    assert_eq!(send(app.chat(&list())).await.header("x-ratelimit-remaining"), "4");
}

#[tokio::test]
async fn a_device_id_and_a_domain_key_identify_nobody() {
    let app = Setup::default().start().await;
    let ask = || {
        let mut body = create("hello");
        body["domainKey"] = json!("domain_pk_1");
        app.chat(&body).header("chatkit-device-id", "device-1").header("chatkit-frame-instance-id", "f1")
    };
    let (first, second) = (send(ask()).await, send(ask()).await);
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
    assert_eq!(threads_of(&app, &first.cookie()).await, 1);
    assert_eq!(threads_of(&app, &second.cookie()).await, 1);
}

#[tokio::test]
async fn a_page_of_another_site_gets_a_token_that_it_can_read() {
    let app = Setup::of(site_of("default", &["https://shop.example"])).start().await;
    let from_shop = |body: &Value| {
        app.chat(body).header("origin", "https://shop.example").header("sec-fetch-site", "cross-site")
    };
    let first = send(from_shop(&create("hello"))).await;
    let device = first.header("chatkit-device-token");
    assert!(device.starts_with("eyJ"), "{device}");
    assert!(first.header("access-control-expose-headers").contains("chatkit-device-token"));
    assert!(first.header("set-cookie").ends_with("SameSite=None; Secure; Partitioned"));
    let thread = first.events()[0]["thread"]["id"].as_str().unwrap().to_owned();
    let by_token = send(from_shop(&get(&thread)).header("chatkit-device-token", device)).await;
    assert_eq!(by_token.status, 200);
    let by_cookie = send(from_shop(&get(&thread)).header("cookie", first.cookie())).await;
    assert_eq!(by_cookie.status, 200, "the site lists this page");
}

#[tokio::test]
async fn a_cookie_that_comes_from_a_page_nobody_listed_opens_nothing_and_stays() {
    let app = Setup::default().start().await;
    let first = send(app.chat(&create("hello"))).await;
    let run = first.header("x-chatkit-run-id").to_owned();
    let thread = first.events()[0]["thread"]["id"].as_str().unwrap().to_owned();
    for site in ["same-site", "cross-site"] {
        let sent = |request: reqwest::RequestBuilder| {
            let request = request.header("cookie", first.cookie()).header("sec-fetch-site", site);
            request.header("origin", "https://evil.example")
        };
        let answer = send(sent(app.chat(&get(&thread)))).await;
        answer.is_openai_error(404, "thread_not_found");
        assert_eq!(answer.header("set-cookie"), "", "the visitor's own cookie is not replaced");
        send(sent(app.events(&run))).await.is_openai_error(401, "not_signed_in");
        send(sent(app.cancel(&run))).await.is_openai_error(401, "not_signed_in");
        app.clock.advance(Duration::from_secs(60));
    }
    let listed = Setup::of(site_of("default", &["https://shop.example"])).start().await;
    let evil = listed.chat(&list()).header("origin", "https://evil.example");
    let refused = send(evil.header("cookie", first.cookie())).await;
    refused.is_openai_error(403, "origin_not_allowed");
    assert_eq!(refused.header("access-control-allow-origin"), "");
    // A picture on a stranger's page names no origin.
    let picture = listed.events(&run).header("cookie", first.cookie()).header("sec-fetch-site", "cross-site");
    send(picture).await.is_openai_error(401, "not_signed_in");
}

#[tokio::test]
async fn behind_a_proxy_that_writes_its_own_host_a_visitor_stays_who_they_are() {
    let app = Setup::default().start().await;
    let first = send(app.chat(&create("hello"))).await;
    let thread = first.events()[0]["thread"]["id"].as_str().unwrap().to_owned();
    let request = app.chat(&get(&thread)).header("cookie", first.cookie()).header("host", "chatkitd:8787");
    let request = request.header("origin", "https://chat.example").header("sec-fetch-site", "same-origin");
    let answer = send(request).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("set-cookie"), "", "nobody new");
}

#[tokio::test]
async fn a_newcomer_without_a_page_is_refused_where_pages_are_listed() {
    let app = Setup::of(site_of("default", &["https://shop.example"])).start().await;
    send(app.chat(&list())).await.is_openai_error(403, "origin_required");
    assert_eq!(send(app.chat(&list()).header("origin", "https://shop.example")).await.status, 200);
}

#[tokio::test]
async fn where_sign_in_is_required_neither_newcomers_nor_devices_get_in() {
    let open = Setup::default().start().await;
    let cookie = send(open.chat(&list())).await.cookie();
    let mut closed = site();
    closed.anonymous = false;
    let app = Setup::of(closed).start().await;
    let answer = send(app.chat(&list())).await;
    answer.is_openai_error(401, "not_signed_in");
    assert_eq!(answer.header("www-authenticate"), "Bearer");
    send(app.chat(&list()).header("cookie", cookie)).await.is_openai_error(401, "not_signed_in");
    assert_eq!(send(app.chat(&list()).bearer_auth(token("ann"))).await.status, 200);
}

#[tokio::test]
async fn a_bad_credential_is_never_anonymous() {
    let app = Setup::default().start().await;
    let session = send(app.create()).await;
    let secret = session.field("client_secret");
    for (credential, code) in
        [("ek_forged", "secret_unknown"), ("sk_unknown", "invalid_key"), ("eyJ.a.b", "invalid_token")]
    {
        for request in
            [app.chat(&list()), app.conversation(&list()), app.events("run_1"), app.cancel("run_1")]
        {
            send(request.bearer_auth(credential)).await.is_openai_error(401, code);
        }
    }
    app.clock.advance(Duration::from_secs(3600));
    send(app.chat(&list()).bearer_auth(&secret)).await.is_openai_error(401, "secret_expired");
    let id = session.field("session_id");
    let key = app.service_key("default").await;
    send(app.delete(&format!("/api/chatkit/session/{id}")).bearer_auth(key)).await;
    send(app.chat(&list()).bearer_auth(&secret)).await.is_openai_error(401, "secret_revoked");
    send(app.events("run_1").bearer_auth(&secret)).await.is_openai_error(401, "secret_revoked");
}

#[tokio::test]
async fn a_service_key_is_no_visitor() {
    let app = Setup::default().start().await;
    let key = app.service_key("default").await;
    for request in [app.chat(&list()), app.conversation(&list()), app.events("run_1"), app.cancel("run_1")] {
        send(request.bearer_auth(&key)).await.is_openai_error(403, "service_key_refused");
    }
}

#[tokio::test]
async fn at_openais_address_only_a_bearer_is_somebody() {
    let app = Setup::default().start().await;
    let first = send(app.chat(&list())).await;
    send(app.conversation(&list())).await.is_openai_error(401, "not_signed_in");
    let cookie = app.conversation(&list()).header("cookie", first.cookie());
    send(cookie).await.is_openai_error(401, "not_signed_in");
    assert_eq!(send(app.conversation(&list()).bearer_auth(token("ann"))).await.status, 200);
}

#[tokio::test]
async fn a_secret_may_be_used_as_often_as_its_site_says() {
    let mut limited = site();
    limited.max_requests_per_1_minute = NonZeroU32::new(2);
    let app = Setup::of(limited).start().await;
    let secret = send(app.create()).await.field("client_secret");
    for _ in 0..2 {
        assert_eq!(send(app.chat(&list()).bearer_auth(&secret)).await.status, 200);
    }
    send(app.chat(&list()).bearer_auth(&secret)).await.is_openai_error(429, "rate_limited");
    assert_eq!(send(app.chat(&list()).bearer_auth(token("ann"))).await.status, 200);
}
