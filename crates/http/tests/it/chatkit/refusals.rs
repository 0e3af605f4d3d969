//! Bad input and bad circumstances: a status and `OpenAI`'s envelope before anything is streamed.

use std::time::Duration;

use chatkitd_core::id::{RunId, SiteName, ThreadId, UserId};
use chatkitd_core::ports::{Clock, Scope, Threads};
use chatkitd_core::testing::SeededRng;
use chatkitd_core::threads::{RunStart, ThreadRecord};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::client::{Events, add, create};
use crate::app::{Setup, TestApp, send, site, token};

async fn begin(app: &TestApp, text: &str) -> Vec<Value> {
    send(app.chat(&create(text)).bearer_auth(token("ann"))).await.events()
}

fn thread_of(events: &[Value]) -> String {
    events[0]["thread"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn bodies_that_are_no_request_are_refused_with_the_field_that_is_at_fault() {
    let app = Setup::default().start().await;
    let ask = |body: &str| app.post("/chatkit").bearer_auth(token("ann")).body(body.to_owned());
    let deep = format!("{}1{}", "[".repeat(1000), "]".repeat(1000));
    let deep = format!(r#"{{"type": "threads.list", "params": {{}}, "metadata": {{"a": {deep}}}}}"#);
    let nul = create("a\u{0}b").to_string();
    for (body, code, param) in [
        ("", "invalid_json", Value::Null),
        ("{", "invalid_json", Value::Null),
        (r#"{"type": "threads.list"} {}"#, "invalid_json", Value::Null),
        ("5", "invalid_request", Value::Null),
        ("null", "invalid_request", Value::Null),
        (r#"{"type": 5}"#, "invalid_request", json!("type")),
        (r#"{"type": "threads.stop", "params": {}}"#, "unknown_operation", json!("type")),
        (r#"{"type": "threads.get_by_id"}"#, "invalid_params", json!("params.thread_id")),
        (
            r#"{"type": "threads.get_by_id", "params": {"thread_id": 5}}"#,
            "invalid_params",
            json!("params.thread_id"),
        ),
        (
            r#"{"type": "threads.create", "params": {"input": {"content": "hello"}}}"#,
            "invalid_params",
            json!("params.input.content"),
        ),
        (deep.as_str(), "too_deep", Value::Null),
        (nul.as_str(), "nul_character", Value::Null),
        (
            r#"{"type": "threads.list", "metadata": {"$serde_json::private::RawValue": "[]"}}"#,
            "reserved_name",
            Value::Null,
        ),
    ] {
        let answer = send(ask(body)).await;
        answer.is_openai_error(400, code);
        assert_eq!(answer.param(), param, "{body}");
    }
}

#[tokio::test]
async fn a_request_of_over_a_mebibyte_is_refused_and_one_below_is_not() {
    let app = Setup::default().start().await;
    let ask = |bytes: usize| {
        let mut body = create("hello");
        body["metadata"] = json!({"a": "x".repeat(bytes)});
        app.chat(&body).bearer_auth(token("ann"))
    };
    send(ask(1024 * 1024)).await.is_openai_error(413, "body_too_large");
    assert_eq!(send(ask(1023 * 1024)).await.status, 200);
    let typed =
        app.post("/chatkit").bearer_auth(token("ann")).header("content-type", "text/plain").body("{}");
    send(typed).await.is_openai_error(415, "unsupported_media_type");
}

#[tokio::test]
async fn paths_and_methods_that_nothing_answers_speak_openais_envelope_below_its_paths() {
    let app = Setup::default().start().await;
    for path in
        ["/v1", "/v1/", "/v1/models", "/v1/chatkit", "/chatkit/", "/chatkit/runs/x", "/s/default/v1/x"]
    {
        send(app.get(path)).await.is_openai_error(404, "not_found");
    }
    for (path, allow) in [
        ("/chatkit", "POST"),
        ("/v1/chatkit/conversation", "POST"),
        ("/chatkit/runs/x/events", "GET,HEAD"),
        ("/v1/chatkit/runs/x/cancel", "POST"),
    ] {
        let answer = send(app.client.request(Method::PUT, format!("{}{path}", app.base))).await;
        answer.is_openai_error(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allow);
    }
    send(app.get("/chatkit.jsx")).await.is_error(404, "not_found");
}

#[tokio::test]
async fn errors_carry_cors_headers_and_preflights_allow_what_a_client_sends() {
    let app = Setup::default().start().await;
    let origin = ("origin", "https://shop.example");
    for request in [app.post("/chatkit").body("{"), app.get("/v1/nowhere"), app.events("run_1")] {
        let answer = send(request.header(origin.0, origin.1)).await;
        assert!(answer.status.is_client_error());
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    let preflight = app.client.request(Method::OPTIONS, format!("{}/chatkit", app.base));
    let answer = send(preflight.header(origin.0, origin.1)).await;
    let allowed: Vec<_> = answer.header("access-control-allow-headers").split(", ").collect();
    assert_eq!(
        allowed,
        [
            "authorization",
            "content-type",
            "idempotency-key",
            "last-event-id",
            "chatkit-device-token",
            "chatkit-device-id",
            "chatkit-frame-instance-id",
            "x-chatkit-resume"
        ]
    );
}

#[tokio::test]
async fn what_does_not_fit_the_thread_is_refused() {
    let app = Setup::default().start().await;
    let events = begin(&app, "widget").await;
    let (thread, mine) = (thread_of(&events), events[1]["item"]["id"].clone());
    let widget = events.last().unwrap()["item"]["id"].clone();
    let input = json!({"status": "skipped", "answers": {}});
    for (operation, params, status, code) in [
        ("threads.retry_after_item", json!({"item_id": widget}), 400, "wrong_item"),
        ("threads.retry_after_item", json!({"item_id": "cti_1"}), 404, "item_not_found"),
        ("threads.add_structured_input", json!({"item_id": mine, "input": input}), 400, "wrong_item"),
        ("threads.add_client_tool_output", json!({"result": 1}), 400, "wrong_item"),
        ("threads.sync_custom_action", json!({"item_id": mine, "action": {"type": "x"}}), 400, "wrong_item"),
        ("items.feedback", json!({"item_ids": ["cti_1"], "kind": "positive"}), 404, "item_not_found"),
        ("threads.update", json!({"title": "x".repeat(501)}), 400, "invalid_value"),
    ] {
        let mut body = json!({"type": operation, "params": params});
        body["params"]["thread_id"] = json!(thread);
        let answer = send(app.chat(&body).bearer_auth(token("ann"))).await;
        answer.is_openai_error(status, code);
        if code == "invalid_value" {
            assert_eq!(answer.param(), "params.title");
        }
    }
    let next = send(app.chat(&add(&thread, "hello")).bearer_auth(token("ann"))).await;
    assert_eq!(next.status, 200, "the thread is free");
}

#[tokio::test]
async fn a_locked_or_closed_thread_takes_no_messages_and_says_why() {
    let app = Setup::default().start().await;
    for (text, code, reason) in
        [("lock", "thread_locked", "It is late."), ("close", "thread_closed", "closed.")]
    {
        let thread = thread_of(&begin(&app, text).await);
        let answer = send(app.chat(&add(&thread, "hello")).bearer_auth(token("ann"))).await;
        answer.is_openai_error(403, code);
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.ends_with(reason), "{message}");
    }
}

#[tokio::test]
async fn a_busy_thread_names_the_run_that_has_it() {
    let app = Setup::default().start().await;
    let (run, mut events) = Events::of(app.chat(&create("hold")).bearer_auth(token("ann"))).await;
    let (_, created) = events.until("thread.created").await;
    let thread = thread_of(&[created]);
    let busy = send(app.chat(&add(&thread, "hello")).bearer_auth(token("ann"))).await;
    busy.is_openai_error(409, "thread_busy");
    assert_eq!(busy.header("x-chatkit-run-id"), run);
}

#[tokio::test]
async fn a_user_has_sixteen_answers_under_way_at_most() {
    let app = Setup::default().start().await;
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(Events::of(app.chat(&create("hold")).bearer_auth(token("ann"))).await);
    }
    send(app.chat(&create("hello")).bearer_auth(token("ann"))).await.is_openai_error(429, "too_many_runs");
    assert_eq!(send(app.chat(&create("hello")).bearer_auth(token("bob"))).await.status, 200);
}

#[tokio::test]
async fn a_run_of_another_server_is_to_be_asked_for_again() {
    let app = Setup::default().start().await;
    let scope = Scope::User(SiteName::default_site(), UserId::named("ann").unwrap());
    let (now, rng) = (app.clock.now(), SeededRng::new(5));
    let run = RunId::mint(now, &rng);
    let thread = ThreadId::mint(now, &rng);
    let user = scope.user().unwrap().clone();
    let record = ThreadRecord::new(thread.clone(), SiteName::default_site(), user, now);
    let start = RunStart {
        run: run.clone(),
        thread,
        new_thread: Some(record),
        writes: Vec::new(),
        attachments: Vec::new(),
        idempotency: None,
        now,
        lease: Duration::from_secs(10),
    };
    app.store.begin_run(&scope, &start).await.unwrap();
    let answer = send(app.events(run.as_str()).bearer_auth(token("ann"))).await;
    answer.is_openai_error(503, "run_elsewhere");
    assert_eq!(answer.header("retry-after"), "10");
}

#[tokio::test]
async fn what_is_not_configured_says_so() {
    let app = Setup::default().start().await;
    let announced = json!({"name": "a.txt", "size": 1, "mime_type": "text/plain"});
    for (operation, params, names) in [
        ("attachments.create", announced, "CHATKITD_ATTACHMENTS"),
        ("attachments.delete", json!({"attachment_id": "cfile_1"}), "CHATKITD_ATTACHMENTS"),
        (
            "input.transcribe",
            json!({"audio_base64": "AAAA", "mime_type": "audio/webm"}),
            "CHATKITD_TRANSCRIPTION_MODEL",
        ),
    ] {
        let body = json!({"type": operation, "params": params});
        let answer = send(app.chat(&body).bearer_auth(token("ann"))).await;
        answer.is_openai_error(501, "not_configured");
        assert!(answer.text.contains(names), "{}", answer.text);
    }
}

#[tokio::test]
async fn a_workflow_that_cannot_answer_here_says_what_to_do() {
    let of = async |workflows: &[&str], hosted: bool| {
        let workflows = workflows.iter().map(|id| (*id).to_owned()).collect();
        let site = chatkitd_core::site::Site { workflows, ..site() };
        Setup { sites: vec![site], hosted, ..Setup::default() }.start().await
    };
    for (workflows, hosted, status, code, names) in [
        (&[][..], true, 500, "workflow_not_configured", "CHATKIT_WORKFLOW_ID"),
        (&["wf_hosted"], false, 500, "openai_key_not_configured", "OPENAI_API_KEY"),
        (&["wf_hosted"], true, 409, "hosted_needs_cdn", "CHATKIT_WORKFLOW_ID"),
        (&["wf_echo"], true, 500, "no_agent", "CHATKIT_WORKFLOW_ID"),
    ] {
        let app = of(workflows, hosted).await;
        for request in [app.chat(&create("hello")).bearer_auth(token("ann")), app.chat(&create("hello"))] {
            let answer = send(request).await;
            answer.is_openai_error(status, code);
            assert!(answer.text.contains(names), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn the_secret_of_a_hosted_session_is_told_the_way_out() {
    let app = Setup::default().start().await;
    let hosted = send(app.create().json(&json!({"workflowId": "wf_hosted"}))).await;
    let answer = send(app.conversation(&create("hello")).bearer_auth(hosted.field("client_secret"))).await;
    answer.is_openai_error(409, "hosted_needs_cdn");
    assert!(answer.text.contains("CDN"), "{}", answer.text);
}

#[tokio::test]
async fn without_a_database_there_are_no_conversations() {
    let app = Setup { database: false, ..Setup::default() }.start().await;
    for request in [app.chat(&create("hello")), app.conversation(&create("hello")).bearer_auth("ek_x")] {
        let answer = send(request).await;
        answer.is_openai_error(501, "needs_database");
        assert!(answer.text.contains("CHATKITD_DATABASE_URL"), "{}", answer.text);
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn an_agent_that_fails_before_a_stream_is_a_500_that_quotes_only_its_own_words() {
    let app = Setup::default().start().await;
    let thread = thread_of(&begin(&app, "hello").await);
    for (action, code, words) in [
        ("fail", "agent_failed", "The agent failed."),
        ("refuse", "custom", "Sold out."),
        ("panic", "internal_error", "Something went wrong"),
    ] {
        let params = json!({"thread_id": thread, "action": {"type": action}});
        let body = json!({"type": "threads.sync_custom_action", "params": params});
        let answer = send(app.chat(&body).bearer_auth(token("ann"))).await;
        answer.is_openai_error(500, code);
        assert!(answer.text.contains(words), "{}", answer.text);
        assert!(!answer.text.contains("sk-secret") && !answer.text.contains("a defect"));
    }
}

#[tokio::test]
async fn a_limiter_that_fails_closed_answers_503() {
    let app = Setup { limiter_down: true, ..Setup::default() }.start().await;
    send(app.chat(&create("hello"))).await.is_openai_error(503, "limiter_unavailable");
}

/// Sends half a body and waits for what comes.
async fn half_a_body(app: &TestApp, path: &str) -> String {
    let mut client = TcpStream::connect(app.base.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\norigin: https://a.example\r\ncontent-length: 1000\r\n\r\nhalf"
    );
    client.write_all(head.as_bytes()).await.unwrap();
    let mut said = String::new();
    let reading = async {
        client.read_to_string(&mut said).await.unwrap();
        said
    };
    app.after(Duration::from_secs(60), reading).await
}

#[tokio::test]
async fn a_body_that_never_ends_is_answered_408_in_the_envelope_and_the_connection_closed() {
    let app = Setup::default().start().await;
    for (path, body) in [
        ("/chatkit", r#","type":"invalid_request_error","param":null,"code":"request_timeout"}}"#),
        ("/api/chatkit/session", r#""code":"request_timeout","request_id":"req_"#),
    ] {
        let said = half_a_body(&app, path).await;
        assert!(said.starts_with("HTTP/1.1 408"), "{said}");
        assert!(said.contains(body), "{said}");
        for header in ["x-request-id: req_", "connection: close", "access-control-allow-origin: *"] {
            assert!(said.contains(header), "{header}: {said}");
        }
    }
}
