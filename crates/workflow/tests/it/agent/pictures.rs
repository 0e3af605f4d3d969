//! Pictures that a model makes.

use chatkitd_core::models::{HostedTool, MadeImage, ModelEvent};
use chatkitd_core::testing::ModelScript;
use chatkitd_workflow::agent::ModelAgentSettings;
use serde_json::{Value, json};

use super::world::{World, error, said, settings, world};

fn drawing() -> World {
    let tool = json!({"type": "image_generation", "partial_images": 3});
    let tools = vec![HostedTool(serde_json::from_value(tool).unwrap())];
    world(ModelAgentSettings { tools, ..settings() })
}

fn made(base64: &str) -> MadeImage {
    MadeImage { mime_type: "image/png".to_owned(), base64: base64.to_owned() }
}

fn begun() -> ModelEvent {
    ModelEvent::ImageBegan { id: "ig_1".to_owned() }
}

fn partial(index: u32, base64: &str) -> ModelEvent {
    ModelEvent::ImagePartial { id: "ig_1".to_owned(), index, image: made(base64) }
}

fn done(image: MadeImage) -> ModelEvent {
    ModelEvent::ImageDone { id: "ig_1".to_owned(), image }
}

fn url(base64: &str) -> String {
    format!("data:image/png;base64,{base64}")
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_picture_is_seen_as_it_is_made_and_kept_with_its_content() {
    let world = drawing();
    let script = ModelScript::default().event(begun()).event(partial(0, "AAAA"));
    world.model.answers(script.event(done(made("BBBB"))).says(&["Here it is."]).ends());
    let events = world.events_for("A cat, please").await;

    let drawn = |base64: &str| json!({"url": url(base64)});
    let update = json!({"type": "generated_image.updated", "image": drawn("AAAA"), "progress": 0.25});
    let item = |image: Value| json!({"type": "generated_image", "image": image});
    assert_eq!(events[0], json!({"type": "thread.item.added", "item": {"type": "generated_image"}}));
    assert_eq!(events[1], json!({"type": "thread.item.updated", "update": update}));
    assert_eq!(events[2], json!({"type": "thread.item.done", "item": item(drawn("BBBB"))}));

    let items = world.items().await;
    assert_eq!(json!(items[1])["image"]["url"], url("BBBB"));
    assert_eq!(said(&items), ["Here it is."]);
}

#[tokio::test]
async fn drafts_leave_room_for_the_picture_itself() {
    let (draft, whole) = ("A".repeat(600_000), "A".repeat(4_000_000));
    let world = drawing();
    let drafts = (0..8).map(|index| partial(index, &draft));
    let script = drafts.fold(ModelScript::default().event(begun()), ModelScript::event);
    world.model.answers(script.event(done(made(&whole))).says(&["Here it is."]).ends());
    let events = world.events_for("A cat, please").await;
    let images = kinds(&events[..5]);
    let [added, updated, done] = ["thread.item.added", "thread.item.updated", "thread.item.done"];
    assert_eq!(images, [added, updated, updated, updated, done]);
    assert_eq!(said(&world.items().await), ["Here it is."]);
}

#[tokio::test]
async fn what_cannot_be_shown_is_taken_away_and_said() {
    let svg = MadeImage { mime_type: "image/svg+xml".to_owned(), base64: "AAAA".to_owned() };
    for image in [made(&"A".repeat(7_000_000)), svg, made("\" onload=\""), made("")] {
        let world = drawing();
        world.model.answers(ModelScript::default().event(begun()).event(done(image)).says(&["So."]).ends());
        let events = world.events_for("A cat, please").await;
        assert_eq!(kinds(&events[..3]), ["thread.item.added", "thread.item.removed", "notice"]);
        assert_eq!(world.items().await.len(), 2, "the question and the words");
    }
}

#[tokio::test]
async fn an_answer_of_a_picture_that_is_never_finished_is_an_error() {
    let world = drawing();
    let script = ModelScript::default().event(begun()).event(partial(0, "AAAA")).event(partial(1, "AAAA"));
    world.model.answers(script.ends());
    let events = world.events_for("A cat, please").await;
    let (message, allow_retry) = error(&events);
    assert_eq!((message.as_str(), allow_retry), ("The assistant had no answer. Please try again.", true));
    assert_eq!(world.items().await.len(), 1);
}

#[tokio::test]
async fn a_picture_that_is_never_finished_goes_away() {
    let world = drawing();
    world.model.answers(ModelScript::default().event(begun()).says(&["I cannot."]).ends());
    let events = world.events_for("A cat, please").await;
    assert_eq!(kinds(&events).last(), Some(&"thread.item.removed"));
    assert_eq!(world.items().await.len(), 2);
}
