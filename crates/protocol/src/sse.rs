//! Frames of a `text/event-stream`.

use std::io::Write;

use serde::Serialize;

/// A comment: keeps a silent stream open, and is no event.
pub const HEARTBEAT: &[u8] = b": \n\n";

/// A comment with words for whoever reads the wire; it has to be one line.
pub fn comment(words: &str) -> Vec<u8> {
    format!(": {}\n\n", words.replace(['\n', '\r'], " ")).into_bytes()
}

/// One event as a frame: `id: N` where it has a number (design 4.8), then `data: {json}` and an empty line.
///
/// # Errors
/// When `event` cannot be written as JSON, as a map with keys that are not texts. The types of
/// [`chatkit`](crate::chatkit) always can.
pub fn event(id: Option<u64>, event: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut frame = Vec::with_capacity(256);
    write_head(&mut frame, id);
    serde_json::to_writer(&mut frame, event)?;
    frame.extend_from_slice(b"\n\n");
    Ok(frame)
}

/// The same of an event that is JSON already. Line breaks between its tokens become spaces, so that it is one line;
/// within texts JSON has none.
pub fn frame(id: Option<u64>, json: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    write_frame(&mut frame, id, json);
    frame
}

/// [`frame`] at the end of what is in `out`.
pub fn write_frame(out: &mut Vec<u8>, id: Option<u64>, json: &[u8]) {
    out.reserve(json.len() + 40);
    write_head(out, id);
    let start = out.len();
    out.extend_from_slice(json);
    for byte in out.iter_mut().skip(start).filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
    out.extend_from_slice(b"\n\n");
}

/// All of a frame before its JSON.
fn write_head(out: &mut Vec<u8>, id: Option<u64>) {
    if let Some(id) = id {
        // Writing into a `Vec` cannot fail.
        _ = writeln!(out, "id: {id}");
    }
    out.extend_from_slice(b"data: ");
}
