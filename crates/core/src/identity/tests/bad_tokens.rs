use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

use super::*;
use crate::id::UserIdError;
use crate::identity::{Jwk, JwksError, JwksSource};
use crate::testing::{RSA_PUBLIC_PEM, sign, unsigned};

/// Asserts that a verifier refuses a token, and why.
macro_rules! refused {
    ($settings:expr, $token:expr, $why:pat) => {{
        let outcome = verify($settings, &$token);
        assert!(matches!(outcome, Err($why)), "{outcome:?} is not {}", stringify!($why));
    }};
}

fn signed(changes: Value) -> String {
    TestKey::Rsa.sign("rsa", &with(claims(), changes))
}

#[test]
fn alg_none_is_refused() {
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let token = unsigned(&json!({ "alg": none, "typ": "JWT", "kid": "rsa" }), &claims());
        refused!(oidc(), token, TokenRefusal::Malformed);
        refused!(oidc(), format!("{token}c2lnbmVk"), TokenRefusal::Malformed);
    }
    refused!(
        oidc(),
        unsigned(&json!({ "alg": "RS256", "kid": "rsa" }), &claims()),
        TokenRefusal::BadSignature
    );
}

#[test]
fn hs256_with_the_rsa_public_key_as_its_secret_is_refused() {
    let jwk = serde_json::to_value(TestKey::Rsa.jwk("rsa")).unwrap();
    let modulus = jwk["n"].as_str().unwrap();
    let decoded = URL_SAFE_NO_PAD.decode(modulus).unwrap();
    let header = Header { kid: Some("rsa".to_owned()), ..Header::new(Algorithm::HS256) };
    let whole = jwk.to_string();
    let secrets = [
        RSA_PUBLIC_PEM.as_bytes(),
        RSA_PUBLIC_PEM.trim_end().as_bytes(),
        modulus.as_bytes(),
        &decoded,
        whole.as_bytes(),
    ];
    for secret in secrets {
        let token = sign(&header, &claims(), &EncodingKey::from_secret(secret));
        refused!(oidc(), token, TokenRefusal::WrongAlgorithm);
        // Not even where the verifier also takes HS256: its key is the app's, never a published one.
        let both = VerifierSettings {
            algorithms: Some(vec![Algorithm::RS256, Algorithm::HS256]),
            hs256_secret: Some(SECRET.into()),
            ..oidc()
        };
        refused!(both, token, TokenRefusal::BadSignature);
    }
}

#[test]
fn a_published_symmetric_key_verifies_nothing() {
    let secret = b"published, so known to everybody";
    let jwk = json!({ "kty": "oct", "kid": "oct", "k": URL_SAFE_NO_PAD.encode(secret) });
    let jwks = FixedJwks(vec![serde_json::from_value(jwk).unwrap()]);
    let header = Header { kid: Some("oct".to_owned()), ..Header::new(Algorithm::HS256) };
    let token = sign(&header, &claims(), &EncodingKey::from_secret(secret));
    assert!(matches!(verify_with(&[oidc()], &token, &jwks), Err(TokenRefusal::WrongAlgorithm)));
}

#[test]
fn an_algorithm_outside_the_list_is_refused() {
    refused!(oidc(), TestKey::P256.sign("p256", &claims()), TokenRefusal::WrongAlgorithm);
    let header = Header { kid: Some("rsa".to_owned()), ..Header::new(Algorithm::RS512) };
    refused!(oidc(), sign(&header, &claims(), &TestKey::Rsa.encoding()), TokenRefusal::WrongAlgorithm);
}

#[test]
fn a_key_that_is_not_for_this_algorithm_is_refused() {
    let key = || TestKey::Rsa.jwk("rsa");
    let (mut encrypts, mut wraps, mut differs) = (key(), key(), key());
    encrypts.common.public_key_use = Some(PublicKeyUse::Encryption);
    wraps.common.key_operations = Some(vec![KeyOperations::WrapKey]);
    differs.common.key_algorithm = Some(KeyAlgorithm::PS256);
    let mut curve = TestKey::P256.jwk("rsa");
    curve.common.key_algorithm = None;
    for unfit in [encrypts, wraps, differs, curve] {
        let outcome = verify_with(&[oidc()], &signed(json!({})), &FixedJwks(vec![unfit]));
        assert!(matches!(outcome, Err(TokenRefusal::UnknownKey)), "{outcome:?}");
    }
}

#[test]
fn an_unknown_kid_is_refused() {
    refused!(oidc(), TestKey::Rsa.sign("other", &claims()), TokenRefusal::UnknownKey);
}

#[test]
fn a_key_in_the_tokens_own_header_is_not_believed() {
    let header = Header {
        kid: Some("rsa".to_owned()),
        jwk: Some(TestKey::OtherRsa.jwk("rsa")),
        jku: Some("https://evil.example/jwks.json".to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    refused!(oidc(), sign(&header, &claims(), &TestKey::OtherRsa.encoding()), TokenRefusal::BadSignature);
}

#[test]
fn another_key_and_changed_claims_are_refused() {
    refused!(oidc(), TestKey::OtherRsa.sign("rsa", &claims()), TokenRefusal::BadSignature);
    let (good, evil) = (signed(json!({})), signed(json!({ "sub": "admin" })));
    let (message, _) = evil.rsplit_once('.').unwrap();
    let (_, signature) = good.rsplit_once('.').unwrap();
    refused!(oidc(), format!("{message}.{signature}"), TokenRefusal::BadSignature);
}

#[test]
fn dates_are_required_and_compared() {
    refused!(oidc(), signed(json!({ "exp": NOW - 31 })), TokenRefusal::Expired);
    refused!(oidc(), signed(json!({ "exp": -1 })), TokenRefusal::Expired);
    refused!(oidc(), signed(json!({ "exp": null })), TokenRefusal::NoExpiry);
    refused!(oidc(), signed(json!({ "exp": (NOW + 600).to_string() })), TokenRefusal::Malformed);
    refused!(oidc(), signed(json!({ "nbf": NOW + 31 })), TokenRefusal::NotYetValid);
    refused!(oidc(), signed(json!({ "nbf": "now" })), TokenRefusal::Malformed);
    refused!(oidc(), signed(json!({ "iat": NOW + 31 })), TokenRefusal::NotYetValid);
}

#[test]
fn issuer_audience_and_party_are_compared_whole() {
    for iss in
        [json!("https://issuer.example/"), json!("https://issuer.example.evil"), json!([ISSUER]), json!(null)]
    {
        refused!(oidc(), signed(json!({ "iss": iss })), TokenRefusal::WrongIssuer);
    }
    for aud in [json!("chat2"), json!(["other"]), json!([]), json!({ "chat": 1 }), json!(null)] {
        refused!(oidc(), signed(json!({ "aud": aud })), TokenRefusal::WrongAudience);
    }
    let clerk_token =
        |azp: Value| signed(json!({ "iss": "https://clerk.example.com", "aud": null, "azp": azp }));
    assert!(verify(clerk(), &clerk_token(json!("https://example.com"))).is_ok());
    for azp in [json!("https://evil-example.com"), json!("https://example.com.evil"), json!(null)] {
        refused!(clerk(), clerk_token(azp), TokenRefusal::WrongParty);
    }
}

#[test]
fn a_token_for_somebody_is_refused_where_no_audience_is_set() {
    let other = json!({ "iss": "https://clerk.example.com", "azp": "https://example.com", "aud": "convex" });
    refused!(clerk(), signed(other), TokenRefusal::WrongAudience);
}

#[test]
fn clerks_access_tokens_for_other_applications_are_refused() {
    let header = Header {
        kid: Some("rsa".to_owned()),
        typ: Some("at+jwt".to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    let claims = with(claims(), json!({ "iss": "https://clerk.example.com", "aud": null }));
    let open = VerifierSettings { authorized_parties: Vec::new(), ..clerk() };
    refused!(open, sign(&header, &claims, &TestKey::Rsa.encoding()), TokenRefusal::WrongKind);
}

#[test]
fn reserved_and_missing_users_are_refused() {
    refused!(oidc(), signed(json!({ "sub": "anon_1" })), TokenRefusal::UnusableUser(UserIdError::Reserved));
    let split = VerifierSettings { prefix: "an".to_owned(), ..oidc() };
    refused!(split, signed(json!({ "sub": "on_1" })), TokenRefusal::UnusableUser(UserIdError::Reserved));
    for sub in [json!(null), json!(""), json!(1.5), json!(-1), json!(true), json!(["user_1"])] {
        refused!(oidc(), signed(json!({ "sub": sub })), TokenRefusal::NoUser);
    }
    refused!(
        oidc(),
        signed(json!({ "sub": "a\u{0}b" })),
        TokenRefusal::UnusableUser(UserIdError::ControlCharacter)
    );
}

#[test]
fn critical_headers_and_long_tokens_are_refused() {
    let header = Header {
        kid: Some("rsa".to_owned()),
        crit: Some(vec!["b64".to_owned()]),
        ..Header::new(Algorithm::RS256)
    };
    refused!(oidc(), sign(&header, &claims(), &TestKey::Rsa.encoding()), TokenRefusal::Critical);
    refused!(oidc(), signed(json!({ "padding": "x".repeat(16 * 1024) })), TokenRefusal::TooLong);
}

#[test]
fn texts_that_are_no_tokens_are_refused() {
    let nested = URL_SAFE_NO_PAD.encode("[".repeat(5_000));
    for text in ["", ".", "..", "...", "a.b.c", "ek_abc", "null.null.null", &format!("{nested}.{nested}.x")] {
        refused!(oidc(), text, TokenRefusal::Malformed);
    }
    let token = signed(json!({}));
    for text in [format!("{token}="), format!("{token}.x"), format!(" {token}"), token.replace('.', "")] {
        assert!(verify(oidc(), &text).is_err(), "{text}");
    }
}

#[test]
fn a_site_without_verifiers_accepts_no_token() {
    assert!(matches!(verify_with(&[], &signed(json!({})), &published()), Err(TokenRefusal::WrongIssuer)));
}

/// An issuer that cannot be reached.
struct Down;

#[async_trait]
impl Jwks for Down {
    async fn key(&self, _: &JwksSource, _: Option<&str>, _: Algorithm) -> Result<Option<Jwk>, JwksError> {
        Err(JwksError("connection refused".into()))
    }
}

#[test]
fn keys_that_cannot_be_had_are_not_the_callers_fault() {
    let outcome = verify_with(&[oidc()], &signed(json!({})), &Down);
    assert!(matches!(outcome, Err(TokenRefusal::KeysUnavailable(_))), "{outcome:?}");
    // Tokens that no key could save do not even ask for one.
    let foreign = signed(json!({ "iss": "https://other.example" }));
    assert!(matches!(verify_with(&[oidc()], &foreign, &Down), Err(TokenRefusal::WrongIssuer)));
}

#[test]
fn no_refusal_repeats_the_token() {
    let token = signed(json!({ "sub": "anon_secret-subject", "kid": "x" }));
    let refusal = verify(oidc(), &token).unwrap_err();
    let shown = format!("{refusal} {refusal:?}");
    assert!(!shown.contains("secret-subject"), "{shown}");
}
