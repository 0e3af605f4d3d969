//! Frames of a `text/event-stream`.

/// A comment, which keeps a silent stream open and is no event, with words for whoever reads the wire; breaks in them
/// become spaces.
pub fn comment(words: &str) -> Vec<u8> {
    format!(": {}\n\n", words.replace(['\n', '\r'], " ")).into_bytes()
}

/// Appends an event as a frame: `id: N` where it has a number (design 4.8), then `data: {json}` and an empty line. The
/// JSON has to be one line, as `serde_json` writes it.
pub fn write_line(out: &mut Vec<u8>, id: Option<u64>, json: &[u8]) {
    write_with(out, id, |out| out.extend_from_slice(json));
}

/// The same with JSON that is written straight to its place.
pub fn write_with(out: &mut Vec<u8>, id: Option<u64>, json: impl FnOnce(&mut Vec<u8>)) {
    if let Some(id) = id {
        out.extend_from_slice(b"id: ");
        // Faster than `write!`, and writing a number into a `Vec` cannot fail.
        _ = serde_json::to_writer(&mut *out, &id);
        out.push(b'\n');
    }
    out.extend_from_slice(b"data: ");
    json(out);
    out.extend_from_slice(b"\n\n");
}
