use chatkitd_protocol::rest::{List, Thread, ThreadItem, ThreadStatus};
use serde_json::{Value, json};

fn survives<T: serde::de::DeserializeOwned + serde::Serialize>(value: Value) -> T {
    let text = value.to_string();
    let object: T = serde_json::from_str(&text).unwrap();
    assert_eq!(serde_json::to_value(&object).unwrap(), value);
    object
}

fn item(kind: &str, fields: Value) -> Value {
    let mut item = json!({
        "id": "cti_1", "object": "chatkit.thread_item", "created_at": 1_760_000_000, "thread_id": "cthr_1", "type": kind,
    });
    item.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    item
}

#[test]
fn every_item_type_survives_a_round_trip_and_is_recognised() {
    let user = json!({
        "content": [{"type": "input_text", "text": "hi"}, {"type": "quoted_text", "text": "q"}, {"type": "input_audio", "audio": "…"}],
        "attachments": [{"id": "cfile_1", "type": "image", "name": "a.png", "mime_type": "image/png", "preview_url": null, "size": 3},
                        {"id": "cfile_2", "type": "video", "name": "a", "mime_type": "video/mp4", "preview_url": "https://x.test/1"}],
        "inference_options": {"model": null, "tool_choice": {"id": "t"}},
    });
    assert!(matches!(survives(item("chatkit.user_message", user)), ThreadItem::UserMessage(_)));
    let assistant = json!({"content": [{"type": "output_text", "text": "a", "annotations": [
        {"type": "file", "source": {"type": "file", "filename": "f"}},
        {"type": "url", "source": {"type": "url", "url": "https://x.test"}, "index": 4},
        {"type": "entity", "id": 1},
    ]}]});
    assert!(matches!(
        survives(item("chatkit.assistant_message", assistant)),
        ThreadItem::AssistantMessage(_)
    ));
    assert!(matches!(survives(item("chatkit.widget", json!({"widget": "{}"}))), ThreadItem::Widget(_)));
    let call =
        json!({"status": "in_progress", "call_id": "c", "name": "n", "arguments": "{}", "output": null});
    assert!(matches!(survives(item("chatkit.client_tool_call", call)), ThreadItem::ClientToolCall(_)));
    let task = json!({"task_type": "thought", "heading": null, "summary": "s"});
    assert!(matches!(survives(item("chatkit.task", task)), ThreadItem::Task(_)));
    let group = json!({"tasks": [{"type": "custom", "heading": "h", "summary": null}]});
    assert!(matches!(survives(item("chatkit.task_group", group)), ThreadItem::TaskGroup(_)));
}

#[test]
fn unknown_fields_and_unknown_item_types_survive() {
    let known: ThreadItem = survives(item("chatkit.widget", json!({"widget": "{}", "copy_text": "x"})));
    assert!(matches!(known, ThreadItem::Widget(widget) if widget.extra["copy_text"] == "x"));
    let unknown: ThreadItem = survives(item("chatkit.hologram", json!({"beam": [1, 2]})));
    assert_eq!(unknown.id(), Some("cti_1"));
    assert!(matches!(unknown, ThreadItem::Unknown(_)));
}

#[test]
fn a_known_item_type_of_another_shape_is_kept_whole() {
    let changed: ThreadItem = survives(item("chatkit.widget", json!({"widget": {"type": "Card"}})));
    assert!(matches!(changed, ThreadItem::Unknown(_)));
}

#[test]
fn a_list_of_threads_survives_with_its_nulls() {
    let list: List<Thread> = survives(json!({
        "object": "list", "first_id": "cthr_1", "last_id": "cthr_3", "has_more": false,
        "data": [
            {"id": "cthr_1", "object": "chatkit.thread", "created_at": 1, "title": null, "status": {"type": "active"}, "user": "u"},
            {"id": "cthr_2", "object": "chatkit.thread", "created_at": 2, "title": "t", "status": {"type": "locked", "reason": null}, "user": "u", "metadata": {"a": 1}},
            {"id": "cthr_3", "object": "chatkit.thread", "created_at": 3, "title": "t", "status": {"type": "paused", "until": 9}, "user": "u"},
        ],
    }));
    assert_eq!(list.data[0].status, ThreadStatus::active());
    assert_eq!(list.data[1].extra["metadata"]["a"], 1);
    assert!(matches!(list.data[2].status, ThreadStatus::Unknown(_)));
    survives::<List<Thread>>(
        json!({"object": "list", "first_id": null, "last_id": null, "has_more": false, "data": []}),
    );
}
