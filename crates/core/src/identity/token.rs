use jsonwebtoken::Header;

use super::claims::Claims;
use super::refusal::TokenRefusal;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Whether a bearer's text is a user's token: three parts, the first of which opens a JSON object.
pub fn looks_like_jwt(text: &str) -> bool {
    text.starts_with("eyJ") && text.split('.').count() == 3
}

/// A token taken apart. Nothing of it is believed yet.
pub(super) struct Unverified<'a> {
    pub(super) header: Header,
    pub(super) claims: Claims,
    /// What was signed: header and claims, encoded.
    pub(super) message: &'a str,
    pub(super) signature: &'a str,
}

impl<'a> Unverified<'a> {
    pub(super) fn read(token: &'a str) -> Result<Self, TokenRefusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenRefusal::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenRefusal::Malformed)?;
        // `alg: none` ends here: the library knows no such algorithm.
        let parts =
            jsonwebtoken::dangerous::insecure_decode::<Claims>(token).map_err(|_| TokenRefusal::Malformed)?;
        if parts.header.crit.is_some() {
            return Err(TokenRefusal::Critical);
        }
        Ok(Self { header: parts.header, claims: parts.claims, message, signature })
    }
}
