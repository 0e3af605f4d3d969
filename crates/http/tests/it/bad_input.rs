//! What strangers send: a status, an envelope, and nothing changed in the store.

use chatkitd_core::sessions::UpstreamError;
use reqwest::Method;
use serde_json::json;

use crate::app::{Setup, send};

#[tokio::test]
async fn bodies_that_are_no_json_object_are_refused() {
    let app = Setup::default().start().await;
    for body in ["{", "[]", "5", "\"x\"", "{\"a\":}", "{} {}", "\u{0}"] {
        send(app.create().body(body)).await.is_error(400, "invalid_json");
    }
    send(app.create().body(vec![b'"', 0xff, b'"'])).await.is_error(400, "invalid_json");
    assert_eq!(app.session_count().await, 0);
}

#[tokio::test]
async fn wrong_types_are_refused_with_the_name_of_the_field() {
    let app = Setup::default().start().await;
    for (body, field) in [
        (json!({"userId": 5}), "userId"),
        (json!({"metadata": []}), "metadata"),
        (json!({"workflow": "wf_demo"}), "workflow"),
        (json!({"workflow": ["wf_demo"]}), "workflow"),
        (json!({"chatkit_configuration": [null, null]}), "chatkit_configuration"),
        (json!({"chatkit_configuration": {"history": [true]}}), "chatkit_configuration.history"),
        (json!({"workflow": {"id": {}}}), "workflow.id"),
        (
            json!({"chatkit_configuration": {"history": {"recent_threads": -1}}}),
            "chatkit_configuration.history.recent_threads",
        ),
    ] {
        let answer = send(app.create().json(&body)).await;
        answer.is_error(400, "invalid_type");
        assert!(answer.field("error").contains(&format!("\"{field}\"")), "{}", answer.text);
    }
    let range = json!({"chatkit_configuration": {"file_upload": {"max_file_size": 513}}});
    send(app.create().json(&range)).await.is_error(400, "invalid_configuration");
    assert_eq!(app.session_count().await, 0);
}

#[tokio::test]
async fn a_body_of_a_megabyte_is_too_large() {
    let app = Setup::default().start().await;
    let body = json!({"metadata": {"a": "x".repeat(1024 * 1024)}});
    send(app.create().json(&body)).await.is_error(413, "body_too_large");
    assert_eq!(app.session_count().await, 0);
}

#[tokio::test]
async fn a_hundred_levels_of_nesting_are_too_deep() {
    let app = Setup::default().start().await;
    let nested = format!("{{\"metadata\":{}1{}}}", "{\"a\":".repeat(100), "}".repeat(100));
    send(app.create().body(nested)).await.is_error(400, "too_deep");
    let bottomless = format!("{{\"a\":{}", "[".repeat(30_000));
    send(app.create().body(bottomless)).await.is_error(400, "too_deep");
    assert_eq!(app.session_count().await, 0);
}

#[tokio::test]
async fn nul_characters_are_refused_wherever_they_stand() {
    let app = Setup::default().start().await;
    for body in
        [r#"{"metadata":{"a":"\u0000"}}"#, r#"{"metadata":{"\u0000":1}}"#, r#"{"unknown":["a\u0000"]}"#]
    {
        send(app.create().body(body)).await.is_error(400, "nul_character");
    }
    assert_eq!(app.session_count().await, 0);
    let escaped = send(app.create().body(r#"{"metadata":{"a":"\\u0000"}}"#)).await;
    assert_eq!(escaped.status, 200, "a backslash and five characters are no NUL");
}

/// With it the parser would read a text as JSON, as deep as it likes.
#[tokio::test]
async fn a_name_that_the_parser_keeps_for_itself_is_refused() {
    let app = Setup::default().start().await;
    for name in ["$serde_json::private::RawValue", "\\u0024serde_json::private::RawValue"] {
        for field in ["metadata", "state_variables", "unknown"] {
            let body = format!(r#"{{"{field}":{{"a":{{"{name}":"[[1]]"}}}}}}"#);
            send(app.create().body(body)).await.is_error(400, "reserved_name");
        }
    }
    assert_eq!(app.session_count().await, 0);
    let text = send(app.create().body(r#"{"metadata":{"a":"$serde_json::private::RawValue"}}"#)).await;
    assert_eq!(text.status, 200, "as a text it is harmless");
}

#[tokio::test]
async fn another_content_type_is_refused() {
    let app = Setup::default().start().await;
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"]
    {
        let answer = send(app.create().header("content-type", content_type).body("{}")).await;
        answer.is_error(415, "unsupported_media_type");
    }
    assert_eq!(app.session_count().await, 0);
    let charset = app.create().header("content-type", "Application/JSON; charset=utf-8").body("{}");
    assert_eq!(send(charset).await.status, 200);
    let empty = app.create().header("content-type", "text/plain");
    assert_eq!(send(empty).await.status, 200, "an empty body has no type");
}

#[tokio::test]
async fn a_packed_body_is_refused_as_such() {
    let app = Setup::default().start().await;
    let packed = b"\x1f\x8b\x08\x00".as_slice();
    for coding in ["gzip", "br", "identity, gzip"] {
        let answer = send(app.create().header("content-encoding", coding).body(packed)).await;
        answer.is_error(415, "unsupported_content_encoding");
        let answer = send(app.post("/chatkit").header("content-encoding", coding).body(packed)).await;
        answer.is_openai_error(415, "unsupported_content_encoding");
    }
    assert_eq!(app.session_count().await, 0);
    let plain = app.create().header("content-encoding", "identity").body("{}");
    assert_eq!(send(plain).await.status, 200);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_answered_in_the_envelope() {
    let app = Setup::default().start().await;
    for path in ["/", "/nowhere", "/api/chatkit", "/api/chatkit/session/", "//", "/s/", "/s/default", "/%00"]
    {
        send(app.get(path)).await.is_error(404, "not_found");
    }
    let answer = send(app.client.request(Method::PUT, format!("{}/api/chatkit/session", app.base))).await;
    answer.is_error(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), "POST");
}

#[tokio::test]
async fn an_upstream_that_fails_is_told_apart_and_never_quoted() {
    let app = Setup::default().start().await;
    type Failure = fn() -> UpstreamError;
    let cases: [(Failure, u16, &str); 6] = [
        (|| UpstreamError::Unauthorized, 502, "upstream_unauthorized"),
        (|| UpstreamError::Refused { status: 404 }, 502, "upstream_refused"),
        (|| UpstreamError::Failed(Some("sk-secret at /etc/passwd".into())), 502, "upstream_failed"),
        (|| UpstreamError::TimedOut, 504, "upstream_timeout"),
        (|| UpstreamError::Overloaded, 503, "overloaded"),
        (|| UpstreamError::RateLimited { retry_after: None }, 503, "upstream_rate_limited"),
    ];
    for (failure, status, code) in cases {
        *app.upstream.failure.lock().unwrap() = Some(failure);
        app.clock.advance(std::time::Duration::from_secs(60));
        let answer = send(app.create().json(&json!({"workflowId": "wf_hosted"}))).await;
        answer.is_error(status, code);
        assert!(!answer.text.contains("sk-secret"));
        assert_eq!(!answer.header("retry-after").is_empty(), status == 503);
    }
    assert_eq!(app.session_count().await, 0);
}

#[tokio::test]
async fn a_request_id_is_taken_over_only_when_it_is_sane() {
    let app = Setup::default().start().await;
    let given = send(app.get("/healthz").header("x-request-id", "abc-12345_X")).await;
    assert_eq!(given.header("x-request-id"), "abc-12345_X");
    for odd in ["short", "with space in it", "{\"json\":\"injection\"}", &"x".repeat(200)] {
        let answer = send(app.get("/healthz").header("x-request-id", odd)).await;
        assert!(answer.header("x-request-id").starts_with("req_"), "{odd}");
    }
}
