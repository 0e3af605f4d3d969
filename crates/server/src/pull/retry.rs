//! How patiently a request is repeated. Same rules as OpenAI's SDKs (`docs/PULL.md`, "Limits and faults").

use std::time::Duration;

/// How patiently requests are repeated.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Tries of one request, the first included.
    pub tries: u32,
    /// Pause after the first failure; doubles with each further one.
    pub base: Duration,
    /// The longest pause of our own choosing.
    pub longest: Duration,
    /// The longest pause that a server may ask for; beyond it the pull stops and says so.
    pub longest_asked: Duration,
}

impl Default for Patience {
    /// About three minutes of faults in a row, and a quarter of an hour for a server that asks for it.
    fn default() -> Self {
        Self {
            tries: 10,
            base: Duration::from_millis(500),
            longest: Duration::from_secs(60),
            longest_asked: Duration::from_secs(15 * 60),
        }
    }
}

impl Patience {
    /// The pause after failure number `failures` (from 1). `jitter` is in `0.0..1.0` and takes up to a
    /// quarter off, so that workers that failed together do not return together.
    ///
    /// `backon` has the same curve, but takes its randomness from a global generator.
    pub(super) fn pause(&self, failures: u32, jitter: f64) -> Duration {
        let doubled = self.base.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1)));
        doubled.min(self.longest).mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 4.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_the_longest_and_jitter_only_shortens_it() {
        let patience = Patience::default();
        assert_eq!(patience.pause(1, 0.0), Duration::from_millis(500));
        assert_eq!(patience.pause(3, 0.0), Duration::from_secs(2));
        assert_eq!(patience.pause(40, 0.0), Duration::from_secs(60));
        assert_eq!(patience.pause(3, 1.0), Duration::from_millis(1500));
    }
}
