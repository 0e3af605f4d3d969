//! A clock for which waiting takes no time.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chatkitd::clock::SystemClock;
use chatkitd_core::ports::Clock;
use jiff::Timestamp;

/// The time of day; waits are written down and take no time.
#[derive(Default)]
pub struct NotingClock(Mutex<Vec<Duration>>);

impl NotingClock {
    pub fn waits(&self) -> Vec<Duration> {
        self.0.lock().unwrap().clone()
    }
}

#[async_trait]
impl Clock for NotingClock {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }

    async fn sleep(&self, duration: Duration) {
        self.0.lock().unwrap().push(duration);
    }
}
