use std::time::Duration;

use chatkitd_core::identity::{Algorithm, Jwk, find_key};
use jiff::Timestamp;

use super::fetch::Fetched;
use super::is_within;

/// The keys that an issuer published at a time.
pub(super) struct KeySet {
    keys: Vec<Jwk>,
    fresh_for: Duration,
    fetched_at: Timestamp,
}

impl KeySet {
    pub(super) fn new(fetched: Fetched, at: Timestamp) -> Self {
        Self { keys: fetched.keys, fresh_for: fetched.fresh_for, fetched_at: at }
    }

    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.is_within(self.fresh_for, now)
    }

    pub(super) fn is_within(&self, span: Duration, now: Timestamp) -> bool {
        is_within(span, self.fetched_at, now)
    }

    pub(super) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&Jwk> {
        find_key(&self.keys, kid, algorithm)
    }
}
