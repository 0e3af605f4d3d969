//! The visitor's language, from `Accept-Language` (RFC 9110, section 12.5.4).

use http::{HeaderMap, header};

/// The longest tag that is passed on, in bytes: what RFC 5646 (section 4.4.1) asks everybody to hold.
const MAX_TAG_BYTES: usize = 35;

/// The language with the highest quality; of several, the first. `*` names none.
pub(crate) fn preferred(headers: &HeaderMap) -> Option<String> {
    let languages = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(&str, f32)> = None;
    for (tag, quality) in languages.split(',').filter_map(language) {
        if best.is_none_or(|(_, so_far)| quality > so_far) {
            best = Some((tag, quality));
        }
    }
    best.map(|(tag, _)| tag.to_owned())
}

/// A tag and its quality; `None` for what is no tag, or is not wanted at all.
fn language(text: &str) -> Option<(&str, f32)> {
    let (tag, parameters) = text.split_once(';').unwrap_or((text, ""));
    let tag = tag.trim();
    let is_tag = tag.len() <= MAX_TAG_BYTES
        && tag.starts_with(|first: char| first.is_ascii_alphabetic())
        && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let quality = match parameters.trim().strip_prefix("q=") {
        None => 1.0,
        Some(quality) => quality.trim().parse().ok()?,
    };
    (is_tag && quality > 0.0 && quality <= 1.0).then_some((tag, quality))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Option<String> {
        preferred(&HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, value.parse().unwrap())]))
    }

    #[test]
    fn the_first_of_the_most_wanted_languages_is_preferred() {
        for (value, expected) in [
            ("de-DE", "de-DE"),
            ("de-DE,de;q=0.9,en;q=0.8", "de-DE"),
            ("en;q=0.5, fr;q=0.8 , it;q=0.8", "fr"),
            ("*, pt-BR", "pt-BR"),
            ("x;q=, nl", "nl"),
        ] {
            assert_eq!(of(value).as_deref(), Some(expected), "{value}");
        }
    }

    #[test]
    fn what_is_no_language_names_none() {
        for value in ["", "*", "de;q=0", "de;q=7", "de;q=NaN", "<script>", "0x", &"a".repeat(36)] {
            assert_eq!(of(value), None, "{value}");
        }
        assert_eq!(preferred(&HeaderMap::new()), None);
    }
}
