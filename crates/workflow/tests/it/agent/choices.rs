//! What the visitor chooses in the composer, and what is asked besides.

use chatkitd_core::models::HostedTool;
use chatkitd_core::testing::ModelScript;
use chatkitd_workflow::agent::ModelAgentSettings;
use serde_json::{Value, json};

use super::world::{World, error, input, settings, world};

fn tool(kind: &str) -> HostedTool {
    HostedTool(serde_json::from_value(json!({"type": kind, "search_context_size": "low"})).unwrap())
}

fn choosing(options: Value) -> Value {
    let mut input = input("Hello");
    input["inference_options"] = options;
    json!({"type": "threads.create", "params": {"input": input}})
}

fn offering() -> World {
    let world = world(ModelAgentSettings {
        models: [("fast".to_owned(), "vendor/small-8b".to_owned())].into(),
        tools: vec![tool("web_search"), tool("file_search")],
        ..settings()
    });
    world.model.answers(ModelScript::default().says(&["Hi."]).ends());
    world
}

#[tokio::test]
async fn everything_that_was_set_is_asked() {
    let mut world = world(ModelAgentSettings {
        instructions: "Be brief.".to_owned(),
        tools: vec![tool("web_search")],
        reasoning_effort: Some("low".to_owned()),
        max_output_tokens: Some(500),
        temperature: Some(0.5),
        ..settings()
    });
    world.context.locale = Some("de-DE".to_owned());
    world.model.answers(ModelScript::default().says(&["Hi."]).ends());
    world.events_for("Hello").await;
    let request = world.model.requests().remove(0);
    assert_eq!(request.model, "large");
    assert_eq!(request.instructions, "Be brief.\n\nThe visitor's language is de-DE.");
    assert_eq!((request.tools, request.tool_choice), (vec![tool("web_search")], None));
    assert_eq!(request.reasoning_effort.as_deref(), Some("low"));
    assert_eq!((request.max_output_tokens, request.temperature), (Some(500), Some(0.5)));
}

#[tokio::test]
async fn the_visitors_model_and_tool_are_used_where_they_are_offered() {
    for (options, model, tool) in [
        (json!({}), "large", None),
        (json!({"model": "fast"}), "vendor/small-8b", None),
        (json!({"model": "large", "tool_choice": {"id": "file_search"}}), "large", Some("file_search")),
    ] {
        let world = offering();
        world.start(choosing(options)).await.all().await;
        let request = world.model.requests().remove(0);
        assert_eq!((request.model.as_str(), request.tool_choice.as_deref()), (model, tool));
    }
}

#[tokio::test]
async fn what_is_not_offered_is_refused_before_anything_is_asked() {
    for options in [
        json!({"model": "vendor/small-8b"}),
        json!({"model": ""}),
        json!({"tool_choice": {"id": "code_interpreter"}}),
    ] {
        let world = offering();
        let (message, allow_retry) = error(&world.start(choosing(options)).await.all().await);
        assert!(message.contains("is not available here"), "{message}");
        assert!(!allow_retry);
        assert_eq!(world.model.requests(), []);
    }
}

#[tokio::test]
async fn an_answer_that_goes_on_has_the_model_that_was_chosen_and_no_forced_tool() {
    let world = offering();
    let options = json!({"model": "fast", "tool_choice": {"id": "web_search"}});
    let asked = json!({
        "type": "user_message", "attachments": [], "inference_options": options,
        "content": [{"type": "input_text", "text": "Put it into my cart"}]
    });
    let call = json!({
        "type": "client_tool_call", "status": "pending", "call_id": "call_1", "name": "add_to_cart",
        "arguments": {"item": "shoes"}
    });
    let thread = world.thread_of([asked, call]).await;
    let params = json!({"thread_id": thread.as_str(), "result": {"in_cart": 1}});
    world.start(json!({"type": "threads.add_client_tool_output", "params": params})).await.all().await;
    let request = world.model.requests().remove(0);
    assert_eq!((request.model.as_str(), request.tool_choice), ("vendor/small-8b", None));
}
