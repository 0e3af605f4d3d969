//! When to try again, and after how long. Same rules as OpenAI's SDKs (`docs/PULL.md`, "Limits and faults").

use std::time::Duration;

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use jiff::{Timestamp, fmt::rfc2822};

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

/// Whether a failed answer is worth another try: what the server says, else by status.
pub(super) fn is_worth_retrying(status: StatusCode, headers: &HeaderMap) -> bool {
    match headers.get("x-should-retry").and_then(|value| value.to_str().ok()) {
        Some("true") => true,
        Some("false") => false,
        _ => matches!(status.as_u16(), 408 | 409 | 429) || status.is_server_error(),
    }
}

/// The pause that the server asks for: `retry-after-ms`, else `Retry-After` in seconds or as a date.
pub(super) fn asked_pause(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    if let Some(ms) = text("retry-after-ms").and_then(|ms| ms.trim().parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(ms / 1000.0).ok();
    }
    let after = text(RETRY_AFTER.as_str())?.trim();
    if let Ok(seconds) = after.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = rfc2822::DateTimeParser::new().parse_timestamp(after).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_pause_doubles_up_to_the_longest_and_jitter_only_shortens_it() {
        let patience = Patience::default();
        assert_eq!(patience.pause(1, 0.0), Duration::from_millis(500));
        assert_eq!(patience.pause(3, 0.0), Duration::from_secs(2));
        assert_eq!(patience.pause(40, 0.0), Duration::from_secs(60));
        assert_eq!(patience.pause(3, 1.0), Duration::from_millis(1500));
    }

    #[test]
    fn the_server_may_name_the_pause_in_three_ways() {
        let now = Timestamp::from_second(1_445_412_420).unwrap(); // Wed, 21 Oct 2015 07:27:00 GMT
        let asked = |pairs| asked_pause(&headers(pairs), now);
        assert_eq!(
            asked(&[("retry-after-ms", "250"), ("retry-after", "9")]),
            Some(Duration::from_millis(250))
        );
        assert_eq!(asked(&[("retry-after", "1.5")]), Some(Duration::from_millis(1500)));
        assert_eq!(asked(&[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")]), Some(Duration::from_secs(60)));
        assert_eq!(asked(&[("retry-after", "Wed, 21 Oct 2015 07:26:00 GMT")]), Some(Duration::ZERO));
        assert_eq!(asked(&[("retry-after", "-3")]), None);
        assert_eq!(asked(&[("retry-after", "soon")]), None);
    }

    #[test]
    fn x_should_retry_overrules_the_status() {
        let none = HeaderMap::new();
        for status in [408, 409, 429, 500, 502, 503, 504] {
            assert!(is_worth_retrying(StatusCode::from_u16(status).unwrap(), &none));
        }
        assert!(!is_worth_retrying(StatusCode::NOT_FOUND, &none));
        assert!(is_worth_retrying(StatusCode::BAD_REQUEST, &headers(&[("x-should-retry", "true")])));
        assert!(!is_worth_retrying(StatusCode::TOO_MANY_REQUESTS, &headers(&[("x-should-retry", "false")])));
    }
}
