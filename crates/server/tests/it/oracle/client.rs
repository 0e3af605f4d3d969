//! A client of either server, which sends an exchange and keeps what it is answered.

use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::exchange::{Exchange, Request, Sending};
use super::wire::{Answer, Body, Names, events};
use crate::wait::until;

/// How to learn that a server has done with the answers whose watchers left.
pub enum Settled {
    /// The reference's server counts its streams here.
    Count(String),
    /// chatkitd names a thread's run on `threads.get_by_id` while it goes.
    RunHeader,
}

pub struct Visitor {
    client: Client,
    url: String,
    settled: Settled,
    cookie: Option<String>,
    names: Names,
}

impl Visitor {
    pub fn new(url: String, settled: Settled) -> Self {
        // A connection for each request: the reference closes those on which it broke something off.
        let client = Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        Self { client, url, settled, cookie: None, names: Names::default() }
    }

    /// What each request was answered; more than one answer for those that are sent more than once.
    pub async fn play(mut self, exchange: &Exchange) -> Vec<Vec<Answer>> {
        let mut answers = Vec::new();
        for request in &exchange.requests {
            let mut played = Vec::new();
            for _ in 0..request.repeat {
                self.send(request, &mut played).await;
            }
            answers.push(played);
        }
        answers
    }

    async fn send(&mut self, request: &Request, answers: &mut Vec<Answer>) {
        match request.sending(self.names.newest_thread()) {
            Sending::Body(body) => answers.push(self.answer(body, None).await),
            Sending::Json(mut json) => {
                self.names.resolve(&mut json);
                answers.push(self.answer(json.to_string(), request.leave_after).await);
            }
            Sending::Walk(mut json) => {
                self.names.resolve(&mut json);
                while let Some(after) = self.page(&json, answers).await {
                    json["params"]["after"] = after.into();
                    self.names.resolve(&mut json);
                }
            }
        }
        if request.leave_after.is_some() {
            self.settle().await;
        }
    }

    /// One page of a list; returns what the next one comes after.
    async fn page(&mut self, request: &Value, answers: &mut Vec<Answer>) -> Option<String> {
        let answer = self.answer(request.to_string(), None).await;
        let Body::Json(page) = &answer.body else { panic!("a page is JSON: {answer:?}") };
        let more = page["has_more"].as_bool().expect("has_more");
        // Named already: `<item3>` is asked for as `$item3`.
        let after = more.then(|| page["after"].as_str().expect("after").trim_matches(['<', '>']));
        let after = after.map(|name| format!("${name}"));
        answers.push(answer);
        after
    }

    async fn answer(&mut self, body: String, leave_after: Option<usize>) -> Answer {
        let response = self.post(body).await;
        if let Some(cookie) = response.headers().get(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            self.cookie = Some(pair.to_owned());
        }
        let mut answer = read(response, leave_after).await;
        match &mut answer.body {
            Body::Json(json) => self.names.name(json),
            Body::Stream { events, .. } => events.iter_mut().for_each(|event| self.names.name(event)),
        }
        answer
    }

    async fn post(&self, body: String) -> Response {
        let mut request = self.client.post(&self.url).header("content-type", "application/json").body(body);
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        request.send().await.unwrap()
    }

    async fn settle(&self) {
        until("the answer that nobody watches has ended", async || match &self.settled {
            Settled::Count(url) => self.client.get(url).send().await.unwrap().text().await.unwrap() == "0",
            Settled::RunHeader => {
                let thread = self.names.newest_thread().expect("a thread");
                let get = json!({"type": "threads.get_by_id", "params": {"thread_id": thread}});
                let response = self.post(get.to_string()).await;
                assert_eq!(response.status(), 200);
                !response.headers().contains_key("x-chatkit-run-id")
            }
        })
        .await;
    }
}

/// Reads an answer to its end, or until so many events came.
async fn read(mut response: Response, leave_after: Option<usize>) -> Answer {
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let (mut bytes, mut whole) = (Vec::new(), true);
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(_) => {
                whole = false;
                break;
            }
        }
        if leave_after.is_some_and(|count| events(&bytes).0.len() >= count) {
            break;
        }
    }
    let stream = kind.is_some_and(|kind| kind.starts_with("text/event-stream"));
    let body = if stream {
        let (events, hidden) = events(&bytes);
        Body::Stream { events, whole, hidden }
    } else {
        Body::Json(serde_json::from_slice(&bytes).unwrap_or_default())
    };
    let answer = Answer { status, body };
    if let Some(count) = leave_after {
        assert_eq!(answer.events().len(), count, "a visitor leaves where the answer hangs: {answer:#?}");
    }
    answer
}
