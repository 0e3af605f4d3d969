//! Clerk's session tokens, judged by us and by Clerk's own library.

use std::io::Write;
use std::process::{Command, Stdio};

use chatkitd_core::identity::{Preset, TokenRefusal, VerifierSettings, Verifiers};
use chatkitd_core::testing::{FixedJwks, RSA_PUBLIC_PEM, TestKey, sign, unsigned};
use jiff::Timestamp;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use super::required;

const NOW: i64 = 1_767_225_600;
const PARTY: &str = "https://example.com";
const KID: &str = "ins_2abc";

/// A session token as Clerk writes it (no `aud`), with some claims changed or, where null, left out.
fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "azp": PARTY, "exp": NOW + 60, "fva": [0, -1], "iat": NOW, "iss": "https://clerk.example.com",
        "nbf": NOW - 10, "sid": "sess_2abc", "sts": "active", "sub": "user_2abc", "v": 2
    });
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

fn signed(changes: Value) -> String {
    TestKey::Rsa.sign(KID, &claims(changes))
}

fn with_header(header: &Value, key: &EncodingKey) -> String {
    sign(header, &claims(json!({})), key)
}

/// What is done to a token, and the token.
fn table() -> Vec<(&'static str, String)> {
    let rsa = TestKey::Rsa.encoding();
    let public = EncodingKey::from_secret(RSA_PUBLIC_PEM.as_bytes());
    let genuine = signed(json!({}));
    let (message, signature) = genuine.rsplit_once('.').unwrap();
    let (forged, _) = signed(json!({ "sub": "user_2admin" })).rsplit_once('.').map(own).unwrap();
    vec![
        ("nothing", genuine.clone()),
        ("expired within the leeway", signed(json!({ "exp": NOW - 29 }))),
        ("expired at the leeway", signed(json!({ "exp": NOW - 30 }))),
        ("expired", signed(json!({ "exp": NOW - 3600 }))),
        ("no exp", signed(json!({ "exp": null }))),
        ("exp is a text", signed(json!({ "exp": (NOW + 60).to_string() }))),
        ("nbf within the leeway", signed(json!({ "nbf": NOW + 30 }))),
        ("nbf beyond the leeway", signed(json!({ "nbf": NOW + 31 }))),
        ("no nbf", signed(json!({ "nbf": null }))),
        ("iat within the leeway", signed(json!({ "iat": NOW + 30 }))),
        ("iat beyond the leeway", signed(json!({ "iat": NOW + 31 }))),
        ("azp of another page", signed(json!({ "azp": "https://evil-example.com" }))),
        ("azp that begins alike", signed(json!({ "azp": "https://example.com.evil" }))),
        ("no azp", signed(json!({ "azp": null }))),
        ("no sub", signed(json!({ "sub": null }))),
        ("another key's signature", TestKey::OtherRsa.sign(KID, &claims(json!({})))),
        ("other claims under a signature", format!("{forged}.{signature}")),
        ("no signature", format!("{message}.")),
        ("half a signature", format!("{message}.{}", &signature[..signature.len() / 2])),
        ("alg none", unsigned(&json!({ "alg": "none", "typ": "JWT", "kid": KID }), &claims(json!({})))),
        (
            "alg HS256 with the public key",
            with_header(&json!({ "alg": "HS256", "typ": "JWT", "kid": KID }), &public),
        ),
        ("alg RS512", with_header(&json!({ "alg": "RS512", "typ": "JWT", "kid": KID }), &rsa)),
        ("alg ES256", TestKey::P256.sign(KID, &claims(json!({})))),
        (
            "typ of an access token",
            with_header(&json!({ "alg": "RS256", "typ": "at+jwt", "kid": KID }), &rsa),
        ),
        ("two parts", message.to_owned()),
        ("no token", "not-a-token".to_owned()),
    ]
}

fn own((left, right): (&str, &str)) -> (String, String) {
    (left.to_owned(), right.to_owned())
}

/// What `@clerk/backend` says of the tokens.
fn judged_by_clerk(tokens: &[&str]) -> Vec<Value> {
    let modules = required("CHATKITD_TEST_NODE_DIR");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/node/clerk-verify.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .env("CHATKITD_TEST_NODE_DIR", modules)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed; run `make test`, which looks for it");
    let options = json!({
        "jwtKey": RSA_PUBLIC_PEM, "authorizedParties": [PARTY], "clockSkewInMs": 30_000, "now": NOW
    });
    let input = std::iter::once(options.to_string()).chain(tokens.iter().map(|token| (*token).to_owned()));
    let mut stdin = node.stdin.take().unwrap();
    for line in input {
        writeln!(stdin, "{line}").unwrap();
    }
    drop(stdin);
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "clerk-verify.mjs failed; its words are above");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn judged_by_us(token: &str) -> Result<String, TokenRefusal> {
    let settings = VerifierSettings {
        preset: Preset::Clerk,
        issuer: Some("https://clerk.example.com".to_owned()),
        authorized_parties: vec![PARTY.to_owned()],
        ..VerifierSettings::default()
    };
    let verifiers = Verifiers::new(&[settings]).unwrap();
    let keys = FixedJwks(vec![TestKey::Rsa.jwk(KID)]);
    let now = Timestamp::from_second(NOW).unwrap();
    verifiers.verify(token, now, &keys).await.map(|user| user.subject)
}

#[tokio::test]
async fn clerks_own_library_judges_every_token_as_we_do() {
    let table = table();
    let tokens: Vec<_> = table.iter().map(|(_, token)| token.as_str()).collect();
    let clerk = judged_by_clerk(&tokens);
    assert_eq!(clerk.len(), table.len());
    let mut accepted = Vec::new();
    for ((change, token), clerk) in table.iter().zip(clerk) {
        let ours = judged_by_us(token).await;
        let theirs = clerk["ok"].as_bool().unwrap().then(|| clerk["sub"].as_str().unwrap().to_owned());
        assert_eq!(ours.as_ref().ok(), theirs.as_ref(), "{change}: we say {ours:?}, Clerk says {clerk}");
        accepted.extend(ours.ok().map(|_| *change));
    }
    let expected =
        ["nothing", "expired within the leeway", "nbf within the leeway", "no nbf", "iat within the leeway"];
    assert_eq!(accepted, expected);
}

#[tokio::test]
async fn where_we_are_stricter_than_clerks_library() {
    // An `aud` means that a token template made this token for another service; and the library leaves
    // it to the key to tell issuers apart.
    let stricter = [
        (signed(json!({ "aud": "convex" })), "WrongAudience"),
        (signed(json!({ "iss": "https://clerk.other.example" })), "WrongIssuer"),
    ];
    let tokens: Vec<_> = stricter.iter().map(|(token, _)| token.as_str()).collect();
    for ((token, why), clerk) in stricter.iter().zip(judged_by_clerk(&tokens)) {
        assert_eq!(clerk["ok"], true, "{why}: Clerk says {clerk}");
        assert_eq!(format!("{:?}", judged_by_us(token).await.unwrap_err()), *why);
    }
}
