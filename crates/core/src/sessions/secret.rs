//! Client secrets: `ek_` and a JWT of ids only, verified without the database (design section 6).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::record::Session;
use super::signed::Signer;
use crate::id::{SessionId, SiteName, UserId, mint};
use crate::keys::{KeyRing, Purpose};
use crate::ports::Rng;
use crate::secret_text::SecretText;

/// What every client secret begins with.
pub const PREFIX: &str = "ek_";
const AUDIENCE: &str = "chatkitd:client-secret";

/// What a client secret says: ids and times, nothing about the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretClaims {
    aud: String,
    /// The session it opens.
    pub sid: SessionId,
    /// Whose session that is.
    pub sub: UserId,
    /// On which site.
    pub site: SiteName,
    /// This secret, and no other of the session.
    pub jti: String,
    /// When it was minted, Unix seconds.
    pub iat: i64,
    /// When it stops, Unix seconds.
    pub exp: i64,
}

/// The secret could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("a client secret could not be signed")]
pub struct MintError(#[source] jsonwebtoken::errors::Error);

/// Mints local client secrets and reads them back.
pub struct ClientSecrets(Signer);

impl ClientSecrets {
    /// Signs with the ring's first secret, verifies with all.
    pub fn new(ring: &KeyRing) -> Self {
        Self(Signer::new(ring, Purpose::ClientSecret, "chatkit-secret+jwt", AUDIENCE))
    }

    /// Mints a secret for `session`, good from `now` until `expires_at` (whole seconds, rounded down).
    pub fn mint(
        &self,
        session: &Session,
        now: Timestamp,
        expires_at: Timestamp,
        rng: &dyn Rng,
    ) -> Result<SecretText, MintError> {
        let claims = SecretClaims {
            aud: AUDIENCE.to_owned(),
            sid: session.id.clone(),
            sub: session.user.clone(),
            site: session.site.clone(),
            jti: mint("", now, rng),
            iat: now.as_second(),
            exp: expires_at.as_second(),
        };
        let jwt = self.0.sign(&claims).map_err(MintError)?;
        Ok(SecretText::new(format!("{PREFIX}{jwt}")))
    }

    /// What a secret says, if it was minted here. Its times and its revocation are for the caller to
    /// look at. `None` for hosted secrets and for forgeries alike.
    pub fn read(&self, secret: &SecretText) -> Option<SecretClaims> {
        self.0.verify(secret.expose().strip_prefix(PREFIX)?)
    }

    /// Whether a secret was minted by a chatkitd with other keys: by this one, with a secret that is no longer
    /// set, or by one that is the hosted upstream.
    pub fn is_of_another_chatkitd(&self, secret: &SecretText) -> bool {
        secret.expose().strip_prefix(PREFIX).is_some_and(|jwt| self.0.is_of_another_key(jwt))
    }

    /// Whether a text has the form of a secret minted here. One that does not [`read`] is a forgery, or of
    /// [another](Self::is_of_another_chatkitd) chatkitd.
    ///
    /// [`read`]: ClientSecrets::read
    pub fn looks_local(secret: &SecretText) -> bool {
        secret.expose().strip_prefix(PREFIX).is_some_and(|rest| rest.split('.').count() == 3)
    }
}
