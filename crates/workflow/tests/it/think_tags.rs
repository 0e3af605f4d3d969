//! Thoughts within the words: what they mean does not depend on where the words are cut.

use chatkitd_core::models::{ModelError, ModelEvent};
use chatkitd_workflow::providers::Api;
use chatkitd_workflow::providers::sse::Bounds;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

/// What an answer of these deltas means, with what follows upon its like in one.
fn read(deltas: &[String]) -> Vec<ModelEvent> {
    let chunk = |delta: Option<&str>, reason: Option<&str>| {
        let choice = json!({"delta": {"content": delta}, "finish_reason": reason});
        Ok::<_, ModelError>(format!("data: {}\n\n", json!({"choices": [choice]})).into())
    };
    let mut chunks: Vec<_> = deltas.iter().map(|delta| chunk(Some(delta), None)).collect();
    chunks.push(chunk(None, Some("stop")));
    let events = Api::ChatCompletions.read(stream::iter(chunks), Bounds::TEXT);
    let events: Vec<_> = events.map(Result::unwrap).collect().now_or_never().unwrap();
    let mut read: Vec<ModelEvent> = Vec::new();
    for event in events {
        match (read.last_mut(), event) {
            (Some(ModelEvent::Text(text)), ModelEvent::Text(more)) => text.push_str(&more),
            (Some(ModelEvent::Thought(text)), ModelEvent::Thought(more)) => text.push_str(&more),
            (_, event) => read.push(event),
        }
    }
    read
}

/// The thought and the words.
fn parts(text: &str) -> (String, String) {
    let (mut thought, mut words) = (String::new(), String::new());
    for event in read(&[text.to_owned()]) {
        match event {
            ModelEvent::Thought(text) => thought.push_str(&text),
            ModelEvent::Text(text) => words.push_str(&text),
            _ => {}
        }
    }
    (thought, words)
}

#[test]
fn only_a_tag_at_the_beginning_is_one() {
    let blanks = " ".repeat(100);
    for (text, thought, words) in [
        ("<think>Hm.</think>Nine.", "Hm.", "Nine."),
        ("\n <think>\nHm.\n</think>\n\n Nine.\n", "Hm.\n", "Nine.\n"),
        ("<think>a < b </ c</think>Nine.", "a < b </ c", "Nine."),
        ("<think></think>Nine. <think>Hm.</think>", "", "Nine. <think>Hm.</think>"),
        ("Nine. <think>Hm.</think>", "", "Nine. <think>Hm.</think>"),
        ("    code", "", "    code"),
        ("<thinking>", "", "<thinking>"),
        ("<thi", "", "<thi"),
        ("<think>Hm. </thi", "Hm. </thi", ""),
        ("", "", ""),
        (&format!("{blanks}<think>Hm."), "", &format!("{blanks}<think>Hm.")),
    ] {
        assert_eq!(parts(text), (thought.to_owned(), words.to_owned()), "{text:?}");
    }
}

proptest! {
    #[test]
    fn where_the_words_are_cut_makes_no_difference(
        pieces in vec(
            prop::sample::select(vec!["<think>", "</think>", "<th", "ink>", "</", "<", "ü", "\n", " ", "Nine"]),
            0..10,
        ),
        cuts in vec(any::<prop::sample::Index>(), 0..10),
    ) {
        let text = pieces.concat();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| text.floor_char_boundary(cut.index(text.len() + 1))).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let deltas: Vec<_> = cuts.windows(2).map(|cut| text[cut[0]..cut[1]].to_owned()).collect();
        let each: Vec<_> = text.chars().map(String::from).collect();
        let whole = read(&[text]);
        prop_assert_eq!(&read(&deltas), &whole);
        prop_assert_eq!(&read(&each), &whole);
    }
}
