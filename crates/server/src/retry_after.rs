//! When a server wants to be asked again.

use std::time::Duration;

use http::HeaderMap;

/// `retry-after-ms`, else `Retry-After` in seconds. A date is not what APIs of this kind send.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let seconds = number("retry-after-ms").map(|millis| millis / 1000.0).or_else(|| number("retry-after"))?;
    Duration::try_from_secs_f64(seconds).ok()
}
