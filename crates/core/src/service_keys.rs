//! Service keys: what a trusted server presents. Shown once, kept as a hash, of one site.

use jiff::Timestamp;

use crate::id::{ServiceKeyId, SiteName, mint};
use crate::identity::looks_like_jwt;
use crate::ports::Rng;
use crate::secret_text::SecretText;

/// What service keys minted here begin with. Imported ones keep the form they came in.
pub const PREFIX: &str = "sk_chatkitd_";

/// The shortest key that can be imported, in characters: below that, guessing would be worth a try.
pub const MIN_IMPORTED_CHARS: usize = 16;

/// A service key as lists show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceKey {
    /// `key_…`.
    pub id: ServiceKeyId,
    /// The site it belongs to.
    pub site: SiteName,
    /// What the operator calls it.
    pub name: String,
    /// The last four characters, to tell keys apart.
    pub hint: String,
    /// When it was made or imported.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A text that cannot be imported as a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Shorter than [`MIN_IMPORTED_CHARS`].
    #[error(
        "the key has fewer than {MIN_IMPORTED_CHARS} characters; anybody could guess it. Import a longer one, or, to try \
         chatkitd out, this one with --dev"
    )]
    TooShort,
    /// Has the form of a user's token, which it would be taken for.
    #[error(
        "this looks like a user's token (eyJ….….…), and would be taken for one; import a key of another form, or make one \
         with chatkitd keys create"
    )]
    Token,
    /// Begins with `ek_`, which would be taken for a client secret, holds control characters, or is empty.
    #[error(
        "this is not a service key: client secrets (ek_…), control characters and an empty text are refused"
    )]
    NotAKey,
}

/// Whether a key is shorter than [`MIN_IMPORTED_CHARS`].
pub fn is_guessable(text: &SecretText) -> bool {
    text.expose().chars().count() < MIN_IMPORTED_CHARS
}

impl ServiceKey {
    /// Mints a key. The text is for the operator's eyes, once.
    pub fn mint(site: SiteName, name: &str, now: Timestamp, rng: &dyn Rng) -> (Self, SecretText) {
        let text = SecretText::new(mint(PREFIX, now, rng));
        (Self::describe(site, name, &text, now, rng), text)
    }

    /// Takes over a key that clients already hold (design section 1).
    pub fn import(
        site: SiteName,
        name: &str,
        text: &SecretText,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<Self, ImportError> {
        if is_guessable(text) {
            return Err(ImportError::TooShort);
        }
        Self::import_for_trial(site, name, text, now, rng)
    }

    /// The same for whoever tries chatkitd out by himself: the key may be one that [`is_guessable`].
    pub fn import_for_trial(
        site: SiteName,
        name: &str,
        text: &SecretText,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<Self, ImportError> {
        let exposed = text.expose();
        if exposed.is_empty() || exposed.starts_with("ek_") || exposed.chars().any(char::is_control) {
            return Err(ImportError::NotAKey);
        }
        if looks_like_jwt(exposed) {
            return Err(ImportError::Token);
        }
        Ok(Self::describe(site, name, text, now, rng))
    }

    fn describe(site: SiteName, name: &str, text: &SecretText, now: Timestamp, rng: &dyn Rng) -> Self {
        let chars: Vec<char> = text.expose().chars().collect();
        Self {
            id: ServiceKeyId::mint(now, rng),
            site,
            name: name.to_owned(),
            hint: chars[chars.len().saturating_sub(4)..].iter().collect(),
            created_at: now,
            revoked_at: None,
        }
    }
}
