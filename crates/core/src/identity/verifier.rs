use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Header, crypto};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

use super::claims::Claims;
use super::jwks::{Jwks, JwksSource, fits, is_secure};
use super::refusal::TokenRefusal;
use super::settings::{Preset, VerifierSettings, VerifierWarning};
use crate::id::UserId;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// RFC 7518 section 3.2.
const GOOD_SECRET_BYTES: usize = 32;

/// Somebody whose token was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedUser {
    /// The user's id here: the verifier's prefix and the subject.
    pub user: UserId,
    /// What `role_claim` holds, if that is a text.
    pub role: Option<String>,
    /// The user as the issuer names them, without prefix.
    pub subject: String,
}

/// Verifies the tokens of one issuer.
#[derive(Debug)]
pub struct Verifier {
    issuer: Option<String>,
    /// Clerk signs tokens of other kinds with the same keys (OAuth access tokens are `at+jwt`).
    only_typ_jwt: bool,
    algorithms: Vec<Algorithm>,
    secret: Option<DecodingKey>,
    published: Option<JwksSource>,
    audience: Vec<String>,
    authorized_parties: Vec<String>,
    prefix: String,
    user_claim: String,
    role_claim: Option<String>,
    leeway: Duration,
    warnings: Vec<VerifierWarning>,
}

/// Settings that make no safe verifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifierError {
    /// No issuer, and tokens would be verified with published keys.
    #[error(
        "no issuer is set; set issuer to the address of your sign-in service (for Clerk it is enough to set \
         NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY), or hs256_secret to the key that your back end signs with"
    )]
    NoIssuer,
    /// Not an address.
    #[error("{setting} = {value:?} is not an address; it begins with https://")]
    NotAnAddress {
        /// `issuer` or `jwks_url`.
        setting: &'static str,
        /// As it was set.
        value: String,
    },
    /// Not HTTPS.
    #[error("{setting} = {value:?} must begin with https://; http is for loopback addresses only")]
    Insecure {
        /// `issuer` or `jwks_url`.
        setting: &'static str,
        /// As it was set.
        value: String,
    },
    /// An issuer signs for many applications, and nothing says which one this is.
    #[error(
        "no audience is set, so a token for any other application of this issuer would sign in here; set \
         audience to what your tokens carry as aud"
    )]
    NoAudience,
    /// An empty list of algorithms.
    #[error("algorithms is empty; remove it to use the default, or name at least one")]
    NoAlgorithm,
    /// HS256 without a key, or with an empty one.
    #[error("HS256 needs hs256_secret, the key that your back end signs with")]
    NoSecret,
    /// A key, and no algorithm that uses it.
    #[error("hs256_secret is set but never used; add \"HS256\" to algorithms, or remove the secret")]
    UnusedSecret,
    /// HS384 or HS512.
    #[error("{0:?} is not supported; of the algorithms with a shared key only HS256 is")]
    Unsupported(Algorithm),
    /// A prefix that makes user ids which are reserved or invalid.
    #[error("prefix = {0:?} cannot begin a user id; use letters and digits, and not \"anon_\"")]
    Prefix(String),
}

impl Verifier {
    /// Checks the settings and makes a verifier of them.
    pub fn new(settings: &VerifierSettings) -> Result<Self, VerifierError> {
        let algorithms = settings.accepted_algorithms();
        let secret = secret_key(settings.hs256_secret.as_ref(), &algorithms)?;
        let published = key_source(settings, &algorithms)?;
        let audience = match &settings.audience {
            none if none.is_empty() => settings.preset.audience(),
            set => set.clone(),
        };
        let unbound = audience.is_empty() && settings.authorized_parties.is_empty();
        if unbound && published.is_some() && settings.preset != Preset::Clerk {
            return Err(VerifierError::NoAudience);
        }
        UserId::named(&format!("{}x", settings.prefix))
            .map_err(|_| VerifierError::Prefix(settings.prefix.clone()))?;
        Ok(Self {
            issuer: settings.issuer.as_deref().map(|issuer| settings.preset.issuer(issuer)),
            warnings: warnings(settings, unbound && published.is_some()),
            only_typ_jwt: settings.preset == Preset::Clerk,
            algorithms,
            secret,
            published,
            audience,
            authorized_parties: settings.authorized_parties.clone(),
            prefix: settings.prefix.clone(),
            user_claim: settings.user_claim.clone(),
            role_claim: settings.role_claim.clone(),
            leeway: Duration::from_secs(settings.leeway_seconds),
        })
    }

    /// What the tokens' `iss` must be; `None` where the app's own key is all that counts.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// What is put before subjects.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// What is allowed but risky.
    pub fn warnings(&self) -> &[VerifierWarning] {
        &self.warnings
    }

    /// Verifies a token whose `iss` chose this verifier.
    pub(super) async fn verify(
        &self,
        token: &Unverified<'_>,
        now: Timestamp,
        jwks: &dyn Jwks,
    ) -> Result<VerifiedUser, TokenRefusal> {
        if self.only_typ_jwt && token.header.typ.as_deref().is_some_and(|typ| typ != "JWT") {
            return Err(TokenRefusal::WrongKind);
        }
        let key = self.key(&token.header, jwks).await?;
        let genuine = crypto::verify(token.signature, token.message.as_bytes(), &key, token.header.alg);
        // An error here is a signature that is not base64url.
        if !genuine.unwrap_or(false) {
            return Err(TokenRefusal::BadSignature);
        }
        self.check(&token.claims, now)?;
        self.user(&token.claims)
    }

    /// The key for this header. The algorithm decides where it comes from, so that a published key is
    /// never used as a shared secret.
    async fn key(&self, header: &Header, jwks: &dyn Jwks) -> Result<DecodingKey, TokenRefusal> {
        if !self.algorithms.contains(&header.alg) {
            return Err(TokenRefusal::WrongAlgorithm);
        }
        if header.alg.family() == AlgorithmFamily::Hmac {
            return self.secret.clone().ok_or(TokenRefusal::WrongAlgorithm);
        }
        let source = self.published.as_ref().ok_or(TokenRefusal::WrongAlgorithm)?;
        let key: Option<Jwk> = jwks.key(source, header.kid.as_deref()).await?;
        let fitting = key.filter(|key| fits(key, header.alg)).ok_or(TokenRefusal::UnknownKey)?;
        // An error here is a published key that is damaged.
        DecodingKey::from_jwk(&fitting).map_err(|_| TokenRefusal::UnknownKey)
    }

    fn check(&self, claims: &Claims, now: Timestamp) -> Result<(), TokenRefusal> {
        if self.issuer.is_some() && self.issuer.as_deref() != claims.text("iss") {
            return Err(TokenRefusal::WrongIssuer);
        }
        claims.check_times(now, self.leeway)?;
        if !claims.is_for(&self.audience) {
            return Err(TokenRefusal::WrongAudience);
        }
        let parties = &self.authorized_parties;
        let is_party = |azp: &str| parties.iter().any(|party| party == azp);
        if !parties.is_empty() && !claims.text("azp").is_some_and(is_party) {
            return Err(TokenRefusal::WrongParty);
        }
        Ok(())
    }

    fn user(&self, claims: &Claims) -> Result<VerifiedUser, TokenRefusal> {
        let subject = match claims.at(&self.user_claim) {
            Some(Value::String(text)) if !text.is_empty() => text.clone(),
            // The ids of many users tables.
            Some(Value::Number(number)) if number.is_u64() => number.to_string(),
            _ => return Err(TokenRefusal::NoUser),
        };
        let role = self.role_claim.as_ref().and_then(|path| claims.at(path)?.as_str());
        Ok(VerifiedUser {
            user: UserId::named(&format!("{}{subject}", self.prefix))?,
            role: role.map(str::to_owned),
            subject,
        })
    }
}

/// A token taken apart. Nothing of it is believed yet.
pub(super) struct Unverified<'a> {
    header: Header,
    pub(super) claims: Claims,
    message: &'a str,
    signature: &'a str,
}

impl<'a> Unverified<'a> {
    pub(super) fn read(token: &'a str) -> Result<Self, TokenRefusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenRefusal::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenRefusal::Malformed)?;
        // `alg: none` ends here: the library knows no such algorithm.
        let parts =
            jsonwebtoken::dangerous::insecure_decode::<Claims>(token).map_err(|_| TokenRefusal::Malformed)?;
        if parts.header.crit.is_some() {
            return Err(TokenRefusal::Critical);
        }
        Ok(Self { header: parts.header, claims: parts.claims, message, signature })
    }
}

fn secret_key(
    secret: Option<&SecretString>,
    algorithms: &[Algorithm],
) -> Result<Option<DecodingKey>, VerifierError> {
    let is_hmac = |algorithm: &&Algorithm| algorithm.family() == AlgorithmFamily::Hmac;
    if let Some(other) = algorithms.iter().filter(is_hmac).find(|hmac| **hmac != Algorithm::HS256) {
        return Err(VerifierError::Unsupported(*other));
    }
    let uses_secret = algorithms.contains(&Algorithm::HS256);
    match secret.map(|secret| secret.expose_secret().as_bytes()) {
        Some(bytes) if uses_secret && !bytes.is_empty() => Ok(Some(DecodingKey::from_secret(bytes))),
        _ if uses_secret => Err(VerifierError::NoSecret),
        Some(_) => Err(VerifierError::UnusedSecret),
        None => Ok(None),
    }
}

fn key_source(
    settings: &VerifierSettings,
    algorithms: &[Algorithm],
) -> Result<Option<JwksSource>, VerifierError> {
    if algorithms.is_empty() {
        return Err(VerifierError::NoAlgorithm);
    }
    if algorithms.iter().all(|algorithm| algorithm.family() == AlgorithmFamily::Hmac) {
        return Ok(None);
    }
    let issuer = settings.preset.issuer(settings.issuer.as_deref().ok_or(VerifierError::NoIssuer)?);
    if let Some(url) = &settings.jwks_url {
        return address("jwks_url", url).map(|url| Some(JwksSource::KeySet(url)));
    }
    let base = issuer.trim_end_matches('/');
    Ok(Some(match settings.preset {
        Preset::None => JwksSource::Discovery {
            document: address("issuer", &format!("{base}/.well-known/openid-configuration"))?,
            issuer,
        },
        Preset::Clerk | Preset::Supabase | Preset::Auth0 => {
            JwksSource::KeySet(address("issuer", &format!("{base}/.well-known/jwks.json"))?)
        }
    }))
}

fn address(setting: &'static str, value: &str) -> Result<Url, VerifierError> {
    let url =
        Url::parse(value).map_err(|_| VerifierError::NotAnAddress { setting, value: value.to_owned() })?;
    if is_secure(&url) { Ok(url) } else { Err(VerifierError::Insecure { setting, value: value.to_owned() }) }
}

fn warnings(settings: &VerifierSettings, any_party: bool) -> Vec<VerifierWarning> {
    let short =
        settings.hs256_secret.as_ref().is_some_and(|secret| secret.expose_secret().len() < GOOD_SECRET_BYTES);
    let found = [(any_party, VerifierWarning::AnyParty), (short, VerifierWarning::ShortSecret)];
    found.into_iter().filter_map(|(applies, warning)| applies.then_some(warning)).collect()
}
