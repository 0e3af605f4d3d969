//! How scripts are read. What they play is compared with the reference SDK in the server's tests.

use std::time::Duration;

use chatkitd_protocol::chatkit::ThreadStatus;
use serde_json::{Value, json};

use super::Script;
use super::play::item_id;
use super::step::{Failure, States, Step};
use crate::id::ThreadId;

fn script(script: Value) -> Result<Script, String> {
    serde_json::from_value(script).map_err(|error| error.to_string())
}

/// The steps of a script of one turn.
fn steps(steps: Value) -> Result<Vec<Step>, String> {
    Ok(script(json!({"turns": [steps]}))?.turns.remove(0).0)
}

#[test]
fn a_text_is_an_answer_that_says_it() {
    let said = steps(json!("Hello")).unwrap();
    assert!(matches!(said.as_slice(), [Step::Say(say)] if say.text == "Hello" && say.id.is_empty()));
}

#[test]
fn steps_have_their_options() {
    let card = json!({"type": "Card", "children": []});
    let read = steps(json!([
        {"say": "Hello", "id": "greeting", "every": "20ms"},
        {"widget": card, "copy_text": "A card"},
        {"widget": [card, card], "every": "1s"},
        {"thread": {"title": null, "status": {"type": "locked"}}},
        {"pause": "1s 500ms"},
        {"fail": "No."},
        {"fail": {"code": "stream.error"}},
        {"hang": true},
    ]));
    let read = read.unwrap();
    let [say, whole, streamed, thread, pause, custom, stream, Step::Hang] = read.as_slice() else {
        panic!("{read:?}");
    };
    assert!(matches!(say, Step::Say(say) if say.id == "greeting" && say.every == Duration::from_millis(20)));
    assert!(matches!(whole, Step::Widget(widget) if matches!(widget.states, States::One(_))));
    assert!(
        matches!(streamed, Step::Widget(widget) if matches!(&widget.states, States::Streamed(states) if states.len() == 2))
    );
    let Step::Thread(change) = thread else { panic!("{thread:?}") };
    assert_eq!((&change.title, &change.allowed_image_domains), (&Some(None), &None));
    assert!(matches!(change.status, Some(ThreadStatus::Locked(_))));
    assert!(matches!(pause, Step::Pause(pause) if *pause == Duration::from_millis(1500)));
    assert!(matches!(custom, Step::Fail(Failure::Custom { allow_retry: false, .. })));
    assert!(matches!(stream, Step::Fail(Failure::Stream { allow_retry: true, .. })));
}

#[test]
fn a_broken_step_is_refused_with_the_reason() {
    for (step, reason) in [
        (json!({"shout": "Hello"}), "there is no step `shout`"),
        (json!({}), "nothing in it"),
        (json!({"pause": "1s", "hang": true}), "do not go together"),
        (json!({"pause": "soon"}), "`soon` is not a time"),
        (json!({"pause": "-1s"}), "`-1s` is not a time"),
        (json!({"hang": false}), "only value of `hang`"),
        (json!({"say": "Hello", "evry": "1s"}), "unknown field `evry`"),
        (json!({"say": 5}), "expected a string"),
        (json!({"widget": []}), "at least one state"),
        (json!({"type": "notise"}), "no event of type `notise`"),
        (json!({"type": "notice", "level": "info"}), "missing field `message`"),
        (json!({"type": "thread.item.done", "item": {"type": "massage"}}), "no item of type `massage`"),
        (json!({"item": {"type": "massage"}}), "no item of type `massage`"),
        (json!({"item": {"type": "task"}}), "missing field `task`"),
        (
            json!({"type": "thread.item.updated", "item_id": "a", "update": {"type": "x"}}),
            "no update of type `x`",
        ),
        (json!({"thread": {"titel": "A"}}), "unknown field `titel`"),
        (json!({"fail": {}}), "a message or a code"),
        (json!({"fail": {"code": "rate_limit"}}), "only code of a failure"),
    ] {
        let error = steps(json!([step])).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
    assert!(script(json!({"turnz": []})).unwrap_err().contains("unknown field `turnz`"));
    assert!(script(json!({"turns": [5]})).unwrap_err().contains("a text or a list of steps"));
}

#[test]
fn a_label_is_one_item_of_one_thread() {
    let (one, other) = (ThreadId::parse("cthr_1").unwrap(), ThreadId::parse("cthr_2").unwrap());
    let id = item_id(&one, "cart");
    assert_eq!(id, item_id(&one, "cart"));
    assert!(id.starts_with("cti_") && id.len() == 4 + 48, "{id}");
    assert_ne!(id, item_id(&other, "cart"));
    assert_ne!(id, item_id(&one, "basket"));
}
