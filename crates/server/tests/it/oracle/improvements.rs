//! Where chatkitd differs from the reference on purpose. Nothing else may differ, and an entry that no
//! exchange shows any more fails the run, so that this list is what is true.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use serde_json::{Map, Value, json};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Improvement {
    /// The reference writes local times without a zone, which a browser elsewhere reads as its own.
    UtcTimes,
    /// The reference sends an empty `metadata` with each thread, which is never filled (protocol rule 5).
    ThreadsCarryNoMetadata,
    /// The reference announces a change of the thread after the event that follows it, and after the error that
    /// ends the answer; here it is announced when it is made.
    ThreadChangesAtOnce,
    /// The reference keeps hidden items back only when they are done, and sends them when they are added or
    /// replaced. They are never sent (protocol rule 4).
    HiddenItemsAreNeverSent,
    /// The reference writes the defaults of an action out in widgets of its own classes, and not in those of
    /// its templates, and drops what is null in a payload. Here an action is sent as the agent wrote it.
    ActionsAreSentAsWritten,
    /// The reference sends nothing when a text without an id grows, so that the visitor sees it when the widget
    /// is done.
    TextsWithoutIdAreSent,
    /// The reference cuts pages before it leaves hidden items out, so that pages come short or empty.
    FullPages,
    /// The reference answers 500 without a word to what it cannot do.
    RefusedProperly,
    /// The reference has begun a stream with status 200 when it finds out, and breaks it off or sends nothing.
    RefusedBeforeTheStream,
    /// The reference leaves it to the widget not to send into a locked or closed thread.
    LockedThreadsTakeNoMessages,
    /// The reference takes feedback about items and threads that are not there.
    FeedbackIsAboutSomething,
}

impl Improvement {
    pub const ALL: [Self; 11] = [
        Self::UtcTimes,
        Self::ThreadsCarryNoMetadata,
        Self::ThreadChangesAtOnce,
        Self::HiddenItemsAreNeverSent,
        Self::ActionsAreSentAsWritten,
        Self::TextsWithoutIdAreSent,
        Self::FullPages,
        Self::RefusedProperly,
        Self::RefusedBeforeTheStream,
        Self::LockedThreadsTakeNoMessages,
        Self::FeedbackIsAboutSomething,
    ];
}

/// Those that an exchange showed.
pub type Shown = BTreeSet<Improvement>;

/// Makes the reference's times comparable, which have no zone. Other texts are left, and differ.
pub fn take_local_times(reference: &mut Value) {
    each_object(reference, &mut |fields| {
        take_time(fields, |time| !time.ends_with('Z') && time.parse::<DateTime>().is_ok());
    });
}

/// Makes our times comparable, which are UTC.
pub fn take_utc_times(here: &mut Value, shown: &mut Shown) {
    each_object(here, &mut |fields| {
        if take_time(fields, |time| time.ends_with('Z') && time.parse::<Timestamp>().is_ok()) {
            shown.insert(Improvement::UtcTimes);
        }
    });
}

fn take_time(fields: &mut Map<String, Value>, is_time: impl Fn(&str) -> bool) -> bool {
    let Some(Value::String(time)) = fields.get_mut("created_at") else { return false };
    let taken = is_time(time);
    if taken {
        "<time>".clone_into(time);
    }
    taken
}

/// Leaves the empty `metadata` out of the reference's threads.
pub fn take_metadata(reference: &mut Value, shown: &mut Shown) {
    each_object(reference, &mut |fields| {
        let thread = fields.contains_key("items") && fields.contains_key("status");
        if thread && fields.get("metadata") == Some(&json!({})) {
            fields.remove("metadata");
            shown.insert(Improvement::ThreadsCarryNoMetadata);
        }
    });
}

/// Leaves out of the reference's actions the defaults that ours do not write, and puts back the nulls of
/// payloads.
pub fn take_action_defaults(reference: &mut Value, here: &Value, shown: &mut Shown) {
    match (reference, here) {
        (Value::Array(theirs), Value::Array(ours)) => {
            for (theirs, ours) in theirs.iter_mut().zip(ours) {
                take_action_defaults(theirs, ours, shown);
            }
        }
        (Value::Object(theirs), Value::Object(ours)) => {
            for (name, theirs) in theirs {
                let Some(ours) = ours.get(name) else { continue };
                if let (true, Value::Object(theirs)) =
                    (name == "action" || name.ends_with("Action"), &mut *theirs)
                {
                    take_defaults(theirs, ours, shown);
                }
                take_action_defaults(theirs, ours, shown);
            }
        }
        _ => {}
    }
}

fn take_defaults(action: &mut Map<String, Value>, ours: &Value, shown: &mut Shown) {
    let defaults =
        [("handler", json!("server")), ("loadingBehavior", json!("auto")), ("streaming", json!(true))];
    for (name, default) in defaults {
        if ours.get(name).is_none() && action.get(name) == Some(&default) {
            action.remove(name);
            shown.insert(Improvement::ActionsAreSentAsWritten);
        }
    }
    if let (Some(theirs), Some(ours)) = (action.get_mut("payload"), ours.get("payload")) {
        put_nulls_back(theirs, ours);
    }
}

fn put_nulls_back(theirs: &mut Value, ours: &Value) {
    match (theirs, ours) {
        (Value::Array(theirs), Value::Array(ours)) => {
            theirs.iter_mut().zip(ours).for_each(|(theirs, ours)| put_nulls_back(theirs, ours));
        }
        (Value::Object(theirs), Value::Object(ours)) => {
            for (name, ours) in ours {
                match theirs.get_mut(name) {
                    Some(theirs) => put_nulls_back(theirs, ours),
                    None if ours.is_null() => drop(theirs.insert(name.clone(), Value::Null)),
                    None => {}
                }
            }
        }
        _ => {}
    }
}

/// Brings each `thread.updated` of the reference before the event that it came after, where ours is.
pub fn take_thread_changes(reference: &mut [Value], here: &[Value], shown: &mut Shown) {
    for (at, ours) in here.iter().enumerate() {
        let updated = ours["type"] == "thread.updated";
        if updated && reference.get(at) != Some(ours) && reference.get(at + 1) == Some(ours) {
            reference.swap(at, at + 1);
            shown.insert(Improvement::ThreadChangesAtOnce);
        }
    }
}

fn each_object(value: &mut Value, does: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| each_object(value, does)),
        Value::Object(fields) => {
            does(fields);
            fields.values_mut().for_each(|value| each_object(value, does));
        }
        _ => {}
    }
}
