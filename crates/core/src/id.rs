//! Identifiers: the ones minted here, and the ones other people mint.
//!
//! Ours are a prefix and 48 lowercase hex digits: a UUIDv7 (so that they sort by time) and 64 further
//! random bits (design section 2). Foreign ones are opaque.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Builder;

use crate::ports::Rng;

/// How many hex digits follow the prefix.
const DIGITS: usize = 48;
const HEX: [u8; 16] = *b"0123456789abcdef";

/// Mints `prefix` + 48 hex digits. The first twelve digits are `now` in milliseconds.
pub fn mint(prefix: &str, now: Timestamp, rng: &dyn Rng) -> String {
    let mut random = [0u8; 18];
    rng.fill(&mut random);
    let (head, tail) = random.split_at(10);
    let head: [u8; 10] = std::array::from_fn(|at| head[at]);
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let ordered = Builder::from_unix_timestamp_millis(millis, &head).into_uuid();
    let mut id = String::with_capacity(prefix.len() + DIGITS);
    id.push_str(prefix);
    for byte in ordered.as_bytes().iter().chain(tail) {
        id.extend([byte >> 4, byte & 15].map(|digit| char::from(HEX[usize::from(digit)])));
    }
    id
}

fn is_minted(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

macro_rules! minted_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, ordered by `now`.
            pub fn mint(now: Timestamp, rng: &dyn Rng) -> Self {
                Self(mint(Self::PREFIX, now, rng))
            }

            /// Reads an id that was minted here; `None` for anything else.
            pub fn parse(text: &str) -> Option<Self> {
                is_minted(Self::PREFIX, text).then(|| Self(text.to_owned()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

minted_id!(
    /// A service key's id, `key_…`. It names the key in lists and in the audit log; it opens nothing.
    ServiceKeyId,
    "key_"
);

minted_id!(
    /// A run's id, `run_…`: one answer being produced on a thread. It also is the epoch that fences the
    /// run's writes (design 4.8): no two runs share it, and one that was superseded never comes back.
    RunId,
    "run_"
);
minted_id!(
    /// An attachment's id, `cfile_…`.
    AttachmentId,
    "cfile_"
);

/// A session's id, `cksess_…`. One that was given elsewhere (an SDK's own tests call it `cksess_123`) stays as
/// it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(String);

impl SessionId {
    /// What every session's id begins with.
    pub const PREFIX: &'static str = "cksess_";
    /// The longest id, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// A new id, ordered by `now`.
    pub fn mint(now: Timestamp, rng: &dyn Rng) -> Self {
        Self(mint(Self::PREFIX, now, rng))
    }

    /// Reads an id that somebody sent: the prefix and letters, digits, `_` or `-`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(Self::PREFIX)?;
        let fits = !rest.is_empty()
            && text.len() <= Self::MAX_BYTES
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        fits.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A thread's id. Ours are `cthr_…`; threads that came from elsewhere keep the id they had.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThreadId(String);

impl ThreadId {
    /// What the ids minted here begin with.
    pub const PREFIX: &'static str = "cthr_";
    /// The longest id, in bytes.
    pub const MAX_BYTES: usize = 256;

    /// A new id, ordered by `now`.
    pub fn mint(now: Timestamp, rng: &dyn Rng) -> Self {
        Self(mint(Self::PREFIX, now, rng))
    }

    /// Reads an id that somebody sent; `None` for what cannot be one: nothing, too long, or with control
    /// characters.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = !text.is_empty() && text.len() <= Self::MAX_BYTES && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ThreadId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the ids of items minted here begin with. Items of agents may have any id.
pub const ITEM_PREFIX: &str = "cti_";

/// The person chatting: an opaque id within a site.
///
/// `anon_…` stands for a device; those ids are minted here and refused from tokens, bodies and REST
/// (design 4.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

/// Why a text cannot be a user's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserIdError {
    /// Nothing, or only blanks.
    #[error("a user id must not be empty")]
    Empty,
    /// Over [`UserId::MAX_CHARS`].
    #[error("a user id has at most {} characters", UserId::MAX_CHARS)]
    TooLong,
    /// A NUL or another control character.
    #[error("a user id must not contain control characters")]
    ControlCharacter,
    /// Begins with `anon_`.
    #[error("user ids that begin with \"anon_\" are reserved for visitors who are not signed in")]
    Reserved,
}

impl UserId {
    /// What the ids of anonymous users begin with.
    pub const ANONYMOUS_PREFIX: &'static str = "anon_";
    /// The user that back ends send who know of none.
    pub const PLACEHOLDER: &'static str = "anonymous";
    /// The longest user id, in characters: what `OpenAI`'s thread list takes as its `user` filter.
    pub const MAX_CHARS: usize = 512;

    /// A new anonymous user.
    pub fn mint_anonymous(now: Timestamp, rng: &dyn Rng) -> Self {
        Self(mint(Self::ANONYMOUS_PREFIX, now, rng))
    }

    /// A user named by somebody who proved themselves (a verified token, a service key).
    pub fn named(text: &str) -> Result<Self, UserIdError> {
        if text.trim().is_empty() {
            return Err(UserIdError::Empty);
        }
        if text.chars().count() > Self::MAX_CHARS {
            return Err(UserIdError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(UserIdError::ControlCharacter);
        }
        if text.starts_with(Self::ANONYMOUS_PREFIX) {
            return Err(UserIdError::Reserved);
        }
        Ok(Self(text.to_owned()))
    }

    /// A user as this server wrote it down: in the store, or in a token signed here.
    pub fn recorded(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether this stands for everybody whom nobody named: threads that were pulled from `OpenAI` may have
    /// such a user, and belong to operators only (design 4.7).
    pub fn is_placeholder(&self) -> bool {
        self.0.eq_ignore_ascii_case(Self::PLACEHOLDER)
    }

    /// Whether this is a device rather than somebody who signed in.
    pub fn is_anonymous(&self) -> bool {
        self.0.starts_with(Self::ANONYMOUS_PREFIX)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for UserId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A site's name: lowercase letters, digits and hyphens, 1 to 63 of them; it stands in paths
/// (`/s/{site}/…`), cookies and metrics.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SiteName(String);

/// A text that cannot be a site's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a site name: use 1 to 63 lowercase letters, digits and hyphens")]
pub struct SiteNameError(String);

impl SiteName {
    /// The site of a server on which none is configured.
    pub fn default_site() -> Self {
        Self("default".to_owned())
    }

    /// Reads a site's name.
    pub fn parse(text: &str) -> Result<Self, SiteNameError> {
        let fits = (1..=63).contains(&text.len())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits { Ok(Self(text.to_owned())) } else { Err(SiteNameError(text.to_owned())) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for SiteName {
    type Error = SiteNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<SiteName> for String {
    fn from(name: SiteName) -> Self {
        name.0
    }
}

impl std::fmt::Display for SiteName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRng;

    #[test]
    fn minted_ids_have_a_prefix_and_48_hex_digits_and_sort_by_time() {
        let rng = SeededRng::new(1);
        let earlier = SessionId::mint(Timestamp::from_millisecond(1_000).unwrap(), &rng);
        let later = SessionId::mint(Timestamp::from_millisecond(2_000).unwrap(), &rng);
        assert!(earlier < later);
        assert_eq!(SessionId::parse(earlier.as_str()), Some(earlier.clone()));
        assert_eq!(earlier.as_str().len(), "cksess_".len() + 48);
    }

    #[test]
    fn a_session_id_is_the_prefix_and_a_word() {
        for text in ["", "cksess_", "cksess_../../x", "cksess_a b", &format!("cksess_{}", "0".repeat(122))] {
            assert_eq!(SessionId::parse(text), None, "{text}");
        }
        assert!(SessionId::parse("cksess_123").is_some());
        assert_eq!(ServiceKeyId::parse("key_123"), None, "ids that only this server gives have one form");
    }

    #[test]
    fn nobody_can_be_named_like_an_anonymous_user() {
        assert_eq!(UserId::named("anon_1"), Err(UserIdError::Reserved));
        assert_eq!(UserId::named(" "), Err(UserIdError::Empty));
        assert_eq!(UserId::named("a\u{0}b"), Err(UserIdError::ControlCharacter));
        assert_eq!(UserId::named(&"x".repeat(513)), Err(UserIdError::TooLong));
        assert!(UserId::named("user_123").is_ok());
    }
}
