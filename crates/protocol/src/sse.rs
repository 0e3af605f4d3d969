//! Frames of a `text/event-stream`.

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
    let json = serde_json::to_vec(event)?;
    let mut frame = Vec::with_capacity(json.len() + 40);
    write_line(&mut frame, id, &json);
    Ok(frame)
}

/// The same of an event that is JSON already. Line breaks between its tokens become spaces, so that it is one line;
/// within texts JSON has none.
pub fn frame(id: Option<u64>, json: &[u8]) -> Vec<u8> {
    let is_break = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let line: Vec<u8> = json.iter().map(|byte| if is_break(byte) { b' ' } else { *byte }).collect();
    let mut frame = Vec::with_capacity(line.len() + 40);
    write_line(&mut frame, id, &line);
    frame
}

/// [`event`] at the end of what is in `out`, given as JSON of one line, as `serde_json` writes it.
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
