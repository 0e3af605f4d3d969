//! What must hold of the bytes of a body before it is read, in one pass over them and without memory of its own.

use super::RequestError;

/// How deep arrays and objects of a request may lie in one another. What of it is free JSON is stored and then sent
/// within items, threads and pages: serde_json reads 128 levels, and this leaves enough of them for what goes around.
pub const MAX_DEPTH: usize = 64;

/// Refuses a body that is too deep or has a NUL in a text. Whether it is JSON at all is for the parser to say.
pub(super) fn check(body: &[u8]) -> Result<(), RequestError> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut bytes = body.iter();
    while let Some(byte) = bytes.next() {
        match (in_string, byte) {
            (_, b'"') => in_string = !in_string,
            // What comes after a backslash is consumed with it, so that `\\u0000` is no NUL and `\"` no end.
            (true, b'\\') => {
                if bytes.as_slice().starts_with(b"u0000") {
                    return Err(RequestError::Nul);
                }
                bytes.next();
            }
            (false, b'{' | b'[') => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(RequestError::TooDeep);
                }
            }
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}
