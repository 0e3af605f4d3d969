//! Where an issuer's public keys are, and which of them may verify what.

use async_trait::async_trait;
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use url::{Host, Url};

/// Where the keys of an issuer are published.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum JwksSource {
    /// Named by the issuer's `OpenID` Connect discovery document.
    Discovery {
        /// What the document's own `issuer` must equal, letter by letter.
        issuer: String,
        /// `{issuer}/.well-known/openid-configuration`.
        document: Url,
    },
    /// A JSON Web Key Set at this address.
    KeySet(Url),
}

impl JwksSource {
    /// The address that is fetched first.
    pub fn url(&self) -> &Url {
        match self {
            Self::Discovery { document, .. } => document,
            Self::KeySet(url) => url,
        }
    }
}

/// The keys could not be had, and none that were had before are young enough.
#[derive(Debug, thiserror::Error)]
#[error("the issuer's signing keys cannot be fetched")]
pub struct JwksError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The published keys of issuers. Adapters cache them and fetch them at a bounded rate (design
/// section 6).
#[async_trait]
pub trait Jwks: Send + Sync {
    /// What [`find_key`] finds among the source's keys.
    async fn key(
        &self,
        source: &JwksSource,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Jwk>, JwksError>;
}

/// The key of this `kid` that may verify a signature of this algorithm; without a `kid`, the source's key if it has only
/// one. Under the same `kid` an issuer may publish a key for encryption, too.
pub fn find_key<'a>(keys: &'a [Jwk], kid: Option<&str>, algorithm: Algorithm) -> Option<&'a Jwk> {
    match (kid, keys) {
        (Some(_), keys) => {
            keys.iter().find(|key| key.common.key_id.as_deref() == kid && fits(key, algorithm))
        }
        (None, [only]) => Some(only).filter(|key| fits(key, algorithm)),
        (None, _) => None,
    }
}

/// Whether keys fetched from here are the issuer's: over TLS, or from this machine.
pub fn is_secure(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Whether the address names this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether a published key may verify a signature of this algorithm: what it says of itself (`use`,
/// `key_ops`, `alg`) and what it is (`kty`, `crv`) must both agree. A symmetric key never fits:
/// published, it is no secret.
fn fits(key: &Jwk, algorithm: Algorithm) -> bool {
    let says = &key.common;
    says.public_key_use.as_ref().is_none_or(|kind| *kind == PublicKeyUse::Signature)
        && says.key_operations.as_ref().is_none_or(|ops| ops.contains(&KeyOperations::Verify))
        && says.key_algorithm.is_none_or(|named| named == KeyAlgorithm::from(algorithm))
        && is_of_kind(&key.algorithm, algorithm)
}

fn is_of_kind(parameters: &AlgorithmParameters, algorithm: Algorithm) -> bool {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    match (parameters, algorithm) {
        (AlgorithmParameters::RSA(_), RS256 | RS384 | RS512 | PS256 | PS384 | PS512) => true,
        (AlgorithmParameters::EllipticCurve(key), ES256) => key.curve == EllipticCurve::P256,
        (AlgorithmParameters::EllipticCurve(key), ES384) => key.curve == EllipticCurve::P384,
        (AlgorithmParameters::OctetKeyPair(key), EdDSA) => key.curve == EllipticCurve::Ed25519,
        _ => false,
    }
}
