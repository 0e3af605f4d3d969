//! Letters that a server cut in two. A gateway that cuts text by UTF-16 units sends an emoji's two halves in two
//! events, and `serde_json` refuses half a letter, with everything around it.
//!
//! So halves are marked before an event is read, and joined where text is put together.

use std::borrow::Cow;
use std::ops::RangeInclusive;

const FIRST: RangeInclusive<u16> = 0xd800..=0xdbff;
const SECOND: RangeInclusive<u16> = 0xdc00..=0xdfff;

/// Stands before a half: U+10FFFF, which is no character and for a program's own use. Behind it, the half is moved to
/// where characters are for private use.
const MARK: &str = "\u{10ffff}";
const MARK_UNITS: [u16; 2] = [0xdbff, 0xdfff];
const MOVED_BY: u16 = 0x800;

/// The half of a letter that an escape of JSON at the beginning of this text is.
fn half(json: &str) -> Option<u16> {
    let digits = json.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok().filter(|unit| FIRST.contains(unit) || SECOND.contains(unit))
}

/// The same JSON, with every half marked that has no other one beside it.
pub(super) fn marked(json: &str) -> Cow<'_, str> {
    if !json.contains("\\ud") && !json.contains("\\uD") {
        return json.into();
    }
    let (mut marked, mut rest) = (String::with_capacity(json.len()), json);
    while let Some(at) = rest.find('\\') {
        let (between, escape) = rest.split_at(at);
        marked.push_str(between);
        let length = match (half(escape), escape.get(6..).and_then(half)) {
            (Some(first), Some(second)) if FIRST.contains(&first) && SECOND.contains(&second) => 12,
            (Some(half), _) => {
                marked.push_str(MARK);
                marked.extend(char::from_u32(u32::from(half + MOVED_BY)));
                rest = &escape[6..];
                continue;
            }
            // The backslash, and what it escapes.
            (None, _) => escape.char_indices().nth(2).map_or(escape.len(), |(end, _)| end),
        };
        marked.push_str(&escape[..length]);
        rest = &escape[length..];
    }
    (marked + rest).into()
}

/// Text that comes in pieces.
#[derive(Debug, Default)]
pub(super) struct Halves {
    /// The end of what came so far, whose other half may come next.
    first: Option<u16>,
}

impl Halves {
    /// What of a piece can be told, with the half that waited for it.
    pub(super) fn join(&mut self, piece: String) -> String {
        if piece.is_empty() || self.first.is_none() && !piece.contains(MARK) {
            return piece;
        }
        let mut units: Vec<u16> = self.first.take().into_iter().chain(units(&piece)).collect();
        self.first = units.pop_if(|unit| FIRST.contains(unit));
        String::from_utf16_lossy(&units)
    }

    /// Whether the end of what came so far is half a letter.
    pub(super) fn is_waiting(&self) -> bool {
        self.first.is_some()
    }

    /// No more comes: what waited is half a letter for ever.
    pub(super) fn end(&mut self) -> String {
        String::from_utf16_lossy(self.first.take().as_slice())
    }
}

/// A text that came whole.
pub(super) fn whole(text: String) -> String {
    let mut halves = Halves::default();
    halves.join(text) + &halves.end()
}

fn units(marked: &str) -> Vec<u16> {
    let mut units = Vec::with_capacity(marked.len());
    for unit in marked.encode_utf16() {
        let moved = unit.checked_sub(MOVED_BY).filter(|half| FIRST.contains(half) || SECOND.contains(half));
        match moved.filter(|_| units.ends_with(&MARK_UNITS)) {
            Some(half) => units.splice(units.len() - MARK_UNITS.len().., [half]).for_each(drop),
            None => units.push(unit),
        }
    }
    units
}
