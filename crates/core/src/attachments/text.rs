//! The words of a text file, in whichever way it is written.

use std::borrow::Cow;
use std::str::Utf8Error;

/// Windows-1252 from 0x80 to 0x9f; the replacement character stands for what is none.
const WINDOWS: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž', '\u{fffd}',
    '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}', 'ž', 'Ÿ',
];

/// UTF-8; UTF-16 with the mark of its order; or else Windows-1252, in which Excel writes CSV in half of the world.
/// `None`: it is none of them. A character that is cut off at the end is left out.
pub fn text_of(content: &[u8]) -> Option<Cow<'_, str>> {
    match content {
        [0xff, 0xfe, rest @ ..] => return utf_16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return utf_16(rest, u16::from_be_bytes),
        _ => {}
    }
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    match std::str::from_utf8(content) {
        Ok(text) => Some(text.into()),
        Err(error) => cut_utf_8(content, error).or_else(|| windows_1252(content)),
    }
}

/// Where all before the end is ASCII, what stands there is no cut character but a letter of Windows-1252.
fn cut_utf_8(content: &[u8], error: Utf8Error) -> Option<Cow<'_, str>> {
    let whole = std::str::from_utf8(&content[..error.valid_up_to()]).ok()?;
    (error.error_len().is_none() && !whole.is_ascii()).then(|| whole.into())
}

fn utf_16(content: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Cow<'_, str>> {
    let (pairs, rest) = content.as_chunks();
    let mut units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    units.pop_if(|unit| (0xd800..0xdc00).contains(unit));
    String::from_utf16(&units).ok().filter(|_| rest.is_empty()).map(Cow::from)
}

fn windows_1252(content: &[u8]) -> Option<Cow<'_, str>> {
    let letter = |byte: &u8| match byte {
        0x80..=0x9f => Some(WINDOWS[usize::from(byte - 0x80)]).filter(|letter| *letter != '\u{fffd}'),
        byte => Some(char::from(*byte)),
    };
    content.iter().map(letter).collect::<Option<String>>().map(Cow::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_as_it_is_written() {
        for (content, text) in [
            ("Grüße 👋".as_bytes(), Some("Grüße 👋")),
            (b"\xef\xbb\xbfHi", Some("Hi")),
            (b"H\xc3\xbc \xc3", Some("Hü ")),
            (b"caf\xe9", Some("café")),
            (b"\xff\xfeH\0\xfc\0\x3d\xd8\x00\xde", Some("Hü😀")),
            (b"\xfe\xff\0H\xd8\x3d\xde\x00", Some("H😀")),
            (b"\xff\xfeH\0\x3d\xd8", Some("H")),
            (b"\xff\xfe\xfd", None),
            (b"\xff\xfe\x00\xde", None),
            (b"Gr\xfc\xdfe, 5 \x80 \x96 \x93ja\x94", Some("Grüße, 5 € – “ja”")),
            (b"\xfc\x81", None),
            (b"", Some("")),
        ] {
            assert_eq!(text_of(content).as_deref(), text, "{content:?}");
        }
    }
}
