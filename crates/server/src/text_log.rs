//! Log lines as text, without keys.

use std::io::{self, Write};

use chatkitd_core::foreign_text::mask_keys;

/// What begins a colour on a terminal; an `m` ends it.
const COLOUR: &str = "\x1b[";

/// Standard error, with [`mask_keys`] applied to each line: causes of errors come from libraries and services, which
/// may quote what they were given.
///
/// The lines are masked and not the causes alone, as in JSON, since the text format of tracing-subscriber writes an
/// error and its causes in one go.
pub(crate) struct MaskedStderr;

impl Write for MaskedStderr {
    /// The whole line, which is how tracing-subscriber writes it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        io::stderr().write_all(masked(&String::from_utf8_lossy(line)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// A word that follows a colour is not part of it, and what is not numbers up to an `m` is no colour.
fn masked(line: &str) -> String {
    let mut parts = line.split(COLOUR);
    let mut shown = parts.next().map(mask_keys).unwrap_or_default();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit() && c != ';');
        let end = end.filter(|end| part[*end..].starts_with('m')).map_or(0, |end| end + 1);
        let (colour, words) = part.split_at(end);
        shown.push_str(COLOUR);
        shown.push_str(colour);
        shown.push_str(&mask_keys(words));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_masked_between_colours_too() {
        for (line, shown) in [
            ("ERROR no answer error=refused: sk-abc\n", "ERROR no answer error=refused: [masked]\n"),
            (
                "\x1b[3merror\x1b[0m=\x1b[2msk-abc\x1b[0m, ek_b.c\n",
                "\x1b[3merror\x1b[0m=\x1b[2m[masked]\x1b[0m, [masked]\n",
            ),
            ("sixty \x1b[1;31m", "sixty \x1b[1;31m"),
            ("\x1b[sk-abc m", "\x1b[[masked] m"),
            ("a task of mine", "a task of mine"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }
}
