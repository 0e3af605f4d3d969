//! Where chatkitd differs from the reference on purpose. Nothing else may differ, and an entry that no
//! exchange shows any more fails the run, so that this list is what is true.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Improvement {
    /// The reference writes local times without a zone, which a browser elsewhere reads as its own.
    UtcTimes,
    /// The reference announces a change of the thread after the event that follows it, and after the error that
    /// ends the answer; here it is announced when it is made.
    ThreadChangesAtOnce,
    /// The reference keeps hidden items back only when they are done, and sends them when they are added or
    /// replaced. They are never sent (protocol rule 4): where one is written over another item, that is removed.
    HiddenItemsAreNeverSent,
    /// The reference drops what is null in the payload of a widget's action, which comes back without it.
    PayloadsKeepTheirNulls,
    /// The reference sends nothing when a text without an id grows, so that the visitor sees it when the widget
    /// is done.
    TextsWithoutIdAreSent,
    /// The reference cuts pages before it leaves hidden items out, so that pages come short or empty.
    FullPages,
    /// The reference answers 500 without a word to what it cannot do.
    RefusedProperly,
    /// The reference has begun a stream with status 200 when it finds out, and breaks it off or sends nothing.
    RefusedBeforeTheStream,
    /// The reference takes the output of a client tool only where the agent noted nothing after the call.
    ToolOutputsPassNotes,
    /// The reference leaves it to the widget not to send into a locked or closed thread.
    LockedThreadsTakeNoMessages,
    /// The reference takes feedback about items and threads that are not there.
    FeedbackIsAboutSomething,
}

impl Improvement {
    pub const ALL: [Self; 11] = [
        Self::UtcTimes,
        Self::ThreadChangesAtOnce,
        Self::HiddenItemsAreNeverSent,
        Self::PayloadsKeepTheirNulls,
        Self::TextsWithoutIdAreSent,
        Self::FullPages,
        Self::RefusedProperly,
        Self::RefusedBeforeTheStream,
        Self::ToolOutputsPassNotes,
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

/// Puts the nulls of ours back into the payloads of the reference's actions.
pub fn take_payloads(reference: &mut Value, here: &Value, shown: &mut Shown) {
    each_pair(reference, here, &mut |theirs, ours| {
        if let (Some(theirs), Some(ours)) = (theirs.get_mut("payload"), ours.get("payload"))
            && put_nulls_back(theirs, ours)
        {
            shown.insert(Improvement::PayloadsKeepTheirNulls);
        }
    });
}

fn put_nulls_back(theirs: &mut Value, ours: &Value) -> bool {
    let mut back = false;
    let mut put = |theirs: &mut Map<String, Value>, ours: &Map<String, Value>| {
        for (name, _) in ours.iter().filter(|(_, ours)| ours.is_null()) {
            if !theirs.contains_key(name) {
                theirs.insert(name.clone(), Value::Null);
                back = true;
            }
        }
    };
    each_pair(theirs, ours, &mut put);
    back
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

/// The objects that stand in the same places of two documents.
fn each_pair(
    reference: &mut Value,
    here: &Value,
    does: &mut impl FnMut(&mut Map<String, Value>, &Map<String, Value>),
) {
    match (reference, here) {
        (Value::Array(theirs), Value::Array(ours)) => {
            theirs.iter_mut().zip(ours).for_each(|(theirs, ours)| each_pair(theirs, ours, does));
        }
        (Value::Object(theirs), Value::Object(ours)) => {
            does(theirs, ours);
            for (name, theirs) in theirs {
                if let Some(ours) = ours.get(name) {
                    each_pair(theirs, ours, does);
                }
            }
        }
        _ => {}
    }
}
