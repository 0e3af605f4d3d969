//! What another server says, made fit for the log.

/// The most that is kept of it, in characters.
const MAX_CHARACTERS: usize = 300;

/// Text of another server for operators: without anything that looks like a key (servers quote the wrong one),
/// without control characters, 300 characters at the most.
pub fn for_operators(text: &str) -> String {
    mask_keys(text).chars().filter(|c| !c.is_control()).take(MAX_CHARACTERS).collect()
}

/// What a key or a client secret begins with.
const PREFIXES: [&str; 3] = ["sk-", "sk_", "ek_"];

/// Takes out every run of letters, digits, `-`, `_`, `.` and `*` that begins like a key or a client secret, whatever
/// stands around it, also Markdown's `**` or `__`. In a run with dots or stars, such as the path of a setting, one as
/// long as keys are may begin after any of them.
pub fn mask_keys(text: &str) -> String {
    let of_a_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*');
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(of_a_key) {
        let (between, word) = rest.split_at(at);
        let end = word.find(|c| !of_a_key(c)).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        masked.push_str(between);
        match key_in(word) {
            Some(at) => masked.extend([&word[..at], "[masked]"]),
            None => masked.push_str(word),
        }
        rest = after;
    }
    masked + rest
}

/// A shorter one may be the name of a site, such as `sk-shop`.
const MIN_WITHIN: usize = 9;

/// Where a key begins: at the word's first letter or digit, or at the first one of a long name after a dot or star. No
/// character is looked at often, since the text may be megabytes of anything.
fn key_in(word: &str) -> Option<usize> {
    let mut at = 0;
    let mut is_first = true;
    for name in word.split(['.', '*']) {
        if let Some(begins) = name.find(|c: char| c.is_ascii_alphanumeric()) {
            let may_be = is_first || name.len() - begins >= MIN_WITHIN;
            if may_be && begins_like_a_key(&word[at + begins..]) {
                return Some(at + begins);
            }
            is_first = false;
        }
        at += name.len() + 1;
    }
    None
}

/// `sk-...` stands for a key, and is none.
fn begins_like_a_key(word: &str) -> bool {
    let mut rests = PREFIXES.iter().filter_map(|prefix| word.strip_prefix(prefix));
    rests.any(|rest| rest.contains(|c: char| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_key_is_taken_out() {
        for (text, shown) in [
            (
                "Incorrect API key provided: 'sk-abc123'. See ek_x",
                "Incorrect API key provided: '[masked]'. See [masked]",
            ),
            ("key=sk-proj-a_b-c", "key=[masked]"),
            ("{\"client_secret\":\"ek_a.b.c\"}", "{\"client_secret\":\"[masked]\"}"),
            ("Bearer\tsk_live", "Bearer[masked]"),
            ("sk-pro*****1234", "[masked]"),
            ("Incorrect key **sk-proj-abc**", "Incorrect key **[masked]"),
            ("**Key**sk-proj-abc", "**Key**[masked]"),
            ("--key -sk-abc, _sk-abc_ and ...sk-abc", "--key -[masked], _[masked] and ...[masked]"),
            (
                "sites.*sk-abcdefghi.origins, **bold** and --an-option",
                "sites.*[masked], **bold** and --an-option",
            ),
            ("sites.sk-abcdefghi.origins, ask.me", "sites.[masked], ask.me"),
            ("sites.sk-shop.origins", "sites.sk-shop.origins"),
            ("OPENAI_API_KEY=sk-... chatkitd pull", "OPENAI_API_KEY=sk-... chatkitd pull"),
            (
                "ask-me about risk_1 and Workflow with id 'wf_1' not found.",
                "ask-me about risk_1 and Workflow with id 'wf_1' not found.",
            ),
        ] {
            assert_eq!(for_operators(text), shown);
        }
    }

    #[test]
    fn a_long_text_is_cut() {
        assert_eq!(for_operators(&"x".repeat(10_000)).len(), 300);
    }

    /// As a model server may send it, or a proxy before it.
    #[test]
    fn megabytes_of_anything_are_looked_through() {
        for piece in [".", "*", "-.", "sk-.", "a.", "sk-******."] {
            let text = piece.repeat(1 << 20);
            assert!(mask_keys(&text).len() <= text.len());
        }
    }
}
