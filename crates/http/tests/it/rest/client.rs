//! What a back end of the operator's sends.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::app::{Answer, Setup, TestApp, send};
use crate::chatkit::client::create;

/// An app, and a back end with a key of its default site.
pub struct Backend {
    pub app: TestApp,
    pub key: String,
}

/// The body of the smallest session.
pub fn minimal(user: &str) -> Value {
    json!({"user": user, "workflow": {"id": "wf_demo"}})
}

impl Backend {
    pub async fn start(setup: Setup) -> Self {
        let app = setup.start().await;
        let key = app.service_key("default").await;
        Self { app, key }
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.app.get(&format!("/v1/chatkit{path}")).bearer_auth(&self.key)).await
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.app.post(&format!("/v1/chatkit{path}")).bearer_auth(&self.key)
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(self.app.delete(&format!("/v1/chatkit{path}")).bearer_auth(&self.key)).await
    }

    /// A session from this body.
    pub async fn create(&self, body: &Value) -> Answer {
        send(self.post("/sessions").json(body)).await
    }

    /// The client secret of a session from this body.
    pub async fn secret(&self, body: &Value) -> String {
        let made = self.create(body).await;
        assert_eq!(made.status, 200, "{}", made.text);
        made.field("client_secret")
    }

    pub async fn cancel(&self, session: &str) -> Answer {
        send(self.post(&format!("/sessions/{session}/cancel"))).await
    }

    /// A thread that the secret's user begins with these words; its id.
    pub async fn thread(&self, secret: &str, text: &str) -> String {
        let answer = send(self.app.conversation(&create(text)).bearer_auth(secret)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.events()[0]["thread"]["id"].as_str().unwrap().to_owned()
    }
}

/// The ids of a list, with what its envelope says of them.
#[track_caller]
pub fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    let list = answer.json();
    let keys: Vec<_> = list.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["object", "data", "first_id", "last_id", "has_more"]);
    assert_eq!(list["object"], "list");
    assert!(list["has_more"].is_boolean());
    let ids: Vec<String> =
        list["data"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().into()).collect();
    assert_eq!(list["first_id"].as_str(), ids.first().map(String::as_str));
    assert_eq!(list["last_id"].as_str(), ids.last().map(String::as_str));
    ids
}
