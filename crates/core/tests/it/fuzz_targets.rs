//! What the fuzz targets hold, on every toolchain: their seeds, and bytes by chance. `make fuzz` tries more of
//! them.

#[path = "../../../../fuzz/src/wire/mod.rs"]
mod targets;

use std::path::{Path, PathBuf};

use chatkitd_protocol::chatkit::Request;
use proptest::collection::vec;
use proptest::prelude::*;

/// The requests that fuzzing begins with, one for each operation.
fn seeds() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/request");
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

#[test]
fn each_seed_is_a_request_of_another_operation() {
    let mut operations: Vec<_> =
        seeds().iter().map(|seed| Request::parse(seed).unwrap().operation.name()).collect();
    operations.sort_unstable();
    operations.dedup();
    assert_eq!(operations.len(), 16);
    seeds().iter().for_each(|seed| targets::request(seed));
}

/// A change of a request: at a place, so many bytes become these.
fn edit() -> impl Strategy<Value = (prop::sample::Index, usize, Vec<u8>)> {
    let piece = prop_oneof![
        vec(any::<u8>(), 0..4),
        prop::sample::select(vec!["null", "{}", "[]", "\"\"", "0", "-1e999", "\\u0000", "\\ud800", "true"])
            .prop_map(|json| json.as_bytes().to_vec()),
    ];
    (any::<prop::sample::Index>(), 0usize..12, piece)
}

proptest! {
    #[test]
    fn a_request_that_was_tampered_with_is_refused_or_understood(
        seed in any::<prop::sample::Index>(),
        edits in vec(edit(), 1..6),
    ) {
        let mut body = seed.get(&seeds()).clone();
        for (at, length, piece) in edits {
            let at = at.index(body.len() + 1);
            let end = (at + length).min(body.len());
            body.splice(at..end, piece);
        }
        targets::request(&body);
    }

    #[test]
    fn a_file_is_what_its_content_says_or_nothing(
        announced in any::<u8>(),
        start in prop::sample::select(vec![
            &b""[..], b"%PDF-", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04[Content_Types].xmlword/", b"<svg", b"a,b",
        ]),
        rest in vec(any::<u8>(), 0..64),
    ) {
        targets::content_type(&[&[announced][..], start, &rest].concat());
    }

    #[test]
    fn the_updates_of_a_widget_lead_to_what_it_became(recipe in vec(any::<u8>(), 0..256)) {
        targets::widget_diff(&recipe);
    }
}
