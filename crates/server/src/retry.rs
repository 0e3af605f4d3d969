//! When to try again, and after how long: what a server says of it, and what is done where it says nothing.

use std::time::Duration;

use chatkitd_core::ports::Rng;
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use jiff::{Timestamp, fmt::rfc2822};

const MAX_RETRIES: u32 = 2;
const FIRST_WAIT: Duration = Duration::from_millis(200);
/// Whoever asks for a longer pause has a clock that is wrong, or is back long before.
const MAX_PAUSE: Duration = Duration::from_secs(3600);

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

/// Whether a failed answer is worth another try: what the server says, else by status.
pub(crate) fn is_worth_retrying(status: StatusCode, headers: &HeaderMap) -> bool {
    match headers.get("x-should-retry").and_then(|value| value.to_str().ok()) {
        Some("true") => true,
        Some("false") => false,
        _ => matches!(status.as_u16(), 408 | 409 | 429) || status.is_server_error(),
    }
}

/// The pause that the server asks for, or [`MAX_PAUSE`] where that is shorter.
pub(crate) fn asked_pause(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    Some(read_pause(headers, now)?.min(MAX_PAUSE))
}

/// `retry-after-ms`, else `Retry-After` in seconds or as a date.
fn read_pause(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
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
        assert_eq!(asked(&[("retry-after", "Wed, 21 Oct 2037 07:28:00 GMT")]), Some(MAX_PAUSE));
        assert_eq!(asked(&[("retry-after", "344405798")]), Some(MAX_PAUSE));
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
