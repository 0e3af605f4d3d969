//! What clients send, and what becomes of widgets.

mod content_type;
mod widgets;

pub use content_type::content_type;

use chatkitd_core::server::diff_widget;
use chatkitd_protocol::chatkit::{Request, WidgetRoot};
use serde_json::Value;

/// Any body: what is a request can be written and is the same when it is read again.
pub fn request(body: &[u8]) {
    let Ok(request) = Request::parse(body) else { return };
    let written = serde_json::to_vec(&request).expect("a request can be written");
    let again = Request::parse(&written).expect("what was written is a request");
    assert_eq!(request, again);
}

/// Any widget that becomes any other: the updates lead there, and to where it is lead none.
pub fn widget_diff(recipe: &[u8]) {
    let (before, after) = widgets::pair(recipe);
    let (from, to) = (parse(&before), parse(&after));
    let updates: Vec<Value> = diff_widget(&from, &to).iter().map(json).collect();
    assert_eq!(widgets::updated(json(&from), &updates), json(&to), "{updates:?}");
    assert_eq!(updates.is_empty(), json(&from) == json(&to));
    assert!(diff_widget(&to, &to).is_empty());
}

fn parse(widget: &Value) -> WidgetRoot {
    serde_json::from_value(widget.clone()).expect("the recipe makes widgets")
}

fn json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).expect("the wire's types are JSON")
}
