//! What operators see of a running server: traces at a collector, and the admin listener.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use chatkitd_core::testing::TestKey;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::tempdir;
use tokio::net::TcpListener;

use crate::binary::Process;
use crate::databases::free_port;
use crate::server::{Env, SESSION};
use crate::upstream_standin::{Reply, UpstreamStandin};
use crate::wait::until;

pub type Received = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// An OTLP collector: keeps content type and body of every batch of traces.
pub async fn collector() -> (String, Received) {
    let received = Received::default();
    let keep = received.clone();
    let routes = Router::new().route(
        "/v1/traces",
        post(async move |headers: HeaderMap, body: Bytes| {
            let content_type = headers["content-type"].to_str().unwrap().to_owned();
            keep.lock().unwrap().push((content_type, body.to_vec()));
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (url, received)
}

#[tokio::test]
async fn traces_reach_the_collector_before_the_server_ends_and_hold_no_secret() {
    let (folder, (collector, received)) = (tempdir().unwrap(), collector().await);
    let env = Env::sqlite(&folder).set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector);
    let mut node = Process::serve(folder.path(), &env);
    let request =
        Client::new().post(format!("{}{SESSION}", node.url)).header("x-request-id", "req-of-the-test");
    let made: Value = request.send().await.unwrap().json().await.unwrap();
    let secret = made["client_secret"].as_str().unwrap().to_owned();
    let code = tokio::task::spawn_blocking(move || (node.terminate(), node)).await.unwrap().0;
    assert_eq!(code, 0);

    let batches = received.lock().unwrap().clone();
    assert!(!batches.is_empty(), "the last spans are sent before the process ends");
    assert!(batches.iter().all(|(content_type, _)| content_type == "application/x-protobuf"));
    let text: String = batches.iter().map(|(_, body)| String::from_utf8_lossy(body).into_owned()).collect();
    for expected in ["chatkitd", "request_id", "req-of-the-test", SESSION] {
        assert!(text.contains(expected), "{expected}");
    }
    assert!(!text.contains(&secret));
}

#[tokio::test]
async fn traces_are_from_the_service_that_otel_service_name_names() {
    let (folder, (collector, received)) = (tempdir().unwrap(), collector().await);
    let env = Env::sqlite(&folder)
        .set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector)
        .set("OTEL_SERVICE_NAME", "chat-of-the-shop");
    let mut node = Process::serve(folder.path(), &env);
    Client::new().get(format!("{}/healthz", node.url)).send().await.unwrap();
    tokio::task::spawn_blocking(move || (node.terminate(), node)).await.unwrap();
    let batches = received.lock().unwrap().clone();
    let text: String = batches.iter().map(|(_, body)| String::from_utf8_lossy(body).into_owned()).collect();
    assert!(text.contains("chat-of-the-shop"), "{text:?}");
}

/// W3C Trace Context, and OpenTelemetry's semantic conventions for HTTP.
#[tokio::test]
async fn a_trace_goes_on_from_the_caller_to_the_upstream() {
    let (folder, (collector, received)) = (tempdir().unwrap(), collector().await);
    let standin = UpstreamStandin::start().await;
    let env = Env::sqlite(&folder).hosted(&standin.base).set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector);
    let mut node = Process::serve(folder.path(), &env);
    let trace: [u8; 16] = *b"the trace of all";
    let trace_id = trace.map(|byte| format!("{byte:02x}")).concat();
    standin.reply([Reply::Status(401, vec![])]);
    let request = Client::new()
        .post(format!("{}{SESSION}", node.url))
        .header("traceparent", format!("00-{trace_id}-00f067aa0ba902b7-01"))
        .header("x-request-id", "req-of-the-test");
    assert_eq!(request.send().await.unwrap().status(), 502);
    let code = tokio::task::spawn_blocking(move || (node.terminate(), node)).await.unwrap();
    assert_eq!(code.0, 0);

    let sent = standin.seen()[0].headers["traceparent"].to_str().unwrap().to_owned();
    assert!(sent.starts_with(&format!("00-{trace_id}-")) && !sent.contains("00f067aa0ba902b7"), "{sent}");
    let batches = received.lock().unwrap().clone();
    let bytes: Vec<u8> = batches.into_iter().flat_map(|(_, body)| body).collect();
    let spans = bytes.windows(trace.len()).filter(|window| *window == trace).count();
    assert_eq!(spans, 2, "the request and the one upstream");
    let text = String::from_utf8_lossy(&bytes);
    for expected in [&format!("POST {SESSION}"), "http.route", "http.response.status_code", "server.port"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    // The line of the log is about the request that came in.
    let line = log_line(&code.1, "OpenAI refused a request").await;
    assert_eq!(line["span"]["request_id"], "req-of-the-test", "{line}");
}

#[tokio::test]
async fn without_a_collector_nobody_is_handed_a_trace() {
    let (folder, standin) = (tempdir().unwrap(), UpstreamStandin::start().await);
    let node = Process::serve(folder.path(), &Env::sqlite(&folder).hosted(&standin.base));
    let trace = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";
    let request = Client::new().post(format!("{}{SESSION}", node.url)).header("traceparent", trace);
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert!(standin.seen()[0].headers.get("traceparent").is_none());
}

#[tokio::test]
async fn a_log_that_is_no_terminal_has_no_colours() {
    let folder = tempdir().unwrap();
    let node = Process::serve(folder.path(), &Env::sqlite(&folder).set("CHATKITD_LOG_FORMAT", "text"));
    Client::new().get(format!("{}/healthz", node.url)).send().await.unwrap();
    until("the request is logged", async || node.log().contains("answered")).await;
    assert!(!node.log().contains('\u{1b}'), "{:?}", node.log());
}

/// What a metric's first line with these labels says.
fn reading(metrics: &str, begins: &str) -> Option<f64> {
    let line = metrics.lines().find(|line| line.starts_with(begins))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[tokio::test]
async fn a_request_of_less_than_a_millisecond_took_time_too() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder).set("CHATKITD_ADMIN_LISTEN", "127.0.0.1:0");
    let node = Process::serve(folder.path(), &env);
    Client::new().get(format!("{}/healthz", node.url)).send().await.unwrap();
    let sum = "chatkitd_http_request_seconds_sum{method=\"GET\",route=\"/healthz\"";
    let metrics = async || Client::new().get(format!("{}/metrics", node.operators())).send().await.unwrap();
    until("the request is counted", async || {
        let metrics = metrics().await.text().await.unwrap();
        reading(&metrics, sum).is_some_and(|seconds| seconds > 0.0 && (seconds * 1000.0).fract() > 0.0)
    })
    .await;
    let answered = || {
        let log = node.log();
        let line = log.lines().find(|line| line.contains("\"answered\"") && line.contains("/healthz"));
        line.map(str::to_owned)
    };
    until("the request is in the log", async || answered().is_some()).await;
    let line: Value = serde_json::from_str(&answered().unwrap()).unwrap();
    assert!(line["millis"].as_f64().unwrap().fract() > 0.0, "{line}");
}

#[tokio::test]
async fn a_collector_that_is_away_costs_nothing_but_its_traces() {
    let folder = tempdir().unwrap();
    let collector = format!("http://127.0.0.1:{}", free_port().await);
    let env = Env::sqlite(&folder).set("OTEL_EXPORTER_OTLP_ENDPOINT", collector);
    let mut node = Process::serve(folder.path(), &env);
    let made = Client::new().post(format!("{}{SESSION}", node.url)).send().await.unwrap();
    assert_eq!(made.status(), 200);
    let code = tokio::task::spawn_blocking(move || (node.terminate(), node)).await.unwrap().0;
    assert_eq!(code, 0);
}

#[tokio::test]
async fn operators_see_metrics_and_health_on_a_listener_of_their_own() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder).set("CHATKITD_ADMIN_LISTEN", "127.0.0.1:0");
    let node = Process::serve(folder.path(), &env);
    let client = Client::new();
    let made = client.post(format!("{}{SESSION}", node.url)).send().await.unwrap();
    assert_eq!(made.status(), 200);
    let get = async |path: &str| client.get(format!("{}{path}", node.operators())).send().await.unwrap();
    for path in ["/healthz", "/readyz"] {
        let answer = get(path).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"status": "ok"}));
    }
    until("the request is counted", async || {
        let metrics = get("/metrics").await.text().await.unwrap();
        metrics.contains("chatkitd_http_requests_total{")
            && metrics.contains("chatkitd_http_request_seconds_bucket{")
    })
    .await;
    assert_eq!(client.get(format!("{}/metrics", node.url)).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn methods_that_a_caller_makes_up_are_one_line_of_metrics_and_are_not_logged() {
    let folder = tempdir().unwrap();
    let node =
        Process::serve(folder.path(), &Env::sqlite(&folder).set("CHATKITD_ADMIN_LISTEN", "127.0.0.1:0"));
    for number in 0..3 {
        let made_up = Method::from_bytes(format!("MADE-UP-{number}").as_bytes()).unwrap();
        let answer = Client::new().request(made_up, format!("{}/healthz", node.url)).send().await.unwrap();
        assert_eq!(answer.status(), 405);
    }
    let total = "chatkitd_http_requests_total{method=\"_OTHER\",route=\"/healthz\",status=\"405\"} 3";
    let metrics = async || Client::new().get(format!("{}/metrics", node.operators())).send().await.unwrap();
    until("the requests are counted", async || metrics().await.text().await.unwrap().contains(total)).await;
    assert!(!metrics().await.text().await.unwrap().contains("MADE-UP"));
    until("the requests are in the log", async || node.log().matches("answered").count() >= 3).await;
    assert!(!node.log().contains("MADE-UP"), "{}", node.log());
}

#[tokio::test]
async fn requests_upstream_are_counted_and_timed_by_how_they_ended() {
    let (folder, standin) = (tempdir().unwrap(), UpstreamStandin::start().await);
    let env = Env::sqlite(&folder).hosted(&standin.base).set("CHATKITD_ADMIN_LISTEN", "127.0.0.1:0");
    let node = Process::serve(folder.path(), &env);
    standin.reply([Reply::Right, Reply::Body("\"ek_not_a_session\""), Reply::Status(401, vec![])]);
    for expected in [200, 502, 502] {
        let made = Client::new().post(format!("{}{SESSION}", node.url)).send().await.unwrap();
        assert_eq!(made.status(), expected);
    }
    let metrics = Client::new().get(format!("{}/metrics", node.operators())).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for outcome in ["ok", "failed", "unauthorized"] {
        for name in ["chatkitd_upstream_requests_total", "chatkitd_upstream_request_seconds_count"] {
            let line = format!("{name}{{operation=\"create\",outcome=\"{outcome}\"}} 1");
            assert!(metrics.contains(&line), "{line}: {metrics}");
        }
    }
    assert!(!node.log().contains("ek_not_a_session"), "{}", node.log());
}

/// The line of the log with this message, once it is there.
async fn log_line(node: &Process, message: &str) -> Value {
    let found = || {
        let log = node.log();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.into_iter().find(|line| line["message"] == message)
    };
    until(message, async || found().is_some()).await;
    found().unwrap()
}

#[tokio::test]
async fn the_log_says_what_led_to_an_error_and_no_key_of_an_address() {
    let (folder, away) = (tempdir().unwrap(), format!("127.0.0.1:{}", free_port().await));
    let env = Env::sqlite(&folder)
        .hosted(&format!("http://{away}/v1"))
        .set("CHATKITD_ANONYMOUS", "true")
        .set("CHATKITD_AUTH_ISSUER", "https://issuer.example")
        .set("CHATKITD_AUTH_AUDIENCE", "shop")
        .set("CHATKITD_AUTH_JWKS_URL", format!("http://{away}/keys?apikey=open-sesame"));
    let node = Process::serve(folder.path(), &env);
    let session = || Client::new().post(format!("{}{SESSION}", node.url));
    let refused = |line: &Value| {
        let sources = line["error.sources"].as_array().unwrap_or_else(|| panic!("{line}")).clone();
        sources.iter().any(|source| source.as_str().unwrap().contains("Connection refused"))
    };

    assert_eq!(session().send().await.unwrap().status(), 502);
    let line = log_line(&node, "the upstream granted no session").await;
    assert_eq!(line["error"], "the upstream failed");
    assert!(refused(&line), "{line}");

    let token = TestKey::Rsa.sign(
        "k1",
        &json!({"iss": "https://issuer.example", "aud": "shop", "sub": "ann", "exp": 4_000_000_000_u64}),
    );
    assert_eq!(session().bearer_auth(token).send().await.unwrap().status(), 503);
    let line = log_line(&node, "an issuer's keys are unavailable").await;
    assert!(refused(&line), "{line}");
    assert!(!node.log().contains("open-sesame"), "{}", node.log());
}
