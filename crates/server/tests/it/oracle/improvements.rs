//! Where chatkitd differs from the reference on purpose. Nothing else may differ, and an entry that no
//! exchange shows any more fails the run, so that this list is what is true.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use serde_json::Value;

use super::Subject;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Improvement {
    /// The reference writes local times without a zone, which a browser elsewhere reads as its own.
    UtcTimes,
    /// The reference announces a change of the thread after the event that follows it, and after the error that
    /// ends the answer; here it is announced when it is made.
    ThreadChangesAtOnce,
    /// The reference keeps hidden items back only when they are done, and sends them when they are added or
    /// replaced. They are never sent (protocol rule 4).
    HiddenItemsAreNeverSent,
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
    pub const ALL: [Self; 8] = [
        Self::UtcTimes,
        Self::ThreadChangesAtOnce,
        Self::HiddenItemsAreNeverSent,
        Self::FullPages,
        Self::RefusedProperly,
        Self::RefusedBeforeTheStream,
        Self::LockedThreadsTakeNoMessages,
        Self::FeedbackIsAboutSomething,
    ];
}

/// Those that an exchange showed.
pub type Shown = BTreeSet<Improvement>;

/// Makes times comparable: the reference's have no zone, ours are UTC. Other texts are left, and differ.
pub fn take_times(reference: &mut Value, here: &mut Value, subject: Subject, shown: &mut Shown) {
    let local = |time: &str| !time.ends_with('Z') && time.parse::<DateTime>().is_ok();
    let utc = |time: &str| time.ends_with('Z') && time.parse::<Timestamp>().is_ok();
    each_time(reference, &mut |time| {
        if local(time) {
            "<time>".clone_into(time);
        }
    });
    each_time(here, &mut |time| match subject {
        Subject::Reference if local(time) => "<time>".clone_into(time),
        Subject::Chatkitd if utc(time) => {
            shown.insert(Improvement::UtcTimes);
            "<time>".clone_into(time);
        }
        _ => {}
    });
}

fn each_time(value: &mut Value, take: &mut impl FnMut(&mut String)) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| each_time(value, take)),
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "created_at" => take(text),
                    value => each_time(value, take),
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
