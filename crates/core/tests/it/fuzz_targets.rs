//! What the fuzz targets hold, on every toolchain: their seeds, and bytes by chance. `make fuzz` tries more of
//! them.

#[path = "../../../../fuzz/src/wire/mod.rs"]
mod targets;

use std::path::{Path, PathBuf};

use chatkitd_protocol::chatkit::Request;
use proptest::collection::vec;
use proptest::prelude::*;

/// What fuzzing a target begins with. For requests: one for each operation.
fn seeds_of(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(target);
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

fn seeds() -> Vec<Vec<u8>> {
    seeds_of("request")
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

/// A file with some of its bytes changed, and as one kind or another.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let edits = vec((any::<prop::sample::Index>(), any::<u8>()), 0..6);
    (prop::sample::select(seeds_of("content_type")), any::<u8>(), edits, vec(any::<u8>(), 0..64)).prop_map(
        |(mut file, said, edits, rest)| {
            file[0] = said;
            for (at, byte) in edits {
                let at = at.index(file.len());
                file[at] = byte;
            }
            file.extend(rest);
            file
        },
    )
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
        file in prop_oneof![damaged(), vec(any::<u8>(), 0..256)],
    ) {
        targets::content_type(&file);
    }

    #[test]
    fn the_updates_of_a_widget_lead_to_what_it_became(recipe in vec(any::<u8>(), 0..256)) {
        targets::widget_diff(&recipe);
    }
}
