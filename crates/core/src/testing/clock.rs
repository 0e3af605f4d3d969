use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::ports::Clock;

/// Shorter waits are pauses between two looks at something. They end by themselves, or a test would have to
/// move the clock for each look.
const LONG: Duration = Duration::from_secs(1);

/// A clock that stands still until it is moved. A wait of a second or more lasts until the clock is moved to
/// its end; a shorter one lets others run and takes no time.
pub struct ManualClock(Mutex<State>);

struct State {
    now: Timestamp,
    monotonic: Duration,
    waiting: Vec<Waker>,
}

impl ManualClock {
    /// A clock at this Unix second.
    pub fn at_second(second: i64) -> Self {
        let now = Timestamp::from_second(second).expect("a second that jiff knows");
        let monotonic = Duration::try_from(now.as_duration()).unwrap_or_default();
        Self(Mutex::new(State { now, monotonic, waiting: Vec::new() }))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let mut state = self.state();
        state.now = state.now.checked_add(by).expect("a time that jiff knows");
        state.monotonic += by;
        state.waiting.drain(..).for_each(Waker::wake);
    }

    /// Sets the time of day back, as somebody does who corrects a machine's clock: no time passes.
    pub fn set_back(&self, by: Duration) {
        let mut state = self.state();
        state.now = state.now.checked_sub(by).expect("a time that jiff knows");
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the clock")
    }

    fn poll_until(&self, end: Duration, context: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.monotonic >= end {
            return Poll::Ready(());
        }
        state.waiting.push(context.waker().clone());
        Poll::Pending
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn monotonic(&self) -> Duration {
        self.state().monotonic
    }

    async fn sleep(&self, duration: Duration) {
        let end = self.monotonic().saturating_add(duration);
        let mut yielded = false;
        std::future::poll_fn(|context| {
            if duration >= LONG {
                return self.poll_until(end, context);
            }
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}
