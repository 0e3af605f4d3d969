//! The golden matrix: what each API's stream becomes, however it is cut into pieces.

use std::collections::BTreeSet;

use bytes::Bytes;
use chatkitd_core::models::{ModelError, ModelEvent};
use chatkitd_workflow::providers::sse::Bounds;
use chatkitd_workflow::providers::{Api, MAX_TEXT_BYTES};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::model_fixtures::{APIS, event_as_json, files, folder};

async fn read(api: Api, stream: &[u8], piece: usize) -> Vec<Value> {
    let pieces: Vec<Result<Bytes, ModelError>> =
        stream.chunks(piece).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let events = api.read(stream::iter(pieces), Bounds::TEXT);
    let as_json = |event: Result<ModelEvent, ModelError>| match event {
        Ok(event) => event_as_json(&event),
        Err(error) => json!({"error": error.to_string()}),
    };
    events.map(as_json).collect().await
}

fn with_line_ends(stream: &[u8], line_end: &str) -> Vec<u8> {
    String::from_utf8(stream.to_vec()).unwrap().replace('\n', line_end).into_bytes()
}

#[tokio::test]
async fn each_answer_means_the_same_in_each_api() {
    let mut seen = BTreeSet::new();
    for (name, expected) in files(&folder(), ".json") {
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        let expected = expected["events"].as_array().unwrap();
        for (api, api_name) in APIS {
            let Ok(stream) = std::fs::read(folder().join(format!("{name}.{api_name}.sse"))) else { continue };
            seen.insert(format!("{name}.{api_name}"));
            for piece in [usize::MAX, 1, 7] {
                assert_eq!(&read(api, &stream, piece).await, expected, "{name} of {api_name} by {piece}");
            }
            for line_end in ["\r\n", "\r"] {
                let stream = with_line_ends(&stream, line_end);
                assert_eq!(&read(api, &stream, 5).await, expected, "{name} of {api_name}, {line_end:?}");
            }
        }
    }
    let streams: BTreeSet<_> = files(&folder(), ".sse").into_iter().map(|(name, _)| name).collect();
    assert_eq!(seen, streams, "a stream without what is expected of it, or none at all");
    assert!(!seen.is_empty());
}

#[tokio::test]
async fn an_answer_of_a_megabyte_without_a_line_end_is_an_answer() {
    let text = "x".repeat(1024 * 1024);
    let data = [
        (Api::Responses, json!({"type": "response.output_text.delta", "delta": text})),
        (Api::ChatCompletions, json!({"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]})),
    ];
    for (api, data) in data {
        let events = read(api, format!("data: {data}\n\n").as_bytes(), 64 * 1024).await;
        assert_eq!(events[1]["text"].as_str().map(str::len), Some(text.len()), "{api:?}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_not_read_to_its_end() {
    let delta = json!({"choices": [{"delta": {"content": "x".repeat(1024)}}]});
    let piece = Bytes::from(format!("data: {delta}\n\n"));
    let endless = stream::repeat_with(move || Ok(piece.clone()));
    let events: Vec<_> = Api::ChatCompletions.read(endless, Bounds::TEXT).collect().await;
    let (last, events) = events.split_last().unwrap();
    assert!(matches!(last, Err(ModelError::TooLong { limit: MAX_TEXT_BYTES })), "{last:?}");
    assert_eq!(events.len(), 1 + MAX_TEXT_BYTES / 1024);
}

/// What `Half` and this last choice of a chat completion end with.
async fn end_of(choice: Value) -> Value {
    let half = json!({"choices": [{"delta": {"content": "Half"}}]});
    let last = json!({"choices": [choice]});
    let stream = format!("data: {half}\n\ndata: {last}\n\ndata: [DONE]\n\n");
    let mut events = read(Api::ChatCompletions, stream.as_bytes(), usize::MAX).await;
    assert_eq!(events[1], json!({"text": "Half"}));
    events.pop().unwrap()
}

#[tokio::test]
async fn each_servers_word_for_the_end_is_understood() {
    for (word, reason) in [
        ("stop", "complete"),
        ("eos", "complete"),
        ("length", "too_long"),
        ("model_length", "too_long"),
        ("max_tokens", "too_long"),
        ("content_filter", "filtered"),
        ("content_filter: PROHIBITED_CONTENT", "filtered"),
    ] {
        let end = end_of(json!({"delta": {}, "finish_reason": word})).await;
        assert_eq!(end, json!({"ended": reason, "usage": null}), "{word}");
    }
}

#[tokio::test]
async fn an_answer_that_its_server_gave_up_is_not_told_as_a_whole_one() {
    for word in ["error", "abort", "insufficient_system_resource"] {
        let end = end_of(json!({"delta": {}, "finish_reason": word})).await;
        assert_eq!(end["error"], format!("the model server failed: its answer ended with {word:?}"));
    }
    for (code, told) in [(502, "failed: No."), (429, "takes no more requests for now: No.")] {
        let error = json!({"code": code, "message": "No."});
        let end = end_of(json!({"delta": {}, "finish_reason": "error", "error": error})).await;
        assert_eq!(end["error"], format!("the model server {told}"));
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_last_word_does_no_harm() {
    let said = json!({"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]});
    let said = Ok(Bytes::from(format!("data: {said}\n\n")));
    let broken = Err(ModelError::Broken("reset".into()));
    let events = Api::ChatCompletions.read(stream::iter([said, broken]), Bounds::TEXT);
    let events: Vec<_> = events.map(Result::unwrap).collect().await;
    assert!(matches!(events.last(), Some(ModelEvent::Ended { .. })), "{events:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_before_it_is_named_as_the_cause() {
    let said = Ok(Bytes::from_static(b"data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n"));
    let broken = Err(ModelError::Broken("reset".into()));
    let events: Vec<_> =
        Api::ChatCompletions.read(stream::iter([said, broken]), Bounds::TEXT).collect().await;
    assert!(matches!(events.last(), Some(Err(ModelError::Broken(_)))), "{events:?}");
}
