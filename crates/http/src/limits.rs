//! Who is counted under what (design 4.5).

use std::net::IpAddr;

use chatkitd_core::id::{SessionId, SiteName, UserId};
use chatkitd_core::limits::{Decision, Quota};
use chatkitd_core::sessions::Session;
use chatkitd_core::site::Site;
use http::{HeaderMap, HeaderValue};

use crate::app::App;
use crate::client_ip::limit_key;
use crate::error::ApiError;

/// How often somebody may send a file in one request, at the least: as many as one message takes, they may.
const UPLOADS: u32 = 60;
/// The same at `OpenAI`'s own address (1.7 of the REST reference).
const FILES: Quota = Quota::per_minute(10);

impl App {
    /// Counts an anonymous creation against the address it comes from.
    pub(crate) async fn limit_anonymous(
        &self,
        site: &Site,
        address: Option<IpAddr>,
    ) -> Result<Option<Decision>, ApiError> {
        let address = address.map_or_else(|| "unknown".to_owned(), limit_key);
        let key = || format!("anonymous:{}:{address}", site.name);
        self.limit_then_site(site, site.limits.anonymous, key).await
    }

    /// Counts a creation against the user it is for.
    pub(crate) async fn limit_user(&self, site: &Site, user: &UserId) -> Result<Option<Decision>, ApiError> {
        self.limit_then_site(site, site.limits.user, || format!("user:{}:{user}", site.name)).await
    }

    /// Counts a refresh against its session.
    pub(crate) async fn limit_session(
        &self,
        site: &Site,
        session: &SessionId,
    ) -> Result<Option<Decision>, ApiError> {
        self.limit_then_site(site, site.limits.session, || format!("session:{}:{session}", site.name)).await
    }

    /// Counts a request of a conversation against its session, where it was promised (or the site says) how often a
    /// minute its secrets may be used, and against its site.
    pub(crate) async fn limit_conversation(
        &self,
        site: &Site,
        session: Option<&Session>,
    ) -> Result<(), ApiError> {
        let Some(session) = session else { return self.limit_site(site).await };
        let quota = session.max_requests_per_1_minute(site).map(|limit| Quota::per_minute(limit.get()));
        let key = || format!("conversation:{}:{}", site.name, session.id);
        self.limit_then_site(site, quota, key).await.map(|_| ())
    }

    /// Counts a file that is sent in one request against its user, of whom a message takes `max_files`.
    pub(crate) async fn limit_uploads(
        &self,
        site: &SiteName,
        user: &UserId,
        max_files: u32,
    ) -> Result<(), ApiError> {
        let quota = Quota::per_minute(UPLOADS.max(max_files));
        self.limit(Some(quota), || format!("uploads:{site}:{user}")).await.map(|_| ())
    }

    /// The same at `OpenAI`'s own address.
    pub(crate) async fn limit_files(&self, site: &SiteName, user: &UserId) -> Result<(), ApiError> {
        self.limit(Some(FILES), || format!("files:{site}:{user}")).await.map(|_| ())
    }

    /// Counts a request against its site.
    pub(crate) async fn limit_site(&self, site: &Site) -> Result<(), ApiError> {
        self.limit(site.limits.site, || format!("site:{}", site.name)).await.map(|_| ())
    }

    /// The site comes last: whoever is refused by their own limit uses up nobody else's.
    async fn limit_then_site(
        &self,
        site: &Site,
        quota: Option<Quota>,
        key: impl FnOnce() -> String,
    ) -> Result<Option<Decision>, ApiError> {
        let decision = self.limit(quota, key).await?;
        self.limit_site(site).await?;
        Ok(decision)
    }

    async fn limit(
        &self,
        quota: Option<Quota>,
        key: impl FnOnce() -> String,
    ) -> Result<Option<Decision>, ApiError> {
        let Some(quota) = quota else { return Ok(None) };
        let now = self.clock.now();
        let decision = self.limiter.take(&key(), quota, now).await?;
        if decision.allowed {
            Ok(Some(decision))
        } else {
            Err(ApiError::rate_limited(decision, decision.retry_after_secs(now)))
        }
    }
}

/// `X-RateLimit-Limit`, `-Remaining` and `-Reset` (Unix seconds, rounded up).
pub(crate) fn write_headers(headers: &mut HeaderMap, decision: &Decision) {
    headers.insert("x-ratelimit-limit", HeaderValue::from(decision.limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(decision.remaining));
    let reset = decision.resets_at.as_millisecond().max(0).unsigned_abs().div_ceil(1000);
    headers.insert("x-ratelimit-reset", HeaderValue::from(reset));
}
