//! Bytes within JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// `data:image/png;base64,…`
pub(super) fn data_url(mime_type: &str, content: &[u8]) -> String {
    format!("data:{mime_type};base64,{}", STANDARD.encode(content))
}

/// What such a URL has behind the comma; `None`: it is another address.
pub(super) fn base64_of(url: &str) -> Option<&str> {
    let (_, base64) = url.strip_prefix("data:")?.split_once(";base64,")?;
    Some(base64)
}
