//! The limiter of a single process.

use std::collections::HashMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::limits::{Decision, Quota};
use crate::lock::lock;
use crate::ports::{Limiter, LimiterError};

/// How many windows are kept at most: some 20 MB, so that a flood of addresses cannot fill the memory.
///
/// When that many are open, closed ones go first and then those that close next. Whoever loses a window
/// starts to count anew, which takes a flood of 100,000 keys within one window to bring about. Refusing
/// new keys instead would let such a flood lock every new visitor out.
pub const DEFAULT_CAPACITY: usize = 100_000;

/// Counts in memory. Forgets everything with the process, and two processes do not share counts.
pub struct MemoryLimiter {
    capacity: usize,
    windows: Mutex<HashMap<String, Window>>,
}

#[derive(Clone, Copy)]
struct Window {
    count: u64,
    resets_at: Timestamp,
}

impl MemoryLimiter {
    /// A limiter that keeps at most `capacity` windows, at least one.
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), windows: Mutex::default() }
    }

    fn count(&self, key: &str, quota: Quota, now: Timestamp) -> Window {
        let mut windows = lock(&self.windows);
        let fresh = Window { count: 0, resets_at: closes_at(now, quota) };
        if let Some(window) = windows.get_mut(key) {
            if window.resets_at <= now {
                *window = fresh;
            }
            window.count = window.count.saturating_add(1);
            return *window;
        }
        if windows.len() >= self.capacity {
            make_room(&mut windows, now);
        }
        let first = Window { count: 1, ..fresh };
        windows.insert(key.to_owned(), first);
        first
    }
}

impl Default for MemoryLimiter {
    fn default() -> Self {
        Self::new(DEFAULT_CAPACITY)
    }
}

/// When a window that opens at `now` closes.
fn closes_at(now: Timestamp, quota: Quota) -> Timestamp {
    now.checked_add(quota.window).unwrap_or(Timestamp::MAX)
}

/// Drops closed windows; when that frees less than a tenth, the earliest to close go too. Freeing a
/// tenth at once spreads the cost of the walk over as many new keys.
fn make_room(windows: &mut HashMap<String, Window>, now: Timestamp) {
    let before = windows.len();
    windows.retain(|_, window| window.resets_at > now);
    let wanted = (before / 10).max(1);
    let freed = before - windows.len();
    if freed >= wanted {
        return;
    }
    let mut ends: Vec<(Timestamp, String)> =
        windows.iter().map(|(key, window)| (window.resets_at, key.clone())).collect();
    ends.sort_unstable();
    for (_, key) in ends.into_iter().take(wanted - freed) {
        windows.remove(&key);
    }
}

#[async_trait]
impl Limiter for MemoryLimiter {
    async fn take(&self, key: &str, quota: Quota, now: Timestamp) -> Result<Decision, LimiterError> {
        let window = self.count(key, quota, now);
        Ok(Decision::of_count(quota, window.count, window.resets_at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_keys_stays_within_the_capacity() {
        let limiter = MemoryLimiter::new(100);
        let quota = Quota::per_minute(5);
        for n in 0..1_000 {
            let now = Timestamp::from_millisecond(1_000_000 + n).unwrap();
            limiter.count(&format!("ip:{n}"), quota, now);
            assert!(limiter.windows.lock().unwrap().len() <= 100, "after {n}");
        }
    }

    #[test]
    fn closed_windows_make_room_before_open_ones() {
        let limiter = MemoryLimiter::new(10);
        let quota = Quota::per_minute(1);
        let start = Timestamp::from_second(1_000).unwrap();
        let later = Timestamp::from_second(1_070).unwrap();
        for n in 0..9 {
            limiter.count(&format!("old:{n}"), quota, start);
        }
        limiter.count("kept", quota, later);
        limiter.count("new", quota, later);
        assert_eq!(limiter.windows.lock().unwrap().len(), 2);
        assert_eq!(limiter.count("kept", quota, later).count, 2);
    }

    #[test]
    fn of_open_windows_those_that_close_next_make_room() {
        let limiter = MemoryLimiter::new(20);
        let quota = Quota::per_minute(1);
        let at = |second: i64| Timestamp::from_second(1_000 + second).unwrap();
        for n in 0..20 {
            limiter.count(&format!("ip:{n}"), quota, at(n));
        }
        limiter.count("new", quota, at(20));
        assert_eq!(limiter.count("new", quota, at(20)).count, 2, "the one that asks is counted");
        for (n, count) in [(2, 2), (19, 2)] {
            assert_eq!(limiter.count(&format!("ip:{n}"), quota, at(20)).count, count, "kept: {n}");
        }
        assert_eq!(limiter.count("ip:0", quota, at(20)).count, 1, "the oldest window is forgotten");
    }
}
