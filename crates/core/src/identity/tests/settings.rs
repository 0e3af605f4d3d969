use jsonwebtoken::Algorithm;

use super::*;
use crate::identity::{
    PublishableKeyError, Verifier, VerifierError, VerifierWarning, VerifiersError, clerk_issuer,
};

fn error(settings: VerifierSettings) -> VerifierError {
    Verifier::new(&settings).map(|_| ()).unwrap_err()
}

#[test]
fn settings_read_as_documented() {
    let settings: VerifierSettings = serde_json::from_value(json!({
        "preset": "auth0", "issuer": "https://t.auth0.com", "audience": "api", "algorithms": ["RS256", "PS256"],
        "prefix": "auth0_", "role_claim": "role", "leeway_seconds": 5
    }))
    .unwrap();
    assert_eq!(settings.preset, Preset::Auth0);
    assert_eq!(settings.audience, ["api"]);
    assert_eq!(settings.user_claim, "sub");
    assert!(Verifier::new(&settings).is_ok());
}

#[test]
fn unknown_settings_and_alg_none_do_not_read() {
    for (settings, complaint) in [
        (json!({ "isuer": "x" }), "unknown field `isuer`"),
        (json!({ "algorithms": ["none"] }), "unknown variant `none`"),
        (json!({ "audience": 1 }), "a text or a list of texts"),
    ] {
        let error = serde_json::from_value::<VerifierSettings>(settings).unwrap_err().to_string();
        assert!(error.contains(complaint), "{error}");
    }
}

#[test]
fn a_verifier_without_keys_says_what_to_set() {
    let error = error(VerifierSettings::default());
    assert_eq!(error, VerifierError::NoIssuer);
    let words = error.to_string();
    for setting in ["issuer", "hs256_secret", "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY"] {
        assert!(words.contains(setting), "{words}");
    }
}

#[test]
fn published_keys_need_an_issuer_and_an_audience() {
    let jwks_url = Some("https://issuer.example/keys".to_owned());
    assert_eq!(error(VerifierSettings { jwks_url, issuer: None, ..oidc() }), VerifierError::NoIssuer);
    assert_eq!(error(VerifierSettings { audience: Vec::new(), ..oidc() }), VerifierError::NoAudience);
    let auth0 = VerifierSettings { preset: Preset::Auth0, audience: Vec::new(), ..oidc() };
    assert_eq!(error(auth0), VerifierError::NoAudience);
}

#[test]
fn keys_come_over_tls_or_from_this_machine() {
    let at = |issuer: &str| VerifierSettings { issuer: Some(issuer.to_owned()), ..oidc() };
    for insecure in ["http://issuer.example", "http://127.0.0.1.evil.example", "ftp://issuer.example"] {
        assert!(
            matches!(error(at(insecure)), VerifierError::Insecure { setting: "issuer", .. }),
            "{insecure}"
        );
    }
    assert!(matches!(error(at("issuer.example")), VerifierError::NotAnAddress { .. }));
    for secure in
        ["https://issuer.example", "http://localhost:9400", "http://127.0.0.1:9400", "http://[::1]:1"]
    {
        assert!(Verifier::new(&at(secure)).is_ok(), "{secure}");
    }
    let jwks_url = Some("http://issuer.example/keys".to_owned());
    let elsewhere = VerifierSettings { jwks_url, ..oidc() };
    assert!(matches!(error(elsewhere), VerifierError::Insecure { setting: "jwks_url", .. }));
}

#[test]
fn secrets_and_algorithms_must_agree() {
    let listed = |algorithms: &[Algorithm], settings| VerifierSettings {
        algorithms: Some(algorithms.to_vec()),
        ..settings
    };
    assert_eq!(error(listed(&[], oidc())), VerifierError::NoAlgorithm);
    assert_eq!(error(listed(&[Algorithm::HS256], oidc())), VerifierError::NoSecret);
    assert_eq!(error(VerifierSettings { hs256_secret: Some("".into()), ..own() }), VerifierError::NoSecret);
    assert_eq!(error(listed(&[Algorithm::HS512], own())), VerifierError::Unsupported(Algorithm::HS512));
    let unused = VerifierSettings { hs256_secret: Some(SECRET.into()), ..clerk() };
    assert_eq!(error(unused), VerifierError::UnusedSecret);
}

#[test]
fn verifiers_of_one_site_differ_in_issuer_and_prefix() {
    let named = |issuer: &str, prefix: &str| VerifierSettings {
        issuer: Some(issuer.to_owned()),
        prefix: prefix.to_owned(),
        ..oidc()
    };
    let both = |first, second| Verifiers::new(&[first, second]).map(|_| ()).unwrap_err();
    let (one, two) = ("https://one.example", "https://two.example");
    assert_eq!(both(named(one, "a_"), named(one, "b_")), VerifiersError::SameIssuer(1, 2));
    for (first, second) in [("", ""), ("", "b_"), ("a_", "a_"), ("a_", "a_b_")] {
        assert_eq!(both(named(one, first), named(two, second)), VerifiersError::Prefixes(1, 2));
    }
    assert!(Verifiers::new(&[named(one, "a_"), named(two, "b_")]).is_ok());
}

#[test]
fn a_prefix_cannot_make_anonymous_users() {
    for prefix in ["anon_", "anon_x", "\u{0}"] {
        let settings = VerifierSettings { prefix: prefix.to_owned(), ..oidc() };
        assert_eq!(error(settings), VerifierError::Prefix(prefix.to_owned()));
    }
}

#[test]
fn what_is_risky_is_named() {
    let open = VerifierSettings { authorized_parties: Vec::new(), ..clerk() };
    let short = VerifierSettings { hs256_secret: Some("short".into()), ..own() };
    let warned = |settings| Verifier::new(&settings).unwrap().warnings().to_vec();
    assert_eq!(warned(open), [VerifierWarning::AnyParty]);
    assert_eq!(warned(short), [VerifierWarning::ShortSecret]);
    assert!(warned(clerk()).is_empty() && warned(own()).is_empty() && warned(oidc()).is_empty());
}

#[test]
fn no_secret_shows_in_debug_output() {
    let shown = format!("{:?} {:?}", own(), Verifier::new(&own()).unwrap());
    assert!(!shown.contains(SECRET), "{shown}");
    let bytes = format!("{:?}", SECRET.as_bytes());
    assert!(!shown.contains(&bytes[1..20]), "{shown}");
}

#[test]
fn a_clerk_issuer_is_read_from_the_publishable_key() {
    // base64 of "clerk.example.com$" and "able-otter-42.clerk.accounts.dev$"
    for (key, issuer) in [
        ("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k", "https://clerk.example.com/"),
        ("pk_test_YWJsZS1vdHRlci00Mi5jbGVyay5hY2NvdW50cy5kZXYk", "https://able-otter-42.clerk.accounts.dev/"),
    ] {
        assert_eq!(clerk_issuer(key).unwrap().as_str(), issuer);
    }
}

#[test]
fn texts_that_are_no_publishable_keys_are_refused() {
    use base64::Engine;
    let hidden =
        ["a.example/x$", "u@a.example$", "a.example:1$", "a.example", "localhost$", "$", "a b.example$"]
            .map(|text| format!("pk_test_{}", base64::engine::general_purpose::STANDARD.encode(text)));
    let others = ["", "pk_test_", "sk_test_Y2xlcmsuZXhhbXBsZS5jb20k", "pk_test_???"].map(str::to_owned);
    for key in hidden.iter().chain(&others) {
        assert_eq!(clerk_issuer(key).unwrap_err(), PublishableKeyError, "{key}");
    }
}
