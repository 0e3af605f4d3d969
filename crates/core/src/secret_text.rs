//! A text that opens something: never printed, never compared byte by byte.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A secret as the network carries it: a client secret (`ek_…`) or a service key.
///
/// `Debug` shows nothing of it; the text leaves only through [`SecretText::expose`].
#[derive(Clone, Debug)]
pub struct SecretText(SecretString);

impl SecretText {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// The text itself: for the one response that hands it out, and for signing.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// What is kept of it.
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.expose().as_bytes()).into())
    }
}

/// The SHA-256 of a secret: all that a database ever holds of it (design section 3).
#[derive(Clone, Copy, Eq)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// A hash as the store kept it.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl std::hash::Hash for SecretHash {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl std::fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_secret_nor_its_hash_shows_in_debug_output() {
        let secret = SecretText::new("ek_very_secret");
        let shown = format!("{secret:?} {:?}", secret.hash());
        assert!(!shown.contains("very_secret"), "{shown}");
        assert_eq!(shown.matches("SecretHash(…)").count(), 1);
    }
}
