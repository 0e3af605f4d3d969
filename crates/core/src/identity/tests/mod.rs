//! Tokens, good and bad, against verifiers of every kind.

mod bad_tokens;
mod good_tokens;
mod mutations;
mod roles;
mod settings;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Jwks, Preset, TokenRefusal, VerifiedUser, VerifierSettings, Verifiers};
use crate::testing::{FixedJwks, TestKey};

const NOW: i64 = 1_767_225_600;
const ISSUER: &str = "https://issuer.example";
const SECRET: &str = "the-app's-own-key-of-more-than-32-bytes";

/// Any issuer that publishes its keys.
fn oidc() -> VerifierSettings {
    VerifierSettings {
        issuer: Some(ISSUER.to_owned()),
        audience: vec!["chat".to_owned()],
        ..VerifierSettings::default()
    }
}

/// The app's own back end.
fn own() -> VerifierSettings {
    VerifierSettings { hs256_secret: Some(SECRET.into()), ..VerifierSettings::default() }
}

fn clerk() -> VerifierSettings {
    VerifierSettings {
        preset: Preset::Clerk,
        issuer: Some("https://clerk.example.com".to_owned()),
        authorized_parties: vec!["https://example.com".to_owned()],
        ..VerifierSettings::default()
    }
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": "chat", "sub": "user_1", "iat": NOW - 10, "exp": NOW + 600 })
}

/// The claims with some of them changed, or, where the change is null, without them.
fn with(mut claims: Value, changes: Value) -> Value {
    let all = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            all.remove(name)
        } else {
            all.insert(name.clone(), value.clone())
        };
    }
    claims
}

fn published() -> FixedJwks {
    FixedJwks(vec![TestKey::Rsa.jwk("rsa"), TestKey::P256.jwk("p256")])
}

fn verify(settings: VerifierSettings, token: &str) -> Result<VerifiedUser, TokenRefusal> {
    verify_with(&[settings], token, &published())
}

fn verify_with(
    settings: &[VerifierSettings],
    token: &str,
    jwks: &dyn Jwks,
) -> Result<VerifiedUser, TokenRefusal> {
    let verifiers = Verifiers::new(settings).unwrap();
    let now = Timestamp::from_second(NOW).unwrap();
    futures_util::FutureExt::now_or_never(verifiers.verify(token, now, jwks)).expect("nothing to wait for")
}
