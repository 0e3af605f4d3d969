//! Runs outlive the requests that started them (design 4.8).

use serde_json::{Value, json};

use super::client::{Events, add, create, get, kinds};
use crate::app::{Setup, TestApp, send, token};

/// Begins an answer that holds, and reads it until it does.
async fn hold(app: &TestApp, user: &str, resume: bool) -> (String, String, Events) {
    let mut request = app.chat(&create("hold")).bearer_auth(token(user));
    if resume {
        request = request.header("x-chatkit-resume", "1");
    }
    let (run, mut events) = Events::of(request).await;
    let (_, created) = events.until("thread.created").await;
    events.until("thread.item.updated").await;
    (run, created["thread"]["id"].as_str().unwrap().to_owned(), events)
}

async fn stopped(app: &TestApp) {
    app.agent.dropped.acquire().await.unwrap().forget();
}

fn texts(thread: &Value) -> Vec<&str> {
    let items = thread["items"]["data"].as_array().unwrap();
    items.iter().map(|item| item["content"][0]["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_lost_connection_stops_the_answer_and_what_was_said_is_kept() {
    let app = Setup::default().start().await;
    let (_, thread, events) = hold(&app, "ann", false).await;
    drop(events);
    stopped(&app).await;
    let thread = app.settled(&thread, &token("ann")).await;
    assert_eq!(texts(&thread), ["hold", "half"]);
}

#[tokio::test]
async fn with_the_wish_to_resume_the_answer_goes_on_without_its_connection() {
    let app = Setup::default().start().await;
    let (run, thread, events) = hold(&app, "ann", true).await;
    drop(events);
    // The server has noticed the loss of a connection that was closed later.
    let (_, _, later) = hold(&app, "bob", false).await;
    drop(later);
    stopped(&app).await;
    assert_eq!(app.agent.dropped.available_permits(), 0, "only the later one was stopped");

    let ann = token("ann");
    let loaded = send(app.chat(&get(&thread)).bearer_auth(&ann)).await;
    assert_eq!(loaded.header("x-chatkit-run-id"), run, "a reload learns of the run");
    let listed = |after: &str| {
        let params = json!({"thread_id": thread, "after": Some(after).filter(|id| !id.is_empty())});
        send(app.chat(&json!({"type": "items.list", "params": params})).bearer_auth(&ann))
    };
    assert_eq!(listed("").await.header("x-chatkit-run-id"), run, "and with the items");
    assert_eq!(listed("cti_1").await.header("x-chatkit-run-id"), "", "further pages do not say so again");
    app.agent.go_on.add_permits(1);
    let again = send(app.events(&run).bearer_auth(&ann)).await;
    assert_eq!(again.header("x-chatkit-run-id"), run);
    let events = again.events();
    assert_eq!(kinds(&events).last(), Some(&"thread.item.done"));
    assert_eq!(texts(&app.settled(&thread, &ann).await), ["hold", "half and whole"]);
}

#[tokio::test]
async fn a_client_goes_on_after_the_last_event_that_it_has() {
    let app = Setup::default().start().await;
    let ann = token("ann");
    let whole = send(app.chat(&create("hello")).bearer_auth(&ann)).await;
    let run = whole.header("x-chatkit-run-id").to_owned();
    let (_, last) = whole.text.split_once("id: 3\n").unwrap();
    let last = format!("id: 3\n{last}");
    let ask = || app.events(&run).bearer_auth(&ann);
    assert_eq!(send(ask().header("last-event-id", "2")).await.text, last);
    assert_eq!(send(ask().query(&[("after", "2")])).await.text, last);
    assert_eq!(
        send(ask().header("last-event-id", "2").query(&[("after", "0")])).await.text,
        last,
        "the header wins"
    );
    for nothing_yet in [ask(), ask().header("last-event-id", ""), ask().query(&[("after", "")])] {
        assert_eq!(send(nothing_yet).await.text, whole.text);
    }
    for (past, name) in [("-1", "Last-Event-ID"), ("x", "Last-Event-ID"), ("1.5", "Last-Event-ID")] {
        let answer = send(ask().header("last-event-id", past)).await;
        answer.is_openai_error(400, "invalid_event_id");
        assert_eq!(answer.param(), name);
    }
    let odd = send(ask().query(&[("after", "x")])).await;
    odd.is_openai_error(400, "invalid_event_id");
    assert_eq!(odd.param(), "after");
}

/// An `EventSource` comes back by itself after every end of a stream, until it is told not to.
#[tokio::test]
async fn a_client_that_has_the_last_event_is_told_that_there_is_no_more() {
    let app = Setup::default().start().await;
    let ann = token("ann");
    let whole = send(app.chat(&create("hello")).bearer_auth(&ann)).await;
    let run = whole.header("x-chatkit-run-id").to_owned();
    let last = whole.events().len();
    let ask = || app.events(&run).bearer_auth(&ann);
    let before = send(ask().header("last-event-id", (last - 1).to_string())).await;
    assert_eq!((before.status.as_u16(), before.events().len()), (200, 1));
    let most = u64::MAX.to_string();
    let at_the_end = [last.to_string(), (last + 1).to_string(), most]
        .map(|number| [ask().header("last-event-id", &number), ask().query(&[("after", &number)])]);
    for request in at_the_end.into_iter().flatten() {
        let answer = send(request).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
        assert_eq!(answer.header("x-chatkit-run-id"), run);
    }
}

#[tokio::test]
async fn a_client_that_has_all_events_of_an_answer_that_goes_on_gets_the_next() {
    let app = Setup::default().start().await;
    let (run, mut first) = Events::of(app.chat(&create("hold")).bearer_auth(token("ann"))).await;
    let (number, _) = first.until("thread.item.updated").await;
    let request = app.events(&run).bearer_auth(token("ann")).header("last-event-id", number.to_string());
    let (_, mut second) = Events::of(request).await;
    app.agent.go_on.add_permits(1);
    first.until("thread.item.done").await;
    second.until("thread.item.done").await;
}

#[tokio::test]
async fn a_number_that_was_never_given_out_counts_as_the_last_one_so_far() {
    let app = Setup::default().start().await;
    let (run, mut first) = Events::of(app.chat(&create("hold")).bearer_auth(token("ann"))).await;
    first.until("thread.item.updated").await;
    let (_, mut second) =
        Events::of(app.events(&run).bearer_auth(token("ann")).header("last-event-id", "1000")).await;
    app.agent.go_on.add_permits(1);
    second.until("thread.item.done").await;
}

#[tokio::test]
async fn a_second_watcher_may_leave_without_stopping_the_answer() {
    let app = Setup::default().start().await;
    let (run, _, mut first) = hold(&app, "ann", false).await;
    let (_, mut second) = Events::of(app.events(&run).bearer_auth(token("ann"))).await;
    second.until("thread.item.updated").await;
    drop(second);
    let (_, _, later) = hold(&app, "bob", false).await;
    drop(later);
    stopped(&app).await;
    app.agent.go_on.add_permits(1);
    let (_, done) = first.until("thread.item.done").await;
    assert_eq!(done["item"]["content"][0]["text"], "half and whole");
}

#[tokio::test]
async fn a_run_that_is_cancelled_tells_its_watchers_and_keeps_what_was_said() {
    let app = Setup::default().start().await;
    let ann = token("ann");
    let (run, thread, mut events) = hold(&app, "ann", true).await;
    let answer = send(app.cancel(&run).bearer_auth(&ann)).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{}"));
    let rest = events.rest().await;
    assert_eq!(rest.last().unwrap().1["item"]["content"][0]["text"], "half");
    assert_eq!(texts(&app.settled(&thread, &ann).await), ["hold", "half"]);
    let again = send(app.cancel(&run).bearer_auth(&ann)).await;
    assert_eq!((again.status.as_u16(), again.text.as_str()), (200, "{}"), "it has ended, and that is fine");
}

#[tokio::test]
async fn the_same_key_and_body_are_answered_with_the_first_run() {
    let app = Setup::default().start().await;
    let send_with = async |key: &str, user: &str, text: &str| {
        let request = app.chat(&create(text)).bearer_auth(token(user)).header("idempotency-key", key);
        send(request).await
    };
    let first = send_with("k1", "ann", "hello").await;
    let again = send_with("k1", "ann", "hello").await;
    assert_eq!(again.header("x-chatkit-run-id"), first.header("x-chatkit-run-id"));
    assert_eq!(again.text, first.text);
    let other = send_with("k1", "ann", "good bye").await;
    other.is_openai_error(422, "idempotency_key_reused");
    assert_eq!(other.param(), "Idempotency-Key");
    for (key, user) in [("k2", "ann"), ("k1", "bob")] {
        let new = send_with(key, user, "hello").await;
        assert_ne!(new.header("x-chatkit-run-id"), first.header("x-chatkit-run-id"), "{key} of {user}");
    }
    let list = json!({"type": "threads.list", "params": {}});
    let listed = send(app.chat(&list).bearer_auth(token("ann"))).await.json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 2, "k1 and k2");
}

#[tokio::test]
async fn an_action_that_is_sent_again_is_answered_with_its_run_though_its_widget_is_gone() {
    let app = Setup::default().start().await;
    let ann = token("ann");
    let made = send(app.chat(&create("widget")).bearer_auth(&ann)).await.events();
    let widget = &made.last().unwrap()["item"];
    let params = json!({"thread_id": widget["thread_id"], "item_id": widget["id"], "action": {"type": "x"}});
    let click = json!({"type": "threads.custom_action", "params": params});
    let click = || app.chat(&click).bearer_auth(&ann);
    let first = send(click().header("idempotency-key", "k1")).await;
    assert_eq!(kinds(&first.events()).last(), Some(&"thread.item.removed"));
    let again = send(click().header("idempotency-key", "k1")).await;
    assert_eq!((again.status.as_u16(), &again.text), (200, &first.text));
    send(click()).await.is_openai_error(404, "item_not_found");
    assert_eq!(
        send(app.chat(&add(widget["thread_id"].as_str().unwrap(), "hello")).bearer_auth(&ann)).await.status,
        200
    );
}

#[tokio::test]
async fn a_thread_that_is_begun_again_when_its_events_are_not_kept_any_more_is_told_as_it_is() {
    let app = Setup::default().start().await;
    let request = || app.chat(&create("hello")).bearer_auth(token("ann")).header("idempotency-key", "k1");
    let first = send(request()).await.events();
    app.clock.advance(std::time::Duration::from_secs(300));
    app.keeper().keep().await.unwrap();
    let again = send(request()).await.events();
    assert_eq!(kinds(&again), ["thread.created", "thread.item.done", "thread.item.done"]);
    let lasting = |event: &Value| event["type"] == "thread.created" || event["type"] == "thread.item.done";
    assert_eq!(again, first.into_iter().filter(lasting).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_key_is_one_to_255_visible_characters() {
    let app = Setup::default().start().await;
    let ask = |key: &str| app.chat(&create("hello")).bearer_auth(token("ann")).header("idempotency-key", key);
    assert_eq!(send(ask(&"k".repeat(255))).await.status, 200);
    for key in ["", "with a blank", &"k".repeat(256), "ümlaut"] {
        let answer = send(ask(key)).await;
        answer.is_openai_error(400, "invalid_idempotency_key");
        assert_eq!(answer.param(), "Idempotency-Key");
    }
}

#[tokio::test]
async fn the_events_of_a_run_are_kept_for_five_minutes() {
    let app = Setup::default().start().await;
    let ann = token("ann");
    let run = send(app.chat(&create("hello")).bearer_auth(&ann)).await.header("x-chatkit-run-id").to_owned();
    app.clock.advance(std::time::Duration::from_secs(299));
    app.keeper().keep().await.unwrap();
    assert_eq!(send(app.events(&run).bearer_auth(&ann)).await.status, 200);
    app.clock.advance(std::time::Duration::from_secs(1));
    app.keeper().keep().await.unwrap();
    send(app.events(&run).bearer_auth(&ann)).await.is_openai_error(410, "run_gone");
}

/// A token may name the user whom back ends send who know of none. Nothing says which threads are theirs.
#[tokio::test]
async fn whoever_has_no_session_and_a_name_of_everybodys_watches_and_stops_what_they_began() {
    let app = Setup::default().start().await;
    let nobody = token("anonymous");
    let answer = send(app.chat(&create("hello")).bearer_auth(&nobody)).await;
    let run = answer.header("x-chatkit-run-id").to_owned();
    app.clock.advance(std::time::Duration::from_secs(1));
    for request in [app.events(&run), app.cancel(&run)] {
        assert_eq!(send(request.bearer_auth(&nobody)).await.status, 200);
    }
    send(app.events(&run).bearer_auth(token("ann"))).await.is_openai_error(404, "run_not_found");
}
