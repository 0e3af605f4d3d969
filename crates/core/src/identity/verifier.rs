use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Header, crypto};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::claims::Claims;
use super::jwks::{Jwks, JwksSource};
use super::keys::{key_source, secret_key};
use super::refusal::TokenRefusal;
use super::settings::{Preset, VerifierSettings, VerifierWarning};
use super::token::Unverified;
use super::verifier_error::VerifierError;
use crate::id::UserId;

/// RFC 7518 section 3.2.
const GOOD_SECRET_BYTES: usize = 32;

/// Somebody whose token was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedUser {
    /// The user's id here: the verifier's prefix and the subject.
    pub user: UserId,
    /// The texts that `role_claim` holds, in its order; once the site's [`RolePolicy`](super::RolePolicy) was
    /// asked, the one that counts.
    pub roles: Vec<String>,
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

    /// Verifies a token whose `iss` is this verifier's: [`Verifiers`](super::Verifiers) compared it to
    /// choose, in the very claims that the signature covers, so it is not compared again.
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
        let key = jwks.key(source, header.kid.as_deref(), header.alg).await?;
        let key = key.ok_or(TokenRefusal::UnknownKey)?;
        // An error here is a published key that is damaged.
        DecodingKey::from_jwk(&key).map_err(|_| TokenRefusal::UnknownKey)
    }

    fn check(&self, claims: &Claims, now: Timestamp) -> Result<(), TokenRefusal> {
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
        let role_claim = self.role_claim.as_ref().and_then(|path| claims.at(path));
        Ok(VerifiedUser {
            user: UserId::named(&format!("{}{subject}", self.prefix))?,
            roles: role_claim.map(texts).unwrap_or_default(),
            subject,
        })
    }
}

/// The texts of a claim that is one or a list of them; empty ones say nothing.
fn texts(claim: &Value) -> Vec<String> {
    let listed = claim.as_array().map_or(std::slice::from_ref(claim), Vec::as_slice);
    listed.iter().filter_map(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

fn warnings(settings: &VerifierSettings, any_party: bool) -> Vec<VerifierWarning> {
    let short =
        settings.hs256_secret.as_ref().is_some_and(|secret| secret.expose_secret().len() < GOOD_SECRET_BYTES);
    let found = [(any_party, VerifierWarning::AnyParty), (short, VerifierWarning::ShortSecret)];
    found.into_iter().filter_map(|(applies, warning)| applies.then_some(warning)).collect()
}
