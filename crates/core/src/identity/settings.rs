//! How an operator describes a sign-in: `[[sites.<name>.verifiers]]` in `chatkitd.toml`.

use jsonwebtoken::Algorithm;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// Who issues the tokens: sets defaults, nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Any `OpenID` Connect issuer, or the app's own tokens.
    #[default]
    None,
    /// Clerk: RS256, keys at `{issuer}/.well-known/jwks.json`. Its session tokens carry no `aud`: set
    /// `authorized_parties`.
    Clerk,
    /// Supabase: ES256 and RS256, keys at `{issuer}/.well-known/jwks.json`, the issuer being
    /// `https://<project>.supabase.co/auth/v1`; HS256 too where `hs256_secret` is the project's legacy
    /// secret. Audience `authenticated`.
    Supabase,
    /// Auth0: RS256, keys at `{issuer}.well-known/jwks.json`, the issuer being `https://<tenant>/`.
    Auth0,
}

/// One verifier of a site. Each needs keys: an `issuer` that publishes them, or `hs256_secret`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VerifierSettings {
    /// `clerk`, `supabase`, `auth0` or `none`. Default `none`.
    pub preset: Preset,
    /// What the tokens' `iss` must equal, letter by letter. Required except with `hs256_secret` alone.
    /// For the presets a slash at the end is added or dropped as that service writes it.
    pub issuer: Option<String>,
    /// One of these must be in the tokens' `aud`; a text or a list. Required for `auth0` and `none`
    /// with published keys; `authenticated` for `supabase`. With none set, a token that has an `aud`
    /// is refused.
    #[serde(deserialize_with = "one_or_many")]
    pub audience: Vec<String>,
    /// The tokens' `azp` must be one of these: for Clerk the origins of the pages, such as
    /// `https://example.com`. Default: not looked at.
    pub authorized_parties: Vec<String>,
    /// The algorithms that are accepted, such as `["RS256"]`. Default: as the preset says; without
    /// one, HS256 with `hs256_secret`, else RS256.
    pub algorithms: Option<Vec<Algorithm>>,
    /// Where the keys are published. Default: as the preset says; without one, what the issuer's
    /// discovery document names. HTTPS, except on loopback addresses.
    pub jwks_url: Option<String>,
    /// The key with which the app's own back end signs HS256 tokens. Not `CHATKIT_SECRET`.
    pub hs256_secret: Option<SecretString>,
    /// Put before the subject to make the user's id. Default empty; two verifiers of one site need
    /// prefixes of which none begins with the other.
    pub prefix: String,
    /// The claim that names the user; a path with dots is allowed. Default `sub`.
    pub user_claim: String,
    /// The claim that holds the user's role, a text or a list of texts; a path with dots is allowed, such as
    /// `public_metadata.role`. Default: none is read.
    pub role_claim: Option<String>,
    /// How far the issuer's clock may be off, in seconds. Default 30.
    pub leeway_seconds: u64,
}

impl Default for VerifierSettings {
    fn default() -> Self {
        Self {
            preset: Preset::default(),
            issuer: None,
            audience: Vec::new(),
            authorized_parties: Vec::new(),
            algorithms: None,
            jwks_url: None,
            hs256_secret: None,
            prefix: String::new(),
            user_claim: "sub".to_owned(),
            role_claim: None,
            leeway_seconds: 30,
        }
    }
}

/// What is allowed but risky; `config check` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifierWarning {
    /// Clerk without `authorized_parties` and `audience`.
    #[error(
        "tokens that this Clerk application issued to any page are accepted; set authorized_parties to the \
         origins of your pages"
    )]
    AnyParty,
    /// Below the 256 bits that RFC 7518 section 3.2 demands of HS256.
    #[error("hs256_secret is shorter than 32 bytes and may be guessed; use a longer one")]
    ShortSecret,
}

impl Preset {
    /// The issuer as this service writes it into tokens.
    pub(super) fn issuer(self, configured: &str) -> String {
        let bare = configured.trim_end_matches('/');
        match self {
            Self::None => configured.to_owned(),
            Self::Clerk | Self::Supabase => bare.to_owned(),
            Self::Auth0 => format!("{bare}/"),
        }
    }

    pub(super) fn audience(self) -> Vec<String> {
        match self {
            Self::Supabase => vec!["authenticated".to_owned()],
            Self::None | Self::Clerk | Self::Auth0 => Vec::new(),
        }
    }
}

impl VerifierSettings {
    /// The algorithms that are accepted.
    pub(super) fn accepted_algorithms(&self) -> Vec<Algorithm> {
        if let Some(listed) = &self.algorithms {
            return listed.clone();
        }
        let publishes = self.issuer.is_some() || self.jwks_url.is_some();
        let has_secret = self.hs256_secret.is_some();
        let mut accepted = match self.preset {
            Preset::Clerk | Preset::Auth0 => return vec![Algorithm::RS256],
            Preset::Supabase if publishes || !has_secret => vec![Algorithm::ES256, Algorithm::RS256],
            // An issuer beside a secret only says what `iss` must be.
            Preset::None if self.jwks_url.is_some() || !has_secret => vec![Algorithm::RS256],
            Preset::Supabase | Preset::None => Vec::new(),
        };
        if has_secret {
            accepted.push(Algorithm::HS256);
        }
        accepted
    }
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text or a list of texts")]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    })
}
