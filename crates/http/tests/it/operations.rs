//! Health, the API's description and the page.

use chatkitd_http::NotReady;
use serde_json::json;

use crate::app::{Setup, send};

#[tokio::test]
async fn health_and_readiness_are_told_apart() {
    let app = Setup { ready: Err(NotReady("database")), ..Setup::default() }.start().await;
    assert_eq!(send(app.get("/healthz")).await.json()["status"], "ok");
    let ready = send(app.get("/readyz")).await;
    assert_eq!((ready.status.as_u16(), ready.json()["missing"].as_str()), (503, Some("database")));
    let app = Setup::default().start().await;
    assert_eq!(send(app.get("/readyz")).await.status, 200);
}

#[tokio::test]
async fn the_openapi_document_covers_every_contract() {
    let app = Setup::default().start().await;
    let document = send(app.get("/openapi.json")).await.json();
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(
        paths,
        [
            "/.netlify/functions/chatkit-refresh",
            "/.netlify/functions/chatkit-start",
            "/api/chatkit/session",
            "/api/chatkit/session/{id}",
            "/api/chatkit/session/{id}/refresh",
            "/api/chatkit/session/{id}/validate",
            "/api/chatkit/transcript",
            "/api/chatkit/workflows/{id}",
            "/chatkit",
            "/chatkit-assets@{version}/{path}",
            "/chatkit-config.json",
            "/chatkit.js",
            "/chatkit/attachments",
            "/chatkit/attachments/{id}/content",
            "/chatkit/attachments/{id}/preview",
            "/chatkit/runs/{id}/cancel",
            "/chatkit/runs/{id}/events",
            "/chatkit@{version}.js",
            "/healthz",
            "/openapi.json",
            "/readyz",
            "/v1/chatkit/conversation",
            "/v1/chatkit/files",
            "/v1/chatkit/runs/{id}/cancel",
            "/v1/chatkit/runs/{id}/events",
            "/v1/chatkit/sessions",
            "/v1/chatkit/sessions/{session_id}/cancel",
            "/v1/chatkit/threads",
            "/v1/chatkit/threads/{thread_id}",
            "/v1/chatkit/threads/{thread_id}/items",
        ]
    );
}

#[tokio::test]
async fn the_openapi_document_says_that_a_conversation_needs_a_body() {
    let app = Setup::default().start().await;
    let document = send(app.get("/openapi.json")).await.json();
    for path in ["/chatkit", "/v1/chatkit/conversation"] {
        assert_eq!(document["paths"][path]["post"]["requestBody"]["required"], json!(true), "{path}");
    }
    assert_eq!(send(app.post("/chatkit")).await.status, 400);
}

#[tokio::test]
async fn the_page_is_shown_on_this_machine_only() {
    let app = Setup { page: Some(false), ..Setup::default() }.start().await;
    let page = send(app.get("/")).await;
    assert!(page.text.contains("<title>chatkitd</title>"), "{}", page.text);
    assert!(page.header("content-security-policy").contains("default-src 'none'"));
    let filling = send(app.get("/page.json")).await.json();
    assert_eq!((&filling["facts"][0]["value"], &filling["element"]), (&json!("wf_demo"), &json!(null)));
    send(app.get("/").header("host", "evil.example")).await.is_error(404, "not_found");
    send(app.get("/page.json").header("x-forwarded-for", "1.2.3.4")).await.is_error(404, "not_found");
    let public = Setup { page: Some(true), ..Setup::default() }.start().await;
    assert_eq!(send(public.get("/").header("host", "chat.example")).await.status, 200);
}

#[tokio::test]
async fn a_panic_in_a_handler_is_a_500_with_a_request_id_and_the_server_goes_on() {
    let app = Setup { panics: true, ..Setup::default() }.start().await;
    let answer = send(app.get("/readyz").header("origin", "https://a.example")).await;
    answer.is_error(500, "internal_error");
    assert!(!answer.text.contains("a defect"));
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(send(app.get("/healthz")).await.status, 200);
}
