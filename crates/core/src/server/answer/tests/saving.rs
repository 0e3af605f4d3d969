//! What is saved, and what is done to the thread.

use std::time::Duration;

use chatkitd_protocol::chatkit::{
    AssistantMessageItem, HiddenContextItem, Task, ThoughtTask, ThreadEvent, ThreadStatus, WorkflowKind,
};
use serde_json::{Map, Value, json};

use super::super::Closed;
use super::Stage;
use crate::server::AgentError;
use crate::threads::{ItemWrite, ThreadChange};

#[tokio::test]
async fn an_item_is_announced_as_done_after_it_was_saved() {
    let stage = Stage::new();
    let id = stage.answer.say("Hello").await;
    assert_eq!(stage.sent(), Vec::<Value>::new());
    let writes = stage.save();
    let [ItemWrite::Put(item)] = writes.as_slice() else { panic!("{writes:?}") };
    assert_eq!(item.id(), id);
    assert_eq!(stage.sent()[0]["item"], serde_json::to_value(item).unwrap());
}

/// An agent that waits for nothing has nothing saved before it is through.
#[tokio::test]
async fn what_waits_to_be_saved_counts_towards_the_length_of_an_answer() {
    let stage = Stage::new();
    let text = "x".repeat(1024 * 1024);
    for _ in 0..7 {
        stage.answer.say(&text).await;
        assert_eq!(stage.answer.0.closed(), None);
    }
    let eighth = tokio::time::timeout(Duration::ZERO, stage.answer.say(&text)).await;
    assert!(eighth.is_err(), "the agent gets no further");
    assert_eq!(stage.answer.0.closed(), Some(Closed::TooLong));
    assert_eq!(stage.save().len(), 8);
}

#[tokio::test]
async fn a_message_is_saved_once_and_whole_with_all_its_parts() {
    let stage = Stage::new();
    let mut message = stage.answer.message().await;
    message.push("First").await;
    message.next_part().await;
    message.push("Second, ").await;
    message.push("longer").await;
    let begun = message.id().to_owned();
    assert_eq!(message.done().await, begun);
    let writes = stage.save();
    let [ItemWrite::Put(item)] = writes.as_slice() else { panic!("{writes:?}") };
    let item = serde_json::to_value(item).unwrap();
    assert_eq!(item["id"], begun);
    assert_eq!(item["content"][0]["text"], "First");
    assert_eq!(item["content"][1]["text"], "Second, longer");

    let indexes: Vec<_> =
        stage.sent().iter().filter_map(|event| event["update"]["content_index"].as_u64()).collect();
    assert_eq!(indexes, [0, 0, 0, 1, 1, 1, 1]);
}

#[tokio::test]
async fn what_is_hidden_is_saved_and_not_sent() {
    let stage = Stage::new();
    stage.answer.hide(json!({"seen": ["red shoes"]})).await;
    let writes = stage.save();
    let [ItemWrite::Put(item)] = writes.as_slice() else { panic!("{writes:?}") };
    assert_eq!(serde_json::to_value(item).unwrap()["content"], json!({"seen": ["red shoes"]}));
    assert_eq!(stage.sent(), Vec::<Value>::new());
}

#[tokio::test]
async fn nothing_of_what_is_hidden_is_in_other_events() {
    let stage = Stage::new();
    let hidden = json!({"type": "hidden_context_item", "id": "h", "thread_id": "", "created_at": "", "content": "secret"});
    let message =
        json!({"type": "assistant_message", "id": "m", "thread_id": "", "created_at": "", "content": []});
    let thread = json!({"id": "cthr_1", "created_at": "", "items": {"data": [hidden, message]}});
    let part = json!({"type": "output_text", "text": "secret"});
    let update = json!({"type": "assistant_message.content_part.added", "content_index": 0, "content": part});
    for event in [
        json!({"type": "thread.updated", "thread": thread}),
        json!({"type": "thread.created", "thread": thread}),
        json!({"type": "thread.item.added", "item": hidden}),
        json!({"type": "thread.item.updated", "item_id": "h", "update": update}),
        json!({"type": "thread.item.done", "item": hidden}),
    ] {
        stage.answer.emit(serde_json::from_value(event).unwrap()).await;
    }
    stage.save();
    let sent = stage.sent();
    assert_eq!(sent.len(), 2, "{sent:?}");
    for event in sent {
        assert_eq!(event["thread"]["items"]["data"], json!([message]));
    }
}

#[tokio::test]
async fn what_the_visitor_saw_goes_away_where_something_hidden_is_written_over_it() {
    let stage = Stage::new();
    let note = |id: &str| HiddenContextItem {
        id: id.to_owned(),
        content: "secret".into(),
        ..HiddenContextItem::default()
    };
    let said = stage.answer.say("Too much").await;
    let begun = stage.answer.message().await.id().to_owned();
    stage.save();
    let before = stage.sent().len();
    stage.answer.replace_item(note(&said)).await;
    stage.answer.emit(ThreadEvent::item_done(note(&begun).into())).await;
    let writes = stage.save();
    assert!(matches!(writes.as_slice(), [ItemWrite::Put(_), ItemWrite::Put(_)]), "{writes:?}");
    let removed = [&said, &begun].map(|id| json!({"type": "thread.item.removed", "item_id": id}));
    assert_eq!(stage.sent()[before..], removed);
}

#[tokio::test]
async fn an_item_is_replaced_and_removed_by_its_id() {
    let stage = Stage::new();
    let id = stage.answer.say("One moment").await;
    stage
        .answer
        .replace_item(AssistantMessageItem { id: id.clone(), ..AssistantMessageItem::default() })
        .await;
    stage.answer.remove_item(&id).await;
    let writes = stage.save();
    let [ItemWrite::Put(_), ItemWrite::Put(replaced), ItemWrite::Remove(removed)] = writes.as_slice() else {
        panic!("{writes:?}")
    };
    assert_eq!((replaced.id(), removed), (id.as_str(), &id));
    let sent = stage.sent();
    assert_eq!(sent[1]["type"], "thread.item.replaced");
    assert_eq!(sent[2], json!({"type": "thread.item.removed", "item_id": id}));
}

#[tokio::test]
async fn a_task_that_is_not_there_cannot_be_updated() {
    let stage = Stage::new();
    let thought = || Task::Thought(ThoughtTask::default());
    let mut workflow = stage.answer.workflow(WorkflowKind::Reasoning).await;
    workflow.add_task(thought()).await;
    let sent = stage.sent().len();
    let refused = workflow.update_task(1, thought()).await;
    assert!(matches!(refused, Err(AgentError::Failed(_))), "{refused:?}");
    assert_eq!(stage.sent().len(), sent);
}

#[tokio::test]
async fn how_long_a_workflow_took_does_not_hang_on_the_time_of_day() {
    let stage = Stage::new();
    let workflow = stage.answer.workflow(WorkflowKind::Reasoning).await;
    stage.wait(4);
    stage.clock.set_back(Duration::from_secs(3600));
    workflow.done().await;
    stage.save();
    let sent = stage.sent();
    assert_eq!(sent.last().unwrap()["item"]["workflow"]["summary"]["duration"], 4);
}

#[tokio::test]
async fn each_change_of_the_thread_is_saved_and_announced() {
    let stage = Stage::new();
    let answer = &stage.answer;
    let notes = Map::from_iter([("topic".to_owned(), "hours".into())]);
    answer.set_title("Opening hours").await;
    answer.set_metadata(notes.clone()).await;
    answer.set_image_domains(Some(vec!["example.com".to_owned()])).await;
    answer.lock(Some("A colleague is taking over.")).await;
    answer.close(None).await;
    answer.reopen().await;

    let thread = answer.thread();
    assert_eq!(thread.title.as_deref(), Some("Opening hours"));
    assert_eq!(thread.metadata, notes);
    assert_eq!(thread.status, ThreadStatus::default());
    let writes = stage.save();
    assert!(writes.iter().all(|write| matches!(write, ItemWrite::Change(_))), "{writes:?}");
    assert_eq!(writes.len(), 6);

    let sent = stage.sent();
    let statuses: Vec<_> = sent.iter().map(|event| &event["thread"]["status"]).collect();
    let active = json!({"type": "active"});
    let locked = json!({"type": "locked", "reason": "A colleague is taking over."});
    assert_eq!(statuses, [&active, &active, &active, &locked, &json!({"type": "closed"}), &active]);
    assert_eq!(sent[2]["thread"]["allowed_image_domains"], json!(["example.com"]));
    assert!(sent.iter().all(|event| event["thread"]["metadata"] == json!({})), "{sent:?}");
}

/// The visitor names the thread, and the answer changes it before it hears of that.
#[tokio::test]
async fn a_name_from_the_visitor_undoes_nothing_that_the_answer_has_changed() {
    let stage = Stage::new();
    let notes = Map::from_iter([("topic".to_owned(), "hours".into())]);
    let title = Some(Some("Hours".to_owned()));
    stage.answer.lock(None).await;
    stage.answer.set_metadata(notes.clone()).await;
    stage.answer.0.thread_changed(ThreadChange { title, ..ThreadChange::default() });
    stage.save();
    stage.answer.reopen().await;

    let reopened = ThreadChange { status: Some(ThreadStatus::default()), ..ThreadChange::default() };
    assert_eq!(stage.save(), [ItemWrite::Change(Box::new(reopened))]);
    let thread = stage.answer.thread();
    assert_eq!((thread.title.as_deref(), thread.metadata), (Some("Hours"), notes));
}

/// It is saved by whoever brought it.
#[tokio::test]
async fn a_name_from_the_visitor_is_announced_after_what_came_before_it() {
    let stage = Stage::new();
    let renamed =
        |title: &str| ThreadChange { title: Some(Some(title.to_owned())), ..ThreadChange::default() };
    stage.answer.0.thread_changed(renamed("Hours"));
    assert_eq!(stage.sent()[0]["thread"]["title"], "Hours");
    stage.answer.lock(None).await;
    stage.answer.0.thread_changed(renamed("Closing time"));
    assert_eq!(stage.sent().len(), 1, "what came before it is not saved yet");
    assert_eq!(stage.save().len(), 1);
    let sent = stage.sent();
    let titles: Vec<_> = sent.iter().map(|event| &event["thread"]["title"]).collect();
    assert_eq!(titles, ["Hours", "Hours", "Closing time"]);
    assert_eq!(sent[2]["thread"]["status"]["type"], "locked");
}

#[tokio::test]
async fn what_changes_nothing_is_neither_saved_nor_announced() {
    let stage = Stage::new();
    stage.answer.reopen().await;
    stage.answer.0.thread_changed(ThreadChange { title: Some(None), ..ThreadChange::default() });
    assert_eq!(stage.save(), []);
    assert_eq!(stage.sent(), Vec::<Value>::new());
}
