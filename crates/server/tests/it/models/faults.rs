//! What goes wrong, and what an operator is told.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chatkitd::models::{Deadlines, HttpModel, ModelClient, ModelServer};
use chatkitd_core::models::ModelError;
use chatkitd_core::ports::{Clock, Model as _};
use chatkitd_core::testing::SeededRng;
use chatkitd_workflow::providers::Api;
use chatkitd_workflow::providers::sse::Bounds;
use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use serde_json::json;

use super::{Asked, FIRST, KEY, client, impatient, question, question_of};
use crate::model_standin::{ModelStandin, Reply};
use crate::wait::until;

fn first() -> Bytes {
    Bytes::from_static(FIRST.as_bytes())
}

/// What an operator's log would have of it.
fn words(error: &ModelError) -> String {
    let mut words = format!("{error} {error:?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        words.push_str(&format!(" {error} {error:?}"));
        cause = error.source();
    }
    words
}

#[tokio::test]
async fn each_refusal_is_told_apart_and_repeated_only_where_it_may_pass() {
    type Expected = fn(&ModelError) -> bool;
    let cases: [(u16, usize, Expected); 10] = [
        (400, 1, |error| matches!(error, ModelError::Refused { status: 400, .. })),
        (401, 1, |error| matches!(error, ModelError::Unauthorized { status: 401, .. })),
        (402, 1, |error| matches!(error, ModelError::RateLimited { .. })),
        (403, 1, |error| matches!(error, ModelError::Unauthorized { status: 403, .. })),
        (404, 1, |error| matches!(error, ModelError::NotFound { .. })),
        (422, 1, |error| matches!(error, ModelError::Refused { status: 422, .. })),
        (429, 3, |error| matches!(error, ModelError::RateLimited { retry_after: None, .. })),
        (500, 3, |error| matches!(error, ModelError::Failed { .. })),
        (503, 3, |error| matches!(error, ModelError::Failed { .. })),
        (307, 1, |error| matches!(error, ModelError::NotFound { .. })),
    ];
    for (status, tries, expected) in cases {
        let standin = ModelStandin::start().await;
        standin.reply((0..tries).map(|_| Reply::Refusal(status, ("x-a", "b".to_owned()))));
        let (_, error) = Asked::at(&standin.base).fail().await;
        assert!(expected(&error), "{status}: {error:?}");
        assert_eq!(standin.seen().len(), tries, "{status}");
        assert!(!words(&error).contains(KEY), "{}", words(&error));
        let told = error.to_string();
        assert!(status == 307 || told.contains("Incorrect API key provided: [masked]"), "{told}");
    }
}

#[tokio::test]
async fn a_key_of_any_shape_is_taken_out_of_what_a_server_says() {
    let standin = ModelStandin::start().await;
    let body = r#"{"error":{"message":"Invalid token gsk.0123456789abcdef for ollama","code":401}}"#;
    let event = format!("data: {body}\n\n");
    let replies = || {
        [
            Reply::Other(401, "application/json", body.into()),
            Reply::text(&event),
            Reply::text(&[FIRST, &event].concat()),
        ]
    };
    for (key, told) in [
        ("gsk.0123456789abcdef", "Invalid token [masked] for ollama"),
        ("ollama", "Invalid token gsk.0123456789abcdef for ollama"),
    ] {
        standin.reply(replies());
        let (client, clock) = client(Deadlines::default());
        let base = standin.base.parse().unwrap();
        let server = ModelServer { base, key: Some(key.into()), api: Api::ChatCompletions };
        let asked = Asked { model: HttpModel::new(client, server), clock };
        for _ in replies() {
            let (_, error) = asked.fail().await;
            assert!(
                matches!(&error, ModelError::Unauthorized { message, .. } if message == told),
                "{error:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_a_visitor_wrote_is_taken_out_of_what_a_server_says() {
    let standin = ModelStandin::start().await;
    let quoting = |said: &str| format!("cannot read {{'role': 'user', 'content': {said}}} at 7");
    let refused = |said: &str| json!({"error": {"message": quoting(said), "code": 400}}).to_string();
    let within = |said: &str| Reply::text(&format!("data: {}\n\n", refused(said)));
    let written = "Meine Nummer ist\n0170 5550123, Grüße";
    standin.reply([
        Reply::Other(400, "application/json", refused(written).into()),
        Reply::Other(400, "application/json", refused("Meine Nummer ist\\n0170 5550123, Grüße").into()),
        within("Meine Nummer ist\\n0170 5550123, Gr\\u00fc\\u00dfe"),
        within(&format!("{written}, and 0170")),
    ]);
    let asked = Asked::at(&standin.base);
    for (words, told) in [
        (written, quoting("[masked]")),
        (written, quoting("[masked]")),
        (written, quoting("[masked]")),
        ("0170", quoting("Meine Nummer ist[masked] 5550123, Grüße, and [masked]")),
    ] {
        let (_, error) = asked.fail_for(question_of(words)).await;
        assert!(matches!(&error, ModelError::Refused { message, .. } if *message == told), "{error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_packed_is_named_as_such() {
    let standin = ModelStandin::start().await;
    standin.reply([Reply::Packed(200, "gzip"), Reply::Packed(400, "br")]);
    let asked = Asked::at(&standin.base);
    for told in [
        "the model server's answer cannot be read: it is packed as gzip, which nobody asked for",
        "the model server refused the request (status 400): its reason is packed as br, which nobody asked for",
    ] {
        assert_eq!(asked.fail().await.1.to_string(), told);
    }
}

#[tokio::test]
async fn a_server_may_say_that_trying_again_is_useless() {
    let standin = ModelStandin::start().await;
    standin.reply([Reply::Refusal(429, ("x-should-retry", "false".to_owned()))]);
    let (_, error) = Asked::at(&standin.base).fail().await;
    assert!(matches!(error, ModelError::RateLimited { .. }), "{error:?}");
    assert_eq!(standin.seen().len(), 1);
}

#[tokio::test]
async fn who_has_no_quota_left_is_not_asked_again() {
    let standin = ModelStandin::start().await;
    let body = r#"{"error":{"message":"Pay.","type":"insufficient_quota","code":"insufficient_quota"}}"#;
    standin.reply([Reply::Other(429, "application/json", body.into())]);
    let (_, error) = Asked::at(&standin.base).fail().await;
    assert!(matches!(&error, ModelError::RateLimited { message, .. } if message == "Pay."), "{error:?}");
    assert_eq!(standin.seen().len(), 1);
}

#[tokio::test]
async fn a_refusal_within_the_stream_is_told_as_one_with_a_status() {
    let standin = ModelStandin::start().await;
    let within = |code: &str| format!("{{\"error\":{{\"message\":\"No.\",\"code\":{code}}}}}");
    standin.reply([
        Reply::text(&format!("data: {}\n\n", within("400"))),
        Reply::Other(200, "application/json", within("\"invalid_api_key\"").into()),
    ]);
    let asked = Asked::at(&standin.base);
    let (_, error) = asked.fail().await;
    assert!(matches!(error, ModelError::Refused { status: 400, .. }), "{error:?}");
    let (_, error) = asked.fail().await;
    assert!(matches!(error, ModelError::Unauthorized { status: 401, .. }), "{error:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_so_that_the_key_goes_nowhere_else() {
    let (standin, elsewhere) = (ModelStandin::start().await, ModelStandin::start().await);
    for status in [301, 302, 303, 307, 308] {
        let address = format!("{}/chat/completions", elsewhere.base);
        standin.reply([Reply::Refusal(status, ("location", address))]);
        let (_, error) = Asked::at(&standin.base).fail().await;
        assert!(error.to_string().contains("set the final address"), "{error}");
    }
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_once() {
    for reply in [Reply::Silence, Reply::Stall(Bytes::new())] {
        let standin = ModelStandin::start().await;
        standin.reply([reply]);
        let (_, error) = Asked::with(&standin.base, Api::ChatCompletions, impatient()).fail().await;
        let expected = impatient().first_byte;
        assert!(matches!(error, ModelError::Stalled { after } if after == expected), "{error:?}");
        assert_eq!(standin.seen().len(), 1);
        until("the connection is closed", async || standin.let_go() == 1).await;
    }
}

/// Between two looks at it, two minutes have gone by.
#[derive(Default)]
struct HastyClock(AtomicU64);

#[async_trait]
impl Clock for HastyClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(120 * self.0.fetch_add(1, Ordering::Relaxed))
    }

    async fn sleep(&self, _: Duration) {}
}

#[tokio::test]
async fn the_first_byte_has_the_time_that_the_headers_left_it() {
    let standin = ModelStandin::start().await;
    standin.reply([Reply::Stall(Bytes::new())]);
    let deadlines = Deadlines::default();
    let client =
        ModelClient::new(deadlines, Arc::<HastyClock>::default(), Arc::new(SeededRng::new(7))).unwrap();
    let server = ModelServer { base: standin.base.parse().unwrap(), key: None, api: Api::ChatCompletions };
    let mut answer = HttpModel::new(client, server).answer(question()).await.unwrap();
    // Far less than a second wait of that length.
    let told = tokio::time::timeout(deadlines.first_byte / 2, answer.try_next()).await;
    let error = told.expect("no second wait").unwrap_err();
    assert!(matches!(error, ModelError::Stalled { after } if after == deadlines.first_byte), "{error:?}");
}

#[tokio::test]
async fn a_server_that_stalls_after_the_first_word_is_given_up_sooner() {
    let working = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"Half\"}\n\n";
    let Deadlines { idle, working: longer, .. } = impatient();
    for (api, said, patience) in [(Api::ChatCompletions, FIRST, idle), (Api::Responses, working, longer)] {
        let standin = ModelStandin::start().await;
        standin.reply([Reply::Stall(Bytes::from_static(said.as_bytes()))]);
        let (text, error) = Asked::with(&standin.base, api, impatient()).fail().await;
        assert_eq!(text, "Half");
        assert!(matches!(error, ModelError::Stalled { after } if after == patience), "{error:?}");
        until("the connection is closed", async || standin.let_go() == 1).await;
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_in_a_delta_is_told_from_an_answer_that_ends() {
    let standin = ModelStandin::start().await;
    let half = [FIRST, "data: {\"choices\":[{\"delta\":{\"cont"].concat();
    standin.reply([Reply::Cut(half.clone().into()), Reply::text(&half), Reply::text(FIRST)]);
    let asked = Asked::at(&standin.base);
    let (text, error) = asked.fail().await;
    assert_eq!(text, "Half");
    assert!(matches!(error, ModelError::Broken(_)), "{error:?}");
    for _ in 0..2 {
        let (text, error) = asked.fail().await;
        assert_eq!(text, "Half");
        assert!(matches!(error, ModelError::CutOff), "{error:?}");
    }
}

#[tokio::test]
async fn broken_events_are_malformed_and_what_came_before_counts() {
    let standin = ModelStandin::start().await;
    let asked = Asked::at(&standin.base);
    let pieces = |second: &'static [u8], third: &'static [u8]| {
        Reply::Stream(vec![first(), Bytes::from_static(second), Bytes::from_static(third)])
    };
    standin.reply([
        pieces(b"data: <html>\n\n", b""),
        pieces(b"data: {\"choices\":[{\"delta\":{\"content\":\"\xc3", b"\x28\"}}]}\n\n"),
        pieces(b"data: {\"choices\":{}}\n\n", b""),
    ]);
    for _ in 0..3 {
        let (text, error) = asked.fail().await;
        assert_eq!(text, "Half");
        assert!(matches!(error, ModelError::Malformed(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_letter_that_is_cut_in_two_is_whole_again() {
    let standin = ModelStandin::start().await;
    let stream = super::HI.replace("Hi", "Grüße 👋").into_bytes();
    standin.reply([Reply::Stream(stream.chunks(1).map(Bytes::copy_from_slice).collect())]);
    let events = Asked::at(&standin.base).ask().await.unwrap();
    assert!(events.contains(&chatkitd_core::models::ModelEvent::Text("Grüße 👋".to_owned())), "{events:?}");
}

#[tokio::test]
async fn an_endless_answer_is_ended() {
    for (piece, limit) in [
        (FIRST.replace("Half", &"x".repeat(4096)), chatkitd_workflow::providers::MAX_TEXT_BYTES),
        // Not one line end, ever.
        ("x".repeat(64 * 1024), Bounds::TEXT.event),
    ] {
        let standin = ModelStandin::start().await;
        standin.reply([Reply::Endless(piece.into())]);
        let (_, error) = Asked::at(&standin.base).fail().await;
        assert!(matches!(error, ModelError::TooLong { limit: at } if at == limit), "{error:?}");
        until("the connection is closed", async || standin.let_go() == 1).await;
    }
}

#[tokio::test]
async fn a_refusal_of_a_hundred_megabytes_is_not_read() {
    let standin = ModelStandin::start().await;
    standin.reply([Reply::Flood, Reply::Flood, Reply::Flood]);
    let (_, error) = Asked::at(&standin.base).fail().await;
    assert!(error.to_string().ends_with("it gave no reason"), "{error}");
    until("the connections are closed", async || standin.let_go() == 3).await;
    assert!(standin.flooded() < 30 * 1024 * 1024, "{} bytes", standin.flooded());
}

#[tokio::test]
async fn a_success_that_is_no_stream_says_what_it_is() {
    let standin = ModelStandin::start().await;
    let asked = Asked::at(&standin.base);
    standin.reply([
        Reply::Other(200, "text/html; charset=utf-8", "<html>Log in</html>".into()),
        Reply::Other(200, "application/json", r#"{"error":{"message":"No such model"}}"#.into()),
    ]);
    let (_, error) = asked.fail().await;
    assert!(error.to_string().contains("text/html"), "{error}");
    let (_, error) = asked.fail().await;
    assert_eq!(error.to_string(), "the model server failed: No such model");
}
