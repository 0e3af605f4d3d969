//! What the fuzz targets hold, on every toolchain: the golden streams, tampered with, and bytes by chance. `make
//! fuzz` tries more of them.

#[path = "../../../../fuzz/src/models.rs"]
mod targets;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::model_fixtures::{files, folder};

fn streams() -> Vec<Vec<u8>> {
    files(&folder(), ".sse").into_iter().map(|(_, stream)| stream).collect()
}

/// Lines of the golden streams in any order, with bytes by chance between them.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let lines: Vec<Vec<u8>> = streams()
        .iter()
        .flat_map(|stream| {
            stream.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>()
        })
        .filter(|line| line.starts_with(b"data:"))
        .collect();
    let line = prop_oneof![
        8 => prop::sample::select(lines).prop_map(|line| [line, b"\n".to_vec()].concat()),
        1 => vec(any::<u8>(), 0..8),
    ];
    (any::<u8>(), vec(line, 0..24)).prop_map(|(piece, lines)| [vec![piece], lines.concat()].concat())
}

/// A golden stream in which some bytes are others.
fn tampered() -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), 0usize..12, vec(any::<u8>(), 0..4));
    (prop::sample::select(streams()), any::<u8>(), vec(edit, 0..6)).prop_map(|(mut stream, piece, edits)| {
        for (at, length, bytes) in edits {
            let at = at.index(stream.len() + 1);
            let end = (at + length).min(stream.len());
            stream.splice(at..end, bytes);
        }
        stream.insert(0, piece);
        stream
    })
}

proptest! {
    #[test]
    fn events_do_not_depend_on_where_a_stream_is_cut(bytes in prop_oneof![tampered(), vec(any::<u8>(), 0..256)]) {
        targets::sse(&bytes);
    }

    #[test]
    fn an_answer_keeps_its_order_whatever_is_sent(bytes in prop_oneof![tampered(), lines()]) {
        targets::model_answer(&bytes);
    }
}
