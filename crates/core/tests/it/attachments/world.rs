//! An engine that takes files, on a store and blobs in memory.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chatkitd_core::attachments::{
    AllowedTypes, AttachmentContent, AttachmentError, AttachmentParts, AttachmentService, PublicBase, Signed,
    UploadContent, UrlSigner,
};
use chatkitd_core::id::{AttachmentId, SiteName, UserId};
use chatkitd_core::keys::KeyRing;
use chatkitd_core::ports::{Blobs, ByteStream, Spawner};
use chatkitd_core::server::agents::Agents;
use chatkitd_core::server::{
    Agent, AgentContext, AgentError, Answer, ChatCaller, ChatServer, ChatServerParts, Reach, Reply,
    ServerError, StreamWishes, Turn,
};
use chatkitd_core::site::{ChatKitConfiguration, FileUpload};
use chatkitd_core::testing::{ManualClock, MemoryBlobs, MemoryStore, NoPreviews, SeededRng};
use chatkitd_protocol::chatkit::Request;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, stream};
use serde_json::{Map, Value, json};

const WORKFLOW: &str = "wf_reader";

struct Tokio;

impl Spawner for Tokio {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(task);
    }
}

/// Reads the attachments that it is told to, up to a kilobyte, and keeps what it read.
#[derive(Default)]
pub struct Reader {
    pub wanted: Mutex<Vec<String>>,
    pub read: Mutex<Vec<Option<AttachmentContent>>>,
}

#[async_trait]
impl Agent for Reader {
    async fn respond(&self, turn: &Turn, _: &Answer) -> Result<(), AgentError> {
        let wanted = std::mem::take(&mut *self.wanted.lock().unwrap());
        for id in wanted {
            let content = turn.read_attachment(&id, 1024).await.map_err(AgentError::failed)?;
            self.read.lock().unwrap().push(content);
        }
        Ok(())
    }
}

pub struct World {
    pub clock: Arc<ManualClock>,
    pub store: Arc<MemoryStore>,
    pub blobs: Arc<MemoryBlobs>,
    pub service: Arc<AttachmentService>,
    pub agent: Arc<Reader>,
    pub server: Arc<ChatServer>,
}

impl World {
    pub fn new() -> Self {
        let clock = Arc::new(ManualClock::at_second(1_767_225_600));
        let store = Arc::new(MemoryStore::with_clock(clock.clone()));
        let blobs = Arc::new(MemoryBlobs::default());
        let service = service(&clock, &store, blobs.clone());
        let agent = Arc::new(Reader::default());
        let server = server(&clock, &store, &agent, Some(service.clone()));
        Self { clock, store, blobs, service, agent, server }
    }

    /// One more service of the same attachments, which keeps their content elsewhere.
    pub fn service_with(&self, blobs: Arc<dyn Blobs>) -> Arc<AttachmentService> {
        service(&self.clock, &self.store, blobs)
    }

    /// The same, but it keeps no files.
    pub fn without_files() -> Self {
        let world = Self::new();
        Self { server: server(&world.clock, &world.store, &world.agent, None), ..world }
    }

    pub async fn announce(
        &self,
        caller: &ChatCaller,
        (name, mime_type, size): (&str, &str, usize),
    ) -> Result<Value, ServerError> {
        let params = json!({"name": name, "mime_type": mime_type, "size": size});
        self.json(caller, "attachments.create", params).await
    }

    /// Sends content to the address that an announcement was answered with.
    pub async fn upload(&self, announced: &Value, content: ByteStream) -> Result<(), AttachmentError> {
        upload(&self.service, announced, content).await
    }

    /// A file of `ann`'s that is there.
    pub async fn uploaded(&self, name: &str, mime_type: &str, content: &'static [u8]) -> String {
        let announced = self.announce(&ann(), (name, mime_type, content.len())).await.unwrap();
        self.upload(&announced, whole(content)).await.unwrap();
        announced["id"].as_str().unwrap().to_owned()
    }

    pub async fn json(
        &self,
        caller: &ChatCaller,
        operation: &str,
        params: Value,
    ) -> Result<Value, ServerError> {
        match self.handle(caller, operation, params, None).await? {
            Reply::Json { body, .. } => Ok(serde_json::from_slice(&body).unwrap()),
            Reply::Stream(_) | Reply::Event(_) => panic!("{operation} is answered with JSON"),
        }
    }

    /// The events of a run, all of them.
    pub async fn events(
        &self,
        caller: &ChatCaller,
        operation: &str,
        params: Value,
        key: Option<&str>,
    ) -> Result<Vec<Value>, ServerError> {
        let Reply::Stream(mut watch) = self.handle(caller, operation, params, key).await? else {
            panic!("{operation} is answered with a stream");
        };
        let mut frames = Vec::new();
        while let Some(next) = watch.next().await.unwrap() {
            frames.extend(next);
        }
        let frames = String::from_utf8(frames).unwrap();
        let data = frames.lines().filter_map(|line| line.strip_prefix("data:"));
        Ok(data.map(|data| serde_json::from_str(data).unwrap()).collect())
    }

    /// Sends a new thread's first message.
    pub async fn send(&self, caller: &ChatCaller, ids: &[&str]) -> Result<Vec<Value>, ServerError> {
        self.events(caller, "threads.create", json!({"input": input(ids)}), None).await
    }

    /// The user's threads.
    pub async fn threads(&self) -> usize {
        let page = self.json(&ann(), "threads.list", json!({})).await.unwrap();
        page["data"].as_array().unwrap().len()
    }

    async fn handle(
        &self,
        caller: &ChatCaller,
        operation: &str,
        params: Value,
        key: Option<&str>,
    ) -> Result<Reply, ServerError> {
        let request = json!({"type": operation, "params": params}).to_string();
        let request = Request::parse(request.as_bytes()).unwrap();
        let wishes = StreamWishes { resume: true, idempotency: key.map(|key| (key.to_owned(), [1; 32])) };
        self.server.handle(caller.clone(), request, wishes).await
    }
}

fn service(
    clock: &Arc<ManualClock>,
    store: &Arc<MemoryStore>,
    blobs: Arc<dyn Blobs>,
) -> Arc<AttachmentService> {
    Arc::new(AttachmentService::new(AttachmentParts {
        store: store.clone(),
        blobs,
        previews: Arc::new(NoPreviews),
        urls: UrlSigner::new(&KeyRing::new(["secret".into()]).unwrap()),
        clock: clock.clone(),
        rng: Arc::new(SeededRng::new(1)),
    }))
}

/// See [`World::upload`].
pub async fn upload(
    service: &AttachmentService,
    announced: &Value,
    content: ByteStream,
) -> Result<(), AttachmentError> {
    let (id, signed) = address(announced["upload_descriptor"]["url"].as_str().unwrap());
    let (site, types) = (SiteName::default_site(), AllowedTypes::default());
    let content = UploadContent { length: None, content };
    service.upload((&site, &types), &id, &signed, content).await.map(drop)
}

fn server(
    clock: &Arc<ManualClock>,
    store: &Arc<MemoryStore>,
    agent: &Arc<Reader>,
    attachments: Option<Arc<AttachmentService>>,
) -> Arc<ChatServer> {
    Arc::new(ChatServer::new(ChatServerParts {
        attachments,
        threads: store.clone(),
        log: None,
        spawner: Arc::new(Tokio),
        clock: clock.clone(),
        rng: Arc::new(SeededRng::new(2)),
        agents: Agents::from_iter([(WORKFLOW, agent.clone() as Arc<dyn Agent>)]),
        transcriber: None,
        run_time_limit: Duration::from_secs(600),
    }))
}

/// `ann`, who may send two files of a megabyte with a message.
pub fn ann() -> ChatCaller {
    caller("ann", Some(FileUpload { enabled: Some(true), max_file_size: Some(1), max_files: Some(2) }))
}

pub fn caller(user: &str, file_upload: Option<FileUpload>) -> ChatCaller {
    let context = AgentContext {
        site: SiteName::default_site(),
        user: UserId::recorded(user),
        session: None,
        workflow: WORKFLOW.to_owned(),
        state_variables: Map::new(),
        configuration: ChatKitConfiguration { file_upload, ..Default::default() },
        locale: None,
        metadata: Map::new(),
    };
    let base = PublicBase("https://chat.example".to_owned());
    ChatCaller {
        context,
        base,
        file_types: AllowedTypes::default(),
        reach: Reach::default(),
        traced: true,
        files_since: None,
    }
}

pub fn input(ids: &[&str]) -> Value {
    json!({"content": [{"type": "input_text", "text": "Look"}], "attachments": ids, "inference_options": {}})
}

pub fn whole(content: &'static [u8]) -> ByteStream {
    stream::iter([Ok(Bytes::from_static(content))]).boxed()
}

/// What a signed address names and permits.
pub fn address(url: &str) -> (AttachmentId, Signed) {
    let (path, query) = url.split_once('?').unwrap();
    let id = path.split('/').nth_back(1).unwrap();
    let (expires, signature) = query.split_once('&').unwrap();
    let signed = Signed {
        expires: expires.strip_prefix("expires=").unwrap().parse().unwrap(),
        signature: signature.strip_prefix("signature=").unwrap().to_owned(),
    };
    (AttachmentId::parse(id).unwrap(), signed)
}
