use jsonwebtoken::jwk::PublicKeyUse;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::json;

use super::*;
use crate::testing::sign;

fn own_token(claims: &Value) -> String {
    sign(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes()))
}

#[test]
fn a_token_of_an_oidc_issuer_names_its_user() {
    let user = verify(oidc(), &TestKey::Rsa.sign("rsa", &claims())).unwrap();
    assert_eq!((user.user.as_str(), user.subject.as_str(), user.roles.len()), ("user_1", "user_1", 0));
}

/// As while a provider has a key for encryption beside the one that it signs with.
#[test]
fn a_key_that_cannot_verify_does_not_hide_one_of_the_same_kid() {
    let mut encrypts = TestKey::OtherRsa.jwk("rsa");
    encrypts.common.public_key_use = Some(PublicKeyUse::Encryption);
    let of_another_kind = TestKey::P256.jwk("rsa");
    let keys = FixedJwks(vec![encrypts, of_another_kind, TestKey::Rsa.jwk("rsa")]);
    let token = TestKey::Rsa.sign("rsa", &claims());
    assert_eq!(verify_with(&[oidc()], &token, &keys).unwrap().user.as_str(), "user_1");
}

#[test]
fn an_audience_among_several_is_enough() {
    let claims = with(claims(), json!({ "aud": ["other", "chat"] }));
    assert!(verify(oidc(), &TestKey::Rsa.sign("rsa", &claims)).is_ok());
}

#[test]
fn a_token_of_the_app_itself_needs_neither_issuer_nor_audience() {
    let claims = json!({ "sub": "user_1", "exp": NOW + 600 });
    assert_eq!(verify(own(), &own_token(&claims)).unwrap().user.as_str(), "user_1");
}

#[test]
fn a_number_can_name_the_user() {
    let settings = VerifierSettings { user_claim: "user_id".to_owned(), ..own() };
    let claims = json!({ "user_id": 42, "exp": NOW + 600 });
    assert_eq!(verify(settings, &own_token(&claims)).unwrap().user.as_str(), "42");
}

#[test]
fn supabase_signs_with_es256_or_with_its_legacy_secret() {
    let settings = VerifierSettings {
        preset: Preset::Supabase,
        issuer: Some("https://abc.supabase.co/auth/v1/".to_owned()),
        hs256_secret: Some(SECRET.into()),
        ..VerifierSettings::default()
    };
    let claims = with(
        claims(),
        json!({ "iss": "https://abc.supabase.co/auth/v1", "aud": "authenticated", "role": "authenticated" }),
    );
    for token in [TestKey::P256.sign("p256", &claims), own_token(&claims)] {
        assert_eq!(verify(settings.clone(), &token).unwrap().user.as_str(), "user_1");
    }
    // The project's public "anon" key is signed with the same secret, and is nobody.
    let anon = json!({ "iss": "supabase", "role": "anon", "iat": NOW - 10, "exp": NOW + 600 });
    assert!(matches!(verify(settings, &own_token(&anon)), Err(TokenRefusal::WrongIssuer)));
}

#[test]
fn a_clerk_session_token_is_bound_by_its_party() {
    let claims = json!({
        "iss": "https://clerk.example.com", "azp": "https://example.com", "sub": "user_2abc", "sid": "sess_1",
        "iat": NOW - 10, "nbf": NOW - 20, "exp": NOW + 50, "public_metadata": { "role": "admin" }
    });
    let settings = VerifierSettings { role_claim: Some("public_metadata.role".to_owned()), ..clerk() };
    let user = verify(settings, &TestKey::Rsa.sign("rsa", &claims)).unwrap();
    assert_eq!((user.user.as_str(), user.roles), ("user_2abc", vec!["admin".to_owned()]));
}

#[test]
fn auth0_names_claims_by_urls() {
    let settings = VerifierSettings {
        preset: Preset::Auth0,
        issuer: Some("https://tenant.auth0.com".to_owned()),
        role_claim: Some("https://example.com/role".to_owned()),
        ..oidc()
    };
    let changes = json!({ "iss": "https://tenant.auth0.com/", "https://example.com/role": "agent" });
    let user = verify(settings, &TestKey::Rsa.sign("rsa", &with(claims(), changes))).unwrap();
    assert_eq!(user.roles, ["agent"]);
}

#[test]
fn a_role_claim_may_be_a_list() {
    let settings = VerifierSettings { role_claim: Some("https://example.com/roles".to_owned()), ..oidc() };
    for (claim, roles) in [
        (json!(["guest", "member"]), &["guest", "member"][..]),
        (json!(["", 5, null, {"name": "admin"}, "member"]), &["member"]),
        (json!([]), &[]),
        (json!(""), &[]),
        (json!({"admin": true}), &[]),
        (json!(true), &[]),
    ] {
        let token = with(claims(), json!({ "https://example.com/roles": claim }));
        let user = verify(settings.clone(), &TestKey::Rsa.sign("rsa", &token)).unwrap();
        assert_eq!(user.roles, roles, "{claim}");
    }
}

#[test]
fn clocks_may_differ_by_the_leeway_and_no_more() {
    let token = |changes| TestKey::Rsa.sign("rsa", &with(claims(), changes));
    assert!(verify(oidc(), &token(json!({ "exp": NOW - 29 }))).is_ok());
    assert!(verify(oidc(), &token(json!({ "nbf": NOW + 30, "iat": NOW + 30 }))).is_ok());
    assert!(matches!(verify(oidc(), &token(json!({ "exp": NOW - 30 }))), Err(TokenRefusal::Expired)));
    let strict = VerifierSettings { leeway_seconds: 0, ..oidc() };
    assert!(verify(strict.clone(), &token(json!({ "exp": NOW as f64 + 0.5 }))).is_ok());
    assert!(matches!(verify(strict, &token(json!({ "exp": NOW }))), Err(TokenRefusal::Expired)));
}

#[test]
fn two_issuers_keep_their_users_apart() {
    let other = VerifierSettings {
        issuer: Some("https://other.example".to_owned()),
        prefix: "other_".to_owned(),
        ..oidc()
    };
    let both = [VerifierSettings { prefix: "main_".to_owned(), ..oidc() }, other];
    let from_other = with(claims(), json!({ "iss": "https://other.example" }));
    let users = [claims(), from_other].map(|claims| {
        verify_with(&both, &TestKey::Rsa.sign("rsa", &claims), &published()).unwrap().user.to_string()
    });
    assert_eq!(users, ["main_user_1", "other_user_1"]);
}

#[test]
fn a_token_without_kid_is_verified_with_an_issuers_only_key() {
    let token = sign(&Header::new(Algorithm::RS256), &claims(), &TestKey::Rsa.encoding());
    let only = FixedJwks(vec![TestKey::Rsa.jwk("rsa")]);
    assert!(verify_with(&[oidc()], &token, &only).is_ok());
    assert!(matches!(verify(oidc(), &token), Err(TokenRefusal::UnknownKey)));
}
