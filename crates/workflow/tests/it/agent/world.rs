use std::sync::Arc;
use std::time::Duration;

use chatkitd_core::attachments::{AllowedTypes, AttachmentService, PublicBase};
use chatkitd_core::id::{RunId, SiteName, ThreadId, UserId};
use chatkitd_core::models::{ModelMessage, ModelPart, Role};
use chatkitd_core::ports::{Clock as _, Scope, Spawner, Threads as _};
use chatkitd_core::server::agents::Agents;
use chatkitd_core::server::{
    Agent, AgentContext, ChatCaller, ChatServer, ChatServerParts, Reach, Reply, ServerError, StreamWishes,
    Watch,
};
use chatkitd_core::site::ChatKitConfiguration;
use chatkitd_core::testing::{ManualClock, MemoryStore, ScriptedModel, SeededRng};
use chatkitd_core::threads::{
    Begun, Fence, ItemQuery, ItemWrite, PageQuery, RunEnd, RunOutcome, RunStart, ThreadRecord, wire_time,
};
use chatkitd_protocol::chatkit::{Order, Request, ThreadItem};
use chatkitd_workflow::agent::{ModelAgent, ModelAgentSettings};
use futures_util::future::BoxFuture;
use serde_json::{Map, Value, json};

const WORKFLOW: &str = "wf_model";

struct Tokio;

impl Spawner for Tokio {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(task);
    }
}

/// One engine whose agent asks a scripted model.
pub struct World {
    pub clock: Arc<ManualClock>,
    pub store: Arc<MemoryStore>,
    pub model: Arc<ScriptedModel>,
    pub context: AgentContext,
    rng: Arc<SeededRng>,
    agent: Arc<dyn Agent>,
    server: Arc<ChatServer>,
}

pub fn settings() -> ModelAgentSettings {
    ModelAgentSettings::new("large")
}

/// Threads get no titles here, unless a test changes that.
pub fn world(settings: ModelAgentSettings) -> World {
    let clock = Arc::new(ManualClock::at_second(1_767_225_600));
    let store = Arc::new(MemoryStore::with_clock(clock.clone()));
    let rng = Arc::new(SeededRng::new(1));
    let model = ScriptedModel::new();
    let agent: Arc<dyn Agent> = Arc::new(ModelAgent::new(model.clone(), settings));
    let server = server(&clock, &store, &rng, &agent, None);
    World { clock, store, model, context: context(), rng, agent, server }
}

fn server(
    clock: &Arc<ManualClock>,
    store: &Arc<MemoryStore>,
    rng: &Arc<SeededRng>,
    agent: &Arc<dyn Agent>,
    attachments: Option<Arc<AttachmentService>>,
) -> Arc<ChatServer> {
    Arc::new(ChatServer::new(ChatServerParts {
        threads: store.clone(),
        log: None,
        spawner: Arc::new(Tokio),
        clock: clock.clone(),
        rng: rng.clone(),
        agents: Agents::from_iter([(WORKFLOW, agent.clone())]),
        attachments,
        transcriber: None,
        run_time_limit: Duration::from_secs(600),
    }))
}

fn context() -> AgentContext {
    let configuration = json!({"automatic_thread_titling": {"enabled": false}});
    AgentContext {
        site: SiteName::default_site(),
        user: UserId::named("user_1").unwrap(),
        session: None,
        workflow: WORKFLOW.to_owned(),
        state_variables: Map::new(),
        configuration: serde_json::from_value(configuration).unwrap(),
        locale: None,
        metadata: Map::new(),
    }
}

impl World {
    /// Threads get titles, as they do by default.
    pub fn with_titles(mut self) -> Self {
        self.context.configuration = ChatKitConfiguration::default();
        self
    }

    /// Files may be sent along.
    pub fn with_attachments(mut self, service: Arc<AttachmentService>) -> Self {
        self.server = server(&self.clock, &self.store, &self.rng, &self.agent, Some(service));
        self
    }

    pub fn scope(&self) -> Scope {
        Scope::User(self.context.site.clone(), self.context.user.clone())
    }

    /// Sends a request and watches its run.
    pub async fn start(&self, request: Value) -> Answering {
        match self.send(request).await.unwrap() {
            Reply::Stream(watch) => Answering { watch, rest: String::new() },
            Reply::Json { .. } | Reply::Event(_) => panic!("no answer"),
        }
    }

    pub async fn send(&self, request: Value) -> Result<Reply, ServerError> {
        let request = Request::parse(&serde_json::to_vec(&request).unwrap()).unwrap();
        let caller = ChatCaller {
            context: self.context.clone(),
            base: PublicBase::default(),
            file_types: AllowedTypes::default(),
            reach: Reach::default(),
            traced: true,
            files_since: None,
        };
        self.server.handle(caller, request, StreamWishes::default()).await
    }

    /// What the visitor's browser is sent for the first message of a thread, from the answer on.
    pub async fn events_for(&self, text: &str) -> Vec<Value> {
        let events = self.start(create(text)).await.all().await;
        events.into_iter().skip(3).collect()
    }

    /// The thread that was begun last, as it is stored.
    pub async fn thread(&self) -> ThreadRecord {
        let page = PageQuery { limit: 1, order: Order::Desc, after: None, before: None };
        self.store.threads(&self.scope(), &page.into()).await.unwrap().threads.remove(0)
    }

    /// Its items, oldest first, hidden ones included.
    pub async fn items(&self) -> Vec<ThreadItem> {
        let page = PageQuery { limit: 100, order: Order::Asc, after: None, before: None };
        let query = ItemQuery { page, hidden: true, kinds: None };
        let thread = self.thread().await.id;
        self.store.items(&self.scope(), &thread, &query).await.unwrap().unwrap().items
    }

    /// A thread that has these items already, given without what all items have.
    pub async fn thread_of(&self, items: impl IntoIterator<Item = Value>) -> ThreadId {
        let now = self.clock.now();
        let id = ThreadId::mint(now, &*self.rng);
        let record = ThreadRecord::new(id.clone(), self.context.site.clone(), self.context.user.clone(), now);
        let writes = items.into_iter().enumerate().map(|(at, mut item)| {
            item["id"] = format!("item_{}", at + 1).into();
            item["thread_id"] = id.as_str().into();
            item["created_at"] = wire_time(now).as_str().into();
            ItemWrite::Put(serde_json::from_value(item).unwrap())
        });
        let run = RunId::mint(now, &*self.rng);
        let start = RunStart {
            run: run.clone(),
            thread: id.clone(),
            new_thread: Some(record),
            writes: writes.collect(),
            attachments: Vec::new(),
            idempotency: None,
            now,
            lease: Duration::from_secs(10),
        };
        let begun = self.store.begin_run(&self.scope(), &start).await.unwrap();
        assert!(matches!(begun, Begun::Started { .. }));
        let fence = Fence { scope: self.scope(), thread: id.clone(), run };
        let end = RunEnd { outcome: RunOutcome::Completed, writes: Vec::new(), now };
        self.store.end_run(&fence, &end).await.unwrap();
        id
    }

    /// What the model was sent of the conversation, in lines; a picture or file is a line in brackets.
    #[track_caller]
    pub fn conversation(&self) -> Vec<(Role, String)> {
        let request = self.model.requests().pop().expect("a request");
        request.messages.into_iter().map(|message| (message.role, lines(&message))).collect()
    }
}

fn lines(message: &ModelMessage) -> String {
    let parts = message.parts.iter().map(|part| match part {
        ModelPart::Text(text) => text.clone(),
        ModelPart::Image { mime_type, content } => format!("[{mime_type}, {} bytes]", content.len()),
        ModelPart::File { name, mime_type, content } => {
            format!("[{name}, {mime_type}, {} bytes]", content.len())
        }
    });
    parts.collect::<Vec<_>>().join("\n")
}

pub fn create(text: &str) -> Value {
    json!({"type": "threads.create", "params": {"input": input(text)}})
}

pub fn add(thread: &ThreadId, text: &str) -> Value {
    let params = json!({"thread_id": thread.as_str(), "input": input(text)});
    json!({"type": "threads.add_user_message", "params": params})
}

pub fn input(text: &str) -> Value {
    json!({"content": [{"type": "input_text", "text": text}], "attachments": [], "inference_options": {}})
}

/// An answer as the visitor's browser gets it.
pub struct Answering {
    watch: Watch,
    rest: String,
}

impl Answering {
    /// Everything to its end.
    pub async fn all(self) -> Vec<Value> {
        let mut events = self.all_with_ids().await;
        events.iter_mut().for_each(strip);
        events
    }

    /// The same, with what differs from run to run.
    pub async fn all_with_ids(mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }

    /// Everything up to the first event of this kind, or with this kind of update.
    pub async fn until(&mut self, kind: &str) -> Value {
        loop {
            let event = self.next().await.expect("the answer ended before that");
            if event["type"] == kind || event["update"]["type"] == kind {
                return event;
            }
        }
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((frame, rest)) = self.rest.split_once("\n\n") {
                let data = frame.lines().find_map(|line| line.strip_prefix("data: ")).map(str::to_owned);
                self.rest = rest.to_owned();
                if let Some(data) = data {
                    return Some(serde_json::from_str(&data).unwrap());
                }
                continue;
            }
            self.rest.push_str(&String::from_utf8(self.watch.next().await.unwrap()?).unwrap());
        }
    }
}

/// Takes away what differs from run to run.
fn strip(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(strip),
        Value::Object(fields) => {
            let is_ours = |id: &Value| id.as_str().is_some_and(|id| id.starts_with("cti_"));
            fields.retain(|name, value| match name.as_str() {
                "created_at" | "thread_id" => false,
                "id" | "item_id" => !is_ours(value),
                _ => true,
            });
            fields.values_mut().for_each(strip);
        }
        _ => {}
    }
}

/// The last event, which says what went wrong.
#[track_caller]
pub fn error(events: &[Value]) -> (String, bool) {
    let last = events.last().expect("an event");
    assert_eq!(last["type"], "error", "{last:#}");
    (last["message"].as_str().unwrap_or_default().to_owned(), last["allow_retry"].as_bool().unwrap())
}

/// The texts of the assistant's messages.
pub fn said(items: &[ThreadItem]) -> Vec<String> {
    let messages = items.iter().filter(|item| matches!(item, ThreadItem::AssistantMessage(_)));
    messages.map(|item| json!(item)["content"][0]["text"].as_str().unwrap().to_owned()).collect()
}
