//! The steps of an answer, and how they are read.

use std::time::Duration;

use chatkitd_protocol::chatkit::{ErrorCode, ItemUpdate, ThreadEvent, ThreadItem, ThreadStatus, WidgetRoot};
use jiff::SignedDuration;
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, from_value};

use crate::threads::ThreadChange;

/// One step.
#[derive(Debug)]
pub(super) enum Step {
    Event(Box<ThreadEvent>),
    Say(Say),
    Widget(Widget),
    Thread(ThreadChange),
    Pause(Duration),
    Fail(Failure),
    Crash(String),
    Panic(String),
    Hang,
}

/// A message, word by word.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Say {
    #[serde(rename = "say")]
    pub(super) text: String,
    #[serde(default)]
    pub(super) id: String,
    #[serde(default, deserialize_with = "duration")]
    pub(super) every: Duration,
}

/// A widget, whole or state by state.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Widget {
    #[serde(rename = "widget", deserialize_with = "states")]
    pub(super) states: States,
    #[serde(default)]
    pub(super) id: String,
    pub(super) copy_text: Option<String>,
    #[serde(default, deserialize_with = "duration")]
    pub(super) every: Duration,
}

#[derive(Debug)]
pub(super) enum States {
    One(Box<WidgetRoot>),
    Streamed(Vec<WidgetRoot>),
}

/// How an answer fails where the visitor learns of it.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    Custom { message: String, allow_retry: bool },
    Stream { code: ErrorCode, allow_retry: bool },
}

/// An item in which `id`, `thread_id` and `created_at` may be left out; its id is a label.
#[derive(Debug)]
pub(super) struct Item(pub(super) ThreadItem);

impl Step {
    pub(super) fn say(text: &str) -> Self {
        Self::Say(Say { text: text.to_owned(), id: String::new(), every: Duration::ZERO })
    }

    fn read(fields: Map<String, Value>) -> Result<Self, serde_json::Error> {
        let has = |name: &str| fields.contains_key(name);
        if has("type") {
            return Ok(Self::Event(Box::new(event(fields)?)));
        }
        if has("say") {
            return Ok(Self::Say(from_value(fields.into())?));
        }
        if has("widget") {
            return Ok(Self::Widget(from_value(fields.into())?));
        }
        let mut fields = fields.into_iter();
        match (fields.next(), fields.next()) {
            (Some((name, value)), None) => Self::read_one(&name, value),
            (Some((name, _)), Some((other, _))) => {
                Err(Error::custom(format!("`{name}` and `{other}` do not go together in one step")))
            }
            (None, _) => Err(Error::custom("a step with nothing in it")),
        }
    }

    /// A step that has one field.
    fn read_one(name: &str, value: Value) -> Result<Self, serde_json::Error> {
        match name {
            "item" => from_value(value).map(|Item(item)| Self::Event(Box::new(ThreadEvent::item_done(item)))),
            "thread" => Ok(Self::Thread(from_value::<Change>(value)?.into())),
            "pause" => Ok(Self::Pause(duration(value)?)),
            "fail" => Ok(Self::Fail(failure(value)?)),
            "crash" => Ok(Self::Crash(from_value(value)?)),
            "panic" => Ok(Self::Panic(from_value(value)?)),
            "hang" if value == Value::Bool(true) => Ok(Self::Hang),
            "hang" => Err(Error::custom("the only value of `hang` is true")),
            _ => Err(Error::custom(format!(
                "there is no step `{name}`; a step is an event with its `type`, or one of say, widget, item, \
                 thread, pause, fail, crash, panic, hang"
            ))),
        }
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(Map::deserialize(deserializer)?).map_err(Error::custom)
    }
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        item(Value::deserialize(deserializer)?).map(Self).map_err(Error::custom)
    }
}

fn item(mut value: Value) -> Result<ThreadItem, serde_json::Error> {
    complete(&mut value);
    match from_value(value)? {
        ThreadItem::Unknown(item) => Err(Error::custom(format!("there is no item of type `{}`", item.kind))),
        item => Ok(item),
    }
}

/// An event of the protocol, whose item may lack what the engine fills in. A kind that is not known here is taken
/// for a slip of the pen.
fn event(mut fields: Map<String, Value>) -> Result<ThreadEvent, serde_json::Error> {
    if let Some(item) = fields.get_mut("item") {
        complete(item);
    }
    let event = from_value(fields.into())?;
    let unknown = match &event {
        ThreadEvent::Unknown(event) => Some(("event", &event.kind)),
        ThreadEvent::ItemUpdated { update: ItemUpdate::Unknown(update), .. } => {
            Some(("update", &update.kind))
        }
        ThreadEvent::ItemAdded { item: ThreadItem::Unknown(item), .. }
        | ThreadEvent::ItemDone { item: ThreadItem::Unknown(item), .. }
        | ThreadEvent::ItemReplaced { item: ThreadItem::Unknown(item), .. } => Some(("item", &item.kind)),
        _ => None,
    };
    match unknown {
        Some((what, kind)) => Err(Error::custom(format!("there is no {what} of type `{kind}`"))),
        None => Ok(event),
    }
}

/// What is empty is filled in when the item is sent.
fn complete(item: &mut Value) {
    if let Value::Object(fields) = item {
        for name in ["id", "thread_id", "created_at"] {
            fields.entry(name).or_insert_with(|| "".into());
        }
    }
}

/// A time such as `200ms` or `2s`.
fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let duration = text.parse::<SignedDuration>().ok().and_then(|time| Duration::try_from(time).ok());
    duration.ok_or_else(|| Error::custom(format!("`{text}` is not a time such as 200ms or 2s")))
}

fn states<'de, D: Deserializer<'de>>(deserializer: D) -> Result<States, D::Error> {
    let states = match Value::deserialize(deserializer)? {
        Value::Array(states) if states.is_empty() => Err(Error::custom("a widget needs at least one state")),
        states @ Value::Array(_) => from_value(states).map(States::Streamed),
        state => from_value(state).map(|root| States::One(Box::new(root))),
    };
    states.map_err(Error::custom)
}

fn failure(value: Value) -> Result<Failure, serde_json::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Fields {
        message: Option<String>,
        code: Option<ErrorCode>,
        allow_retry: Option<bool>,
    }

    if let Value::String(message) = value {
        return Ok(Failure::Custom { message, allow_retry: false });
    }
    match from_value(value)? {
        Fields { message: Some(message), code: None, allow_retry } => {
            Ok(Failure::Custom { message, allow_retry: allow_retry.unwrap_or(false) })
        }
        Fields { message: None, code: Some(code @ ErrorCode::StreamError), allow_retry } => {
            Ok(Failure::Stream { code, allow_retry: allow_retry.unwrap_or(true) })
        }
        Fields { message: None, code: Some(_), .. } => Err(Error::custom(
            "the only code of a failure is stream.error; a failure in your own words has a message",
        )),
        Fields { .. } => Err(Error::custom("a failure has a message or a code")),
    }
}

/// What a `thread` step may change; `null` takes away.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    #[serde(default, deserialize_with = "present")]
    title: Option<Option<String>>,
    status: Option<ThreadStatus>,
    #[serde(default, deserialize_with = "present")]
    allowed_image_domains: Option<Option<Vec<String>>>,
    metadata: Option<Map<String, Value>>,
}

/// Tells a field that is null from one that is not there.
fn present<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl From<Change> for ThreadChange {
    fn from(change: Change) -> Self {
        let Change { title, status, allowed_image_domains, metadata } = change;
        Self { title, status, allowed_image_domains, metadata }
    }
}
