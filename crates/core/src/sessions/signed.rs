//! Signed tokens of our own: HS256, a `typ` and an `aud` for each purpose, a `kid` that names the
//! secret the key was derived from (design 4.4).

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keys::{DerivedKey, KeyRing, Purpose};

/// Signs and verifies the tokens of one purpose.
pub(super) struct Signer {
    typ: &'static str,
    keys: Vec<Key>,
    validation: Validation,
}

struct Key {
    kid: String,
    encoding: EncodingKey,
    decoding: DecodingKey,
}

impl From<&DerivedKey> for Key {
    fn from(key: &DerivedKey) -> Self {
        Self {
            kid: key.kid.clone(),
            encoding: EncodingKey::from_secret(key.expose()),
            decoding: DecodingKey::from_secret(key.expose()),
        }
    }
}

impl Signer {
    /// A signer for tokens whose header says `typ` and whose claims say `aud`.
    pub(super) fn new(ring: &KeyRing, purpose: Purpose, typ: &'static str, aud: &'static str) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[aud]);
        validation.set_required_spec_claims(&["aud", "exp"]);
        // Time is the caller's `Clock`, so the caller compares `exp`; the library would ask the
        // machine.
        validation.validate_exp = false;
        Self { typ, keys: ring.derive(purpose).iter().map(Key::from).collect(), validation }
    }

    pub(super) fn sign<T: Serialize>(&self, claims: &T) -> Result<String, jsonwebtoken::errors::Error> {
        let key = self.keys.first().ok_or(jsonwebtoken::errors::ErrorKind::InvalidKeyFormat)?;
        let header = Header {
            typ: Some(self.typ.to_owned()),
            kid: Some(key.kid.clone()),
            ..Header::new(Algorithm::HS256)
        };
        jsonwebtoken::encode(&header, claims, &key.encoding)
    }

    /// Whether a token is of this purpose and names a key that is not one of these.
    pub(super) fn is_of_another_key(&self, token: &str) -> bool {
        jsonwebtoken::decode_header(token).is_ok_and(|header| {
            header.typ.as_deref() == Some(self.typ)
                && header.kid.is_some_and(|kid| self.keys.iter().all(|key| key.kid != kid))
        })
    }

    /// The claims of a token that was signed here for this purpose; `None` for any other text.
    pub(super) fn verify<T: DeserializeOwned + Clone>(&self, token: &str) -> Option<T> {
        // Each key is tried rather than looked up by the header's `kid`, which would mean to read the header twice:
        // there is one key, and a second one for a while after the secret was changed.
        self.keys.iter().find_map(|key| {
            let data = jsonwebtoken::decode::<T>(token, &key.decoding, &self.validation).ok()?;
            let is_ours =
                data.header.typ.as_deref() == Some(self.typ) && data.header.kid.as_deref() == Some(&key.kid);
            is_ours.then_some(data.claims)
        })
    }
}
