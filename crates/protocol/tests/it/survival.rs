//! What this version does not know goes through it unchanged.

use chatkitd_protocol::chatkit::{
    Attachment, ItemUpdate, Task, Thread, ThreadEvent, ThreadItem, ThreadStatus, WidgetComponent,
};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

fn survives<T: DeserializeOwned + Serialize>(value: &Value) -> T {
    let object: T =
        serde_json::from_str(&value.to_string()).unwrap_or_else(|error| panic!("{error}: {value}"));
    assert_eq!(&serde_json::to_value(&object).unwrap(), value);
    object
}

/// Any JSON, without nulls where `nulls` is false.
fn any_json(nulls: bool) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(if nulls { Value::Null } else { json!(false) }),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,8}", inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Fields of names that nothing here has.
fn any_fields(nulls: bool) -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::vec(("x_[a-z]{0,6}", any_json(nulls)), 0..4)
        .prop_map(|pairs| pairs.into_iter().collect())
}

fn with(mut object: Value, fields: Map<String, Value>) -> Value {
    object.as_object_mut().unwrap().extend(fields);
    object
}

fn item(fields: Value) -> Value {
    with(
        json!({"id": "cti_1", "thread_id": "cthr_1", "created_at": "2026-01-02T03:04:05"}),
        fields.as_object().unwrap().clone(),
    )
}

proptest! {
    #[test]
    fn unknown_fields_survive(outer in any_fields(true), middle in any_fields(true), inner in any_fields(true)) {
        let source = with(json!({"type": "url", "title": "t", "url": "u"}), inner.clone());
        let annotation = with(json!({"type": "annotation", "source": source}), middle.clone());
        let content = with(json!({"type": "output_text", "text": "t", "annotations": [annotation]}), inner.clone());
        let message = with(item(json!({"type": "assistant_message", "content": [content]})), middle.clone());
        let event: ThreadEvent = survives(&with(json!({"type": "thread.item.done", "item": message}), outer.clone()));
        let recognised = matches!(event, ThreadEvent::ItemDone { item: ThreadItem::AssistantMessage(_), .. });
        prop_assert!(recognised);
        let delta = json!({"type": "assistant_message.content_part.text_delta", "content_index": 0, "delta": "d"});
        let update = json!({"type": "thread.item.updated", "item_id": "i", "update": with(delta, middle)});
        survives::<ThreadEvent>(&with(update, outer));
        survives::<Task>(&with(json!({"type": "image", "status_indicator": "loading"}), inner));
    }

    #[test]
    fn unknown_kinds_survive(kind in "[a-z_.]{0,12}\\?", fields in any_fields(true)) {
        let object = with(json!({"type": kind}), fields.clone());
        let event: ThreadEvent = survives(&object);
        prop_assert_eq!(event.kind(), kind.as_str());
        survives::<ItemUpdate>(&object);
        survives::<Task>(&object);
        survives::<ThreadStatus>(&object);
        let unknown: ThreadItem = survives(&item(object));
        prop_assert_eq!((unknown.id(), unknown.thread_id(), unknown.kind()), ("cti_1", "cthr_1", kind.as_str()));
    }

    #[test]
    fn unknown_components_and_properties_survive(kind in "[A-Z][a-z]{0,8}\\?", fields in any_fields(false)) {
        let text = with(json!({"type": "Text", "value": "v"}), fields.clone());
        let unknown = with(json!({"type": kind, "id": "i", "children": [text]}), fields.clone());
        let row = with(json!({"type": "Row", "gap": 2, "children": [unknown]}), fields);
        let row: WidgetComponent = survives(&row);
        let unknown = &row.children()[0];
        prop_assert_eq!((unknown.kind(), unknown.id()), (kind.as_str(), Some("i")));
        prop_assert!(matches!(unknown.children(), [WidgetComponent::Text(_)]));
    }

    #[test]
    fn the_type_may_stand_anywhere(fields in any_fields(true), behind in any_fields(true)) {
        let mut object = fields;
        object.extend(json!({"name": "n", "type": "client_effect", "data": {"a": null}}).as_object().unwrap().clone());
        object.extend(behind);
        let event: ThreadEvent = survives(&Value::Object(object));
        let recognised = matches!(event, ThreadEvent::ClientEffect { .. });
        prop_assert!(recognised);
    }
}

#[test]
fn unknown_words_and_icons_survive() {
    survives::<Task>(&json!({"type": "custom", "status_indicator": "paused", "icon": "hologram"}));
    survives::<ThreadEvent>(&json!({"type": "error", "code": "stream.melted", "allow_retry": true}));
}

#[test]
fn a_known_kind_of_another_shape_is_an_error_that_says_why() {
    let error = serde_json::from_value::<ThreadItem>(item(json!({"type": "assistant_message"}))).unwrap_err();
    assert!(error.to_string().contains("missing field `content`"), "{error}");
    let error = serde_json::from_value::<ThreadEvent>(json!({"item": 1})).unwrap_err();
    assert!(error.to_string().contains("missing field `type`"), "{error}");
}

#[test]
fn a_second_type_is_not_written_back() {
    let text = r#"{"type": "progress_update", "text": "t", "type": "error"}"#;
    let event: ThreadEvent = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&event).unwrap(), r#"{"type":"progress_update","text":"t"}"#);
    let text = r#"{"type": "thought", "content": "t", "type": "image"}"#;
    let task: Task = serde_json::from_str(text).unwrap();
    assert!(!serde_json::to_string(&task).unwrap().contains("image"));
}

#[test]
fn metadata_of_threads_and_attachments_goes_nowhere() {
    let secret = json!({"customer": "secret"});
    for kind in ["file", "image", "hologram"] {
        let attachment = json!({"type": kind, "id": "a", "name": "n", "mime_type": "m", "preview_url": "p",
            "metadata": secret, "kept": 1});
        let mut attachment: Attachment = serde_json::from_value(attachment).unwrap();
        attachment.set_thread_id("cthr_1");
        let written = serde_json::to_value(attachment).unwrap();
        assert_eq!((&written["metadata"], &written["kept"]), (&Value::Null, &json!(1)));
        assert_eq!(written["thread_id"], "cthr_1");
    }
    let thread =
        json!({"id": "t", "created_at": "2026-01-02T03:04:05Z", "items": {"data": []}, "metadata": secret});
    let mut thread: Thread = serde_json::from_value(thread).unwrap();
    thread.extra.insert("metadata".into(), secret);
    let expected = json!({"id": "t", "created_at": "2026-01-02T03:04:05Z", "status": {"type": "active"},
        "items": {"data": [], "has_more": false}, "metadata": {}});
    assert_eq!(serde_json::to_value(thread).unwrap(), expected);
}

#[test]
fn nulls_are_written_only_within_free_json() {
    let call = item(json!({"type": "client_tool_call", "status": "completed", "call_id": "c", "name": "n",
        "arguments": {"a": null}, "output": {"b": [null]}}));
    survives::<ThreadItem>(&call);
    survives::<ThreadItem>(&item(json!({"type": "hidden_context_item", "content": null})));
    let with_nulls = item(
        json!({"type": "client_tool_call", "call_id": "c", "name": "n", "arguments": {}, "output": null}),
    );
    let parsed: ThreadItem = serde_json::from_value(with_nulls).unwrap();
    assert!(!serde_json::to_string(&parsed).unwrap().contains("null"));
}

#[test]
fn an_item_can_be_told_and_changed_whatever_it_is() {
    let mut hidden: ThreadItem =
        serde_json::from_value(item(json!({"type": "sdk_hidden_context", "content": "c"}))).unwrap();
    assert!(hidden.is_hidden());
    hidden.set_id("cti_2");
    hidden.set_thread_id("cthr_2");
    hidden.set_created_at(String::from("2026-01-02T03:04:05.678Z").into());
    assert_eq!((hidden.id(), hidden.thread_id()), ("cti_2", "cthr_2"));
    assert_eq!(hidden.created_at().as_str(), "2026-01-02T03:04:05.678Z");
    assert!(!ThreadStatus::locked(None).is_active() && ThreadStatus::default().is_active());
}
