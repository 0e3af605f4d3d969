//! What an operation is answered with, and in which form (design 4.6).

use std::time::Duration;

use serde_json::json;

use super::client::{Events, Frame, add, create, get, kinds, said};
use crate::app::{Setup, send, site_of, token};

#[tokio::test]
async fn a_message_is_answered_with_a_stream_that_no_proxy_may_hold_back() {
    let app = Setup::default().start().await;
    let answer = send(app.chat(&create("hello")).bearer_auth(token("ann"))).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert_eq!(answer.header("cache-control"), "no-store, no-transform");
    assert_eq!(answer.header("x-accel-buffering"), "no");
    assert!(answer.header("x-chatkit-run-id").starts_with("run_"));
    assert!(answer.header("x-request-id").starts_with("req_"));
    let events = answer.events();
    assert_eq!(kinds(&events), ["thread.created", "thread.item.done", "stream_options", "thread.item.done"]);
    assert_eq!(said(&events), "hello");
}

#[tokio::test]
async fn a_click_on_what_is_no_widget_is_refused_in_a_stream_that_names_no_run() {
    let app = Setup::default().start().await;
    let ann = token("ann");
    let events = send(app.chat(&create("hello")).bearer_auth(&ann)).await.events();
    let (thread, message) = (&events[0]["thread"]["id"], &events[1]["item"]["id"]);
    let params = json!({"thread_id": thread, "item_id": message, "action": {"type": "x"}});
    let click = json!({"type": "threads.custom_action", "params": params});
    let answer = send(app.chat(&click).bearer_auth(&ann)).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/event-stream"));
    assert_eq!(answer.header("cache-control"), "no-store, no-transform");
    assert_eq!(answer.header("x-chatkit-run-id"), "");
    let events = answer.events();
    assert_eq!(kinds(&events), ["error"]);
    assert_eq!(events[0]["allow_retry"], false);
    let next = send(app.chat(&add(thread.as_str().unwrap(), "hello")).bearer_auth(&ann)).await;
    assert_eq!(said(&next.events()), "hello", "the thread is free");
}

#[tokio::test]
async fn every_event_has_its_number_from_one() {
    let app = Setup::default().start().await;
    let (_, mut events) = Events::of(app.chat(&create("hello")).bearer_auth(token("ann"))).await;
    let numbers: Vec<_> = events.rest().await.into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[tokio::test]
async fn events_come_while_the_answer_is_being_given() {
    let app = Setup::default().start().await;
    let (_, mut events) = Events::of(app.chat(&create("hold")).bearer_auth(token("ann"))).await;
    let (_, update) = events.until("thread.item.updated").await;
    assert_eq!(update["update"]["delta"], "half");
    app.agent.go_on.add_permits(1);
    let (_, done) = events.until("thread.item.done").await;
    assert_eq!(done["item"]["content"][0]["text"], "half and whole");
    assert!(events.next().await.is_none());
}

/// Rule 6 of the protocol: as in another tab of the visitor.
#[tokio::test]
async fn a_thread_that_is_renamed_during_the_answer_is_told_as_it_happens() {
    let app = Setup::default().start().await;
    let ann = token("ann");
    let (_, mut events) = Events::of(app.chat(&create("hold")).bearer_auth(&ann)).await;
    let (_, created) = events.until("thread.created").await;
    events.until("thread.item.updated").await;
    let params = json!({"thread_id": created["thread"]["id"], "title": "Mine"});
    let renamed =
        send(app.chat(&json!({"type": "threads.update", "params": params})).bearer_auth(&ann)).await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    let (_, updated) = events.until("thread.updated").await;
    assert_eq!(updated["thread"], renamed.json());
    app.agent.go_on.add_permits(1);
    events.until("thread.item.done").await;
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn after_fifteen_seconds_of_silence_a_comment_comes() {
    let app = Setup::default().start().await;
    let (_, mut events) = Events::of(app.chat(&create("hold")).bearer_auth(token("ann"))).await;
    events.until("thread.item.updated").await;
    let frame = app.after(Duration::from_secs(15), events.next()).await;
    assert!(matches!(frame, Some(Frame::Comment)), "{frame:?}");
    app.agent.go_on.add_permits(1);
    events.until("thread.item.done").await;
}

#[tokio::test]
async fn other_operations_are_answered_with_documents() {
    let app = Setup::default().start().await;
    let ann = token("ann");
    let events = send(app.chat(&create("hello")).bearer_auth(&ann)).await.events();
    let thread = events[0]["thread"]["id"].as_str().unwrap();
    let ask = async |body| send(app.chat(&body).bearer_auth(&ann)).await;

    let loaded = ask(get(thread)).await;
    assert_eq!(loaded.header("content-type"), "application/json");
    assert_eq!(loaded.header("cache-control"), "no-store");
    assert_eq!(loaded.header("x-chatkit-run-id"), "", "no run is going");
    assert_eq!(loaded.json()["items"]["data"].as_array().unwrap().len(), 2);
    let title = json!({"type": "threads.update", "params": {"thread_id": thread, "title": "Hi"}});
    assert_eq!(ask(title).await.json()["title"], "Hi");
    let listed = ask(json!({"type": "threads.list", "params": {}})).await.json();
    assert_eq!(listed["data"][0]["title"], "Hi");
    let items = ask(json!({"type": "items.list", "params": {"thread_id": thread}})).await.json();
    let item = items["data"][0]["id"].clone();
    let rated = json!({"thread_id": thread, "item_ids": [item], "kind": "positive"});
    assert_eq!(ask(json!({"type": "items.feedback", "params": rated})).await.text, "{}");
    let gone = json!({"type": "threads.delete", "params": {"thread_id": thread}});
    assert_eq!(ask(gone).await.text, "{}");
    ask(get(thread)).await.is_openai_error(404, "thread_not_found");
}

#[tokio::test]
async fn the_address_of_openai_and_those_below_a_site_answer_the_same() {
    let app = Setup { sites: vec![site_of("shop", &[])], ..Setup::default() }.start().await;
    let shop = send(app.post("/s/shop/api/chatkit/session")).await.field("client_secret");
    for path in ["/chatkit", "/s/shop/chatkit", "/v1/chatkit/conversation", "/s/shop/v1/chatkit/conversation"]
    {
        let answer = send(app.post(path).bearer_auth(&shop).json(&create("hello"))).await;
        assert_eq!(said(&answer.events()), "hello", "{path}");
        let run = answer.header("x-chatkit-run-id");
        let below = path.trim_end_matches("/conversation");
        let again = send(app.get(&format!("{below}/runs/{run}/events")).bearer_auth(&shop)).await;
        assert_eq!(again.text, answer.text, "{path}");
        let stopped = send(app.post(&format!("{below}/runs/{run}/cancel")).bearer_auth(&shop)).await;
        assert_eq!((stopped.status.as_u16(), stopped.text.as_str()), (200, "{}"), "{path}");
    }
}

#[tokio::test]
async fn an_answer_that_fails_ends_the_stream_in_order_and_tells_nothing() {
    let app = Setup::default().start().await;
    let ann = token("ann");
    let answer = send(app.chat(&create("fail")).bearer_auth(&ann)).await;
    assert_eq!(answer.status, 200);
    let events = answer.events();
    let last = events.last().unwrap();
    assert_eq!((&last["type"], &last["allow_retry"]), (&json!("error"), &json!(true)));
    assert!(!answer.text.contains("sk-secret"));
    let thread = events[0]["thread"]["id"].as_str().unwrap();
    let next = send(app.chat(&add(thread, "hello")).bearer_auth(&ann)).await;
    assert_eq!(said(&next.events()), "hello", "the thread is free");
}
