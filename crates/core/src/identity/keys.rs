//! Where a verifier's keys come from, by its settings.

use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::jwks::{JwksSource, is_secure};
use super::settings::{Preset, VerifierSettings};
use super::verifier_error::VerifierError;

/// The key of HS256, where that is accepted.
pub(super) fn secret_key(
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

/// Where the keys of all other algorithms are published, where one of those is accepted.
pub(super) fn key_source(
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
