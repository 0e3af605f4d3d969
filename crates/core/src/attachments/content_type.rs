//! What a file is, by its content. What a browser says of it is a guess at best and a lie at worst.

use std::collections::BTreeSet;

/// How much of a file's beginning tells what it is.
pub const HEAD_BYTES: usize = 8 * 1024;

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

/// Kinds that have no signature: any text could be one, so what was announced decides among them.
const TEXTS: [&str; 4] = ["text/plain", "text/markdown", "text/csv", "application/json"];
/// Everything that can be told. Nothing that runs in a browser is among it: no HTML, no SVG.
const KNOWN: [&str; 12] = [
    "application/pdf",
    "image/png",
    "image/jpeg",
    "image/gif",
    "image/webp",
    DOCX,
    XLSX,
    PPTX,
    TEXTS[0],
    TEXTS[1],
    TEXTS[2],
    TEXTS[3],
];

/// The media types that a site takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedTypes(BTreeSet<&'static str>);

/// A type that this server cannot tell by its content, and therefore never takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no type that can be told by its content; write some of {known}", known = KNOWN.join(", "))]
pub struct UnknownType(pub String);

impl Default for AllowedTypes {
    /// All that can be told.
    fn default() -> Self {
        Self(KNOWN.into())
    }
}

impl AllowedTypes {
    /// These only.
    pub fn new<'a>(types: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownType> {
        let known = |name: &str| KNOWN.into_iter().find(|known| *known == name);
        let types = types.into_iter().map(|name| known(name).ok_or_else(|| UnknownType(name.to_owned())));
        types.collect::<Result<_, _>>().map(Self)
    }

    /// The type under which a file that was announced as `announced` is taken, before its content is there.
    pub fn announced(&self, announced: &str) -> Option<&'static str> {
        let name = essence(announced);
        self.0.iter().copied().find(|allowed| allowed.eq_ignore_ascii_case(name))
    }

    /// The type of a file that begins with `head`, if it is taken and is what it was announced as.
    /// `announced`: `None` where nothing was (or `application/octet-stream`, which says nothing).
    pub fn of_content(&self, head: &[u8], announced: Option<&str>) -> Option<&'static str> {
        let announced =
            announced.map(essence).filter(|name| *name != "application/octet-stream" && !name.is_empty());
        let told = content_type(head, announced)?;
        let agrees = announced.is_none_or(|announced| announced.eq_ignore_ascii_case(told));
        self.0.get(told).copied().filter(|_| agrees)
    }
}

/// Whether it can be shown as a picture.
pub fn is_image(mime_type: &str) -> bool {
    mime_type.starts_with("image/")
}

fn essence(mime_type: &str) -> &str {
    mime_type.split(';').next().unwrap_or_default().trim()
}

/// What the content is. `None`: something that is not taken.
fn content_type(head: &[u8], announced: Option<&str>) -> Option<&'static str> {
    match infer::get(head).map(|kind| kind.mime_type()) {
        Some("application/zip") => office_document(head),
        // A document's own signature comes later in the archive than `infer` may look.
        Some(told) => KNOWN.into_iter().find(|known| *known == told && !TEXTS.contains(known)),
        None if is_text(head) => {
            let announced = announced.unwrap_or(TEXTS[0]);
            TEXTS.into_iter().find(|text| text.eq_ignore_ascii_case(announced))
        }
        None => None,
    }
}

/// Office documents are ZIP archives whose entries' names say which: the names stand in the clear, and nothing
/// is unpacked.
fn office_document(head: &[u8]) -> Option<&'static str> {
    let holds = |name: &[u8]| memchr::memmem::find(head, name).is_some();
    if !holds(b"[Content_Types].xml") {
        return None;
    }
    [(&b"word/"[..], DOCX), (b"xl/", XLSX), (b"ppt/", PPTX)]
        .into_iter()
        .find(|(name, _)| holds(name))
        .map(|(_, kind)| kind)
}

/// UTF-8 without control characters that no text has, and without the beginnings of what a browser would run.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The head may end in the middle of a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let harmless = |char: char| !char.is_control() || matches!(char, '\n' | '\r' | '\t' | '\u{c}');
    text.chars().all(harmless) && !runs_in_browsers(text)
}

fn runs_in_browsers(text: &str) -> bool {
    let start = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t']).to_ascii_lowercase();
    ["<!doctype html", "<html", "<script", "<svg", "<?xml"].iter().any(|tag| start.starts_with(tag))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    fn told(head: &[u8], announced: &str) -> Option<&'static str> {
        AllowedTypes::default().of_content(head, Some(announced))
    }

    #[test]
    fn the_content_must_be_what_was_announced() {
        assert_eq!(told(PNG, "image/png"), Some("image/png"));
        assert_eq!(told(PNG, "application/octet-stream"), Some("image/png"));
        assert_eq!(told(PNG, "image/jpeg"), None);
        assert_eq!(told(b"MZ\x90\0\x03\0\0\0", "image/png"), None);
        assert_eq!(told(b"%PDF-1.7\n", "application/pdf"), Some("application/pdf"));
    }

    #[test]
    fn texts_are_texts_and_nothing_that_runs() {
        assert_eq!(told(b"a,b\n1,2\n", "text/csv; charset=utf-8"), Some("text/csv"));
        assert_eq!(told("grüße".as_bytes(), "text/plain"), Some("text/plain"));
        assert_eq!(told(&"ü".as_bytes()[..1], "text/plain"), Some("text/plain"), "cut in a character");
        for (head, announced) in [
            (&b"<svg onload=alert(1)>"[..], "image/svg+xml"),
            (b"<svg onload=alert(1)>", "text/plain"),
            (b"\xef\xbb\xbf <!DOCTYPE HTML>", "text/plain"),
            (b"a\0b", "text/plain"),
            (b"\xff\xfe\xfd", "text/plain"),
            (b"alert(1)", "text/javascript"),
        ] {
            assert_eq!(told(head, announced), None, "{announced}");
        }
    }

    #[test]
    fn office_documents_are_told_from_other_archives() {
        let archive =
            |name: &str| [&b"PK\x03\x04............[Content_Types].xml......"[..], name.as_bytes()].concat();
        assert_eq!(told(&archive("xl/workbook.xml"), XLSX), Some(XLSX));
        assert_eq!(told(&archive("xl/workbook.xml"), DOCX), None);
        assert_eq!(told(b"PK\x03\x04 bomb", "application/zip"), None);
    }

    #[test]
    fn a_site_may_take_less_and_never_what_cannot_be_told() {
        let only_pdf = AllowedTypes::new(["application/pdf"]).unwrap();
        assert_eq!(only_pdf.of_content(PNG, Some("image/png")), None);
        assert_eq!(only_pdf.announced("image/png"), None);
        assert_eq!(
            AllowedTypes::new(["image/svg+xml"]).unwrap_err(),
            UnknownType("image/svg+xml".to_owned())
        );
    }

    proptest! {
        #[test]
        fn no_content_becomes_a_type_that_is_not_taken(head in any::<Vec<u8>>(), announced in "[a-z]{1,12}/[a-z+.-]{1,20}") {
            if let Some(told) = told(&head, &announced) {
                prop_assert!(KNOWN.contains(&told) && told == announced);
            }
        }
    }
}
