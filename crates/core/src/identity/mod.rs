//! Who is calling: tokens of the app's own sign-in, verified (design 4.1, section 6).
//!
//! A site has any number of [`Verifier`]s, each for one issuer. The token's own `iss` only chooses
//! the verifier; nothing else of a token is looked at before its signature. Keys come through the
//! [`Jwks`] port, time is the caller's.

mod claims;
mod clerk;
mod jwks;
mod keys;
mod refusal;
mod roles;
mod settings;
mod token;
mod verifier;
mod verifier_error;
mod verifiers;

#[cfg(test)]
mod tests;

pub use clerk::{PublishableKeyError, clerk_issuer};
pub use jsonwebtoken::Algorithm;
pub use jsonwebtoken::jwk::Jwk;
pub use jwks::{Jwks, JwksError, JwksSource, find_key, is_loopback, is_secure};
pub use refusal::TokenRefusal;
pub use roles::{RolePolicy, RolePolicyError, RoleRefusal, RoleRule, Roles, RolesError};
pub use settings::{Preset, VerifierSettings, VerifierWarning};
pub use token::{MAX_TOKEN_BYTES, looks_like_jwt};
pub use verifier::{VerifiedUser, Verifier};
pub use verifier_error::VerifierError;
pub use verifiers::{Verifiers, VerifiersError};
