//! Tokens of a real `OpenID` provider: `oidc-provider-mock`, through the whole sign-in.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chatkitd::jwks::HttpJwks;
use chatkitd_core::identity::{TokenRefusal, VerifierSettings, Verifiers};
use chatkitd_core::testing::ManualClock;
use jiff::Timestamp;
use serde_json::Value;

use super::required;

const CLIENT: &str = "chat";
/// Serves until its standard input ends, so that it never outlives the test.
const SERVE: &str = "import sys, oidc_provider_mock
with oidc_provider_mock.run_server_in_thread() as server:
    print(server.server_port, flush=True)
    sys.stdin.read()";

struct Provider {
    url: String,
    process: Child,
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // Nobody is left to hear of an error here.
        let _ = self.process.wait();
    }
}

impl Provider {
    fn start() -> Self {
        let mut process = Command::new(required("CHATKITD_TEST_PYTHON"))
            .args(["-c", SERVE])
            .env("AUTHLIB_INSECURE_TRANSPORT", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("CHATKITD_TEST_PYTHON is a Python; run `make test`, which sets it");
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let port = port.trim();
        assert!(!port.is_empty(), "oidc-provider-mock did not start; run `make test`, which installs it");
        Self { url: format!("http://localhost:{port}"), process }
    }

    /// Signs `user` in and returns the id token, whose audience is [`CLIENT`].
    async fn sign_in(&self, user: &str) -> String {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let page = "http://localhost/back";
        let query =
            [("client_id", CLIENT), ("redirect_uri", page), ("response_type", "code"), ("scope", "openid")];
        let authorize = format!("{}/oauth2/authorize", self.url);
        let consent = client.post(authorize).query(&query);
        let consent = form(consent, &[("sub", user)]).send().await.unwrap();
        let back = url::Url::parse(consent.headers()["location"].to_str().unwrap()).unwrap();
        let (_, code) = back.query_pairs().find(|(name, _)| name == "code").unwrap();
        let grant = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", page)];
        let request = client.post(format!("{}/oauth2/token", self.url)).basic_auth(CLIENT, Some("any"));
        let answer: Value = form(request, &grant).send().await.unwrap().json().await.unwrap();
        answer["id_token"].as_str().unwrap_or_else(|| panic!("no id token in {answer}")).to_owned()
    }
}

/// Reqwest's own `form` is a feature that the server does without.
fn form(request: reqwest::RequestBuilder, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    request.header("content-type", "application/x-www-form-urlencoded").body(body)
}

fn verifiers(provider: &Provider, audience: &str) -> Verifiers {
    let settings = VerifierSettings {
        issuer: Some(provider.url.clone()),
        audience: vec![audience.to_owned()],
        ..VerifierSettings::default()
    };
    Verifiers::new(&[settings]).unwrap()
}

/// When the token was issued: the provider's clock is the machine's, which tests do not read.
fn issued_at(token: &str) -> Timestamp {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&payload).unwrap();
    Timestamp::from_second(claims["iat"].as_i64().unwrap()).unwrap()
}

#[tokio::test]
async fn a_token_of_a_real_provider_verifies_by_discovery() {
    let provider = Provider::start();
    let token = provider.sign_in("ada@example.com").await;
    let now = issued_at(&token);
    let jwks = HttpJwks::new(Arc::new(ManualClock::at_second(now.as_second()))).unwrap();

    let user = verifiers(&provider, CLIENT).verify(&token, now, &jwks).await.unwrap();
    assert_eq!(user.user.as_str(), "ada@example.com");

    let other = verifiers(&provider, "another-app").verify(&token, now, &jwks).await;
    assert!(matches!(other, Err(TokenRefusal::WrongAudience)), "{other:?}");

    let later = now + std::time::Duration::from_secs(2 * 3600);
    let expired = verifiers(&provider, CLIENT).verify(&token, later, &jwks).await;
    assert!(matches!(expired, Err(TokenRefusal::Expired)), "{expired:?}");
}
