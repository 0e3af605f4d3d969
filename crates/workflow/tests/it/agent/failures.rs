//! Models that do not answer, or not to the end.

use std::sync::{Arc, Mutex};

use chatkitd_core::models::{ModelError, ModelEvent};
use chatkitd_core::testing::ModelScript;
use chatkitd_protocol::chatkit::ThreadItem;
use futures_channel::oneshot;
use serde_json::json;

use super::world::{add, create, error, said, settings, world};

fn unauthorized() -> ModelError {
    ModelError::Unauthorized { status: 401, message: "Incorrect API key provided: sk-ab**cd".to_owned() }
}

#[tokio::test]
async fn a_wrong_key_is_a_sentence_without_the_servers_words_and_without_a_retry() {
    let world = world(settings());
    world.model.refuses(unauthorized());
    let events = world.events_for("Hello").await;
    let (message, allow_retry) = error(&events);
    assert_eq!(
        message,
        "The assistant is not set up correctly. The people who run this site have to look at it."
    );
    assert!(!allow_retry);
    assert!(!format!("{events:?}").contains("sk-"), "{events:?}");
}

#[tokio::test]
async fn an_overloaded_server_is_a_sentence_with_a_retry() {
    let world = world(settings());
    world.model.refuses(ModelError::RateLimited { message: "slow down".to_owned(), retry_after: None });
    let (message, allow_retry) = error(&world.events_for("Hello").await);
    assert_eq!(message, "Too many questions at the moment. Please try again in a minute.");
    assert!(allow_retry);
}

#[tokio::test]
async fn what_was_said_until_the_stream_broke_is_kept_and_a_retry_takes_it_away() {
    let world = world(settings());
    let begun = ModelScript::default().thinks(&["Hm."]).event(ModelEvent::MessageBegan);
    let broken = begun.event(ModelEvent::Text("We open".to_owned()));
    world.model.answers(broken.fails(ModelError::Failed { message: "overloaded".to_owned() }));
    let events = world.events_for("When?").await;
    let (message, allow_retry) = error(&events);
    assert!(message.contains("cannot be reached") && allow_retry, "{message}");
    let items = world.items().await;
    assert_eq!((items.len(), said(&items)), (3, vec!["We open".to_owned()]));

    world.model.answers(ModelScript::default().says(&["We open at nine."]).ends());
    let params = json!({"thread_id": world.thread().await.id.as_str(), "item_id": items[0].id()});
    world.start(json!({"type": "threads.retry_after_item", "params": params})).await.all().await;
    assert_eq!(said(&world.items().await), ["We open at nine."]);
    assert_eq!(world.conversation().len(), 1, "the model does not read what was taken away");
}

#[tokio::test]
async fn a_stream_that_just_ends_was_cut_off() {
    let world = world(settings());
    world.model.answers(ModelScript::default().says(&["We open"]));
    let (message, allow_retry) = error(&world.events_for("When?").await);
    assert!(message.contains("broke off") && allow_retry, "{message}");
    assert_eq!(said(&world.items().await), ["We open"]);
}

#[tokio::test]
async fn a_connection_that_breaks_in_an_answer_broke_it_off_and_one_that_never_stood_did_not() {
    for (error_of, words) in [
        (ModelError::Broken("connection reset".into()), "broke off"),
        (ModelError::Connection("connection refused".into()), "cannot be reached"),
    ] {
        let world = world(settings());
        world.model.answers(ModelScript::default().says(&["We open"]).fails(error_of));
        let (message, allow_retry) = error(&world.events_for("When?").await);
        assert!(message.contains(words) && allow_retry, "{message}");
    }
}

#[tokio::test]
async fn before_the_first_word_a_failure_leaves_the_question_only() {
    let world = world(settings());
    world.model.answers(ModelScript::default().event(ModelEvent::MessageBegan).fails(ModelError::CutOff));
    error(&world.events_for("When?").await);
    assert_eq!(world.items().await.len(), 1);
}

#[tokio::test]
async fn stopping_an_answer_drops_the_models_and_keeps_what_was_said() {
    let world = world(settings());
    let (_never, until) = oneshot::channel();
    let script = ModelScript::default().event(ModelEvent::MessageBegan);
    world.model.answers(script.event(ModelEvent::Text("We open".to_owned())).waits(until).ends());
    let mut answering = world.start(create("When?")).await;
    answering.until("assistant_message.content_part.text_delta").await;
    // The visitor's page closes the connection: that is how it stops an answer.
    drop(answering);
    world.model.dropped(1).await;

    // The next message waits until the stopped run has ended.
    let thread = world.thread().await.id;
    world.model.answers(ModelScript::default().says(&["You are welcome."]).ends());
    world.start(add(&thread, "Thank you")).await.all().await;
    let items = world.items().await;
    assert_eq!(said(&items), ["We open", "You are welcome."]);
    assert!(matches!(items[2], ThreadItem::SdkHiddenContext(_)), "{items:#?}");
}

#[tokio::test]
async fn stopping_an_answer_that_has_not_begun_drops_the_models_too() {
    let world = world(settings());
    let (_never, until) = oneshot::channel();
    world.model.answers(ModelScript::default().waits(until).ends());
    let answering = world.start(create("When?")).await;
    world.model.asked(1).await;
    drop(answering);
    world.model.dropped(1).await;
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_operators_log_has_the_run_and_the_servers_words() {
    let log = Log::default();
    let writer = log.clone();
    // For all tests: one thread's own subscriber misses what another thread logged first.
    tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).init();
    let world = world(settings());
    let message = "project proj_1 has no access to the model".to_owned();
    world.model.refuses(ModelError::Unauthorized { status: 403, message });
    world.events_for("Hello").await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let line = log.lines().find(|line| line.contains("proj_1")).expect(&log);
    for part in
        ["ERROR", "a model did not answer", "run=run_", "workflow=\"wf_model\"", "model=\"large\"", "403"]
    {
        assert!(line.contains(part), "{line}");
    }
}
