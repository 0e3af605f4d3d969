//! The widget's bundle, as it was found in `web/element/dist` when this binary was compiled.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use chatkitd_http::element::{Element, ElementFile};
use rust_embed::Embed;
use serde::Deserialize;

const ASSETS: &str = "assets/";

/// Embedded in debug builds too: a server that is under test keeps the widget that it was built with.
#[derive(Embed)]
#[folder = "../../web/element/dist"]
#[allow_missing = true]
struct Bundle;

/// What the widget's build says of it.
#[derive(Deserialize)]
struct Manifest {
    version: String,
    integrity: String,
}

/// The widget, or `None` in a build that was made without it.
pub(crate) fn embedded() -> Option<Arc<Element>> {
    let manifest: Manifest = serde_json::from_slice(&Bundle::get("manifest.json")?.data).ok()?;
    let paths = Bundle::iter().filter(|path| path.starts_with(ASSETS) && !path.ends_with(".gz"));
    let assets = paths.filter_map(|path| Some((path.strip_prefix(ASSETS)?.to_owned(), file(&path)?)));
    Some(Arc::new(Element {
        version: manifest.version,
        integrity: manifest.integrity,
        script: file("chatkit.js")?,
        assets: assets.collect::<BTreeMap<_, _>>(),
    }))
}

fn file(path: &str) -> Option<ElementFile> {
    Some(ElementFile {
        content_type: content_type(path),
        plain: bytes(Bundle::get(path)?.data),
        gzip: Bundle::get(&format!("{path}.gz")).map(|packed| bytes(packed.data)),
    })
}

fn bytes(content: Cow<'static, [u8]>) -> Bytes {
    match content {
        Cow::Borrowed(content) => Bytes::from_static(content),
        Cow::Owned(content) => Bytes::from(content),
    }
}

/// The kinds of files that the widget's build writes.
fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("woff2") => "font/woff2",
        _ => "text/plain; charset=utf-8",
    }
}
