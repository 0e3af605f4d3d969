//! What a file is, by its content.

use chatkitd_core::attachments::{AllowedTypes, HEAD_BYTES, MAX_NAME_BYTES, clean_name, said};

/// Among what a browser may say of a file; the last says nothing.
const SAID: [&str; 14] = [
    "application/pdf",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "text/plain",
    "TEXT/MARKDOWN; charset=utf-8",
    "text/csv",
    "application/json",
    "text/html",
    "image/svg+xml",
    "application/zip",
    "",
];

/// Any bytes, of which the first chooses what is said of the rest: what is taken is what was said, begins as files of
/// its kind do, and runs nowhere. Read as text they also are a name.
pub fn content_type(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let name = clean_name(&String::from_utf8_lossy(rest));
    assert!(!name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.contains(['/', '\\', '\0']));
    let head = &rest[..rest.len().min(HEAD_BYTES)];
    let said = said(SAID[usize::from(*choice) % SAID.len()], "file");
    let Some(told) = AllowedTypes::default().of_content(head, said) else { return };
    assert!(said.is_none_or(|said| said.eq_ignore_ascii_case(told)), "{said:?} was taken for {told}");
    assert!(begins_as(head, told), "this is no {told}");
    let only = AllowedTypes::new([told]).expect("what is taken is a type that can be");
    assert_eq!(only.of_content(head, said), Some(told));
    let others = AllowedTypes::new(SAID[..5].iter().copied().filter(|other| *other != told));
    assert_eq!(others.expect("they can be told").of_content(head, said), None);
}

/// As the formats' own documents say it.
fn begins_as(head: &[u8], kind: &str) -> bool {
    match kind {
        // Readers look for it in the first kilobyte.
        "application/pdf" => head[..head.len().min(1024)].windows(4).any(|start| start == b"%PDF"),
        "image/png" => head.starts_with(b"\x89PNG"),
        "image/jpeg" => head.starts_with(b"\xff\xd8\xff"),
        "image/gif" => head.starts_with(b"GIF"),
        "image/webp" => head.get(8..12) == Some(b"WEBP"),
        "text/plain" | "text/markdown" | "text/csv" | "application/json" => is_harmless_text(head),
        _ => head.starts_with(b"PK"),
    }
}

fn is_harmless_text(head: &[u8]) -> bool {
    let text = words(head).to_ascii_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_ascii_start();
    !text.contains('\0')
        && !["<!doctype", "<html", "<script", "<svg", "<?xml", "#!"]
            .iter()
            .any(|start| text.starts_with(start))
}

/// As an editor would show them, give or take letters that are not ASCII.
fn words(head: &[u8]) -> String {
    let units = |unit: fn([u8; 2]) -> u16| -> Vec<u16> {
        head.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect()
    };
    match head {
        [0xff, 0xfe, ..] => String::from_utf16_lossy(&units(u16::from_le_bytes)),
        [0xfe, 0xff, ..] => String::from_utf16_lossy(&units(u16::from_be_bytes)),
        _ => String::from_utf8_lossy(head).into_owned(),
    }
}
