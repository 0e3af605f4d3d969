//! How often somebody may do something.
//!
//! All three limiters (memory, Redis, SQL) count the same way: a window opens with the first
//! request and closes [`Quota::window`] later; within it at most [`Quota::limit`] requests pass. One
//! rule for all of them, so that moving to another limiter changes nothing that a visitor sees.
//! (That is also why no limiter crate is used: none counts alike in memory, Redis and SQL.)

use std::time::Duration;

use jiff::Timestamp;

/// At most `limit` requests in each window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Requests that pass in one window; at least 1.
    pub limit: u32,
    /// How long a window lasts.
    pub window: Duration,
}

impl Quota {
    /// `limit` requests a minute.
    pub const fn per_minute(limit: u32) -> Self {
        Self { limit, window: Duration::from_secs(60) }
    }
}

/// What a limiter says to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Whether the request may pass.
    pub allowed: bool,
    /// The quota's limit.
    pub limit: u32,
    /// Requests left in this window.
    pub remaining: u32,
    /// When the window closes.
    pub resets_at: Timestamp,
}

impl Decision {
    /// The decision about the `count`-th request (from 1) of a window that closes at `resets_at`.
    pub fn of_count(quota: Quota, count: u64, resets_at: Timestamp) -> Self {
        let limit = u64::from(quota.limit);
        Self {
            allowed: count <= limit,
            limit: quota.limit,
            remaining: u32::try_from(limit.saturating_sub(count)).unwrap_or(0),
            resets_at,
        }
    }

    /// Whole seconds until the window closes, rounded up, at least 1: the value of `Retry-After`.
    pub fn retry_after_secs(&self, now: Timestamp) -> u64 {
        let millis = self.resets_at.as_millisecond().saturating_sub(now.as_millisecond());
        u64::try_from(millis).unwrap_or(0).div_ceil(1000).max(1)
    }
}

/// Quotas of one site (design 4.5). `None` switches one off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SiteLimits {
    /// Anonymous creations per network address (IPv6: per /64). Default 5 a minute.
    pub anonymous: Option<Quota>,
    /// Creations per signed-in user. Default 60 a minute.
    pub user: Option<Quota>,
    /// Refreshes per session. Default 120 a minute.
    pub session: Option<Quota>,
    /// Together on one site: creations, refreshes, requests of conversations, uploads in one request, and service keys'
    /// calls of the REST API. Default off.
    pub site: Option<Quota>,
}

impl Default for SiteLimits {
    fn default() -> Self {
        Self {
            anonymous: Some(Quota::per_minute(5)),
            user: Some(Quota::per_minute(60)),
            session: Some(Quota::per_minute(120)),
            site: None,
        }
    }
}
