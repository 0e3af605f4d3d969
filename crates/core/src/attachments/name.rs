//! The name of a file, as somebody else's computer calls it.

/// The longest name, in bytes: what file systems and headers take.
pub const MAX_NAME_BYTES: usize = 255;
/// What stands behind a name's last dot is its ending, unless it is longer than any.
const MAX_ENDING_BYTES: usize = 16;

/// The name without what it must not carry: a path, control characters (NUL among them), and the marks that
/// turn the direction of writing, with which `exe.pdf` is made of `fdp.exe`. Never empty.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut clean: String =
        last.chars().filter(|char| !char.is_control() && !turns_direction(*char)).collect();
    if clean.len() > MAX_NAME_BYTES {
        clean = shortened(&clean);
    }
    let clean = clean.trim();
    match clean {
        "" | "." | ".." => "file".to_owned(),
        clean => clean.to_owned(),
    }
}

/// Its beginning and its ending, which says what it is.
fn shortened(name: &str) -> String {
    let ending = name.rfind('.').map_or("", |at| &name[at..]);
    let ending = if ending.len() > MAX_ENDING_BYTES { "" } else { ending };
    let beginning = &name[..name.floor_char_boundary(MAX_NAME_BYTES - ending.len())];
    format!("{beginning}{ending}")
}

fn turns_direction(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_has_no_path_and_nothing_that_deceives() {
        for (given, clean) in [
            ("../../x", "x"),
            ("C:\\Windows\\notes.txt", "notes.txt"),
            ("a\0b\n.pdf", "ab.pdf"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("..", "file"),
            ("  ", "file"),
            ("", "file"),
            ("räksmörgås.png", "räksmörgås.png"),
            ("a.b c", "a.b c"),
        ] {
            assert_eq!(clean_name(given), clean, "{given:?}");
        }
        assert_eq!(clean_name(&"ü".repeat(2048)).len(), 254);
        let long = clean_name(&format!("{}.docx", "ü".repeat(2048)));
        assert!(long.ends_with("ü.docx") && long.len() == 255, "{long}");
        let no_ending = clean_name(&format!("a.{}", "x".repeat(300)));
        assert_eq!(no_ending.len(), MAX_NAME_BYTES);
    }

    proptest! {
        #[test]
        fn any_name_becomes_one_that_can_be_shown(name in any::<String>()) {
            let clean = clean_name(&name);
            prop_assert!(!clean.is_empty() && clean.len() <= MAX_NAME_BYTES);
            prop_assert!(!clean.contains(['/', '\\', '\0']) && !clean.chars().any(char::is_control));
        }
    }
}
