//! The machine's clock.

use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::ports::Clock;
use jiff::Timestamp;

/// The time of day, in whole milliseconds: what the databases keep.
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes from")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
