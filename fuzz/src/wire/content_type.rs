//! What a file is, by its content.

use chatkitd_core::attachments::{AllowedTypes, HEAD_BYTES, clean_name};

/// What may be announced, and nothing.
const ANNOUNCED: [Option<&str>; 8] = [
    None,
    Some("application/octet-stream"),
    Some("image/png"),
    Some("text/plain; charset=utf-8"),
    Some("APPLICATION/PDF"),
    Some("image/svg+xml"),
    Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    Some("text/html"),
];

/// Any bytes, announced as the first of them says: whatever they are taken for was announced, is taken by the site,
/// and runs in no browser. Read as text they also are a name.
pub fn content_type(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let head = &rest[..rest.len().min(HEAD_BYTES)];
    let announced = ANNOUNCED[usize::from(*first) % ANNOUNCED.len()];
    let all = AllowedTypes::default();
    if let Some(told) = all.of_content(head, announced) {
        assert!(!told.contains("html") && !told.contains("svg") && !told.contains("script"));
        let says_something = announced.filter(|name| *name != "application/octet-stream");
        assert!(says_something.is_none_or(|name| name.to_ascii_lowercase().starts_with(told)), "{told}");
        let only = AllowedTypes::new([told]).expect("what is taken can be named");
        assert_eq!(only.of_content(head, announced), Some(told));
    }
    let name = clean_name(&String::from_utf8_lossy(rest));
    assert!(!name.is_empty() && name.len() <= 255 && !name.contains(['/', '\\', '\0']));
}
