//! Turns that go on with what an answer waited for, and clicks.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::client::{create, get};
use crate::app::{Setup, TestApp, send, token};

/// A thread with an item of each kind. The last of them is a tool call that waits for its output.
async fn begin(app: &TestApp) -> (String, Vec<Value>) {
    let events = send(app.chat(&create("items")).bearer_auth(token("ann"))).await.events();
    (events[0]["thread"]["id"].as_str().unwrap().to_owned(), events)
}

fn item<'a>(events: &'a [Value], kind: &str) -> &'a Value {
    let mut items = events.iter().map(|event| &event["item"]);
    items.find(|item| item["type"] == kind).unwrap_or_else(|| panic!("no {kind}: {events:?}"))
}

fn ask(app: &TestApp, operation: &str, mut params: Value, thread: &str) -> RequestBuilder {
    params["thread_id"] = json!(thread);
    app.chat(&json!({"type": operation, "params": params})).bearer_auth(token("ann"))
}

#[tokio::test]
async fn an_answer_goes_on_when_what_it_waited_for_was_saved_and_the_stores_reply_lost() {
    for operation in ["threads.add_client_tool_output", "threads.add_structured_input"] {
        let app = Setup::default().start().await;
        let (thread, events) = begin(&app).await;
        let questions = &item(&events, "structured_input")["id"];
        let params =
            json!({"result": 1, "item_id": questions, "input": {"status": "skipped", "answers": {}}});
        app.store.lose_replies(1);
        let answer = send(ask(&app, operation, params, &thread)).await;
        assert_eq!(answer.status, 200, "{operation}: {}", answer.text);
        item(&answer.events(), "assistant_message");
    }
}

#[tokio::test]
async fn a_run_that_may_have_saved_something_is_not_taken_back() {
    let app = Setup::default().start().await;
    let (thread, _) = begin(&app).await;
    app.store.lose_replies(u32::MAX);
    let asked = ask(&app, "threads.add_client_tool_output", json!({"result": 1}), &thread);
    let refused = app.passing(send(asked), Duration::from_secs(1)).await;
    refused.is_openai_error(503, "store_unavailable");
    let loaded = send(app.chat(&get(&thread)).bearer_auth(token("ann"))).await;
    assert!(!loaded.header("x-chatkit-run-id").is_empty(), "it has the thread until its lease runs out");
}

#[tokio::test]
async fn an_item_that_a_click_changed_is_completed_like_any_other() {
    let app = Setup::default().start().await;
    let (thread, events) = begin(&app).await;
    let widget = item(&events, "widget")["id"].clone();
    let params = json!({"item_id": widget, "action": {"type": "redraw"}});
    let answer = send(ask(&app, "threads.sync_custom_action", params, &thread)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let redrawn = answer.json()["updated_item"].clone();
    assert_eq!((&redrawn["id"], &redrawn["thread_id"]), (&widget, &json!(thread)));
    assert_eq!(redrawn["copy_text"], "a\u{fffd}b");
    assert!(redrawn["created_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{redrawn}");
    let loaded = send(app.chat(&get(&thread)).bearer_auth(token("ann"))).await.json();
    let items = loaded["items"]["data"].as_array().unwrap();
    assert!(items.contains(&redrawn), "it is kept as it was answered");
}
