//! Office documents: ZIP archives whose entries' names say which. The names stand in the clear, and nothing is
//! unpacked.

use super::content_type::{DOCX, PPTX, XLSX};

/// The folder of what makes a document that kind.
const KINDS: [(&[u8], &str); 3] = [(b"word/", DOCX), (b"xl/", XLSX), (b"ppt/", PPTX)];
/// What any package of the Open Packaging Conventions may have before that. Each program has an order of its own:
/// Word begins with the content types, LibreOffice with the relations, and openpyxl with the properties.
const PACKAGE: [&[u8]; 5] = [b"[Content_Types].xml", b"_rels/", b"docProps/", b"docMetadata/", b"customXml/"];

const ENTRY: &[u8] = b"PK\x03\x04";
/// In an entry's head: where the length of its name stands, and the name.
const NAME_LENGTH: usize = 26;
const NAME: usize = 30;

/// Which kind of document an archive is that begins with `head`. `None`: another archive.
pub(super) fn office_document(head: &[u8]) -> Option<&'static str> {
    for name in entry_names(head) {
        if let Some((_, kind)) = KINDS.into_iter().find(|(folder, _)| name.starts_with(folder)) {
            return Some(kind);
        }
        if !PACKAGE.into_iter().any(|part| name.starts_with(part)) {
            return None;
        }
    }
    None
}

/// How long an entry is need not stand before it, so the next one is looked for.
fn entry_names(head: &[u8]) -> impl Iterator<Item = &[u8]> {
    memchr::memmem::find_iter(head, ENTRY).map_while(|at| {
        let entry = &head[at..];
        let length = entry.get(NAME_LENGTH..NAME_LENGTH + 2)?;
        let length = usize::from(u16::from_le_bytes([length[0], length[1]]));
        entry.get(NAME..NAME + length)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(names: &[&str]) -> Vec<u8> {
        names.iter().flat_map(|name| entry(name)).collect()
    }

    fn entry(name: &str) -> Vec<u8> {
        let mut entry = ENTRY.to_vec();
        entry.resize(NAME, 0);
        entry[NAME_LENGTH] = u8::try_from(name.len()).unwrap();
        entry.extend_from_slice(name.as_bytes());
        entry.extend_from_slice(b"packed content");
        entry
    }

    #[test]
    fn a_document_is_told_whichever_program_wrote_it() {
        for (names, kind) in [
            (&["[Content_Types].xml", "_rels/.rels", "word/document.xml"][..], DOCX),
            (&["_rels/.rels", "docProps/core.xml", "docProps/app.xml", "word/_rels/document.xml.rels"], DOCX),
            (&["docProps/app.xml", "docProps/core.xml", "docProps/custom.xml", "xl/theme/theme1.xml"], XLSX),
            (&["ppt/theme/theme1.xml", "[Content_Types].xml"], PPTX),
        ] {
            assert_eq!(office_document(&archive(names)), Some(kind), "{names:?}");
        }
    }

    #[test]
    fn another_archive_is_none() {
        for names in [
            &["bomb"][..],
            &["META-INF/MANIFEST.MF", "word/document.xml"],
            &["mimetype", "content.xml"],
            &["[Content_Types].xml", "evil.exe", "word/document.xml"],
            &["notes.txt", "[Content_Types].xml word/"],
            &[],
        ] {
            assert_eq!(office_document(&archive(names)), None, "{names:?}");
        }
        let cut = archive(&["[Content_Types].xml", "word/document.xml"]);
        assert_eq!(office_document(&cut[..NAME + 10]), None);
    }
}
