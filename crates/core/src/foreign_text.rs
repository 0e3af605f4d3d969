//! What another server says, made fit for the log.

/// The most that is kept of it, in characters.
const MAX_CHARACTERS: usize = 300;

/// Text of another server for operators: without anything that looks like a key (servers quote the wrong one),
/// without control characters, 300 characters at the most.
pub fn for_operators(text: &str) -> String {
    mask_keys(text).chars().filter(|c| !c.is_control()).take(MAX_CHARACTERS).collect()
}

/// Takes out every run of letters, digits, `-`, `_`, `.` and `*` that begins like a key or a client secret (`sk-`,
/// `sk_`, `ek_`), whatever stands around it.
pub fn mask_keys(text: &str) -> String {
    let of_a_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*');
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(of_a_key) {
        let (between, word) = rest.split_at(at);
        let end = word.find(|c| !of_a_key(c)).unwrap_or(word.len());
        let (word, after) = word.split_at(end);
        let is_key = ["sk-", "sk_", "ek_"].iter().any(|prefix| word.starts_with(prefix));
        masked.push_str(between);
        masked.push_str(if is_key { "[masked]" } else { word });
        rest = after;
    }
    masked + rest
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
}
