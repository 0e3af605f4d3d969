//! What the model reads of a thread.

use chatkitd_core::models::Role;
use chatkitd_core::testing::ModelScript;
use chatkitd_workflow::agent::ModelAgentSettings;
use serde_json::{Value, json};

use super::world::{World, add, error, input, settings, world};

fn user(text: &str) -> Value {
    json!({
        "type": "user_message", "attachments": [], "inference_options": {},
        "content": [{"type": "input_text", "text": text}]
    })
}

fn assistant(text: &str) -> Value {
    let content = json!([{"type": "output_text", "text": text, "annotations": []}]);
    json!({"type": "assistant_message", "content": content})
}

fn answering(settings: ModelAgentSettings) -> World {
    let world = world(settings);
    world.model.answers(ModelScript::default().says(&["Yes."]).ends());
    world
}

/// What the model reads of one item, before "Go on" is said.
async fn read(item: Value) -> String {
    let world = answering(settings());
    let thread = world.thread_of([item]).await;
    world.start(add(&thread, "Go on")).await.all().await;
    let conversation = world.conversation();
    let texts: Vec<_> = conversation.iter().map(|(_, text)| text.as_str()).collect();
    let all = texts.join("\n");
    all.strip_suffix("Go on").unwrap().trim_end_matches('\n').to_owned()
}

#[tokio::test]
async fn the_sides_take_turns() {
    let world = answering(settings());
    let hidden = json!({"type": "hidden_context_item", "content": "They look at shoes."});
    let items = [user("Hello"), user("Anybody?"), assistant("Yes."), assistant("Hi."), hidden];
    let thread = world.thread_of(items).await;
    world.start(add(&thread, "How much?")).await.all().await;
    assert_eq!(
        world.conversation(),
        [
            (Role::User, "Hello\nAnybody?".to_owned()),
            (Role::Assistant, "Yes.\nHi.".to_owned()),
            (
                Role::User,
                "This is for you, and not shown to the visitor:\n\
                 <HiddenContext>\nThey look at shoes.\n</HiddenContext>\nHow much?"
                    .to_owned()
            ),
        ]
    );
}

#[tokio::test]
async fn tags_and_quotes_of_a_message_are_explained_below_it() {
    let world = answering(settings());
    let ada = json!({
        "type": "input_tag", "id": "customer_1", "text": "Ada", "data": {"city": "London"},
        "group": "Customers", "interactive": true
    });
    let mut input = input("");
    input["content"] = json!([
        {"type": "input_text", "text": "Write to "}, ada, {"type": "input_text", "text": " and "}, ada
    ]);
    input["quoted_text"] = "Your order was sent.".into();
    world.start(json!({"type": "threads.create", "params": {"input": input}})).await.all().await;
    assert_eq!(
        world.conversation(),
        [(
            Role::User,
            "Write to @Ada and @Ada\n\
             The message above refers to this in particular:\n\
             <QuotedText>\nYour order was sent.\n</QuotedText>\n\
             What the message above mentions with @:\n\
             <Tag>{\"text\":\"Ada\",\"id\":\"customer_1\",\"group\":\"Customers\",\"data\":{\"city\":\"London\"}}</Tag>"
                .to_owned()
        )]
    );
}

#[tokio::test]
async fn a_message_of_nothing_is_not_answered() {
    let world = answering(settings());
    let (message, allow_retry) = error(&world.events_for(" \n").await);
    assert_eq!((message.as_str(), allow_retry), ("There is nothing to answer.", false));
    assert_eq!(world.model.requests(), []);
}

#[tokio::test]
async fn a_message_of_nothing_behind_an_answer_is_not_answered() {
    let world = answering(settings());
    let thread = world.thread_of([user("Hello"), assistant("Hi.")]).await;
    let (message, allow_retry) = error(&world.start(add(&thread, " \n")).await.all().await);
    assert_eq!((message.as_str(), allow_retry), ("There is nothing to answer.", false));
    assert_eq!(world.model.requests(), []);
}

#[tokio::test]
async fn a_widget_is_its_text_or_else_its_json() {
    let card = json!({"type": "Card", "children": [{"type": "Text", "value": "9:00"}]});
    let mut widget = json!({"type": "widget", "widget": card});
    assert_eq!(
        read(widget.clone()).await,
        "The visitor was shown this widget:\n<Widget>\n\
         {\"type\":\"Card\",\"children\":[{\"type\":\"Text\",\"value\":\"9:00\"}]}\n</Widget>"
    );
    widget["copy_text"] = "We open at nine.".into();
    assert_eq!(
        read(widget).await,
        "The visitor was shown this widget:\n<Widget>\nWe open at nine.\n</Widget>"
    );
}

#[tokio::test]
async fn tasks_of_the_applications_own_making_are_read_and_thoughts_are_not() {
    let custom = json!({"type": "custom", "title": "Looked up", "content": "the opening hours"});
    let bare = json!({"type": "custom", "title": "Done"});
    let tasks = json!([{"type": "thought", "content": "Hm."}, custom, {"type": "custom"}, bare]);
    let workflow = json!({"type": "custom", "tasks": tasks, "expanded": false});
    assert_eq!(
        read(json!({"type": "workflow", "workflow": workflow})).await,
        "The visitor was shown that this was done:\n<Task>\nLooked up: the opening hours\nDone\n</Task>"
    );
    assert_eq!(
        read(json!({"type": "task", "task": custom})).await,
        "The visitor was shown that this was done:\n<Task>\nLooked up: the opening hours\n</Task>"
    );
    let thinking =
        json!({"type": "reasoning", "tasks": [{"type": "thought", "content": "Hm."}], "expanded": false});
    assert_eq!(read(json!({"type": "workflow", "workflow": thinking})).await, "");
}

#[tokio::test]
async fn what_says_nothing_to_a_model_is_left_out() {
    let call = json!({
        "type": "client_tool_call", "status": "pending", "call_id": "c", "name": "open", "arguments": {}
    });
    for item in [
        json!({"type": "end_of_turn"}),
        json!({"type": "generated_image"}),
        json!({"type": "of_the_future", "text": "Hello"}),
        assistant("  "),
        call,
    ] {
        assert_eq!(read(item.clone()).await, "", "{item}");
    }
}

#[tokio::test]
async fn a_picture_that_the_model_made_is_shown_to_it_again() {
    let image = |url: &str| json!({"type": "generated_image", "image": {"id": "i", "url": url}});
    let shown = read(image("data:image/png;base64,AAAA")).await;
    assert_eq!(shown, "The visitor was shown a picture that you made.\n[image/png, 3 bytes]");
    let elsewhere = read(image("https://example.com/cat.png")).await;
    assert_eq!(elsewhere, "The visitor was shown a picture that you made.");
}

#[tokio::test]
async fn the_output_of_a_client_tool_goes_on_with_the_answer() {
    let world = answering(settings());
    let call = json!({
        "type": "client_tool_call", "status": "pending", "call_id": "call_1", "name": "add_to_cart",
        "arguments": {"item": "shoes"}
    });
    let thread = world.thread_of([user("Put it into my cart"), call]).await;
    let params = json!({"thread_id": thread.as_str(), "result": {"in_cart": 1}});
    world.start(json!({"type": "threads.add_client_tool_output", "params": params})).await.all().await;
    assert_eq!(
        world.conversation()[0].1,
        "Put it into my cart\n\
         This tool was called on the visitor's page, and answered:\n<ToolCall>\n\
         {\"name\":\"add_to_cart\",\"arguments\":{\"item\":\"shoes\"},\"output\":{\"in_cart\":1}}\n</ToolCall>"
    );
}

#[tokio::test]
async fn answered_questions_go_on_with_the_answer() {
    let world = answering(settings());
    let choice = json!({
        "type": "multiple_choice", "id": "day", "question": "Which day?", "multiple": true,
        "options": [{"value": "Monday"}, {"value": "Tuesday"}]
    });
    let free = |id: &str, question: &str| json!({"type": "freeform", "id": id, "question": question});
    let inputs = json!([choice, free("plate", "Number plate?"), free("name", "Name?")]);
    let questions = json!({"type": "structured_input", "status": "pending", "inputs": inputs});
    let thread = world.thread_of([user("Book it"), questions]).await;
    let answers = json!({
        "day": {"values": ["Monday", "Tuesday"], "skipped": false},
        "plate": {"values": [], "skipped": true},
        "name": {"values": ["Ada"], "skipped": false}
    });
    let input = json!({"status": "answered", "answers": answers});
    let params = json!({"thread_id": thread.as_str(), "item_id": "item_2", "input": input});
    world.start(json!({"type": "threads.add_structured_input", "params": params})).await.all().await;
    assert_eq!(
        world.conversation()[0].1,
        "Book it\nThe visitor was asked this:\n<Questions>\n\
         - Which day?: Monday, Tuesday\n- Number plate?: (skipped)\n- Name?: Ada\n</Questions>"
    );
}

#[tokio::test]
async fn of_a_long_thread_the_newest_turns_are_read_within_the_budget() {
    // A turn costs twice 4 tokens for its items and 25 for 100 bytes.
    let world = answering(ModelAgentSettings { history_tokens: 30 * 58 + 29, ..settings() });
    let text = |number: usize| format!("{number:0100}");
    let items = (0..100).flat_map(|turn| [user(&text(turn)), assistant(&text(turn))]);
    let thread = world.thread_of(items).await;
    world.start(add(&thread, &text(100))).await.all().await;
    let conversation = world.conversation();
    let first: usize = conversation[0].1.parse().unwrap();
    let last: usize = conversation.last().unwrap().1.parse().unwrap();
    assert_eq!((conversation.len(), first, last), (61, 70, 100));
}

#[tokio::test]
async fn a_message_over_the_budget_is_read_all_the_same() {
    let world = answering(ModelAgentSettings { history_tokens: 10, ..settings() });
    let thread = world.thread_of([user("Hello"), assistant("Hi.")]).await;
    let long = "word ".repeat(1_000);
    world.start(add(&thread, &long)).await.all().await;
    assert_eq!(world.conversation(), [(Role::User, long)]);
}
