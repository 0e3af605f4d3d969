//! Refusals, in `OpenAI`'s envelope and words.

use serde_json::{Value, json};

use super::client::{Backend, minimal};
use crate::app::{Setup, send, token};

#[tokio::test]
async fn only_a_service_key_opens_it() {
    let backend = Backend::start(Setup::default()).await;
    let app = &backend.app;
    let list = || app.get("/v1/chatkit/threads");
    send(list()).await.is_openai_error(401, "invalid_api_key");
    let device = send(app.create()).await;
    send(list().header("cookie", device.cookie())).await.is_openai_error(401, "invalid_api_key");
    for wrong in ["sk-wrong", "My API Key with blanks", "sk_chatkitd_000", "undefined"] {
        let refused = send(list().bearer_auth(wrong)).await;
        refused.is_openai_error(401, "invalid_api_key");
        assert!(!refused.text.contains(wrong), "a key is never repeated");
    }
    send(list().bearer_auth(token("ann"))).await.is_openai_error(403, "service_key_required");
    let secret = device.field("client_secret");
    send(list().bearer_auth(&secret)).await.is_openai_error(403, "service_key_required");
    send(list().header("authorization", "Basic eDp5")).await.is_openai_error(401, "invalid_authorization");
    assert_eq!(send(list().bearer_auth(&backend.key)).await.status, 200, "with or without a beta header");
}

/// A body with everything, but for the field at this path; null takes it away.
fn complete_but_for(path: &str, value: Value) -> Value {
    let mut body = json!({
        "user": "user_1",
        "workflow": {"id": "wf_demo", "state_variables": {}, "tracing": {}},
        "expires_after": {"anchor": "created_at", "seconds": 60},
        "rate_limits": {"max_requests_per_1_minute": 5},
        "chatkit_configuration": {"file_upload": {}, "history": {}},
    });
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let parent = if parent.is_empty() { String::new() } else { format!("/{}", parent.replace('.', "/")) };
    let object = body.pointer_mut(&parent).unwrap().as_object_mut().unwrap();
    if value.is_null() {
        object.remove(name)
    } else {
        object.insert(name.to_owned(), value)
    };
    body
}

#[tokio::test]
async fn what_is_wrong_with_a_session_is_named() {
    let backend = Backend::start(Setup::default()).await;
    let many: Value = (0..65).map(|n| (format!("v{n}"), json!(n))).collect::<serde_json::Map<_, _>>().into();
    for (field, value, code) in [
        ("user", json!(null), "missing_required_parameter"),
        ("user", json!(""), "empty_string"),
        ("user", json!(" "), "invalid_value"),
        ("user", json!(5), "invalid_type"),
        ("user", json!("x".repeat(513)), "string_above_max_length"),
        ("user", json!("anon_1"), "reserved_user"),
        ("workflow", json!(null), "missing_required_parameter"),
        ("workflow", json!("wf_demo"), "invalid_type"),
        ("workflow.id", json!(null), "missing_required_parameter"),
        ("workflow.id", json!(""), "empty_string"),
        ("workflow.version", json!(2), "invalid_type"),
        ("workflow.state_variables", json!([]), "invalid_type"),
        ("workflow.state_variables", json!({"a": null}), "invalid_type"),
        ("workflow.state_variables", json!({"a": {}}), "invalid_type"),
        ("workflow.state_variables", json!({"n".repeat(65): 1}), "string_above_max_length"),
        ("workflow.state_variables", many, "object_above_max_properties"),
        ("workflow.tracing.enabled", json!("yes"), "invalid_type"),
        ("expires_after", json!(1800), "invalid_type"),
        ("expires_after.seconds", json!(null), "missing_required_parameter"),
        ("expires_after.seconds", json!(0), "integer_below_min_value"),
        ("expires_after.seconds", json!(601), "integer_above_max_value"),
        ("expires_after.seconds", json!(1.5), "invalid_type"),
        ("expires_after.anchor", json!("now"), "invalid_value"),
        ("rate_limits.max_requests_per_1_minute", json!(0), "integer_below_min_value"),
        ("rate_limits.max_requests_per_1_minute", json!(4_294_967_296_u64), "integer_above_max_value"),
        ("chatkit_configuration.file_upload.max_file_size", json!(513), "integer_above_max_value"),
        ("chatkit_configuration.file_upload.max_file_size", json!(0), "integer_below_min_value"),
        ("chatkit_configuration.file_upload.max_file_size", json!(-1), "integer_below_min_value"),
        ("chatkit_configuration.file_upload.max_file_size", json!("1"), "invalid_type"),
        ("chatkit_configuration.file_upload.max_files", json!(0), "integer_below_min_value"),
        ("chatkit_configuration.file_upload.max_files", json!(4_294_967_296_u64), "integer_above_max_value"),
        ("chatkit_configuration.file_upload.max_files", json!(u64::MAX), "integer_above_max_value"),
        ("chatkit_configuration.history.recent_threads", json!(4_294_967_296_u64), "integer_above_max_value"),
        ("chatkit_configuration.history.recent_threads", json!(0), "integer_below_min_value"),
        ("chatkit_configuration.history", json!("all"), "invalid_type"),
    ] {
        let refused = backend.create(&complete_but_for(field, value.clone())).await;
        refused.is_openai_error(400, code);
        assert_eq!(refused.param(), field, "{value}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_session_is_refused() {
    let backend = Backend::start(Setup::default()).await;
    let missing = backend.create(&json!({})).await;
    assert_eq!(missing.json()["error"]["message"], "Missing required parameter: 'user'.");
    for body in ["[]", "{", "\"x\"", r#"{"user": "a\u0000b"}"#] {
        let refused =
            send(backend.post("/sessions").header("content-type", "application/json").body(body)).await;
        assert_eq!(refused.status, 400, "{body}: {}", refused.text);
        assert_eq!(refused.json()["error"]["type"], "invalid_request_error");
    }
    let refused = send(backend.post("/sessions").header("content-type", "text/plain").body("{}")).await;
    refused.is_openai_error(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_state_variable_may_be_as_long_as_openai_says() {
    let backend = Backend::start(Setup::default()).await;
    let mut body = minimal("user_1");
    for letter in ["x", "é", "字"] {
        body["workflow"]["state_variables"] = json!({"long": letter.repeat(10 * 1024 * 1024)});
        assert_eq!(backend.create(&body).await.status, 200, "{letter}");
    }
    body["workflow"]["state_variables"] = json!({"long": "x".repeat(10 * 1024 * 1024 + 1)});
    backend.create(&body).await.is_openai_error(400, "string_above_max_length");
    body["workflow"]["state_variables"] = json!({"long": "x".repeat(49 * 1024 * 1024)});
    backend.create(&body).await.is_openai_error(413, "body_too_large");
}

#[tokio::test]
async fn a_query_that_cannot_be_is_refused_with_its_parameter() {
    let backend = Backend::start(Setup::default()).await;
    let thread = backend.thread(&backend.secret(&minimal("ann")).await, "hi").await;
    for list in ["/threads".to_owned(), format!("/threads/{thread}/items")] {
        for (query, param, code) in [
            ("limit=101".to_owned(), "limit", "integer_above_max_value"),
            ("limit=99999999999999999999".to_owned(), "limit", "integer_above_max_value"),
            ("limit=-1".to_owned(), "limit", "integer_below_min_value"),
            ("limit=-99999999999999999999".to_owned(), "limit", "integer_below_min_value"),
            ("limit=many".to_owned(), "limit", "invalid_type"),
            ("limit=".to_owned(), "limit", "invalid_type"),
            ("order=newest".to_owned(), "order", "invalid_value"),
        ] {
            let refused = backend.get(&format!("{list}?{query}")).await;
            refused.is_openai_error(400, code);
            assert_eq!(refused.param(), param);
        }
        assert_eq!(backend.get(&format!("{list}?limit=100&else=ignored&user=a%00b")).await.status, 200);
    }
    // Threads have users; the items of one thread are asked for without.
    let long = "x".repeat(513);
    for (user, code) in [("", "empty_string"), (long.as_str(), "string_above_max_length")] {
        let refused = backend.get(&format!("/threads?user={user}")).await;
        refused.is_openai_error(400, code);
        assert_eq!(refused.param(), "user");
        assert_eq!(backend.get(&format!("/threads/{thread}/items?user={user}")).await.status, 200);
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_told_as_openai_tells_them() {
    let backend = Backend::start(Setup::default()).await;
    for path in ["/threads/", "/threads/cthr_1/else", "/sessions/", "/sessions/cksess_1", "/else", ""] {
        let refused = backend.get(path).await;
        refused.is_openai_error(404, "not_found");
        let message = format!("Invalid URL (GET /v1/chatkit{path})");
        assert_eq!(refused.json()["error"]["message"], message);
    }
    backend.delete("/threads/").await.is_openai_error(404, "not_found");
    let other = send(backend.app.get("/v1/_stainless_unknown_path").bearer_auth(&backend.key)).await;
    other.is_openai_error(404, "not_found");
    let refused = backend.get("/sessions").await;
    refused.is_openai_error(405, "method_not_allowed");
    assert_eq!(refused.json()["error"]["message"], "Invalid method for URL (GET /v1/chatkit/sessions)");
    assert_eq!(refused.header("allow"), "POST");
    send(backend.post("/threads")).await.is_openai_error(405, "method_not_allowed");
}

#[tokio::test]
async fn what_is_not_there_is_a_404() {
    let backend = Backend::start(Setup::default()).await;
    let long = "x".repeat(300);
    for id in ["cthr_123", "a%00b", "..%2Fx", long.as_str()] {
        for path in [format!("/threads/{id}"), format!("/threads/{id}/items")] {
            backend.get(&path).await.is_openai_error(404, "thread_not_found");
        }
        backend.delete(&format!("/threads/{id}")).await.is_openai_error(404, "thread_not_found");
        backend.cancel(id).await.is_openai_error(404, "session_not_found");
    }
    let refused = backend.cancel("cksess_123").await;
    assert_eq!(refused.json()["error"]["message"], "Chatkit Session with id 'cksess_123' not found.");
}
