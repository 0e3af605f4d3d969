//! Takes secrets out of texts that others wrote, before they are logged.

use url::Url;

/// Takes out every run of letters, digits, `-`, `_`, `.` and `*` that begins like a key or a client secret (`sk-`,
/// `sk_`, `ek_`), whatever stands around it.
pub(crate) fn mask_keys(text: &str) -> String {
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

/// An address without what may open it: user, password and query.
pub(crate) fn bare_url(url: &Url) -> String {
    let mut bare = url.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    // An address that cannot have a user has none.
    let _ = bare.set_username("").and(bare.set_password(None));
    bare.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_open_it() {
        let url = Url::parse("https://ann:pw@issuer.example/keys?apikey=secret#x").unwrap();
        assert_eq!(bare_url(&url), "https://issuer.example/keys");
    }
}
