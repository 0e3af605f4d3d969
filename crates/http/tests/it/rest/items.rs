//! Items in the words of REST.

use serde_json::{Value, json};

use super::client::{Backend, ids, minimal};
use crate::app::{START, Setup, send};
use crate::chatkit::client::add;

/// A thread with an item of each kind; what REST shows of it, oldest first.
async fn every_kind(backend: &Backend) -> (String, Vec<Value>) {
    let secret = backend.secret(&minimal("ann")).await;
    let thread = backend.thread(&secret, "items").await;
    let items = backend.get(&format!("/threads/{thread}/items?order=asc")).await;
    ids(&items);
    (thread, items.json()["data"].as_array().unwrap().clone())
}

fn without_id(mut item: Value) -> Value {
    assert!(item["id"].as_str().unwrap().starts_with("cti_"), "{item}");
    item["id"] = json!("cti");
    item
}

#[tokio::test]
async fn each_kind_of_item_has_rests_own_shape() {
    let backend = Backend::start(Setup::default()).await;
    let (thread, items) = every_kind(&backend).await;
    let head = |kind: &str, fields: Value| {
        let mut item = json!({
            "type": kind, "id": "cti", "object": "chatkit.thread_item", "created_at": START, "thread_id": thread,
        });
        item.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        item
    };
    let task = |kind: &str, heading: Value, summary: Value| json!({"type": kind, "heading": heading, "summary": summary});
    let expected = [
        head(
            "chatkit.user_message",
            json!({
                "content": [{"type": "input_text", "text": "items"}], "attachments": [], "inference_options": null,
            }),
        ),
        head(
            "chatkit.assistant_message",
            json!({"content": [{
                "type": "output_text", "text": "Here.", "annotations": [
                    {"type": "file", "source": {"filename": "manual.pdf", "type": "file"}},
                    {"type": "url", "source": {"url": "https://example.com/", "type": "url"}},
                ],
            }]}),
        ),
        head(
            "chatkit.task_group",
            json!({"tasks": [
                task("thought", json!("Hm"), json!("It is late.")),
                task("custom", json!("Looking"), json!("at it")),
                task("custom", json!("trains"), json!("trains, times")),
                task("custom", json!("Reading"), json!("manual.pdf")),
                task("custom", json!("Drawing"), json!(null)),
                task("custom", json!("Of sheep"), json!("electric")),
            ]}),
        ),
        head("chatkit.task", json!({"task_type": "custom", "heading": "Searching", "summary": "a"})),
        head("chatkit.widget", json!({"widget": r#"{"type":"Card","children":[]}"#})),
        head(
            "chatkit.client_tool_call",
            json!({
                "status": "in_progress", "call_id": "call_1", "name": "theme", "arguments": r#"{"dark":true}"#,
                "output": null,
            }),
        ),
    ];
    for (item, expected) in items.iter().zip(&expected) {
        assert_eq!(&without_id(item.clone()), expected);
    }
    assert_eq!(items.len(), expected.len(), "{items:?}");
}

#[tokio::test]
async fn items_that_rest_has_no_type_for_are_left_out_before_paging() {
    let backend = Backend::start(Setup::default()).await;
    let (thread, items) = every_kind(&backend).await;
    let all: Vec<&str> = items.iter().map(|item| item["id"].as_str().unwrap()).collect();
    for order in ["asc", "desc"] {
        let (mut found, mut after) = (Vec::new(), String::new());
        loop {
            let page =
                backend.get(&format!("/threads/{thread}/items?limit=2&order={order}&after={after}")).await;
            let full = ids(&page);
            assert_eq!(full.len(), 2, "each page is full");
            found.extend(full);
            after = page.field("last_id");
            if page.json()["has_more"] == false {
                break;
            }
        }
        if order == "desc" {
            found.reverse();
        }
        assert_eq!(found, all, "{order}");
    }
    let path = format!("/threads/{thread}/items?before={}&limit=2&order=asc", all[3]);
    assert_eq!(ids(&backend.get(&path).await), all[1..3]);
    assert!(
        ids(&backend.get(&format!("/threads/{thread}/items?after=after&before=before")).await).is_empty()
    );
}

#[tokio::test]
async fn what_a_user_quotes_and_chooses_is_shown() {
    let backend = Backend::start(Setup::default()).await;
    let secret = backend.secret(&minimal("ann")).await;
    let thread = backend.thread(&secret, "hi").await;
    let mut message = add(&thread, "and this?");
    message["params"]["input"]["quoted_text"] = json!("what you said");
    message["params"]["input"]["inference_options"] =
        json!({"model": "large", "tool_choice": {"id": "search"}});
    assert_eq!(send(backend.app.conversation(&message).bearer_auth(&secret)).await.status, 200);
    let items = backend.get(&format!("/threads/{thread}/items?limit=2")).await.json();
    let message = &items["data"][1];
    assert_eq!(
        message["content"],
        json!([{"type": "quoted_text", "text": "what you said"}, {"type": "input_text", "text": "and this?"}])
    );
    assert_eq!(message["inference_options"], json!({"model": "large", "tool_choice": {"id": "search"}}));
}
