//! Tokens as an issuer signs them, and the issuer's published keys.
//!
//! The key pairs in `keys/` were made with openssl for these tests and open nothing.

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::Value;

use crate::identity::{Jwk, Jwks, JwksError, JwksSource, find_key};

/// The public half of [`TestKey::Rsa`].
pub const RSA_PUBLIC_PEM: &str = include_str!("keys/rsa_public.pem");

/// A key pair of an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestKey {
    /// RSA, 2048 bits.
    Rsa,
    /// Another one.
    OtherRsa,
    /// On the curve P-256.
    P256,
}

impl TestKey {
    /// The private half.
    pub fn encoding(self) -> EncodingKey {
        match self {
            Self::Rsa => EncodingKey::from_rsa_der(&der(include_str!("keys/rsa.pem"))),
            Self::OtherRsa => EncodingKey::from_rsa_der(&der(include_str!("keys/rsa_other.pem"))),
            Self::P256 => EncodingKey::from_ec_der(&der(include_str!("keys/p256.pem"))),
        }
    }

    /// RS256 or ES256.
    pub fn algorithm(self) -> Algorithm {
        match self {
            Self::Rsa | Self::OtherRsa => Algorithm::RS256,
            Self::P256 => Algorithm::ES256,
        }
    }

    /// The public half as issuers publish it, with `use`, `alg` and this `kid`.
    pub fn jwk(self, kid: &str) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.encoding(), self.algorithm()).expect("a good key");
        jwk.common.key_id = Some(kid.to_owned());
        jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
        jwk
    }

    /// A token of these claims, signed with this key, which its header calls `kid`.
    pub fn sign(self, kid: &str, claims: &Value) -> String {
        let header = Header { kid: Some(kid.to_owned()), ..Header::new(self.algorithm()) };
        sign(&header, claims, &self.encoding())
    }
}

/// A token with exactly this header.
pub fn sign<H: Serialize>(header: &H, claims: &Value, key: &EncodingKey) -> String {
    let header = serde_json::to_value(header).expect("a header");
    let algorithm = serde_json::from_value(header["alg"].clone()).expect("an algorithm that can sign");
    let message = message(&header, claims);
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).expect("a key that fits");
    format!("{message}.{signature}")
}

/// A token with this header and nothing where the signature belongs.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.", message(header, claims))
}

fn message(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn der(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).expect("a PEM file")
}

/// Published keys that never change.
pub struct FixedJwks(pub Vec<Jwk>);

#[async_trait]
impl Jwks for FixedJwks {
    async fn key(
        &self,
        _source: &JwksSource,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Jwk>, JwksError> {
        Ok(find_key(&self.0, kid, algorithm).cloned())
    }
}
