//! The widget: `<openai-chatkit>` as one script, and the files that it loads when it needs them.
//!
//! `/chatkit.js` is the newest; a page that wants to be sure of what it runs loads `/chatkit@<version>.js` with its
//! integrity hash. Any page may load them: they hold nothing of anybody's.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::app::App;
use crate::error::{ApiError, ErrorBody, SettledCors};

const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A bundle of the widget, as `web/element` builds it.
#[derive(Debug)]
pub struct Element {
    /// Names the content: the release and a digest of its sources.
    pub version: String,
    /// `sha384-…` of the script.
    pub integrity: String,
    /// The script.
    pub script: ElementFile,
    /// What the script loads when it needs it, by path.
    pub assets: BTreeMap<String, ElementFile>,
}

impl Element {
    /// Where the script of this version is, and will stay the same.
    #[must_use]
    pub fn versioned_path(&self) -> String {
        format!("/chatkit@{}.js", self.version)
    }
}

/// One file of the bundle.
#[derive(Clone, Debug)]
pub struct ElementFile {
    /// Its media type.
    pub content_type: &'static str,
    /// As it is.
    pub plain: Bytes,
    /// The same, packed with gzip, where that is smaller.
    pub gzip: Option<Bytes>,
}

/// The widget's routes.
pub(crate) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    let Some(element) = app.element.clone() else {
        return Router::new().route("/chatkit.js", get(|| async { not_built() }));
    };
    let assets = format!("/chatkit-assets@{}/{{*path}}", element.version);
    Router::new()
        .route("/chatkit.js", get(newest))
        .route(&element.versioned_path(), get(this_version))
        .route(&assets, get(asset))
}

/// The newest script of the widget.
#[utoipa::path(
    get,
    path = "/chatkit.js",
    tag = "widget",
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` of the script that is there already")),
    responses(
        (status = 200, description = "The script", body = String, content_type = "text/javascript"),
        (status = 304, description = "The script that is there already")
    )
)]
pub(crate) async fn newest(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, ApiError> {
    let element = app.element.as_ref().ok_or_else(ApiError::internal)?;
    // Weak: packed and plain share it.
    let tag = format!("W/\"{}\"", element.version);
    let mut response = if has_already(&headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        send(&element.script, &headers)
    };
    let tag = HeaderValue::from_str(&tag).map_err(|_| ApiError::internal())?;
    response.headers_mut().insert(header::ETAG, tag);
    Ok(open_to_all(response, "no-cache"))
}

/// Whether what is there already has this tag, by weak comparison (RFC 9110, 13.1.2).
fn has_already(asked: &HeaderMap, tag: &str) -> bool {
    let opaque = |tag| str::trim_start_matches(tag, "W/");
    let there = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut there = there.flat_map(|tags| tags.split(',')).map(str::trim);
    there.any(|one| one == "*" || opaque(one) == opaque(tag))
}

/// The script of one version of the widget, which goes with an integrity hash. There is the version of this server only.
#[utoipa::path(
    get,
    path = "/chatkit@{version}.js",
    tag = "widget",
    params(("version" = String, Path, description = "As in the address that the page at `/` shows under \"This version only\"")),
    responses(
        (status = 200, description = "The script", body = String, content_type = "text/javascript"),
        (status = 404, description = "Another version", body = ErrorBody)
    )
)]
pub(crate) async fn this_version(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let element = app.element.as_ref().ok_or_else(ApiError::internal)?;
    Ok(open_to_all(send(&element.script, &headers), FOR_EVER))
}

/// A file that the script loads when it needs it: a language, a font, a part of the script.
#[utoipa::path(
    get,
    path = "/chatkit-assets@{version}/{path}",
    tag = "widget",
    params(
        ("version" = String, Path, description = "As in the script's address"),
        ("path" = String, Path, description = "The file; may have slashes in it")
    ),
    responses(
        (status = 200, description = "The file", content(
            (String = "text/javascript"),
            (Object = "application/json"),
            (Vec<u8> = "font/woff2")
        )),
        (status = 404, description = "Another version, or no such file", body = ErrorBody)
    )
)]
pub(crate) async fn asset(
    State(app): State<Arc<App>>,
    Path(path): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let file = app.element.as_ref().and_then(|element| element.assets.get(&path));
    let file = file.ok_or_else(|| ApiError::not_found("There is no such file of the widget."))?;
    Ok(open_to_all(send(file, &headers), FOR_EVER))
}

fn send(file: &ElementFile, asked: &HeaderMap) -> Response {
    let packed = file.gzip.as_ref().filter(|_| accepts_gzip(asked));
    let mut response = packed.unwrap_or(&file.plain).clone().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    if packed.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

/// Whether it is named without being refused by `q=0` (RFC 9110, 12.5.3).
fn accepts_gzip(asked: &HeaderMap) -> bool {
    let accepted = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|codings| codings.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().trim_start_matches(['q', 'Q']).trim_start_matches('=');
        name.trim().eq_ignore_ascii_case("gzip") && weight.parse::<f32>().is_ok_and(|weight| weight > 0.0)
    })
}

fn open_to_all(mut response: Response, caching: &'static str) -> Response {
    response.extensions_mut().insert(SettledCors::OpenToAll);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    response
}

/// Says so where whoever looks will look: in the console of the page.
fn not_built() -> Response {
    let words = "console.error('This chatkitd was built without the widget. Run make in its folder, which builds it.');\n";
    let file = ElementFile {
        content_type: "text/javascript; charset=utf-8",
        plain: Bytes::from_static(words.as_bytes()),
        gzip: None,
    };
    open_to_all(send(&file, &HeaderMap::new()), "no-store")
}
