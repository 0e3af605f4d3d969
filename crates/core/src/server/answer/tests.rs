//! What each helper sends, beside what the Python SDK's helpers send (`fixtures/answers`).

mod echo;
mod python;
mod saving;

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use serde_json::Value;

use super::{Answer, EventLog, Shared};
use crate::id::{SiteName, ThreadId, UserId};
use crate::ports::Clock as _;
use crate::testing::{ManualClock, SeededRng};
use crate::threads::{ItemWrite, ThreadRecord};

/// An answer whose driver saves at once.
struct Stage {
    answer: Answer,
    clock: Arc<ManualClock>,
    log: Arc<EventLog>,
}

impl Stage {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at_second(1_767_225_600));
        let log = Arc::new(EventLog::default());
        let thread = ThreadId::parse("cthr_1").unwrap();
        let thread = ThreadRecord::new(
            thread,
            SiteName::default_site(),
            UserId::named("user_1").unwrap(),
            clock.now(),
        );
        let shared = Shared::new(log.clone(), thread, clock.clone(), Arc::new(SeededRng::new(1)));
        Self { answer: Answer(Arc::new(shared)), clock, log }
    }

    fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Saves what waits for it.
    fn save(&self) -> Vec<ItemWrite> {
        let writes = self.answer.0.take_writes();
        self.answer.0.saved(writes.len());
        writes
    }

    /// What was sent so far.
    fn sent(&self) -> Vec<Value> {
        let mut events = Vec::new();
        let mut after = 0;
        let context = Context::from_waker(Waker::noop());
        while let Poll::Ready(part) = self.log.poll_read(after, &context) {
            after = part.last;
            let frames = String::from_utf8(part.frames).unwrap();
            let data = frames.lines().filter_map(|line| line.strip_prefix("data: "));
            events.extend(data.map(|data| serde_json::from_str::<Value>(data).unwrap()));
        }
        events
    }
}
