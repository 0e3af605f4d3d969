//! What a token says, read without trust in its types.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::refusal::TokenRefusal;

/// The claims of a token. One map, so that every check reads the same bytes that were signed.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Claims(Map<String, Value>);

impl Claims {
    /// A claim that is a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A claim by its name, or by a path of names with dots between them. The whole name goes
    /// first: Auth0's own claims are named by URLs.
    pub(super) fn at(&self, path: &str) -> Option<&Value> {
        self.0.get(path).or_else(|| {
            let mut steps = path.split('.');
            let first = self.0.get(steps.next()?)?;
            steps.try_fold(first, |value, step| value.get(step))
        })
    }

    /// Whether `aud`, a text or a list of texts, holds one of `wanted`. A token that says for whom it
    /// is must not be taken by somebody who is not named (RFC 7519 section 4.1.3), so with nothing
    /// wanted only a token without `aud` passes.
    pub(super) fn is_for(&self, wanted: &[String]) -> bool {
        let is_wanted = |value: &Value| value.as_str().is_some_and(|aud| wanted.iter().any(|w| w == aud));
        match self.0.get("aud") {
            None => wanted.is_empty(),
            Some(Value::Array(audiences)) => audiences.iter().any(is_wanted),
            Some(audience) => is_wanted(audience),
        }
    }

    /// Compares `exp` (which must be there), `nbf` and `iat` with `now`. `leeway` forgives clocks that
    /// differ: at exactly `exp + leeway` the token is over.
    pub(super) fn check_times(&self, now: Timestamp, leeway: Duration) -> Result<(), TokenRefusal> {
        let leeway = leeway.as_secs_f64();
        let now = now.as_duration().as_secs_f64();
        let expires = self.date("exp")?.ok_or(TokenRefusal::NoExpiry)?;
        if expires <= now - leeway {
            return Err(TokenRefusal::Expired);
        }
        for begin in ["nbf", "iat"] {
            if self.date(begin)?.is_some_and(|begins| begins > now + leeway) {
                return Err(TokenRefusal::NotYetValid);
            }
        }
        Ok(())
    }

    /// A `NumericDate`: Unix seconds, possibly with a fraction (RFC 7519 section 2).
    fn date(&self, name: &str) -> Result<Option<f64>, TokenRefusal> {
        self.0.get(name).map(|value| value.as_f64().ok_or(TokenRefusal::Malformed)).transpose()
    }
}
