//! `chatkit.thread`, as `OpenAI`'s API returns it (2.2 of the reference).

use chatkitd_core::threads::ThreadRecord;
use chatkitd_protocol::chatkit;
use chatkitd_protocol::rest::{Extra, Thread, ThreadObject, ThreadStatus};

pub(super) fn thread(record: &ThreadRecord) -> Thread {
    Thread {
        id: record.id.to_string(),
        object: ThreadObject::Thread,
        created_at: record.created_at.as_second(),
        title: record.title.clone(),
        status: status(&record.status),
        user: record.user.to_string(),
        extra: Extra::new(),
    }
}

fn status(status: &chatkit::ThreadStatus) -> ThreadStatus {
    match status {
        chatkit::ThreadStatus::Active(_) => ThreadStatus::active(),
        chatkit::ThreadStatus::Locked(locked) => {
            ThreadStatus::Locked { reason: locked.reason.clone(), extra: Extra::new() }
        }
        chatkit::ThreadStatus::Closed(closed) => {
            ThreadStatus::Closed { reason: closed.reason.clone(), extra: Extra::new() }
        }
        // REST has no other status; a thread of one that is not known takes no messages.
        chatkit::ThreadStatus::Unknown(_) => ThreadStatus::Locked { reason: None, extra: Extra::new() },
    }
}
