//! How long to wait before another try.

use std::time::Duration;

use chatkitd_core::ports::Rng;

const MAX_RETRIES: u32 = 2;
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// Two more tries, 200 ms and 400 ms apart, or as the other side wants it.
pub(crate) struct Backoff<'a> {
    tried: u32,
    left: Duration,
    rng: &'a dyn Rng,
}

impl<'a> Backoff<'a> {
    /// A backoff whose waits together stay below `total`.
    pub(crate) fn new(total: Duration, rng: &'a dyn Rng) -> Self {
        Self { tried: 0, left: total, rng }
    }

    /// How long to wait before the next try; `None` when there is to be none. `retry_after`: what the other side
    /// asked for.
    pub(crate) fn next(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        if self.tried >= MAX_RETRIES {
            return None;
        }
        let wait = retry_after.unwrap_or_else(|| self.jittered(FIRST_WAIT * 2u32.pow(self.tried)));
        self.tried += 1;
        self.left = self.left.checked_sub(wait)?;
        Some(wait)
    }

    /// Half of `wait` to all of it, so that many nodes do not come back at the same moment.
    fn jittered(&self, wait: Duration) -> Duration {
        let mut byte = [0u8];
        self.rng.fill(&mut byte);
        wait / 2 + wait / 2 * u32::from(byte[0]) / 255
    }
}
