//! Replays the golden exchanges of `fixtures/sessions`.

use std::collections::BTreeMap;
use std::path::Path;

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::app::{Answer, Setup, TestApp, send, token};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exchange {
    about: String,
    first: Option<String>,
    sign_in: Option<String>,
    request: Request,
    reads: Vec<String>,
    response: Response,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
    body: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Response {
    status: u16,
    body: Value,
}

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/sessions"))
}

fn read(file: &str) -> Exchange {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Sends an exchange's request, after the one that has to come first.
async fn play(app: &TestApp, exchange: &Exchange) -> Answer {
    let mut words = Vec::new();
    if let Some(file) = &exchange.first {
        let before = Box::pin(play(app, &read(file))).await.json();
        let text = |name: &str| before[name].as_str().unwrap_or_default().to_owned();
        words = vec![("{secret}", text("client_secret")), ("{session}", text("session_id"))];
    }
    let fill = |text: &str| words.iter().fold(text.to_owned(), |text, (word, with)| text.replace(word, with));
    let request = &exchange.request;
    let url = format!("{}{}", app.base, fill(&request.path));
    let mut built = app.client.request(Method::from_bytes(request.method.as_bytes()).unwrap(), url);
    for (name, value) in &request.headers {
        built = built.header(name, fill(value));
    }
    if let Some(user) = &exchange.sign_in {
        built = built.bearer_auth(token(user));
    }
    if let Some(body) = &request.body {
        built = built.body(fill(body));
    }
    send(built).await
}

/// Whether `found` is what the fixture says, and where it is not.
fn compare(expected: &Value, found: &Value, at: &str) {
    match (expected, found) {
        (Value::String(word), _) if word.starts_with('<') && word.ends_with('>') => {
            assert!(is_a(word, found), "{at}: {found} is no {word}");
        }
        (Value::Object(fields), Value::Object(others)) => {
            assert!(fields.keys().eq(others.keys()), "{at}: {:?} against {:?}", fields.keys(), others.keys());
            fields.iter().for_each(|(name, value)| compare(value, &others[name], &format!("{at}/{name}")));
        }
        _ => assert_eq!(expected, found, "{at}"),
    }
}

fn is_a(word: &str, found: &Value) -> bool {
    let text = found.as_str().unwrap_or("");
    let begins = |prefix: &str| text.starts_with(prefix) && text.len() > prefix.len();
    match word {
        "<secret>" => begins("ek_"),
        "<session>" => begins("cksess_"),
        "<anonymous>" => begins("anon_"),
        "<device>" => begins("device_"),
        "<token>" => begins("eyJ"),
        "<request>" => begins("req_"),
        "<sentence>" => text.ends_with('.') && text.contains(' '),
        "<time>" => text.ends_with('Z') && text.len() == "2026-01-01T00:00:00.000Z".len(),
        "<unix>" => found.as_i64().is_some_and(|seconds| seconds > 1_700_000_000),
        _ => panic!("the fixtures' README knows no {word}"),
    }
}

#[tokio::test]
async fn every_seeds_front_end_is_answered_as_it_expects() {
    let mut played = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let exchange = read(&file);
        let app = Setup::default().start().await;
        let answer = play(&app, &exchange).await;
        assert_eq!(
            answer.status.as_u16(),
            exchange.response.status,
            "{file} ({}): {}",
            exchange.about,
            answer.text
        );
        let body = answer.json();
        compare(&exchange.response.body, &body, &file);
        for pointer in &exchange.reads {
            assert!(
                body.pointer(pointer).is_some_and(|value| !value.is_null()),
                "{file}: nothing at {pointer}"
            );
        }
        played += 1;
    }
    assert!(played >= 12, "the fixtures are not where they should be");
}
