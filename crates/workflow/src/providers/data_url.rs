//! Bytes within JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// `data:image/png;base64,…`
pub(super) fn data_url(mime_type: &str, content: &[u8]) -> String {
    format!("data:{mime_type};base64,{}", STANDARD.encode(content))
}
