//! An error in words, with every cause.

use std::error::Error;
use std::fmt::Write as _;

use crate::masking::masked;

/// The error and its causes, but for those whose words are part of another's. It may quote what was set, so what is
/// secret is masked.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let words = next.to_string();
        if !text.contains(&words) {
            let _ = write!(text, ": {words}");
        }
        cause = next.source();
    }
    masked(&text)
}
