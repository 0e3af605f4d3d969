//! Issuers that answer what they should not.

use std::error::Error;
use std::sync::Arc;

use chatkitd::jwks::{FetchError, HttpJwks};
use chatkitd_core::identity::Algorithm::RS256;
use chatkitd_core::identity::{Jwks, JwksSource};
use chatkitd_core::testing::{ManualClock, TestKey};
use serde_json::json;
use tokio::net::TcpListener;
use url::Url;

use super::issuer::{Answer, Issuer};

fn client() -> HttpJwks {
    HttpJwks::new(Arc::new(ManualClock::at_second(1_767_225_600))).unwrap()
}

/// Why the keys could not be had.
async fn failure(source: &JwksSource) -> Arc<FetchError> {
    let error = client().key(source, Some("first"), RS256).await.unwrap_err();
    let cause = error.source().unwrap().source().unwrap();
    Arc::clone(cause.downcast_ref().unwrap())
}

macro_rules! assert_fails {
    ($source:expr, $why:pat) => {{
        let failure = failure($source).await;
        assert!(matches!(&*failure, $why), "{failure:?} is not {}", stringify!($why));
    }};
}

fn good() -> Answer {
    Answer::keys(&[TestKey::Rsa.jwk("first")])
}

#[tokio::test]
async fn discovery_leads_to_the_keys() {
    let issuer = Issuer::start(good()).await;
    let key = client().key(&issuer.discovery_source(), Some("first"), RS256).await.unwrap();
    assert!(key.is_some());
}

#[tokio::test]
async fn a_discovery_document_of_another_issuer_is_refused() {
    let issuer = Issuer::start(good()).await;
    for other in ["https://other.example".to_owned(), format!("{}/", issuer.url)] {
        issuer
            .describe(Answer::json(&json!({ "issuer": other, "jwks_uri": format!("{}/keys", issuer.url) })))
            .await;
        assert_fails!(&issuer.discovery_source(), FetchError::WrongIssuer { .. });
    }
    assert_eq!(issuer.fetches(), 0);
}

#[tokio::test]
async fn a_key_address_without_tls_is_refused() {
    let issuer = Issuer::start(good()).await;
    for address in ["http://keys.example/keys", "file:///etc/passwd", "keys", ""] {
        issuer.describe(Answer::json(&json!({ "issuer": issuer.url, "jwks_uri": address }))).await;
        assert_fails!(&issuer.discovery_source(), FetchError::UnsafeAddress(_));
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Issuer::start(good()).await;
    let location = format!("{}/keys", elsewhere.url);
    let issuer = Issuer::start(Answer::status(302).header("location", &location)).await;
    assert_fails!(&issuer.keys_source(), FetchError::Status { status: 302, .. });
    assert_eq!(elsewhere.fetches(), 0);
}

#[tokio::test]
async fn answers_are_bounded() {
    let padding = "x".repeat(1024 * 1024);
    let long = Answer::json(&json!({ "keys": [TestKey::Rsa.jwk("first")], "padding": padding }));
    assert_fails!(&Issuer::start(long).await.keys_source(), FetchError::TooLong);
    let many: Vec<_> = (0..101).map(|number| TestKey::Rsa.jwk(&number.to_string())).collect();
    assert_fails!(&Issuer::start(Answer::keys(&many)).await.keys_source(), FetchError::TooManyKeys(101));
}

#[tokio::test]
async fn answers_that_are_no_keys_are_refused() {
    for body in [r#"{ "keys": "first" }"#, "[]", "<html>", ""] {
        let answer = Answer { body: body.to_owned(), ..Answer::status(200) };
        assert_fails!(&Issuer::start(answer).await.keys_source(), FetchError::Json(_));
    }
    let missing = Answer { status: 404, ..good() };
    assert_fails!(&Issuer::start(missing).await.keys_source(), FetchError::Status { status: 404, .. });
}

#[tokio::test]
async fn a_key_of_an_unknown_kind_does_not_hide_the_good_ones() {
    let odd = json!({ "kty": "AKP", "alg": "ML-DSA-44", "kid": "odd", "pub": "x" });
    let broken = json!({ "kty": "RSA", "kid": 5 });
    let keys = json!({ "keys": [odd, broken, "text", TestKey::Rsa.jwk("first")] });
    let issuer = Issuer::start(Answer::json(&keys)).await;
    assert!(client().key(&issuer.keys_source(), Some("first"), RS256).await.unwrap().is_some());
}

#[tokio::test]
async fn an_issuer_that_is_not_there_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let source = JwksSource::KeySet(Url::parse(&format!("http://{address}/keys")).unwrap());
    assert_fails!(&source, FetchError::Request(_));
}
