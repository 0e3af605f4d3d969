//! Addresses, made fit for the log.

use url::Url;

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
