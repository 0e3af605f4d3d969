//! A chat client: one user of a server, their threads, and the events of their runs as they come.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::server::{Answer, SESSION, send};

/// For one event; the heartbeat comes every fifteen seconds.
const PATIENCE: Duration = Duration::from_secs(40);

/// A user with a session, talking to one node of a server. Clones are the same user.
#[derive(Clone)]
pub struct Chat {
    url: String,
    secret: String,
    http: Client,
}

impl Chat {
    /// A new visitor, whom `workflow` answers.
    pub async fn open(url: &str, workflow: &str) -> Self {
        let http = Client::builder().no_proxy().build().unwrap();
        let request = http.post(format!("{url}{SESSION}")).json(&json!({"workflowId": workflow}));
        let made = send(request).await;
        assert_eq!(made.status, 200, "{made:?}");
        Self { url: url.to_owned(), secret: made.text("client_secret"), http }
    }

    /// Whoever holds this client secret.
    pub fn with_secret(url: &str, secret: &str) -> Self {
        let http = Client::builder().no_proxy().build().unwrap();
        Self { url: url.to_owned(), secret: secret.to_owned(), http }
    }

    /// A user whom a server of the site's operator vouches for.
    pub async fn with_key(url: &str, workflow: &str, key: &str) -> Self {
        let http = Client::builder().no_proxy().build().unwrap();
        let asked = json!({"workflowId": workflow, "userId": "ann"});
        let made = send(http.post(format!("{url}{SESSION}")).bearer_auth(key).json(&asked)).await;
        assert_eq!(made.status, 200, "{made:?}");
        Self { url: url.to_owned(), secret: made.text("client_secret"), http }
    }

    /// The same user at another address.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// What the user proves itself with.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// An operation, not sent yet.
    pub fn request(&self, operation: &str, params: &Value) -> RequestBuilder {
        let url = format!("{}/v1/chatkit/conversation", self.url);
        let body = json!({"type": operation, "params": params});
        self.http.post(url).bearer_auth(&self.secret).json(&body)
    }

    /// An operation that is answered with a document.
    pub async fn ask(&self, operation: &str, params: Value) -> Answer {
        send(self.request(operation, &params)).await
    }

    /// Begins a thread, as a page does that goes on after a lost connection.
    pub async fn create(&self, text: &str) -> Events {
        let request = self.request("threads.create", &json!({"input": input(text)}));
        Events::of(request.header("x-chatkit-resume", "1")).await
    }

    /// Says something in a thread; the answer is stopped when the connection is lost.
    pub async fn say(&self, thread: &str, text: &str) -> Events {
        Events::of(self.saying(thread, text)).await
    }

    pub fn saying(&self, thread: &str, text: &str) -> RequestBuilder {
        self.request("threads.add_user_message", &json!({"thread_id": thread, "input": input(text)}))
    }

    /// The request that goes on with a run.
    pub fn resuming(&self, run: &str, after: u64) -> RequestBuilder {
        let url = format!("{}/v1/chatkit/runs/{run}/events", self.url);
        self.http.get(url).bearer_auth(&self.secret).header("last-event-id", after.to_string())
    }

    pub async fn resume(&self, run: &str, after: u64) -> Events {
        Events::of(self.resuming(run, after)).await
    }

    pub async fn cancel(&self, run: &str) -> Answer {
        let url = format!("{}/v1/chatkit/runs/{run}/cancel", self.url);
        send(self.http.post(url).bearer_auth(&self.secret)).await
    }

    /// All that a client sees of a thread, oldest first.
    pub async fn items(&self, thread: &str) -> Vec<Value> {
        let params = json!({"thread_id": thread, "limit": 100, "order": "asc"});
        let page = self.ask("items.list", params).await;
        assert_eq!(page.status, 200, "{page:?}");
        page.body["data"].as_array().unwrap().clone()
    }
}

pub fn input(text: &str) -> Value {
    json!({"content": [{"type": "input_text", "text": text}], "attachments": [], "inference_options": {}})
}

/// One event and its number.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: u64,
    pub data: Value,
}

impl Event {
    pub fn kind(&self) -> &str {
        self.data["type"].as_str().unwrap()
    }

    /// The text that this event adds to the answer.
    pub fn delta(&self) -> Option<&str> {
        self.data["update"]["delta"].as_str()
    }

    /// The item that this event says is done.
    pub fn done(&self) -> Option<&Value> {
        (self.kind() == "thread.item.done").then_some(&self.data["item"])
    }
}

/// The events of a run as they come. Dropping it closes the connection.
pub struct Events {
    pub run: String,
    response: Response,
    buffer: Vec<u8>,
}

impl From<Response> for Events {
    fn from(response: Response) -> Self {
        let run = response.headers()["x-chatkit-run-id"].to_str().unwrap().to_owned();
        Self { run, response, buffer: Vec::new() }
    }
}

impl Events {
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.unwrap();
        let status = response.status();
        if status != 200 {
            panic!("{status}: {}", response.text().await.unwrap());
        }
        Self::from(response)
    }

    /// The next event; `None` when the stream ended or the connection broke.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let frame: Vec<u8> = self.buffer.drain(..end + 2).collect();
                match parse(std::str::from_utf8(&frame).unwrap()) {
                    Some(event) => return Some(event),
                    None => continue,
                }
            }
            let chunk = tokio::time::timeout(PATIENCE, self.response.chunk()).await;
            match chunk.expect("an event or a heartbeat comes in time") {
                Ok(Some(bytes)) => self.buffer.extend_from_slice(&bytes),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// Until one of this type.
    pub async fn until(&mut self, kind: &str) -> Event {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the stream ended before {kind}"));
            if event.kind() == kind {
                return event;
            }
        }
    }

    /// Until so many deltas have come; the last one.
    pub async fn deltas(&mut self, count: usize) -> Event {
        let mut said = 0;
        loop {
            let event = self.until("thread.item.updated").await;
            said += usize::from(event.delta().is_some());
            if said == count {
                return event;
            }
        }
    }

    /// Everything until the end.
    pub async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }

    /// The thread that the first event announces.
    pub async fn thread(&mut self) -> String {
        self.until("thread.created").await.data["thread"]["id"].as_str().unwrap().to_owned()
    }
}

/// `None` for a comment.
fn parse(frame: &str) -> Option<Event> {
    let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let data = field("data:")?;
    let id = field("id:").unwrap_or_else(|| panic!("an event without a number: {frame}"));
    Some(Event { id: id.parse().unwrap(), data: serde_json::from_str(data).unwrap() })
}

/// The text of an assistant's message.
pub fn text_of(item: &Value) -> String {
    item["content"].as_array().unwrap().iter().map(|part| part["text"].as_str().unwrap()).collect()
}
