//! Design 4.5: origins are compared whole, and CORS headers stand on errors too.

use reqwest::Method;
use serde_json::json;

use crate::app::{Setup, TestApp, send, site_of};

/// Design 4.5 and the device token, in the order of the alphabet.
const EXPOSED: [&str; 7] = [
    "chatkit-device-token",
    "retry-after",
    "x-chatkit-run-id",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
];

async fn taquito() -> TestApp {
    Setup::of(site_of("default", &["https://taquito.io", "https://*.pages.example"])).start().await
}

#[tokio::test]
async fn a_listed_origin_is_echoed_with_credentials() {
    let app = taquito().await;
    for origin in ["https://taquito.io", "https://taquito-584.pages.example"] {
        let answer = send(app.create().header("origin", origin)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        assert_eq!(answer.header("vary"), "Origin");
    }
}

#[tokio::test]
async fn a_page_may_read_what_the_contracts_say_in_headers_on_answers_and_on_errors() {
    for origins in [&["https://taquito.io"][..], &[]] {
        let app = Setup::of(site_of("default", origins)).start().await;
        for (request, status) in
            [(app.create(), 200), (app.create().body("{"), 400), (app.get("/nowhere"), 404)]
        {
            let answer = send(request.header("origin", "https://taquito.io")).await;
            assert_eq!(answer.status, status, "{}", answer.text);
            let mut exposed: Vec<_> = answer.header("access-control-expose-headers").split(", ").collect();
            exposed.sort_unstable();
            assert_eq!(exposed, EXPOSED);
        }
    }
}

#[tokio::test]
async fn a_foreign_origin_gets_403_without_cors_headers_and_changes_nothing() {
    let app = taquito().await;
    for origin in [
        "https://evil-taquito.io",
        "https://taquito.io.evil.com",
        "http://taquito.io",
        "https://taquito.io:8443",
        "https://pages.example",
        "null",
        "nonsense",
    ] {
        let answer = send(app.create().header("origin", origin)).await;
        answer.is_error(403, "origin_not_allowed");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
    }
    assert_eq!(app.session_count().await, 0);
}

#[tokio::test]
async fn minting_without_origin_and_credential_is_refused_where_origins_are_listed() {
    let app = taquito().await;
    send(app.create()).await.is_error(403, "origin_required");
    let key = app.service_key("default").await;
    assert_eq!(send(app.create().bearer_auth(key)).await.status, 200);
}

#[tokio::test]
async fn where_no_origin_is_listed_any_page_may_call_without_credentials() {
    let app = Setup::default().start().await;
    for origin in ["https://anybody.example", "null"] {
        let answer = send(app.create().header("origin", origin)).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
}

#[tokio::test]
async fn a_preflight_allows_what_the_widget_sends() {
    let app = taquito().await;
    for path in ["/api/chatkit/session", "/.netlify/functions/chatkit-start", "/nowhere"] {
        let request = app.client.request(Method::OPTIONS, format!("{}{path}", app.base));
        let answer = send(request.header("origin", "https://taquito.io")).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), "https://taquito.io");
        let allowed = answer.header("access-control-allow-headers");
        for header in [
            "authorization",
            "content-type",
            "chatkit-frame-instance-id",
            "chatkit-device-id",
            "last-event-id",
        ] {
            assert!(allowed.contains(header), "{header}");
        }
        assert!(answer.header("access-control-allow-methods").contains("DELETE"));
    }
    let foreign = app.client.request(Method::OPTIONS, format!("{}/api/chatkit/session", app.base));
    let answer = send(foreign.header("origin", "https://evil.example")).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

/// Its preflight names no site: only the secret of the request that follows does.
#[tokio::test]
async fn any_page_may_call_an_open_site_by_its_secret_whatever_other_sites_list() {
    let setup = Setup {
        sites: vec![site_of("default", &["https://a.example"]), site_of("demo", &[])],
        ..Setup::default()
    };
    let app = setup.start().await;
    let secret = async |site: &str| {
        let key = app.service_key(site).await;
        send(app.create().bearer_auth(key).json(&json!({"userId": "ann"}))).await.field("client_secret")
    };
    let (open, listed) = (secret("demo").await, secret("default").await);
    let origin = ("origin", "https://b.example");
    let preflight = app.client.request(Method::OPTIONS, format!("{}/chatkit", app.base));
    let preflight = send(preflight.header(origin.0, origin.1)).await;
    assert_eq!((preflight.status.as_u16(), preflight.header("access-control-allow-origin")), (204, "*"));

    let list = json!({"type": "threads.list", "params": {}});
    let answer = send(app.chat(&list).bearer_auth(open).header(origin.0, origin.1)).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (200, "*"));
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let refused = send(app.chat(&list).bearer_auth(listed).header(origin.0, origin.1)).await;
    refused.is_openai_error(403, "origin_not_allowed");
}

/// A preflight always names a page, so this is somebody who asks what there is (design 4.2, 4.5).
#[tokio::test]
async fn options_without_an_origin_is_answered_where_origins_are_listed() {
    let app = taquito().await;
    for path in ["/api/chatkit/session", "/.netlify/functions/chatkit-start", "/chatkit", "/healthz"] {
        let answer = send(app.client.request(Method::OPTIONS, format!("{}{path}", app.base))).await;
        assert_eq!(answer.status, 204, "{path}: {answer:?}");
        assert!(answer.header("access-control-allow-methods").contains("POST"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
}

#[tokio::test]
async fn errors_carry_cors_headers() {
    let app = taquito().await;
    let origin = "https://taquito.io";
    for request in
        [app.create().body("{"), app.get("/nowhere"), app.get("/api/chatkit/session"), app.validate("x")]
    {
        let answer = send(request.header("origin", origin)).await;
        assert!(answer.status.is_client_error());
        assert_eq!(answer.header("access-control-allow-origin"), origin);
    }
}
