//! Server-sent events as ChatKit uses them: `data:` lines of JSON, numbered where a client may resume.

/// Writes one event: `id: {number}` when it has a number, then the JSON on one `data:` line.
///
/// JSON as `serde_json` writes it has no line breaks; should there be any, they become blanks, which JSON
/// allows wherever it allows a line break.
pub fn write_frame(out: &mut Vec<u8>, number: Option<u64>, json: &[u8]) {
    out.reserve(json.len() + 32);
    if let Some(number) = number {
        out.extend_from_slice(b"id: ");
        out.extend_from_slice(number.to_string().as_bytes());
        out.push(b'\n');
    }
    out.extend_from_slice(b"data: ");
    let start = out.len();
    out.extend_from_slice(json);
    for byte in out.iter_mut().skip(start).filter(|byte| matches!(byte, b'\n' | b'\r')) {
        *byte = b' ';
    }
    out.extend_from_slice(b"\n\n");
}

/// A comment: keeps a connection alive, and says something to whoever reads the wire.
pub fn comment(text: &str) -> Vec<u8> {
    format!(": {}\n\n", text.replace(['\n', '\r'], " ")).into_bytes()
}
