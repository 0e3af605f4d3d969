//! Words and addresses, made fit to be shown.

use chatkitd_core::foreign_text::mask_keys;
use url::Url;

/// Words that may quote what was set: without anything that looks like a key, and without the user and password of
/// an address in them. Either may have been pasted where something else belongs.
pub(crate) fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, address) = rest.split_at(at + "://".len());
        let end = address.find(|c: char| c.is_whitespace() || c == '"');
        shown.push_str(before);
        rest = match address[..end.unwrap_or(address.len())].rfind('@') {
            Some(at) => {
                shown.push_str("[masked]");
                &address[at..]
            }
            None => address,
        };
    }
    shown.push_str(rest);
    mask_keys(&shown)
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
    fn keys_and_passwords_are_taken_out_of_words() {
        for (words, shown) in [
            (
                "invalid type: string \"postgres://u:p/w@h/db\", expected u32, or string \"sk-abc\"",
                "invalid type: string \"postgres://[masked]@h/db\", expected u32, or string \"[masked]\"",
            ),
            ("origins https://a.example and b@c.example", "origins https://a.example and b@c.example"),
            ("x://u:p@", "x://[masked]@"),
            ("postgres://u:p'w`@h/db", "postgres://[masked]@h/db"),
            ("ends in ://", "ends in ://"),
        ] {
            assert_eq!(masked(words), shown);
        }
    }

    #[test]
    fn an_address_is_shown_without_what_may_open_it() {
        let url = Url::parse("https://ann:pw@issuer.example/keys?apikey=secret#x").unwrap();
        assert_eq!(bare_url(&url), "https://issuer.example/keys");
    }
}
