//! `Content-Disposition` (RFC 6266): how a file is called when it is saved.

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 8187 lets stand as it is (`attr-char`).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Saves the content as `name`, and never shows it in place.
pub(super) fn attachment(name: &str) -> HeaderValue {
    let plain = |char: char| if is_plain(char) { char } else { '_' };
    // For clients that do not know `filename*`; those that do prefer it.
    let fallback: String = name.chars().map(plain).collect();
    let exact = utf8_percent_encode(name, ESCAPED);
    let value = format!("attachment; filename=\"{fallback}\"; filename*=UTF-8''{exact}");
    // Both are ASCII without control characters.
    HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("attachment"))
}

/// What means the same in a quoted string to everybody: some clients undo a percent sign there, too.
fn is_plain(char: char) -> bool {
    (char.is_ascii_graphic() || char == ' ') && !matches!(char, '"' | '\\' | '%' | '/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_whole_and_break_out_of_nothing() {
        for (name, expected) in [
            ("a.png", "attachment; filename=\"a.png\"; filename*=UTF-8''a.png"),
            ("\u{dc}ber 1.pdf", "attachment; filename=\"_ber 1.pdf\"; filename*=UTF-8''%C3%9Cber%201.pdf"),
            (
                "x\"; filename=y.html",
                "attachment; filename=\"x_; filename=y.html\"; filename*=UTF-8''x%22%3B%20filename%3Dy.html",
            ),
            (
                "a\r\nset-cookie: b",
                "attachment; filename=\"a__set-cookie: b\"; filename*=UTF-8''a%0D%0Aset-cookie%3A%20b",
            ),
            ("100%.txt'", "attachment; filename=\"100_.txt'\"; filename*=UTF-8''100%25.txt%27"),
            ("", "attachment; filename=\"\"; filename*=UTF-8''"),
        ] {
            assert_eq!(attachment(name), expected);
        }
    }

    #[test]
    fn whatever_a_name_is_made_of_it_is_a_header() {
        for name in ["\0", "\u{7f}", "\u{202e}gnp.exe", &"\u{1f600}".repeat(1024)] {
            assert!(attachment(name).to_str().unwrap().starts_with("attachment; filename=\""));
        }
    }
}
