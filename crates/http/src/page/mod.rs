//! The page at `/`: a chat with a guided demo, the snippet for one's own page, and what is configured and what is
//! not. Only where it is switched on, and then only under a loopback name.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{HeaderMap, Uri, header};
use serde::Serialize;

use crate::app::App;
use crate::error::ApiError;
use crate::public_base::sent_host;

const HTML: &str = include_str!("index.html");
const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const TOUR: &str = include_str!("page-tour.js");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What the page shows.
#[derive(Clone, Debug)]
pub struct Page {
    /// Whether names other than loopback ones may see it: only when an operator switched it on.
    pub public: bool,
    /// The state of the configuration.
    pub facts: Vec<Fact>,
}

/// One line of the page's table. Never holds a secret.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    /// What it is about, in words.
    pub name: String,
    /// How it stands, in words.
    pub value: String,
    /// How good that is.
    pub state: FactState,
}

/// How good a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FactState {
    /// As it should be.
    Ok,
    /// Not set; something does not work without it.
    Missing,
    /// Works, and should be changed before strangers come.
    Risky,
}

/// The page's routes; none where it is switched off.
pub(crate) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    if app.page.is_none() {
        return Router::new();
    }
    Router::new()
        .route("/", get(|| async { asset(HTML, "text/html; charset=utf-8") }))
        .route("/page.css", get(|| async { asset(STYLE, "text/css; charset=utf-8") }))
        .route("/page.js", get(|| async { asset(SCRIPT, "text/javascript; charset=utf-8") }))
        .route("/page-tour.js", get(|| async { asset(TOUR, "text/javascript; charset=utf-8") }))
        .route("/page.json", get(filling))
        .layer(middleware::from_fn_with_state(Arc::clone(app), only_here))
}

fn asset(text: &'static str, content_type: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, content_type), (header::CONTENT_SECURITY_POLICY, POLICY)], text)
}

/// What the page is filled with.
#[derive(Serialize)]
struct Filling {
    facts: Vec<Fact>,
    /// The widget; `null` in a build without it.
    element: Option<PinnedElement>,
}

/// The widget under the address that never changes what it holds.
#[derive(Serialize)]
struct PinnedElement {
    path: String,
    integrity: String,
}

async fn filling(State(app): State<Arc<App>>) -> Json<Filling> {
    let facts = app.page.as_ref().map(|page| page.facts.clone()).unwrap_or_default();
    let element = app.element.as_ref().map(|element| PinnedElement {
        path: element.versioned_path(),
        integrity: element.integrity.clone(),
    });
    Json(Filling { facts, element })
}

/// The page tells about the configuration, so strangers who come through a proxy or by a name of their
/// own that points here do not see it.
async fn only_here(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let public = app.page.as_ref().is_some_and(|page| page.public);
    if public || is_local(request.headers(), request.uri()) {
        next.run(request).await
    } else {
        ApiError::not_found("There is nothing at this address.").into_response()
    }
}

fn is_local(headers: &HeaderMap, uri: &Uri) -> bool {
    let proxied = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"]
        .iter()
        .any(|name| headers.contains_key(*name));
    !proxied && sent_host(headers, uri).is_some_and(|host| is_loopback_host(host.as_str()))
}

/// Whether a host, perhaps with a port, names this machine.
pub(crate) fn is_loopback_host(host: &str) -> bool {
    let name =
        host.rsplit_once(':').map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_names_are_local() {
        for host in ["localhost", "localhost:8787", "127.0.0.1:8787", "[::1]:8787", "[::1]"] {
            assert!(is_loopback_host(host), "{host}");
        }
        for host in ["localhost.evil.com", "127.0.0.1.evil.com:8787", "10.0.0.1", ""] {
            assert!(!is_loopback_host(host), "{host}");
        }
    }
}
