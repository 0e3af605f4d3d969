use super::jwks::JwksError;
use crate::id::UserIdError;

/// Why a token does not sign anybody in. The words are for the person who called; nothing of the
/// token stands in them.
#[derive(Debug, thiserror::Error)]
pub enum TokenRefusal {
    /// Over [`MAX_TOKEN_BYTES`](super::MAX_TOKEN_BYTES).
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url with JSON in them, `alg` none or unknown, a date that is no number.
    #[error("this is not a signed JSON Web Token")]
    Malformed,
    /// The header has `crit`: it demands an extension, and this server knows none (RFC 7515 4.1.11).
    #[error("the token demands an extension that this server does not know")]
    Critical,
    /// `iss` is not an issuer of this site, or absent.
    #[error("the token comes from an issuer that this site does not accept")]
    WrongIssuer,
    /// Clerk only: `typ` is not `JWT`.
    #[error("this is not a session token")]
    WrongKind,
    /// `alg` is not in the verifier's list.
    #[error("the token is signed with an algorithm that this site does not accept")]
    WrongAlgorithm,
    /// The issuer publishes no key of this `kid` that fits the algorithm.
    #[error("the token is signed with a key that its issuer does not publish")]
    UnknownKey,
    /// The signature is not one of the key's.
    #[error("the token's signature is wrong")]
    BadSignature,
    /// No `exp`.
    #[error("the token has no expiry time")]
    NoExpiry,
    /// `exp` is past.
    #[error("the token has expired; sign in again")]
    Expired,
    /// `nbf` or `iat` is to come.
    #[error("the token is not valid yet; check the clock of the server that issued it")]
    NotYetValid,
    /// `aud` is not among the verifier's audiences.
    #[error("the token was issued for another application")]
    WrongAudience,
    /// `azp` is not among the verifier's authorized parties.
    #[error("the token was issued to another site")]
    WrongParty,
    /// The claim that names the user is absent, or neither a text nor a whole number.
    #[error("the token does not say who the user is")]
    NoUser,
    /// The claim that names the user cannot be a user id here (`anon_…` among others).
    #[error("the token's user cannot be used here: {0}")]
    UnusableUser(#[from] UserIdError),
    /// The issuer's keys could not be had: not the caller's fault (503).
    #[error("sign-in is not available at the moment; try again soon")]
    KeysUnavailable(#[from] JwksError),
}
