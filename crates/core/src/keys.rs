//! One key per purpose, derived from `CHATKIT_SECRET` (design 4.4).
//!
//! Several secrets can be given: the first signs and seals, all verify and open, so that a secret
//! can be changed without ending a session. Each derived key has a `kid` that tells which secret it
//! came from and reveals nothing about it.

use hkdf::Hkdf;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use sha2::Sha256;

/// What a key is for. Keys of different purposes share nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signs client secrets.
    ClientSecret,
    /// Signs device cookies and tokens.
    Device,
    /// Seals what replaced a client secret.
    Seal,
    /// Signs the addresses of attachments.
    Urls,
}

impl Purpose {
    fn info(self) -> &'static str {
        match self {
            Self::ClientSecret => "chatkitd client secret v1",
            Self::Device => "chatkitd device v1",
            Self::Seal => "chatkitd seal v1",
            Self::Urls => "chatkitd urls v1",
        }
    }
}

/// A derived key, 32 bytes, and the name of the secret it came from.
#[derive(Clone, Debug)]
pub struct DerivedKey {
    /// Eight hex digits.
    pub kid: String,
    bytes: SecretSlice<u8>,
}

impl DerivedKey {
    /// The 32 bytes.
    pub fn expose(&self) -> &[u8] {
        self.bytes.expose_secret()
    }
}

/// The secrets a server was given, newest first.
#[derive(Clone, Debug)]
pub struct KeyRing {
    secrets: Vec<SecretString>,
}

/// No secret was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no signing secret is set; set CHATKIT_SECRET to a long random text")]
pub struct NoSecretError;

impl KeyRing {
    /// A ring of these secrets; the first one signs. Empty ones do not count.
    pub fn new(secrets: impl IntoIterator<Item = SecretString>) -> Result<Self, NoSecretError> {
        let secrets: Vec<_> =
            secrets.into_iter().filter(|secret| !secret.expose_secret().is_empty()).collect();
        if secrets.is_empty() { Err(NoSecretError) } else { Ok(Self { secrets }) }
    }

    /// What the keys of each secret are called, the signing one first.
    pub fn kids(&self) -> impl Iterator<Item = String> {
        self.secrets.iter().map(|secret| kid(&hkdf(secret)))
    }

    /// The keys for one purpose, the signing one first.
    pub fn derive(&self, purpose: Purpose) -> Vec<DerivedKey> {
        self.secrets.iter().map(|secret| derive(secret, purpose)).collect()
    }
}

fn derive(secret: &SecretString, purpose: Purpose) -> DerivedKey {
    let hkdf = hkdf(secret);
    let mut bytes = vec![0u8; 32];
    expand(&hkdf, purpose.info(), &mut bytes);
    DerivedKey { kid: kid(&hkdf), bytes: bytes.into() }
}

fn hkdf(secret: &SecretString) -> Hkdf<Sha256> {
    Hkdf::new(None, secret.expose_secret().as_bytes())
}

fn kid(hkdf: &Hkdf<Sha256>) -> String {
    let mut name = [0u8; 4];
    expand(hkdf, "chatkitd kid v1", &mut name);
    name.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn expand(hkdf: &Hkdf<Sha256>, info: &str, out: &mut [u8]) {
    // Fails only for more than 255 hashes of output; 32 bytes are one.
    let expanded = hkdf.expand(info.as_bytes(), out);
    debug_assert!(expanded.is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_and_each_secret_has_a_key_of_its_own() {
        let ring = KeyRing::new(["one".into(), "two".into()]).unwrap();
        let secrets = ring.derive(Purpose::ClientSecret);
        let devices = ring.derive(Purpose::Device);
        assert_ne!(secrets[0].expose(), devices[0].expose());
        assert_ne!(secrets[0].expose(), secrets[1].expose());
        assert_eq!(secrets[0].kid, devices[0].kid);
        assert!(ring.kids().eq(secrets.iter().map(|key| key.kid.clone())));
        assert_ne!(secrets[0].kid, secrets[1].kid);
        assert!(secrets[0].expose().iter().any(|byte| *byte != 0));
    }

    #[test]
    fn a_ring_without_secrets_cannot_be_made() {
        assert_eq!(KeyRing::new(["".into()]).unwrap_err(), NoSecretError);
    }
}
