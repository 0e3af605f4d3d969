//! What is asked, how often, and that it ends when nobody listens.

use std::time::Duration;

use bytes::Bytes;
use chatkitd::models::{Deadlines, HttpModel, ModelServer};
use chatkitd_core::models::{ModelError, ModelEvent};
use chatkitd_core::ports::Model as _;
use chatkitd_workflow::providers::Api;
use futures_util::StreamExt as _;
use tokio::net::TcpListener;

use super::{Asked, FIRST, HI, KEY, client, question};
use crate::model_standin::{ModelStandin, Reply};
use crate::upstream_standin::one_that_hangs_up;
use crate::wait::until;

fn fixture(name: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/models/");
    std::fs::read_to_string(format!("{folder}{name}.sse")).unwrap()
}

fn text(events: &[ModelEvent]) -> String {
    let texts = events.iter().filter_map(|event| match event {
        ModelEvent::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

#[tokio::test]
async fn each_api_is_asked_at_its_address_and_answers() {
    for (api, path, name) in [
        (Api::Responses, "/v1/responses", "text.responses"),
        (Api::ChatCompletions, "/v1/chat/completions", "text.chat_completions"),
    ] {
        let standin = ModelStandin::start().await;
        standin.reply([Reply::text(&fixture(name))]);
        let asked = Asked::with(&standin.base, api, Deadlines::default());
        let events = asked.ask().await.unwrap();
        assert_eq!(text(&events), "Héllo, wörld 👋");
        assert!(matches!(events.last(), Some(ModelEvent::Ended { usage: Some(_), .. })));
        let seen = standin.seen().remove(0);
        assert_eq!(seen.path, path);
        assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
        assert_eq!(seen.headers["content-type"], "application/json");
        assert_eq!(seen.headers["accept"], "text/event-stream");
        assert_eq!(seen.headers["accept-encoding"], "identity", "a stream that is packed comes in lumps");
        assert_eq!(seen.json(), api.body(&question()));
    }
}

#[tokio::test]
async fn a_server_without_a_key_is_sent_none_and_its_address_is_kept_whole() {
    let standin = ModelStandin::start().await;
    standin.reply([Reply::text(HI)]);
    let base = format!("{}/?api-version=1", standin.base).parse().unwrap();
    let server = ModelServer { base, key: None, api: Api::ChatCompletions };
    let model = HttpModel::new(client(Deadlines::default()).0, server);
    let answer: Vec<_> = model.answer(question()).await.unwrap().collect().await;
    assert_eq!(answer.len(), 4);
    let seen = standin.seen().remove(0);
    assert_eq!(seen.path, "/v1/chat/completions?api-version=1");
    assert!(!seen.headers.contains_key("authorization"));
}

#[tokio::test]
async fn what_passes_is_tried_again_before_the_first_word() {
    let standin = ModelStandin::start().await;
    let asked = Asked::at(&standin.base);
    standin.reply([
        Reply::Refusal(503, ("x-a", "b".to_owned())),
        Reply::Refusal(429, ("retry-after", "3".to_owned())),
        Reply::text(HI),
    ]);
    assert_eq!(text(&asked.ask().await.unwrap()), "Hi");
    let waits = asked.clock.waits();
    assert!((100..=200).contains(&waits[0].as_millis()), "{waits:?}");
    assert_eq!(waits[1], Duration::from_secs(3));
    let bodies: Vec<_> = standin.seen().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies, vec![bodies[0].clone(); 3], "the same question each time");
}

#[tokio::test]
async fn nobody_waits_longer_than_ten_seconds_for_another_try() {
    let standin = ModelStandin::start().await;
    let asked = Asked::at(&standin.base);
    standin.reply([Reply::Refusal(429, ("retry-after", "11".to_owned()))]);
    let (_, error) = asked.fail().await;
    assert!(
        matches!(error, ModelError::RateLimited { retry_after: Some(wait), .. } if wait.as_secs() == 11),
        "{error:?}"
    );
    assert_eq!(standin.seen().len(), 1);
}

#[tokio::test]
async fn a_server_that_hangs_up_or_is_not_there_is_tried_three_times() {
    let (base, count) = one_that_hangs_up().await;
    let (_, error) = Asked::at(&base).fail().await;
    assert!(matches!(error, ModelError::Connection(_)), "{error:?}");
    assert_eq!(count.load(std::sync::atomic::Ordering::SeqCst), 3);

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let asked = Asked::at(&format!("http://{closed}/v1"));
    let (_, error) = asked.fail().await;
    assert!(matches!(error, ModelError::Connection(_)), "{error:?}");
    assert_eq!(asked.clock.waits().len(), 2);
}

#[tokio::test]
async fn an_answer_that_broke_off_is_not_asked_for_again() {
    let standin = ModelStandin::start().await;
    standin.reply([Reply::Cut(Bytes::from_static(FIRST.as_bytes()))]);
    let asked = Asked::at(&standin.base);
    asked.fail().await;
    assert_eq!(standin.seen().len(), 1, "the visitor has read half of it");
}

#[tokio::test]
async fn who_stops_listening_ends_the_request() {
    let standin = ModelStandin::start().await;
    standin.reply([Reply::Stall(Bytes::from_static(FIRST.as_bytes()))]);
    let mut answer = Asked::at(&standin.base).model.answer(question()).await.unwrap();
    assert!(matches!(answer.next().await, Some(Ok(ModelEvent::MessageBegan))));
    assert_eq!(standin.let_go(), 0);
    drop(answer);
    until("the server sees it", async || standin.let_go() == 1).await;
}

#[tokio::test]
async fn who_stops_waiting_for_the_first_word_ends_the_request_too() {
    let standin = ModelStandin::start().await;
    standin.reply([Reply::Silence]);
    let asked = Asked::at(&standin.base);
    let answering = tokio::spawn(async move { asked.ask().await });
    until("the server is asked", async || standin.seen().len() == 1).await;
    answering.abort();
    until("the server sees it", async || standin.let_go() == 1).await;
}
