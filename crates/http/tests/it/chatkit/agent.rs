//! An agent that does as it is told by the words of the message.

use std::sync::Arc;

use async_trait::async_trait;
use chatkitd_core::id::SessionId;
use chatkitd_core::server::{Agent, AgentError, Answer, Turn};
use chatkitd_core::threads::ThreadChange;
use chatkitd_protocol::chatkit::{Action, ThreadEvent, ThreadItem, WidgetItem};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// What the tests and their agent tell one another.
pub struct TestAgent {
    /// Lets an answer to `hold` go on.
    pub go_on: Semaphore,
    /// Gains a permit whenever an answer to `hold` is dropped before it went on.
    pub dropped: Arc<Semaphore>,
}

impl Default for TestAgent {
    fn default() -> Self {
        Self { go_on: Semaphore::new(0), dropped: Arc::new(Semaphore::new(0)) }
    }
}

/// Tells when it is dropped, unless it was told not to.
struct Guard(Option<Arc<Semaphore>>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(dropped) = &self.0 {
            dropped.add_permits(1);
        }
    }
}

#[async_trait]
impl Agent for TestAgent {
    async fn respond(&self, turn: &Turn, answer: &Answer) -> Result<(), AgentError> {
        let message = serde_json::to_value(turn.message()).unwrap();
        match message.pointer("/content/0/text").and_then(Value::as_str).unwrap_or("") {
            "hold" => self.hold(answer).await,
            "lock" => set_status(answer, json!({"type": "locked", "reason": "It is late."})).await,
            "close" => set_status(answer, json!({"type": "closed"})).await,
            "widget" => emit(answer, json!({"type": "thread.item.done", "item": widget()})).await,
            "who" => say(answer, &who(turn)).await,
            "items" => {
                for item in every_kind(answer) {
                    emit(answer, json!({"type": "thread.item.done", "item": item})).await;
                }
            }
            "fail" => return Err(AgentError::failed("sk-secret at /etc/passwd")),
            text => say(answer, text).await,
        }
        Ok(())
    }

    /// Takes the widget away that was clicked.
    async fn action(
        &self,
        _: &Turn,
        _: &Action,
        sender: Option<&WidgetItem>,
        answer: &Answer,
    ) -> Result<(), AgentError> {
        if let Some(widget) = sender {
            emit(answer, json!({"type": "thread.item.removed", "item_id": widget.id})).await;
        }
        Ok(())
    }

    async fn sync_action(
        &self,
        _: &Turn,
        action: &Action,
        sender: Option<&WidgetItem>,
    ) -> Result<Option<ThreadItem>, AgentError> {
        let action = serde_json::to_value(action).unwrap();
        match action["type"].as_str() {
            Some("panic") => panic!("a defect"),
            Some("fail") => Err(AgentError::failed("sk-secret at /etc/passwd")),
            Some("refuse") => Err(AgentError::custom("Sold out.")),
            Some("redraw") => Ok(sender.map(redrawn)),
            _ => Ok(None),
        }
    }
}

impl TestAgent {
    /// Says half a sentence, and the rest when it may.
    async fn hold(&self, answer: &Answer) {
        let mut item = message(answer, "");
        emit(answer, json!({"type": "thread.item.added", "item": item})).await;
        let delta =
            json!({"type": "assistant_message.content_part.text_delta", "content_index": 0, "delta": "half"});
        emit(answer, json!({"type": "thread.item.updated", "item_id": item["id"], "update": delta})).await;
        let mut guard = Guard(Some(self.dropped.clone()));
        self.go_on.acquire().await.unwrap().forget();
        guard.0 = None;
        item["content"][0]["text"] = json!("half and whole");
        emit(answer, json!({"type": "thread.item.done", "item": item})).await;
    }
}

fn who(turn: &Turn) -> String {
    let context = turn.context();
    json!({
        "site": context.site.as_str(),
        "user": context.user.as_str(),
        "session": context.session.as_ref().map(SessionId::as_str),
        "workflow": context.workflow,
        "state_variables": context.state_variables,
        "locale": context.locale,
        "metadata": context.metadata,
        "configuration": context.configuration,
    })
    .to_string()
}

fn widget() -> Value {
    json!({
        "type": "widget", "id": "", "thread_id": "", "created_at": "",
        "widget": {"type": "Card", "children": []},
    })
}

/// The widget as an agent makes it anew: without a time, and with a model's words in it.
fn redrawn(before: &WidgetItem) -> ThreadItem {
    let mut item = widget();
    item["id"] = json!(before.id);
    item["copy_text"] = json!("a\u{0}b");
    serde_json::from_value(item).unwrap()
}

/// An item of each kind that an agent may emit.
fn every_kind(answer: &Answer) -> Vec<Value> {
    let file = json!({"type": "file", "filename": "manual.pdf", "title": "The manual"});
    let page = json!({"type": "url", "url": "https://example.com/", "title": "A page"});
    let entity = json!({"type": "entity", "id": "e1", "title": "A thing"});
    let annotations: Vec<Value> =
        [&file, &page, &entity].map(|source| json!({"type": "annotation", "source": source})).into();
    let tasks = json!([
        {"type": "thought", "title": "Hm", "content": "It is late."},
        {"type": "custom", "title": "Looking", "content": "at it"},
        {"type": "web_search", "title_query": "trains", "queries": ["trains", "times"], "sources": []},
        {"type": "file", "title": "Reading", "sources": [file]},
        {"type": "image", "title": "Drawing"},
        {"type": "dream", "title": "Of sheep", "content": "electric"},
    ]);
    let kinds = json!([
        {"type": "assistant_message", "content": [{"type": "output_text", "text": "Here.", "annotations": annotations}]},
        {"type": "generated_image", "image": {"id": "i", "url": "https://example.com/i.png"}},
        {"type": "workflow", "workflow": {"type": "reasoning", "tasks": tasks, "expanded": false}},
        {"type": "task", "task": {"type": "web_search", "title": "Searching", "queries": ["a"], "sources": []}},
        {"type": "structured_input", "inputs": []},
        {"type": "hidden_context_item", "content": "for the agent"},
        {"type": "something_new", "of": "a later version"},
        {"type": "end_of_turn"},
        {"type": "widget", "widget": {"type": "Card", "children": []}, "copy_text": "x"},
        {"type": "client_tool_call", "call_id": "call_1", "name": "theme", "arguments": {"dark": true}},
    ]);
    let with_ids = kinds.as_array().unwrap().iter().map(|kind| {
        let mut item = json!({"id": answer.new_item_id(), "thread_id": "", "created_at": answer.now()});
        item.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        item
    });
    with_ids.collect()
}

fn message(answer: &Answer, text: &str) -> Value {
    json!({
        "type": "assistant_message", "id": answer.new_item_id(), "thread_id": "", "created_at": answer.now(),
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    })
}

async fn say(answer: &Answer, text: &str) {
    emit(answer, json!({"type": "thread.item.done", "item": message(answer, text)})).await;
}

async fn set_status(answer: &Answer, status: Value) {
    let status = Some(serde_json::from_value(status).unwrap());
    answer.change_thread(ThreadChange { status, ..ThreadChange::default() }).await;
}

async fn emit(answer: &Answer, event: Value) {
    answer.emit(serde_json::from_value::<ThreadEvent>(event).unwrap()).await;
}
