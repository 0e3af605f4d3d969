//! Frames of a `text/event-stream`.

use std::io::Write;

use serde::Serialize;

/// A comment: keeps a silent stream open, and is no event.
pub const HEARTBEAT: &[u8] = b": \n\n";

/// One event as a frame: `id: N` where it has a number (design 4.8), then `data: {json}` and an empty line.
///
/// # Errors
/// When `event` cannot be written as JSON, as a map with keys that are not texts. The types of
/// [`chatkit`](crate::chatkit) always can.
pub fn event(id: Option<u64>, event: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut frame = begin(id, 256);
    serde_json::to_writer(&mut frame, event)?;
    frame.extend_from_slice(b"\n\n");
    Ok(frame)
}

/// The same of an event that is JSON already. Line breaks between its tokens become spaces, so that it is one line;
/// within texts JSON has none.
pub fn frame(id: Option<u64>, json: &[u8]) -> Vec<u8> {
    let mut frame = begin(id, json.len());
    frame.extend(json.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }));
    frame.extend_from_slice(b"\n\n");
    frame
}

/// All of a frame before its JSON, in a buffer that has room for `length` more bytes.
fn begin(id: Option<u64>, length: usize) -> Vec<u8> {
    let mut frame = Vec::with_capacity(length + 40);
    if let Some(id) = id {
        // Writing into a `Vec` cannot fail.
        _ = writeln!(frame, "id: {id}");
    }
    frame.extend_from_slice(b"data: ");
    frame
}
