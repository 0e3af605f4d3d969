//! `Via` (RFC 9110, 7.6.3): by it a server notices that an upstream's address, by whatever name, leads back to it.

use chatkitd_core::keys::KeyRing;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::error::ApiError;

/// What this server, and every node that shares its `CHATKIT_SECRET`, calls itself in requests to upstreams.
#[derive(Clone, Debug)]
pub struct Via {
    /// One for each secret, the newest first.
    pseudonyms: Vec<String>,
}

impl Via {
    /// The names that follow from these secrets. They reveal nothing about them.
    pub fn new(ring: &KeyRing) -> Self {
        Self { pseudonyms: ring.kids().map(|kid| format!("chatkitd-{kid}")).collect() }
    }

    /// What a request to an upstream carries.
    pub fn header(&self) -> HeaderValue {
        let pseudonym = self.pseudonyms.first().map_or("chatkitd", String::as_str);
        // Letters, digits and a hyphen are always a header's value.
        HeaderValue::from_str(&format!("1.1 {pseudonym}")).unwrap_or(HeaderValue::from_static("1.1 chatkitd"))
    }

    /// Refuses a request that went through this server before.
    pub(crate) fn refuse_loop(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let passed = headers.get_all(header::VIA).iter().filter_map(|value| value.to_str().ok());
        let mut names =
            passed.flat_map(|value| value.split(',')).filter_map(|hop| hop.split_whitespace().nth(1));
        if !names.any(|name| self.pseudonyms.iter().any(|own| own == name)) {
            return Ok(());
        }
        Err(ApiError::new(
            StatusCode::LOOP_DETECTED,
            "loop_detected",
            "This request comes from this server itself: the address of its upstream leads back here. Set \
             CHATKIT_API_BASE or OPENAI_BASE_URL (in chatkitd.toml: api_base) to the address of OpenAI or of another \
             server, which has a CHATKIT_SECRET of its own.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn via(secrets: &[&str]) -> Via {
        Via::new(&KeyRing::new(secrets.iter().map(|secret| (*secret).into())).unwrap())
    }

    fn passed(value: HeaderValue) -> HeaderMap {
        HeaderMap::from_iter([(header::VIA, value)])
    }

    #[test]
    fn a_request_that_was_here_before_is_refused_and_one_of_another_server_is_not() {
        let own = via(&["a secret"]);
        let refused = own.refuse_loop(&passed(own.header())).unwrap_err();
        assert!(refused.message.contains("OPENAI_BASE_URL"), "{}", refused.message);
        assert!(own.refuse_loop(&passed(via(&["another"]).header())).is_ok());
        assert!(own.refuse_loop(&HeaderMap::new()).is_ok());
    }

    #[test]
    fn a_proxy_on_the_way_adds_itself_and_hides_nothing() {
        let own = via(&["a secret"]);
        let name = own.header().to_str().unwrap().to_owned();
        for value in [format!("{name}, 1.1 nginx"), format!("2 edge (a comment), {name}")] {
            assert!(own.refuse_loop(&passed(value.parse().unwrap())).is_err(), "{value}");
        }
        assert!(own.refuse_loop(&passed("1.1 chatkitd, 1.1".parse().unwrap())).is_ok());
    }

    #[test]
    fn while_a_secret_is_changed_nodes_know_one_another() {
        assert!(via(&["new", "old"]).refuse_loop(&passed(via(&["old"]).header())).is_err());
    }
}
