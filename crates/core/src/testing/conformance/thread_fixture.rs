//! Data for the cases about threads: items by their ids, and runs that write them.

use std::time::Duration;

use chatkitd_protocol::chatkit::{Order, ThreadItem, ThreadStatus};
use serde_json::{Value, json};

use super::FullStore;
use super::fixture::{Fixture, at, audit, user};
use crate::id::{RunId, ThreadId, UserId};
use crate::ports::{Scope, StoreError};
use crate::sessions::{AuditAction, AuditEntry};
use crate::threads::{
    Begun, Fence, Idempotency, IdempotencyKey, ItemPage, ItemQuery, ItemWrite, PageQuery, Renewal, RunEnd,
    RunOutcome, RunStart, ThreadRecord,
};

/// A lease that does not run out while a case is run.
pub const LEASE: Duration = Duration::from_secs(3600);

/// The entry about a thread that an operator deletes.
pub fn deletion(thread: &ThreadId) -> AuditEntry {
    audit(0, AuditAction::ThreadDeleted, thread.as_str())
}

/// Deletes a thread, for a case that does not care about the audit log.
pub async fn delete(store: &dyn FullStore, scope: &Scope, thread: &ThreadId) -> Result<(), StoreError> {
    store.delete_thread(scope, thread, &deletion(thread)).await
}

/// An item from its JSON.
pub fn item(json: Value) -> ThreadItem {
    serde_json::from_value(json).expect("an item of the protocol")
}

/// A finished message of the assistant.
pub fn message(id: &str, text: &str) -> ThreadItem {
    item(json!({
        "id": id, "thread_id": "cthr_1", "created_at": "2026-01-01T00:00:00.000Z", "type": "assistant_message",
        "content": [{"type": "output_text", "text": text, "annotations": []}],
    }))
}

/// An item that no client sees.
pub fn hidden(id: &str) -> ThreadItem {
    item(json!({
        "id": id, "thread_id": "cthr_1", "created_at": "2026-01-01T00:00:00.000Z",
        "type": "hidden_context_item", "content": "not for clients",
    }))
}

/// A status from its JSON.
pub fn status(json: Value) -> ThreadStatus {
    serde_json::from_value(json).expect("a status of the protocol")
}

/// A message by its id; the id is its text.
pub fn put(id: &str) -> ItemWrite {
    ItemWrite::Put(message(id, id))
}

/// A removal.
pub fn remove(id: &str) -> ItemWrite {
    ItemWrite::Remove(id.to_owned())
}

/// The removal of everything after an item.
pub fn remove_after(id: &str) -> ItemWrite {
    ItemWrite::RemoveAfter(id.to_owned())
}

/// A page of a list.
pub fn page(limit: u32, order: Order, after: Option<&str>) -> PageQuery {
    PageQuery { limit, order, after: after.map(str::to_owned), before: None }
}

/// All of a thread's items, hidden ones included.
pub fn everything() -> ItemQuery {
    ItemQuery { page: page(10_000, Order::Asc, None), hidden: true, kinds: None }
}

/// Ids of a page.
pub fn ids(page: &ItemPage) -> Vec<&str> {
    page.items.iter().map(ThreadItem::id).collect()
}

/// The end of a run that came to its end.
pub fn completed(second: i64, writes: Vec<ItemWrite>) -> RunEnd {
    RunEnd { outcome: RunOutcome::Completed, writes, now: at(second) }
}

/// A renewal of a run's lease.
pub fn renewal(fence: &Fence, checkpoint: Option<Vec<ThreadItem>>) -> Renewal {
    Renewal { run: fence.run.clone(), checkpoint }
}

/// Whether the fence refused.
pub fn is_conflict<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict))
}

/// Whether it is not there, or not in the scope.
pub fn is_not_found<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::NotFound))
}

/// What is expected of a run that begins.
pub fn started(begun: Begun) -> ThreadRecord {
    match begun {
        Begun::Started { thread, .. } => *thread,
        other => panic!("the run did not begin: {other:?}"),
    }
}

/// What a run writes with.
pub fn fence(scope: &Scope, start: &RunStart) -> Fence {
    Fence { scope: scope.clone(), thread: start.thread.clone(), run: start.run.clone() }
}

/// The same start with an idempotency key whose time is over at `at(until)`. The body is one byte over
/// and over.
pub fn with_key(start: RunStart, key: &str, body: u8, until: i64) -> RunStart {
    let thread = start.new_thread.is_none().then(|| start.thread.clone());
    let operation = if thread.is_none() { "threads.create" } else { "threads.add_user_message" };
    let key = IdempotencyKey { operation, thread, key: key.to_owned() };
    RunStart { idempotency: Some(Idempotency { key, body: [body; 32], until: at(until) }), ..start }
}

impl Fixture {
    /// A thread of `ann` on `shop` that begins at `at(second)`.
    pub fn thread(&self, second: i64) -> ThreadRecord {
        self.thread_of(&user("ann"), second)
    }

    /// A thread of the scope's user.
    pub fn thread_of(&self, scope: &Scope, second: i64) -> ThreadRecord {
        let user = scope.user().cloned().unwrap_or_else(|| UserId::recorded("ann"));
        ThreadRecord::new(ThreadId::mint(at(second), self.rng()), scope.site().clone(), user, at(second))
    }

    /// A run at the time of a thread that begins with it.
    pub fn start_new(&self, thread: &ThreadRecord, writes: Vec<ItemWrite>) -> RunStart {
        RunStart {
            run: RunId::mint(thread.created_at, self.rng()),
            thread: thread.id.clone(),
            new_thread: Some(thread.clone()),
            writes,
            attachments: Vec::new(),
            idempotency: None,
            now: thread.created_at,
            lease: LEASE,
        }
    }

    /// A run at `at(second)` on a thread that is there.
    pub fn start_on(&self, thread: &ThreadId, second: i64, writes: Vec<ItemWrite>) -> RunStart {
        RunStart {
            run: RunId::mint(at(second), self.rng()),
            thread: thread.clone(),
            new_thread: None,
            writes,
            attachments: Vec::new(),
            idempotency: None,
            now: at(second),
            lease: LEASE,
        }
    }

    /// A run of `ann` that goes on, on a new thread with these messages.
    pub async fn running(&self, store: &dyn FullStore, ids: &[&str]) -> Fence {
        self.running_until(store, ids, LEASE).await
    }

    /// The same with a lease of this length.
    pub async fn running_until(&self, store: &dyn FullStore, ids: &[&str], lease: Duration) -> Fence {
        let writes = ids.iter().map(|id| put(id)).collect();
        let start = RunStart { lease, ..self.start_new(&self.thread(0), writes) };
        started(store.begin_run(&user("ann"), &start).await.unwrap());
        fence(&user("ann"), &start)
    }

    /// A thread of `ann` with these messages, on which no run goes on.
    pub async fn idle(&self, store: &dyn FullStore, ids: &[&str]) -> ThreadId {
        let fence = self.running(store, ids).await;
        store.end_run(&fence, &completed(0, Vec::new())).await.unwrap();
        fence.thread
    }
}

/// The ids of all items of a thread of `ann`.
pub async fn stored(store: &dyn FullStore, thread: &ThreadId) -> Vec<String> {
    let page = store.items(&user("ann"), thread, &everything()).await.unwrap().expect("a thread of ann's");
    assert!(!page.has_more);
    page.items.iter().map(|item| item.id().to_owned()).collect()
}
