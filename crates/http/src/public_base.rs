//! Where this server is, as whoever calls it sees it: what the addresses that it hands out begin with.

use chatkitd_core::attachments::PublicBase;
use chatkitd_core::id::SiteName;
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Uri, header};

use crate::app::App;
use crate::cors::SentOrigin;
use crate::page::is_loopback_host;
use crate::site_path::PathSite;

impl App {
    /// The setting, else what the request was sent to; with `/s/{site}`, since an address by itself says nothing
    /// else of its site. To a client that names no host addresses are told without one.
    ///
    /// Somebody who lies about the host gets addresses that lead elsewhere, and nobody else does.
    pub(crate) fn public_base(&self, parts: &Parts, site: &SiteName) -> PublicBase {
        let base = match &self.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => self.asked_base(parts).unwrap_or_default(),
        };
        let is_default = *site == SiteName::default_site() && parts.extensions.get::<PathSite>().is_none();
        PublicBase(if is_default { base } else { format!("{base}/s/{site}") })
    }

    /// The host that the client asked for: what a trusted proxy says of it, else what the request itself says.
    pub(crate) fn asked_host(&self, parts: &Parts) -> Option<Authority> {
        let forwarded = self.proxies.forwarded_host(&parts.extensions, &parts.headers);
        forwarded.or_else(|| sent_host(&parts.headers, &parts.uri))
    }

    fn asked_base(&self, parts: &Parts) -> Option<String> {
        let host = self.asked_host(parts)?;
        // Behind a proxy that says nothing of TLS, a page's own origin does: it may not call without TLS itself,
        // unless it is this machine that it calls.
        let https_page = matches!(SentOrigin::of(&parts.headers), SentOrigin::Page(page) if page.is_https());
        let secure = self.proxies.forwarded_https(&parts.extensions, &parts.headers)
            || (https_page && !is_loopback_host(host.as_str()));
        Some(format!("{}://{host}", if secure { "https" } else { "http" }))
    }
}

/// The host that a request names, proxies or not.
pub(crate) fn sent_host(headers: &HeaderMap, uri: &Uri) -> Option<Authority> {
    let header = headers.get(header::HOST).and_then(|host| plain_host(host.to_str().ok()?));
    // HTTP/2 has no such header.
    header.or_else(|| plain_host(uri.authority()?.as_str()))
}

/// A host and perhaps a port; no user.
pub(crate) fn plain_host(text: &str) -> Option<Authority> {
    text.parse().ok().filter(|host: &Authority| !host.as_str().contains('@') && !host.host().is_empty())
}
