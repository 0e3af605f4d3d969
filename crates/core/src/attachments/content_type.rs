//! What a file is, by its content. What a browser says of it is a guess at best and a lie at worst.

use std::sync::Arc;

use super::office::office_document;
use super::text::text_of;

/// How much of a file's beginning tells what it is.
pub const HEAD_BYTES: usize = 8 * 1024;

const PDF: &str = "application/pdf";
pub(super) const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
pub(super) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
pub(super) const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

/// Kinds that have no signature: any text could be one, so what was announced decides among them.
const TEXTS: [&str; 4] = ["text/plain", "text/markdown", "text/csv", "application/json"];
/// Everything that can be told, and how names of it end. Nothing that runs in a browser is among it: no HTML, no
/// SVG.
const KNOWN: [(&str, &[&str]); 12] = [
    (PDF, &["pdf"]),
    ("image/png", &["png"]),
    ("image/jpeg", &["jpg", "jpeg"]),
    ("image/gif", &["gif"]),
    ("image/webp", &["webp"]),
    (DOCX, &["docx"]),
    (XLSX, &["xlsx"]),
    (PPTX, &["pptx"]),
    (TEXTS[0], &["txt"]),
    (TEXTS[1], &["md", "markdown"]),
    (TEXTS[2], &["csv"]),
    (TEXTS[3], &["json"]),
];
/// Other names for some of them, under which browsers and systems announce files.
const ALIASES: [(&str, &str); 8] = [
    ("image/jpg", "image/jpeg"),
    ("image/pjpeg", "image/jpeg"),
    ("image/x-png", "image/png"),
    ("application/x-pdf", PDF),
    ("text/x-markdown", TEXTS[1]),
    ("application/csv", TEXTS[2]),
    ("text/x-csv", TEXTS[2]),
    ("text/json", TEXTS[3]),
];
/// What Windows calls a CSV file, too, where Excel opens it.
const EXCEL: &str = "application/vnd.ms-excel";
/// What a browser says of a file that it knows nothing of.
pub const ANYTHING: &str = "application/octet-stream";

/// The media types that a site takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedTypes(Arc<[&'static str]>);

/// A type that this server cannot tell by its content, and therefore never takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no type that can be told by its content; write some of {known}", known = KNOWN.map(|(name, _)| name).join(", "))]
pub struct UnknownType(pub String);

impl Default for AllowedTypes {
    /// All that can be told.
    fn default() -> Self {
        Self(KNOWN.into_iter().map(|(name, _)| name).collect())
    }
}

impl AllowedTypes {
    /// These only.
    pub fn new<'a>(types: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownType> {
        let types = types.into_iter().map(|name| known(name).ok_or_else(|| UnknownType(name.to_owned())));
        types.collect::<Result<_, _>>().map(Self)
    }

    /// The type under which a file is taken, before its content is there. [`ANYTHING`]: the content will tell.
    pub fn announced(&self, mime_type: &str, name: &str) -> Option<&'static str> {
        said(mime_type, name).map_or(Some(ANYTHING), |said| self.get(said))
    }

    /// The type of a file that begins with `head`, if it is taken and is what was said of it ([`said`]).
    pub fn of_content(&self, head: &[u8], said: Option<&str>) -> Option<&'static str> {
        let told = content_type(head, said)?;
        let agrees = said.is_none_or(|said| said.eq_ignore_ascii_case(told));
        self.get(told).filter(|_| agrees)
    }

    fn get(&self, name: &str) -> Option<&'static str> {
        self.0.iter().copied().find(|allowed| allowed.eq_ignore_ascii_case(name))
    }
}

/// The type that a file is said to be of: what was announced, without parameters and by its usual name; where that
/// says nothing (many systems have no type for Markdown, say), what its name says.
pub fn said<'a>(mime_type: &'a str, name: &str) -> Option<&'a str> {
    let essence = mime_type.split(';').next().unwrap_or_default().trim();
    if !essence.is_empty() && !essence.eq_ignore_ascii_case(ANYTHING) {
        return Some(usual(essence, name));
    }
    by_name(name)
}

fn usual<'a>(essence: &'a str, name: &str) -> &'a str {
    if essence.eq_ignore_ascii_case(EXCEL) && by_name(name) == Some(TEXTS[2]) {
        return TEXTS[2];
    }
    let alias = ALIASES.into_iter().find(|(alias, _)| alias.eq_ignore_ascii_case(essence));
    alias.map_or(essence, |(_, usual)| usual)
}

fn by_name(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    let is_ending = |endings: &[&str]| endings.iter().any(|known| known.eq_ignore_ascii_case(ending));
    KNOWN.into_iter().find(|(_, endings)| is_ending(endings)).map(|(name, _)| name)
}

/// Whether it can be shown as a picture.
pub(super) fn is_image(mime_type: &str) -> bool {
    mime_type.starts_with("image/")
}

fn known(name: &str) -> Option<&'static str> {
    KNOWN.into_iter().map(|(known, _)| known).find(|known| *known == name)
}

/// What the content is. `None`: something that is not taken.
fn content_type(head: &[u8], said: Option<&str>) -> Option<&'static str> {
    // A text may well begin as another format does, such as a bitmap's `BM`.
    if let Some(text) =
        TEXTS.into_iter().find(|text| said.is_some_and(|said| said.eq_ignore_ascii_case(text)))
    {
        return is_text(head).then_some(text);
    }
    if infer::archive::is_zip(head) {
        return office_document(head);
    }
    if is_pdf(head) {
        return Some(PDF);
    }
    let told = infer::get(head).and_then(|kind| known(kind.mime_type()));
    told.or_else(|| is_text(head).then_some(TEXTS[0]))
}

/// Some programs write a mark of UTF-8 or blank lines first, and readers do not mind.
fn is_pdf(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.trim_ascii_start().starts_with(b"%PDF-")
}

/// Words without control characters that no text has (logs have colours, which begin with an escape), and without
/// the beginnings of what a browser would run.
fn is_text(head: &[u8]) -> bool {
    let harmless = |char: char| !char.is_control() || matches!(char, '\n' | '\r' | '\t' | '\u{c}' | '\u{1b}');
    text_of(head).is_some_and(|text| text.chars().all(harmless) && !runs(&text))
}

/// Whether it is a document of a kind that is never taken, whatever it was announced as. Markdown may well begin
/// with a tag such as `<p align="center">`, and a note with the first line of a shell script: as a text it runs
/// nowhere.
fn runs(text: &str) -> bool {
    const STARTS: [&str; 8] = ["<!doctype", "<html", "<head", "<body", "<script", "<iframe", "<svg", "<?"];
    let text = text.trim_start_matches(['\u{feff}', ' ', '\n', '\r', '\t', '\u{c}']);
    let starts_with =
        |start: &str| text.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    STARTS.into_iter().any(starts_with)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

    fn told(head: &[u8], announced: &str) -> Option<&'static str> {
        AllowedTypes::default().of_content(head, said(announced, "file"))
    }

    #[test]
    fn the_content_must_be_what_was_announced() {
        assert_eq!(told(PNG, "image/png"), Some("image/png"));
        assert_eq!(told(PNG, "application/octet-stream"), Some("image/png"));
        assert_eq!(told(PNG, "image/jpeg"), None);
        assert_eq!(told(b"MZ\x90\0\x03\0\0\0", "image/png"), None);
        for pdf in [&b"%PDF-1.7\n"[..], b"\xef\xbb\xbf%PDF-1.7\n", b"\r\n\n %PDF-1.4\n"] {
            assert_eq!(told(pdf, "application/pdf"), Some("application/pdf"));
            assert_eq!(told(pdf, ""), Some("application/pdf"));
        }
    }

    #[test]
    fn texts_are_texts_and_nothing_that_runs() {
        assert_eq!(told(b"a,b\n1,2\n", "text/csv; charset=utf-8"), Some("text/csv"));
        assert_eq!(told("grüße".as_bytes(), "text/plain"), Some("text/plain"));
        assert_eq!(told(b"Preis;5 \x80\r\nGr\xfc\xdfe", "text/csv"), Some("text/csv"), "as Excel writes it");
        assert_eq!(told(b"\xff\xfeH\0i\0", "text/plain"), Some("text/plain"), "as Notepad calls Unicode");
        assert_eq!(told(&"ü".as_bytes()[..1], "text/plain"), Some("text/plain"), "cut in a character");
        for (head, announced) in [
            (&b"<svg onload=alert(1)>"[..], "image/svg+xml"),
            (b"<svg onload=alert(1)>", "text/plain"),
            (b"\xef\xbb\xbf <!DOCTYPE HTML>", "text/plain"),
            (b"#!/bin/sh\nrm -r ~", "application/x-sh"),
            (b"\x1b[31m<html>\x08", "text/plain"),
            (b"\n<html>%PDF-1.7\n", "application/pdf"),
            (b"<p>", "text/html"),
            (b"a\0b", "text/plain"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "text/plain"),
            (b"\xff\xfe<\0s\0v\0g\0>\0", "text/plain"),
            (b"\xff\xfe\xfd", "text/plain"),
            (b"alert(1)", "text/javascript"),
        ] {
            assert_eq!(told(head, announced), None, "{announced}");
        }
    }

    #[test]
    fn a_text_may_begin_as_something_else_does() {
        assert_eq!(told(b"BMW sold more cars.", "text/plain"), Some("text/plain"));
        assert_eq!(told(b"#!/bin/sh\nmake", "text/plain"), Some("text/plain"));
        assert_eq!(told(b"\x1b[31merror\x1b[0m: no such file", "text/plain"), Some("text/plain"));
        assert_eq!(told(b"<p align=\"center\"><b>chatkitd</b></p>", "text/markdown"), Some("text/markdown"));
        assert_eq!(told(b"%PDF-1.7\n", "text/markdown"), Some("text/markdown"));
    }

    #[test]
    fn office_documents_are_told_from_other_archives() {
        let sheet = b"PK\x03\x04......................\x0f\0\0\0xl/workbook.xml";
        assert_eq!(told(sheet, XLSX), Some(XLSX));
        assert_eq!(told(sheet, DOCX), None);
        assert_eq!(told(b"PK\x03\x04 bomb", "application/zip"), None);
        assert_eq!(told(b"PK\x03\x04 bomb", DOCX), None);
    }

    #[test]
    fn where_a_browser_knows_no_type_the_name_says_it() {
        for (mime_type, name, expected) in [
            ("", "README.MD", Some("text/markdown")),
            ("application/octet-stream", "a.b.csv", Some("text/csv")),
            ("text/plain; charset=utf-8", "notes.md", Some("text/plain")),
            ("", "script.js", None),
            ("", "png", None),
        ] {
            assert_eq!(said(mime_type, name), expected, "{name}");
        }
        let all = AllowedTypes::default();
        assert_eq!(all.announced("", "notes.md"), Some("text/markdown"));
        assert_eq!(all.announced("IMAGE/PNG", "a.jpg"), Some("image/png"));
        assert_eq!(all.announced("image/svg+xml", "a.png"), None);
        assert_eq!(all.announced("", "script.js"), Some(ANYTHING));
    }

    #[test]
    fn a_type_may_have_other_names() {
        for (mime_type, name, expected) in [
            ("image/jpg", "a.jpg", Some("image/jpeg")),
            ("IMAGE/PJPEG; q=1", "a", Some("image/jpeg")),
            ("image/x-png", "a.png", Some("image/png")),
            ("application/x-pdf", "a.pdf", Some("application/pdf")),
            ("text/x-markdown", "a.md", Some("text/markdown")),
            ("text/json", "a.json", Some("application/json")),
            ("application/vnd.ms-excel", "Prices.CSV", Some("text/csv")),
            ("application/vnd.ms-excel", "prices.xls", None),
        ] {
            assert_eq!(AllowedTypes::default().announced(mime_type, name), expected, "{mime_type}");
        }
        assert_eq!(told(b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpg"), Some("image/jpeg"));
        assert_eq!(told(PNG, "image/jpg"), None);
    }

    #[test]
    fn a_site_may_take_less_and_never_what_cannot_be_told() {
        let only_pdf = AllowedTypes::new(["application/pdf"]).unwrap();
        assert_eq!(only_pdf.of_content(PNG, Some("image/png")), None);
        assert_eq!(only_pdf.announced("image/png", "a.png"), None);
        assert_eq!(
            AllowedTypes::new(["image/svg+xml"]).unwrap_err(),
            UnknownType("image/svg+xml".to_owned())
        );
    }
}
