//! Titles that threads get by themselves.

use std::time::Duration;

use chatkitd_core::models::{EndReason, ModelError, ModelEvent};
use chatkitd_core::testing::ModelScript;
use chatkitd_workflow::agent::ModelAgentSettings;
use futures_channel::oneshot;
use serde_json::json;

use super::world::{World, add, create, said, settings, world};

fn titled() -> World {
    world(ModelAgentSettings { title_model: Some("small".to_owned()), ..settings() }).with_titles()
}

fn says(text: &str) -> ModelScript {
    ModelScript::default().says(&[text]).ends()
}

#[tokio::test]
async fn a_thread_gets_its_title_from_the_first_message() {
    let world = titled();
    world.model.answers(says("At nine."));
    world.model.answers(says("\"Opening hours\""));
    let events = world.events_for("When do you open?").await;
    let updated = events.iter().find(|event| event["type"] == "thread.updated").unwrap();
    assert_eq!(updated["thread"]["title"], "Opening hours");
    assert_eq!(world.thread().await.title.as_deref(), Some("Opening hours"));

    let asked = world.model.requests();
    let models: Vec<_> = asked.iter().map(|request| request.model.as_str()).collect();
    assert_eq!(models, ["large", "small"]);
    assert_eq!(world.conversation()[0].1, "When do you open?");

    // And that is that.
    let thread = world.thread().await.id;
    world.model.answers(says("You are welcome."));
    world.start(add(&thread, "Thank you")).await.all().await;
    assert_eq!(world.model.requests().len(), 3);
}

#[tokio::test]
async fn the_first_word_does_not_wait_for_the_title() {
    let world = titled();
    let (go, until) = oneshot::channel();
    world.model.answers(ModelScript::default().waits(until).says(&["At nine."]).ends());
    let (_never, waiting) = oneshot::channel();
    world.model.answers(ModelScript::default().waits(waiting));
    let mut answering = world.start(create("When?")).await;
    world.model.asked(1).await;
    assert_eq!(world.model.requests().len(), 1, "no title is asked for before the first word");
    go.send(()).unwrap();
    answering.until("thread.item.done").await;
    world.model.asked(2).await;
    drop(answering);
    // The title is dropped with the rest of the run.
    world.model.dropped(1).await;
}

#[tokio::test]
async fn a_title_may_come_in_the_middle_of_the_answer() {
    let world = titled();
    let (go, until) = oneshot::channel();
    let begun = ModelScript::default().event(ModelEvent::MessageBegan);
    let first = begun.event(ModelEvent::Text("At".to_owned())).waits(until);
    let rest = first.event(ModelEvent::Text(" nine.".to_owned())).event(ModelEvent::MessageEnded).ends();
    world.model.answers(rest);
    world.model.answers(says("Opening hours"));
    let mut answering = world.start(create("When?")).await;
    answering.until("thread.updated").await;
    go.send(()).unwrap();
    answering.all().await;
    assert_eq!(said(&world.items().await), ["At nine."]);
}

#[tokio::test]
async fn an_answer_waits_a_few_seconds_for_its_title_and_no_longer() {
    let world = titled();
    let (_never, until) = oneshot::channel();
    world.model.answers(says("At nine."));
    world.model.answers(ModelScript::default().waits(until));
    let mut answering = world.start(create("When?")).await;
    answering.until("thread.item.done").await;
    answering.until("thread.item.done").await;
    world.model.asked(2).await;
    world.clock.advance(Duration::from_secs(3));
    let events = answering.all().await;
    assert_eq!(events, [] as [serde_json::Value; 0], "the answer is complete without a title");
    assert_eq!(world.thread().await.title, None);
    world.model.dropped(1).await;

    // The next answer tries again.
    let thread = world.thread().await.id;
    world.model.answers(says("You are welcome."));
    world.model.answers(says("Opening hours"));
    world.start(add(&thread, "Thank you")).await.all().await;
    assert_eq!(world.thread().await.title.as_deref(), Some("Opening hours"));
}

#[tokio::test]
async fn a_title_that_fails_changes_nothing() {
    for failure in [
        ModelScript::default().fails(ModelError::CutOff),
        ModelScript::default().says(&["Opening"]),
        says(" \n "),
    ] {
        let world = titled();
        world.model.answers(says("At nine."));
        world.model.answers(failure);
        let events = world.events_for("When?").await;
        assert_eq!(events.last().unwrap()["type"], "thread.item.done");
        assert_eq!(world.thread().await.title, None);
    }
}

#[tokio::test]
async fn the_visitors_own_title_stays() {
    let world = titled();
    let (go, until) = oneshot::channel();
    world.model.answers(says("At nine."));
    world.model.answers(ModelScript::default().waits(until).says(&["Opening hours"]).ends());
    let answering = world.start(create("When?")).await;
    world.model.asked(2).await;
    let thread = world.thread().await.id;
    let params = json!({"thread_id": thread.as_str(), "title": "My shop"});
    world.send(json!({"type": "threads.update", "params": params})).await.unwrap();
    go.send(()).unwrap();
    let events = answering.all().await;
    let updated: Vec<_> = events.iter().filter(|event| event["type"] == "thread.updated").collect();
    assert!(matches!(updated.as_slice(), [one] if one["thread"]["title"] == "My shop"), "{events:#?}");
    assert_eq!(world.thread().await.title.as_deref(), Some("My shop"));
}

#[tokio::test]
async fn no_title_is_asked_for_where_titling_is_off_or_there_is_nothing_to_name() {
    let off = world(settings());
    off.model.answers(says("At nine."));
    off.events_for("When?").await;
    assert_eq!(off.model.requests().len(), 1);

    let wordless = titled();
    let hidden = json!({"type": "hidden_context_item", "content": "They look at shoes."});
    let thread = wordless.thread_of([hidden]).await;
    wordless.model.answers(says("Yes?"));
    wordless.start(add(&thread, "  ")).await.all().await;
    assert_eq!(wordless.model.requests().len(), 1);
}

#[tokio::test]
async fn a_failed_answer_does_not_wait_for_a_title() {
    let world = titled();
    let (_never, until) = oneshot::channel();
    let (go, broken) = oneshot::channel();
    let begun = ModelScript::default().event(ModelEvent::MessageBegan);
    let first = begun.event(ModelEvent::Text("At".to_owned())).waits(broken);
    world.model.answers(first.fails(ModelError::CutOff));
    world.model.answers(ModelScript::default().waits(until));
    let answering = world.start(create("When?")).await;
    world.model.asked(2).await;
    go.send(()).unwrap();
    // The clock stands still: were anything waited for, this would not end.
    let events = answering.all().await;
    assert_eq!(events.last().unwrap()["type"], "error");
}

#[tokio::test]
async fn what_was_said_is_done_before_the_title_is_waited_for() {
    let world = titled();
    let (_never, until) = oneshot::channel();
    let begun = ModelScript::default().event(ModelEvent::MessageBegan);
    let said = begun.event(ModelEvent::Text("At nine and".to_owned()));
    world.model.answers(said.event(ModelEvent::Ended { reason: EndReason::TooLong, usage: None }));
    world.model.answers(ModelScript::default().waits(until));
    let mut answering = world.start(create("When?")).await;
    // The clock stands still: the title is still waited for.
    answering.until("assistant_message.content_part.done").await;
    answering.until("thread.item.done").await;
    answering.until("notice").await;
    drop(answering);
    world.model.dropped(1).await;
}
