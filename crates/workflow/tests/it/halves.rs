//! Letters that a server cuts in two: a gateway that counts in UTF-16 sends one emoji as `\ud83d` and `\ude00`.

use chatkitd_core::models::{CitedSource, ModelError, ModelEvent};
use chatkitd_workflow::providers::Api;
use chatkitd_workflow::providers::sse::Bounds;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use proptest::collection::vec;
use proptest::prelude::*;

/// A JSON string of these units, as JavaScript writes it: a half without its other one is an escape.
fn json_string(units: &[u16]) -> String {
    let letters = char::decode_utf16(units.iter().copied()).map(|letter| match letter {
        Ok(letter) => {
            let quoted = serde_json::to_string(&letter).unwrap();
            quoted[1..quoted.len() - 1].to_owned()
        }
        Err(half) => format!("\\u{:04x}", half.unpaired_surrogate()),
    });
    format!("\"{}\"", letters.collect::<String>())
}

/// What is said, and what is thought.
fn read(api: Api, events: Vec<String>) -> (String, String) {
    let events = events.into_iter().map(|data| Ok::<_, ModelError>(format!("data: {data}\n\n").into()));
    let events = api.read(stream::iter(events.collect::<Vec<_>>()), Bounds::TEXT);
    let (mut said, mut thought) = (String::new(), String::new());
    for event in events.collect::<Vec<_>>().now_or_never().unwrap() {
        match event.unwrap() {
            ModelEvent::Text(text) => said.push_str(&text),
            ModelEvent::Thought(text) => thought.push_str(&text),
            _ => {}
        }
    }
    (said, thought)
}

/// A chat completion of these strings of JSON.
fn completion<'a>(field: &str, deltas: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let chunk = |delta: &str| format!("{{\"choices\":[{{\"delta\":{{\"{field}\":{delta}}}}}]}}");
    let mut events: Vec<_> = deltas.into_iter().map(chunk).collect();
    events.push(r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#.to_owned());
    events
}

/// The same as a response.
fn response<'a>(kind: &str, deltas: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let event = |delta: &str| format!("{{\"type\":\"response.{kind}.delta\",\"delta\":{delta}}}");
    let mut events: Vec<_> = deltas.into_iter().map(event).collect();
    events.push(r#"{"type":"response.completed","response":{"status":"completed"}}"#.to_owned());
    events
}

fn said<'a>(deltas: impl IntoIterator<Item = &'a str>) -> String {
    read(Api::ChatCompletions, completion("content", deltas)).0
}

#[test]
fn two_halves_in_a_row_are_one_letter() {
    assert_eq!(said([r#""Hi \ud83d""#, r#""\ude00 bye""#]), "Hi 😀 bye");
    assert_eq!(said([r#""Hi \uD83D""#, r#""""#, r#""\uDE00 bye""#]), "Hi 😀 bye", "nothing between them");
    assert_eq!(said([r#""\ud83d\ude00 \u00e9 \\ud83d""#]), r"😀 é \ud83d", "what is whole stays as it is");
}

#[test]
fn half_a_letter_is_told_as_one_that_cannot_be_read() {
    for (deltas, expected) in [
        (vec![r#""Hi \ud83d bye""#], "Hi \u{fffd} bye"),
        (vec![r#""Hi \ude00 bye""#], "Hi \u{fffd} bye"),
        (vec![r#""Hi \ud83d""#, r#"" bye""#], "Hi \u{fffd} bye"),
        (vec![r#""Hi \ud83d""#, r#""\ud83d""#, r#""\ude00 bye""#], "Hi \u{fffd}😀 bye"),
        (vec![r#""Hi""#, r#""\ude00 bye""#], "Hi\u{fffd} bye"),
        (vec![r#""Hi \ud83d""#], "Hi \u{fffd}"),
    ] {
        assert_eq!(said(deltas.clone()), expected, "{deltas:?}");
    }
}

#[test]
fn half_a_letter_that_is_repeated_when_the_text_is_done_is_told_once() {
    let mut events = response("output_text", [r#""\ud83d""#]);
    events.insert(1, r#"{"type":"response.output_text.done","text":"\ud83d"}"#.to_owned());
    let item = r#"{"type":"message","content":[{"type":"output_text","text":"\ud83d"}]}"#;
    events.insert(2, format!("{{\"type\":\"response.output_item.done\",\"item\":{item}}}"));
    assert_eq!(read(Api::Responses, events).0, "\u{fffd}");
    let mut events = response("reasoning_summary_text", [r#""\ud83d""#]);
    events.insert(1, r#"{"type":"response.reasoning_summary_text.done","text":"\ud83d"}"#.to_owned());
    assert_eq!(read(Api::Responses, events).1, "\u{fffd}");
}

#[test]
fn words_and_thoughts_keep_their_halves_apart() {
    let deltas = [
        r#"{"choices":[{"delta":{"reasoning":"Hm \ud83d"}}]}"#,
        r#"{"choices":[{"delta":{"reasoning":"\ude00","content":"Hi \ud83d"}}]}"#,
        r#"{"choices":[{"delta":{"content":"\udc4b"},"finish_reason":"stop"}]}"#,
    ];
    let read = read(Api::ChatCompletions, deltas.map(str::to_owned).to_vec());
    assert_eq!(read, ("Hi 👋".to_owned(), "Hm 😀".to_owned()));
}

#[test]
fn half_a_letter_elsewhere_in_an_event_does_no_harm() {
    let cited = r#"{"choices":[{"delta":{"content":"Hi","annotations":[{"type":"url_citation",
        "url_citation":{"url":"https://a.example/","title":"Cut \ud83d"}}]},"finish_reason":"stop"}]}"#;
    let events = Api::ChatCompletions.read(
        stream::iter([Ok::<_, ModelError>(format!("data: {}\n\n", cited.replace('\n', "")).into())]),
        Bounds::TEXT,
    );
    let events: Vec<_> = events.map(Result::unwrap).collect().now_or_never().unwrap();
    let title = events.iter().find_map(|event| match event {
        ModelEvent::Citation { source: CitedSource::Url { title, .. }, .. } => title.as_deref(),
        _ => None,
    });
    assert_eq!(title, Some("Cut \u{fffd}"), "{events:?}");
}

proptest! {
    #[test]
    fn any_text_that_is_cut_at_any_unit_arrives_whole(
        text in "(\\PC|[😀👩🏽‍🚀𝄞]){0,24}",
        cuts in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let units: Vec<u16> = text.encode_utf16().collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(units.len() + 1)).collect();
        cuts.extend([0, units.len()]);
        cuts.sort_unstable();
        let pieces: Vec<_> = cuts.windows(2).map(|cut| json_string(&units[cut[0]..cut[1]])).collect();
        let pieces = || pieces.iter().map(String::as_str);
        prop_assert_eq!(&read(Api::ChatCompletions, completion("content", pieces())).0, &text);
        prop_assert_eq!(&read(Api::ChatCompletions, completion("reasoning", pieces())).1, &text);
        prop_assert_eq!(&read(Api::Responses, response("output_text", pieces())).0, &text);
        prop_assert_eq!(&read(Api::Responses, response("reasoning_summary_text", pieces())).1, &text);
    }
}
