use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::ports::Clock;

/// A clock that stands still until it is moved. Waiting lets others run and takes no time: a test moves
/// the clock when time is to pass.
pub struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    /// A clock at this Unix second.
    pub fn at_second(second: i64) -> Self {
        Self(Mutex::new(Timestamp::from_second(second).expect("a second that jiff knows")))
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().expect("no test panics while it holds the clock");
        *now = now.checked_add(by).expect("a time that jiff knows");
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("no test panics while it holds the clock")
    }

    async fn sleep(&self, _: Duration) {
        let mut yielded = false;
        std::future::poll_fn(|context| {
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}
