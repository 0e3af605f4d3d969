//! Which pages may read an answer (design 4.5). CORS headers stand on errors too.

use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use chatkitd_core::id::SiteName;
use chatkitd_core::site::{Origin, Site};
use http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use crate::app::App;
use crate::error::{ApiError, SettledCors};
use crate::page::is_loopback_host;
use crate::public_base::sent_host;
use crate::site_path::PathSite;

const METHODS: &str = "GET, POST, PUT, DELETE, OPTIONS";
const ALLOWED: &str = "authorization, content-type, idempotency-key, last-event-id, chatkit-device-token, \
                       chatkit-device-id, chatkit-frame-instance-id, x-chatkit-resume";
const EXPOSED: &str = "chatkit-device-token, x-chatkit-run-id, x-request-id, retry-after, x-ratelimit-limit, x-ratelimit-remaining, \
                       x-ratelimit-reset";

/// The `Origin` header of a request.
#[derive(Clone, Debug)]
pub(crate) enum SentOrigin {
    /// There is none: no browser, or a same-origin GET.
    Absent,
    /// `null`, or something that is no origin: no list ever names it.
    Opaque,
    /// A page's origin.
    Page(Origin),
}

impl SentOrigin {
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        match headers.get(header::ORIGIN) {
            None => Self::Absent,
            Some(value) => value.to_str().ok().and_then(Origin::parse).map_or(Self::Opaque, Self::Page),
        }
    }
}

/// What a page may do with the answer.
enum Access<'a> {
    /// Read it, and send cookies along.
    Listed,
    /// Read it; cookies stay out of it.
    Anyone,
    /// Nothing: this site does not list it.
    Foreign(&'a SiteName),
}

/// Answers preflights and puts CORS headers on everything else.
pub(crate) async fn around<F: Future<Output = Response>>(
    app: &App,
    request: Request,
    inner: impl FnOnce(Request) -> F,
) -> Response {
    let origin_header = request.headers().get(header::ORIGIN).cloned();
    let access = access(app, &request);
    let mut response =
        if request.method() == Method::OPTIONS { preflight(&access) } else { inner(request).await };
    match response.extensions_mut().remove::<SettledCors>() {
        Some(SettledCors::OpenToAll) => return response,
        Some(SettledCors::Foreign) => {}
        None => write(response.headers_mut(), &access, origin_header),
    }
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

fn preflight(access: &Access<'_>) -> Response {
    if let Access::Foreign(site) = access {
        return ApiError::foreign_origin(site).into_response();
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(METHODS));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    response
}

fn write(headers: &mut HeaderMap, access: &Access<'_>, origin: Option<HeaderValue>) {
    let Some(origin) = origin else { return };
    let allowed = match access {
        Access::Listed => {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            origin
        }
        Access::Anyone => HeaderValue::from_static("*"),
        Access::Foreign(_) => return,
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
}

/// A preflight carries no credential, so the site it is for may still be open: then any site that
/// lists the origin, or lists none, will do, and the request itself is held to its own site.
fn access<'a>(app: &'a App, request: &Request) -> Access<'a> {
    let origin = match SentOrigin::of(request.headers()) {
        // No page asks, and none is kept out.
        SentOrigin::Absent => return Access::Anyone,
        SentOrigin::Opaque => None,
        SentOrigin::Page(origin) => Some(origin),
    };
    if origin.as_ref().is_some_and(|origin| app.is_own_page(origin, request.headers(), request.uri())) {
        return Access::Listed;
    }
    let named = path_site(app, request.extensions());
    let may_be_for = |site: &&Arc<Site>| named.is_none_or(|named| named.name == site.name);
    let lists_it =
        |site: &Arc<Site>| site.lists_origins() && origin.as_ref().is_some_and(|origin| site.allows(origin));
    if app.sites.iter().filter(may_be_for).any(lists_it) {
        return Access::Listed;
    }
    if app.sites.iter().filter(may_be_for).any(|site| !site.lists_origins()) {
        return Access::Anyone;
    }
    Access::Foreign(&named.unwrap_or_else(|| app.sites.default_site()).name)
}

fn path_site<'a>(app: &'a App, extensions: &Extensions) -> Option<&'a Arc<Site>> {
    app.sites.get(extensions.get::<PathSite>()?.0.as_ref()?)
}

impl App {
    /// Whether a request comes from the page that this server shows itself, on the machine it runs on.
    ///
    /// Only loopback names count, so that a stranger's name that resolves to this machine does not; and only those
    /// that the request itself says, whatever a proxy forwards.
    pub(crate) fn is_own_page(&self, origin: &Origin, headers: &HeaderMap, uri: &Uri) -> bool {
        let host = sent_host(headers, uri);
        let is_own = |host: &str| origin.is_host(host) && is_loopback_host(host);
        self.page.is_some() && host.is_some_and(|host| is_own(host.as_str()))
    }
}
