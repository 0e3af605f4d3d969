//! `/s/{site}/…`: every route also exists under the name of a site (design 4.5).
//!
//! The prefix is taken off before routing, so that each route is written once; the site's name goes
//! along in the request's extensions.

use axum::extract::Request;
use chatkitd_core::id::SiteName;
use http::Uri;
use http::uri::PathAndQuery;

/// The site that the path names; `None`: what it names cannot be a site's name.
#[derive(Clone, Debug)]
pub(crate) struct PathSite(pub(crate) Option<SiteName>);

/// Takes `/s/{site}` off the path.
pub(crate) fn strip(mut request: Request) -> Request {
    if let Some((site, uri)) = split(request.uri()) {
        *request.uri_mut() = uri;
        request.extensions_mut().insert(PathSite(SiteName::parse(&site).ok()));
    }
    request
}

fn split(uri: &Uri) -> Option<(String, Uri)> {
    let rest = uri.path().strip_prefix("/s/")?;
    let (site, path) = rest.split_once('/')?;
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("/{path}{query}")).ok()?);
    Some((site.to_owned(), Uri::from_parts(parts).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_taken_off_and_the_query_kept() {
        let (site, uri) = split(&Uri::from_static("/s/shop/api/chatkit/session?a=1")).unwrap();
        assert_eq!((site.as_str(), uri.to_string().as_str()), ("shop", "/api/chatkit/session?a=1"));
        assert!(split(&Uri::from_static("/api/chatkit/session")).is_none());
        assert!(split(&Uri::from_static("/s/shop")).is_none());
    }
}
