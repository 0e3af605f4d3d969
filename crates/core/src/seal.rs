//! Seals short texts for the store: the secret that replaced another one lies there for 30 seconds
//! (design 4.2), and a copy of the database must not open it.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::keys::{KeyRing, Purpose};
use crate::ports::Rng;
use crate::secret_text::{SecretHash, SecretText};

const NONCE_BYTES: usize = 24;

/// Seals and opens with XChaCha20-Poly1305 (24 random bytes of nonce, then the ciphertext).
#[derive(Clone)]
pub struct Sealer {
    ciphers: Vec<XChaCha20Poly1305>,
}

/// The sealed text was made with another key, for another secret, or is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed text does not open with this server's keys")]
pub struct UnsealError;

impl Sealer {
    /// A sealer with the ring's keys.
    pub fn new(ring: &KeyRing) -> Self {
        let ciphers = ring
            .derive(Purpose::Seal)
            .iter()
            .filter_map(|key| XChaCha20Poly1305::new_from_slice(key.expose()).ok())
            .collect();
        Self { ciphers }
    }

    /// Seals `text` so that it opens only together with the hash of the secret it replaces.
    pub fn seal(
        &self,
        text: &SecretText,
        bound_to: &SecretHash,
        rng: &dyn Rng,
    ) -> Result<Vec<u8>, UnsealError> {
        let mut nonce = [0u8; NONCE_BYTES];
        rng.fill(&mut nonce);
        let cipher = self.ciphers.first().ok_or(UnsealError)?;
        let payload = Payload { msg: text.expose().as_bytes(), aad: bound_to.as_bytes() };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| UnsealError)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`Sealer::seal`] made, with any of the ring's keys.
    pub fn open(&self, sealed: &[u8], bound_to: &SecretHash) -> Result<SecretText, UnsealError> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>().ok_or(UnsealError)?;
        let open = |cipher: &XChaCha20Poly1305| {
            cipher.decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: bound_to.as_bytes() }).ok()
        };
        let text = self.ciphers.iter().find_map(open).ok_or(UnsealError)?;
        String::from_utf8(text).map(SecretText::new).map_err(|_| UnsealError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRng;

    fn sealer(secrets: &[&str]) -> Sealer {
        Sealer::new(&KeyRing::new(secrets.iter().map(|s| (*s).into())).unwrap())
    }

    #[test]
    fn a_sealed_text_opens_after_the_secret_was_rotated() {
        let old = SecretText::new("ek_old").hash();
        let sealed = sealer(&["first"]).seal(&SecretText::new("ek_new"), &old, &SeededRng::new(1)).unwrap();
        let opened = sealer(&["second", "first"]).open(&sealed, &old).unwrap();
        assert_eq!(opened.expose(), "ek_new");
    }

    #[test]
    fn a_sealed_text_opens_neither_for_another_secret_nor_damaged() {
        let old = SecretText::new("ek_old").hash();
        let mut sealed = sealer(&["k"]).seal(&SecretText::new("ek_new"), &old, &SeededRng::new(1)).unwrap();
        assert_eq!(
            sealer(&["k"]).open(&sealed, &SecretText::new("ek_other").hash()).unwrap_err(),
            UnsealError
        );
        sealed[30] ^= 1;
        assert_eq!(sealer(&["k"]).open(&sealed, &old).unwrap_err(), UnsealError);
        assert_eq!(sealer(&["k"]).open(&[1, 2, 3], &old).unwrap_err(), UnsealError);
    }
}
