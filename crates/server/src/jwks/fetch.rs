//! Fetching a key set: bounded in time, size and number, and never from where an issuer is not.

use std::time::Duration;

use chatkitd_core::identity::{Jwk, JwksSource, is_loopback, is_secure};
use http::header::{ACCEPT, CACHE_CONTROL, HeaderMap};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::masking::bare_url;

const CONNECT: Duration = Duration::from_secs(2);
/// For everything: discovery, then the keys.
const TOTAL: Duration = Duration::from_secs(5);
const MAX_BODY_BYTES: usize = 1024 * 1024;
const MAX_KEYS: usize = 100;

/// How long keys are fresh where the issuer does not say.
const FRESH: Duration = Duration::from_secs(10 * 60);
const MIN_FRESH: Duration = Duration::from_secs(60);
/// Longer than an issuer's `max-age` a withdrawn key does not live, while the issuer can be reached.
const MAX_FRESH: Duration = Duration::from_secs(24 * 3600);

/// The HTTP client cannot be set up, mostly for want of certificate authorities.
#[derive(Debug, thiserror::Error)]
#[error("the HTTPS client cannot be set up; install the system's CA certificates (ca-certificates)")]
pub struct ClientError(#[source] reqwest::Error);

/// Why a key set could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No connection, or one that broke.
    #[error("the request failed")]
    Request(#[source] reqwest::Error),
    /// Five seconds are over.
    #[error("the issuer took longer than {} seconds", TOTAL.as_secs())]
    Timeout,
    /// Not 200. Redirects are not followed: they could lead to another host.
    #[error("the issuer answered {url} with status {status}")]
    Status {
        /// What was asked for, without its query.
        url: String,
        /// The answer.
        status: u16,
    },
    /// Over 1 MiB.
    #[error("the issuer's answer is longer than {MAX_BODY_BYTES} bytes")]
    TooLong,
    /// Not the JSON it should be.
    #[error("the issuer's answer is not what it should be")]
    Json(#[from] serde_json::Error),
    /// Over 100.
    #[error("the issuer publishes {0} keys; at most {MAX_KEYS} are read")]
    TooManyKeys(usize),
    /// The discovery document is another issuer's.
    #[error(
        "the discovery document is of the issuer {found:?}, and {expected:?} is configured; set issuer so"
    )]
    WrongIssuer {
        /// As configured.
        expected: String,
        /// As the document says.
        found: String,
    },
    /// The discovery document names no address, one without TLS, or one of this machine.
    #[error("the discovery document names the key address {0:?}, which is not safe to fetch from")]
    UnsafeAddress(String),
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        // The address is logged beside the error; its query may hold a key.
        Self::Request(error.without_url())
    }
}

/// What was fetched.
pub(super) struct Fetched {
    pub(super) keys: Vec<Jwk>,
    pub(super) fresh_for: Duration,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct PublishedKeys {
    /// One by one: an issuer may publish a key of a kind that nobody here knows beside good ones.
    keys: Vec<Value>,
}

pub(super) struct Fetcher(reqwest::Client);

impl Fetcher {
    pub(super) fn new() -> Result<Self, ClientError> {
        reqwest::Client::builder()
            .user_agent(concat!("chatkitd/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map(Self)
            .map_err(ClientError)
    }

    pub(super) async fn fetch(&self, source: &JwksSource) -> Result<Fetched, FetchError> {
        let fetched = tokio::time::timeout(TOTAL, async {
            let url = self.key_address(source).await?;
            self.keys(&url).await
        });
        fetched.await.unwrap_or(Err(FetchError::Timeout))
    }

    async fn key_address(&self, source: &JwksSource) -> Result<Url, FetchError> {
        let (issuer, document) = match source {
            JwksSource::KeySet(url) => return Ok(url.clone()),
            JwksSource::Discovery { issuer, document } => (issuer, document),
        };
        let (found, _): (Discovery, _) = self.get(document).await?;
        if found.issuer != *issuer {
            return Err(FetchError::WrongIssuer { expected: issuer.clone(), found: found.issuer });
        }
        // An issuer elsewhere has no business with this machine's own services.
        let is_safe = |url: &Url| is_secure(url) && (is_loopback(document) || !is_loopback(url));
        let address = Url::parse(&found.jwks_uri).ok().filter(is_safe);
        address.ok_or(FetchError::UnsafeAddress(found.jwks_uri))
    }

    async fn keys(&self, url: &Url) -> Result<Fetched, FetchError> {
        let (published, headers): (PublishedKeys, _) = self.get(url).await?;
        if published.keys.len() > MAX_KEYS {
            return Err(FetchError::TooManyKeys(published.keys.len()));
        }
        let readable = |key| match serde_json::from_value(key) {
            Ok(key) => Some(key),
            Err(error) => {
                tracing::debug!(url = bare_url(url), %error, "one of the issuer's keys is left out");
                None
            }
        };
        let keys = published.keys.into_iter().filter_map(readable).collect();
        Ok(Fetched { keys, fresh_for: fresh_for(&headers) })
    }

    async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<(T, HeaderMap), FetchError> {
        let mut response = self.0.get(url.clone()).header(ACCEPT, "application/json").send().await?;
        if response.status() != http::StatusCode::OK {
            return Err(FetchError::Status { url: bare_url(url), status: response.status().as_u16() });
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(FetchError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok((serde_json::from_slice(&body)?, response.headers().clone()))
    }
}

/// `max-age` of `Cache-Control`, within bounds.
fn fresh_for(headers: &HeaderMap) -> Duration {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut directives = values.flat_map(|value| value.split(',')).map(str::trim);
    let seconds = directives.find_map(|directive| {
        let (name, seconds) = directive.split_once('=')?;
        name.eq_ignore_ascii_case("max-age").then(|| seconds.parse().ok())?
    });
    seconds.map_or(FRESH, |seconds| Duration::from_secs(seconds).clamp(MIN_FRESH, MAX_FRESH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_fresh_as_long_as_the_issuer_says_within_bounds() {
        for (header, seconds) in [
            ("public, max-age=3600", 3600),
            ("Max-Age=61", 61),
            ("max-age=0, must-revalidate", 60),
            ("max-age=99999999", 24 * 3600),
            ("max-age=99999999999999999999", 600),
            ("max-age=-1", 600),
            ("no-store", 600),
            ("s-maxage=7, x", 600),
        ] {
            let headers = HeaderMap::from_iter([(CACHE_CONTROL, header.parse().unwrap())]);
            assert_eq!(fresh_for(&headers).as_secs(), seconds, "{header}");
        }
        assert_eq!(fresh_for(&HeaderMap::new()), FRESH);
    }
}
