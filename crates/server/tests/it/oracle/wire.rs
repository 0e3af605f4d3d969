//! What a server answered, with names in the place of ids.

use std::collections::HashMap;

use serde_json::{Value, json};

/// One answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Body,
}

#[derive(Debug)]
pub enum Body {
    Json(Value),
    Stream {
        events: Vec<Value>,
        /// It came to its proper end, or the client left.
        whole: bool,
        /// How many events of hidden items were sent. They are not among `events`: they must not count
        /// where ids are named.
        hidden: usize,
    },
}

impl Answer {
    pub fn events(&self) -> &[Value] {
        match &self.body {
            Body::Json(_) => &[],
            Body::Stream { events, .. } => events,
        }
    }
}

/// Names for a server's ids, by the order in which they first appeared: `item3`, `thread1`.
#[derive(Default)]
pub struct Names {
    by_id: HashMap<String, String>,
    by_name: HashMap<String, String>,
    counts: HashMap<&'static str, usize>,
    newest_thread: Option<String>,
}

impl Names {
    /// The id of the thread that appeared last.
    pub fn newest_thread(&self) -> Option<&str> {
        self.newest_thread.as_deref()
    }

    /// Puts a name in the place of each id.
    pub fn name(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(kind) = kind_of(text) {
                    *text = format!("<{}>", self.name_of(text, kind));
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.name(value)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.name(value)),
            _ => {}
        }
    }

    /// Puts an id in the place of each `$item3` and `$thread1`.
    pub fn resolve(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(name) = text.strip_prefix('$') {
                    let id = self.by_name.get(name);
                    *text = id.unwrap_or_else(|| panic!("nothing appeared that would be {text}")).clone();
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.resolve(value)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.resolve(value)),
            _ => {}
        }
    }

    fn name_of(&mut self, id: &str, kind: &'static str) -> String {
        if let Some(name) = self.by_id.get(id) {
            return name.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let name = format!("{kind}{count}");
        self.by_id.insert(id.to_owned(), name.clone());
        self.by_name.insert(name.clone(), id.to_owned());
        if kind == "thread" {
            self.newest_thread = Some(id.to_owned());
        }
        name
    }
}

/// Whether a text is one of the ids that the servers mint: a prefix and 48 hexadecimal digits.
fn kind_of(text: &str) -> Option<&'static str> {
    let (prefix, digits) = text.split_once('_')?;
    let minted = digits.len() == 48 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    match prefix {
        "cthr" if minted => Some("thread"),
        "cti" if minted => Some("item"),
        _ => None,
    }
}

/// The events in what came of a stream so far, and how many more were of hidden items. One that is written over
/// another counts as the end of that, which is what chatkitd sends. A frame that is not whole yet is left out.
pub fn events(bytes: &[u8]) -> (Vec<Value>, usize) {
    let text = String::from_utf8_lossy(bytes);
    let whole = text.rfind("\n\n").map_or("", |end| &text[..end]);
    let mut events: Vec<_> = whole.split("\n\n").filter_map(event).collect();
    let hidden = events.iter().filter(|event| is_hidden(event)).count();
    events.retain(|event| !is_hidden(event) || event["type"] == "thread.item.replaced");
    for event in events.iter_mut().filter(|event| is_hidden(event)) {
        *event = json!({"type": "thread.item.removed", "item_id": event["item"]["id"]});
    }
    (events, hidden)
}

fn is_hidden(event: &Value) -> bool {
    matches!(event["item"]["type"].as_str(), Some("hidden_context_item" | "sdk_hidden_context"))
}

fn event(frame: &str) -> Option<Value> {
    // Every `data` is one line (design 4.8); a frame without one is a heartbeat.
    let data = frame.lines().find_map(|line| line.strip_prefix("data: "))?;
    Some(serde_json::from_str(data).unwrap_or_else(|error| panic!("{error} in {data}")))
}
