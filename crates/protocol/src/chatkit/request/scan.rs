//! What must hold of the bytes of a body before it is read, in one pass over them and without memory of its own.

/// How deep arrays and objects of a request may lie in one another. What of it is free JSON is stored and then sent
/// within items, threads and pages: serde_json reads 128 levels, and this leaves enough of them for what goes around.
pub const MAX_DEPTH: usize = 64;

/// How the names of fields begin that serde_json gives a meaning of its own. With its feature `raw_value`, which axum
/// turns on, `{"$serde_json::private::RawValue": "…"}` makes it read the text as JSON, beyond every bound on depth.
const RESERVED: &str = "$serde_json::private::";

/// What must not stand in a body from strangers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFault {
    /// Arrays and objects lie too deep in one another.
    TooDeep,
    /// A text has a NUL in it, which databases refuse.
    Nul,
    /// A field has a name that serde_json gives a meaning of its own.
    ReservedName,
}

/// Refuses a body whose arrays and objects lie more than `max_depth` deep in one another, or that has a NUL in a text
/// or a reserved name. Whether it is JSON at all is for the parser to say.
pub fn check_body(body: &[u8], max_depth: usize) -> Result<(), BodyFault> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = body.get(at) {
        at += 1;
        match byte {
            b'"' => {
                let end = at + text_length(&body[at..])?;
                if is_name(&body[end..]) && is_reserved(&body[at - 1..=end]) {
                    return Err(BodyFault::ReservedName);
                }
                at = end + 1;
            }
            b'{' | b'[' => {
                depth += 1;
                if depth > max_depth {
                    return Err(BodyFault::TooDeep);
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Ok(())
}

/// The length of a text up to its closing quote, or to the end of the body.
fn text_length(json: &[u8]) -> Result<usize, BodyFault> {
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        at += match byte {
            b'"' => return Ok(at),
            // What comes after a backslash goes with it, so that `\\u0000` is no NUL and `\"` no end.
            b'\\' if json[at + 1..].starts_with(b"u0000") => return Err(BodyFault::Nul),
            b'\\' => 2,
            _ => 1,
        };
    }
    Ok(json.len())
}

/// Whether a text is the name of a field: a colon comes after its closing quote.
fn is_name(from_quote: &[u8]) -> bool {
    from_quote.iter().skip(1).find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

/// Whether a name, with its quotes, is reserved, however it is escaped.
fn is_reserved(name: &[u8]) -> bool {
    matches!(name.get(1), Some(b'$' | b'\\'))
        && serde_json::from_slice::<String>(name).is_ok_and(|name| name.starts_with(RESERVED))
}
