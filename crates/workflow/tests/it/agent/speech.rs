//! What a model says, as a browser gets it.

use std::time::Duration;

use chatkitd_core::models::{CitedSource, EndReason, ModelEvent};
use chatkitd_core::testing::ModelScript;
use chatkitd_workflow::agent::ModelAgentSettings;
use futures_channel::oneshot;
use serde_json::{Value, json};

use super::world::{World, create, error, said, settings, world};

async fn events(script: ModelScript) -> Vec<Value> {
    let world = world(settings());
    world.model.answers(script);
    world.events_for("Hello").await
}

fn added() -> Value {
    json!({"type": "thread.item.added", "item": {"type": "assistant_message", "content": []}})
}

fn updated(update: Value) -> Value {
    json!({"type": "thread.item.updated", "update": update})
}

fn part(kind: &str, text: &str, annotations: &Value) -> Value {
    let content = json!({"type": "output_text", "text": text, "annotations": annotations});
    let kind = format!("assistant_message.content_part.{kind}");
    updated(json!({"type": kind, "content_index": 0, "content": content}))
}

fn delta(text: &str) -> Value {
    let kind = "assistant_message.content_part.text_delta";
    updated(json!({"type": kind, "content_index": 0, "delta": text}))
}

fn done(text: &str, annotations: &Value) -> Value {
    let content = json!([{"type": "output_text", "text": text, "annotations": annotations}]);
    json!({"type": "thread.item.done", "item": {"type": "assistant_message", "content": content}})
}

#[track_caller]
fn assert_events(events: &[Value], expected: &[Value]) {
    assert_eq!(events.len(), expected.len(), "{events:#?}");
    for (event, expected) in events.iter().zip(expected) {
        assert_eq!(event, expected, "{event:#}\n{expected:#}");
    }
}

#[tokio::test]
async fn a_message_is_read_as_it_is_written() {
    let events = events(ModelScript::default().says(&["We open", " at nine."]).ends()).await;
    let none = json!([]);
    assert_events(
        &events,
        &[
            added(),
            part("added", "", &none),
            delta("We open"),
            delta(" at nine."),
            part("done", "We open at nine.", &none),
            done("We open at nine.", &none),
        ],
    );
}

#[tokio::test]
async fn several_messages_are_several_items_and_an_empty_one_is_none() {
    let world = world(settings());
    world.model.answers(ModelScript::default().says(&["One."]).says(&["", ""]).says(&["Two."]).ends());
    world.events_for("Hello").await;
    assert_eq!(said(&world.items().await), ["One.", "Two."]);
}

#[tokio::test]
async fn citations_are_annotations_with_a_source_and_a_place() {
    let url = |url: &str, title: Option<&str>| CitedSource::Url {
        url: url.to_owned(),
        title: title.map(str::to_owned),
    };
    let cited = [
        (url("https://example.com/hours", Some("Hours")), None),
        (url("https://example.com/bare", None), Some(2)),
        (url("javascript://example.com/%0aalert(1)", Some("Click me")), None),
        (CitedSource::File { name: "prices.pdf".to_owned() }, None),
        (CitedSource::File { name: String::new() }, None),
    ];
    let script = ModelScript::default().event(ModelEvent::MessageBegan);
    let script = script.event(ModelEvent::Text("Wé open.".to_owned()));
    let script = cited
        .into_iter()
        .fold(script, |script, (source, at)| script.event(ModelEvent::Citation { source, at }))
        .event(ModelEvent::MessageEnded)
        .ends();
    let events = events(script).await;

    let annotation =
        |source: Value, index: u32| json!({"type": "annotation", "source": source, "index": index});
    let annotations = [
        annotation(json!({"type": "url", "title": "Hours", "url": "https://example.com/hours"}), 8),
        annotation(
            json!({"type": "url", "title": "https://example.com/bare", "url": "https://example.com/bare"}),
            2,
        ),
        annotation(json!({"type": "file", "title": "prices.pdf", "filename": "prices.pdf"}), 8),
    ];
    let kind = "assistant_message.content_part.annotation_added";
    let announced = annotations.iter().enumerate().map(|(index, annotation)| {
        updated(json!({
            "type": kind, "content_index": 0, "annotation_index": index, "annotation": annotation
        }))
    });
    assert_events(&events[3..6], &announced.collect::<Vec<_>>());
    assert_eq!(events[7], done("Wé open.", &json!(annotations)));
}

fn cite(at: Option<u32>, url: &str) -> ModelEvent {
    ModelEvent::Citation { source: CitedSource::Url { url: url.to_owned(), title: None }, at }
}

/// Addresses and places of what the last message cites.
fn cited(events: &[Value]) -> Vec<(String, u64)> {
    let annotations = events.last().unwrap()["item"]["content"][0]["annotations"].as_array().unwrap();
    let place = |cited: &Value| Some((cited["source"]["url"].as_str()?.to_owned(), cited["index"].as_u64()?));
    annotations.iter().map(|cited| place(cited).unwrap()).collect()
}

#[tokio::test]
async fn a_citation_before_the_first_word_waits_for_it() {
    let script = ModelScript::default().event(ModelEvent::MessageBegan);
    let script = script.event(cite(None, "https://a.example/")).event(cite(Some(2), "https://b.example/"));
    let script = script.event(ModelEvent::Text("We open".to_owned())).event(ModelEvent::MessageEnded);
    let lost = ModelScript::default().event(ModelEvent::MessageBegan).event(cite(None, "https://c.example/"));
    let world = world(settings());
    world.model.answers(script.ends());
    world.model.answers(lost.event(ModelEvent::MessageEnded).says(&["Nine."]).ends());
    let expected = [("https://a.example/".to_owned(), 7), ("https://b.example/".to_owned(), 2)];
    assert_eq!(cited(&world.events_for("When?").await), expected);
    assert!(cited(&world.events_for("When?").await).is_empty(), "it belongs to a message without words");
}

#[tokio::test]
async fn a_citation_of_what_is_not_written_waits_for_it_until_the_message_ends() {
    let script = ModelScript::default().event(ModelEvent::MessageBegan);
    let script = script.event(ModelEvent::Text("Wé".to_owned())).event(cite(Some(900), "https://a.example/"));
    let script =
        script.event(cite(Some(7), "https://b.example/")).event(ModelEvent::Text(" open.".to_owned()));
    let events = events(script.event(ModelEvent::MessageEnded).ends()).await;
    let expected = [("https://b.example/".to_owned(), 7), ("https://a.example/".to_owned(), 8)];
    assert_eq!(cited(&events), expected);
}

fn reasoning(tasks: &Value, summary: Option<&Value>) -> Value {
    let mut workflow = json!({"type": "reasoning", "tasks": tasks, "expanded": false});
    if let Some(summary) = summary {
        workflow["summary"] = summary.clone();
    }
    json!({"type": "workflow", "workflow": workflow})
}

fn thought(text: &str) -> Value {
    json!({"type": "thought", "status_indicator": "none", "content": text})
}

fn task(kind: &str, index: u32, text: &str) -> Value {
    let kind = format!("workflow.task.{kind}");
    updated(json!({"type": kind, "task_index": index, "task": thought(text)}))
}

#[tokio::test]
async fn thoughts_are_tasks_of_a_workflow_that_ends_with_the_first_message() {
    let world = world(settings());
    let (go, thinking) = oneshot::channel();
    let rest = " about Monday, which is a holiday.";
    let script = ModelScript::default().thinks(&["They ask", rest]).thinks(&["I know."]).waits(thinking);
    world.model.answers(script.says(&["Closed."]).ends());
    let mut answering = world.start(create("And on Monday?")).await;
    answering.until("workflow.task.added").await;
    answering.until("workflow.task.added").await;
    world.clock.advance(Duration::from_secs(4));
    go.send(()).unwrap();
    let events = answering.all().await;

    let tasks = json!([thought("They ask about Monday, which is a holiday."), thought("I know.")]);
    let done = reasoning(&tasks, Some(&json!({"duration": 4})));
    assert_eq!(events[0], json!({"type": "thread.item.done", "item": done}));
    assert_eq!(events[1], added());
}

#[tokio::test]
async fn thinking_again_within_a_message_ends_with_its_next_words() {
    let script = ModelScript::default().event(ModelEvent::MessageBegan);
    let script = script.event(ModelEvent::Text("One, ".to_owned())).thinks(&["Hm."]);
    let script = script.event(ModelEvent::Text("two.".to_owned())).event(ModelEvent::MessageEnded);
    let events = events(script.ends()).await;
    let tasks = json!([thought("Hm.")]);
    assert_events(
        &events[2..7],
        &[
            delta("One, "),
            json!({"type": "thread.item.added", "item": reasoning(&json!([]), None)}),
            task("added", 0, "Hm."),
            json!({"type": "thread.item.done", "item": reasoning(&tasks, Some(&json!({"duration": 0})))}),
            delta("two."),
        ],
    );
}

#[tokio::test]
async fn a_thought_is_seen_while_it_is_thought() {
    let pieces = ["They ask", " about", " Monday,", " which may well be a public holiday", "."];
    let events = events(ModelScript::default().thinks(&pieces).says(&["Closed."]).ends()).await;
    assert_events(
        &events[..4],
        &[
            json!({"type": "thread.item.added", "item": reasoning(&json!([]), None)}),
            task("added", 0, "They ask"),
            task("updated", 0, "They ask about Monday, which may well be a public holiday"),
            task("updated", 0, "They ask about Monday, which may well be a public holiday."),
        ],
    );
}

#[tokio::test]
async fn thinking_without_words_is_shown_without_tasks() {
    let events = events(ModelScript::default().thinks(&[]).says(&["Nine."]).ends()).await;
    let done = reasoning(&json!([]), Some(&json!({"duration": 0})));
    assert_eq!(events[1], json!({"type": "thread.item.done", "item": done}));
}

#[tokio::test]
async fn a_novel_of_thoughts_neither_breaks_the_answer_nor_is_sent_whole() {
    let word = "and so on, ";
    let pieces = vec![word; 100_000];
    let world = world(settings());
    world.model.answers(ModelScript::default().thinks(&pieces).thinks(&["More."]).says(&["Nine."]).ends());
    world.events_for("When?").await;
    let items = world.items().await;
    let workflow = json!(items[1]);
    let tasks = workflow["workflow"]["tasks"].as_array().unwrap();
    let shown = tasks[0]["content"].as_str().unwrap();
    assert_eq!((tasks.len(), shown.len()), (1, 64 * 1024 - 64 + "…".len()));
    assert_eq!(said(&items), ["Nine."]);
}

#[tokio::test]
async fn what_the_model_thinks_can_be_kept_from_visitors() {
    let world = world(ModelAgentSettings { show_reasoning: false, ..settings() });
    world.model.answers(ModelScript::default().thinks(&["They ask"]).says(&["Nine."]).ends());
    let events = world.events_for("When?").await;
    assert_eq!(events[0], added());
}

#[tokio::test]
async fn an_answer_that_was_cut_off_says_why() {
    for (reason, words) in
        [(EndReason::TooLong, "longest length"), (EndReason::Filtered, "held back by a content filter")]
    {
        let ended = ModelEvent::Ended { reason, usage: None };
        let world = world(settings());
        world.model.answers(ModelScript::default().says(&["We open"]).event(ended));
        let events = world.events_for("When?").await;
        let last = events.last().unwrap();
        assert_eq!((&last["type"], &last["level"]), (&json!("notice"), &json!("info")), "{last:#}");
        assert!(last["message"].as_str().unwrap().contains(words), "{last:#}");
        assert_eq!(said(&world.items().await), ["We open"]);
    }
}

#[tokio::test]
async fn an_answer_of_nothing_is_an_error_that_offers_to_try_again() {
    for reason in [EndReason::Complete, EndReason::TooLong, EndReason::Filtered] {
        let ended = ModelEvent::Ended { reason, usage: None };
        let events = events(ModelScript::default().thinks(&["Hm."]).event(ended)).await;
        let (message, allow_retry) = error(&events);
        assert!(message.contains("try again") && allow_retry, "{message}");
    }
}

#[tokio::test]
async fn an_answer_that_nobody_can_see_is_none() {
    for blanks in [" \n\t", "\u{200b}", "\u{feff}\u{2060} \u{ad}", "\u{3164}\u{2800}"] {
        let world = world(settings());
        world.model.answers(ModelScript::default().says(&[blanks, " "]).says(&[blanks]).ends());
        let (message, allow_retry) = error(&world.events_for("Hello").await);
        assert_eq!((message.as_str(), allow_retry), ("The assistant had no answer. Please try again.", true));
        assert_eq!(world.items().await.len(), 1, "{blanks:?}");
    }
}

#[tokio::test]
async fn blanks_before_the_first_word_come_with_it() {
    let events = events(ModelScript::default().says(&["\n", "  ", "One.", "\n"]).ends()).await;
    assert_eq!(events[2], delta("\n  One."));
    assert_eq!(events.last(), Some(&done("\n  One.\n", &json!([]))));
}

/// Whatever a model says, one message at a time is open, and all are closed at the end.
#[tokio::test]
async fn a_message_that_is_not_ended_is_ended_by_the_next_one_and_by_the_end() {
    let open = |script: ModelScript, text: &str| {
        script.event(ModelEvent::MessageBegan).event(ModelEvent::Text(text.to_owned()))
    };
    let world: World = world(settings());
    world.model.answers(open(open(ModelScript::default(), "One."), "Two.").ends());
    world.events_for("Hello").await;
    assert_eq!(said(&world.items().await), ["One.", "Two."]);
}

#[tokio::test]
async fn a_megabyte_without_a_newline_is_cut_kept_and_said() {
    let world = world(settings());
    let pieces = vec!["wörd"; 200_000];
    world.model.answers(ModelScript::default().says(&pieces).ends());
    let events = world.events_for("Write").await;
    assert_eq!(events.last().unwrap()["type"], "notice");
    let said = said(&world.items().await).remove(0);
    assert!((512 * 1024 - 1..=512 * 1024).contains(&said.len()), "{}", said.len());
    let deltas = events.iter().filter_map(|event| event["update"]["delta"].as_str());
    assert_eq!(deltas.collect::<String>(), said, "nothing is left out of what was sent");
    world.model.dropped(1).await;
}

#[tokio::test]
async fn an_answer_of_usual_length_goes_out_as_it_comes() {
    let world = world(settings());
    let pieces = vec!["word"; 4_000];
    world.model.answers(ModelScript::default().says(&pieces).ends());
    let events = world.events_for("Write").await;
    let deltas = events.iter().filter(|event| event["update"]["delta"] == "word");
    assert_eq!(deltas.count(), 4_000);
}
