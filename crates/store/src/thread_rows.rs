//! Rows of threads, items and runs, and how they become the domain's records.

use chatkitd_core::id::{RunId, ThreadId, UserId};
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::threads::{
    Begun, Fence, ItemPage, Renewed, RunRecord, RunStart, RunStatus, ThreadChange, ThreadPage, ThreadRecord, is_active,
};
use chatkitd_protocol::chatkit::{FeedbackKind, ThreadItem};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Damaged;
use crate::rows::{millis, optional_timestamp, records, site, timestamp};

/// A value as it is kept.
pub(crate) fn to_text(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Other(Box::new(error)))
}

fn from_text<T: DeserializeOwned>(column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| Damaged::because(column, error))
}

/// Whether a thread may be written in `scope`.
pub(crate) fn owns(scope: &Scope, thread: &ThreadRecord) -> bool {
    *scope.site() == thread.site && scope.user().is_none_or(|user| *user == thread.user)
}

/// A thread, without its lease.
#[derive(sqlx::FromRow)]
pub(crate) struct ThreadRow {
    pub id: String,
    pub site: String,
    pub user_id: String,
    pub created_at: i64,
    pub title: String,
    pub active: bool,
    pub status: String,
    pub allowed_image_domains: String,
    pub metadata: String,
}

impl TryFrom<ThreadRow> for ThreadRecord {
    type Error = StoreError;

    fn try_from(row: ThreadRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: thread_id(&row.id)?,
            site: site(&row.site)?,
            user: UserId::recorded(row.user_id),
            created_at: timestamp("threads.created_at", row.created_at)?,
            title: from_text("threads.title", &row.title)?,
            status: from_text("threads.status", &row.status)?,
            allowed_image_domains: from_text("threads.allowed_image_domains", &row.allowed_image_domains)?,
            metadata: from_text("threads.metadata", &row.metadata)?,
        })
    }
}

impl TryFrom<&ThreadRecord> for ThreadRow {
    type Error = StoreError;

    fn try_from(thread: &ThreadRecord) -> Result<Self, StoreError> {
        Ok(Self {
            id: thread.id.as_str().to_owned(),
            site: thread.site.as_str().to_owned(),
            user_id: thread.user.as_str().to_owned(),
            created_at: millis(thread.created_at),
            title: to_text(&thread.title)?,
            active: thread.is_active(),
            status: to_text(&thread.status)?,
            allowed_image_domains: to_text(&thread.allowed_image_domains)?,
            metadata: to_text(&thread.metadata)?,
        })
    }
}

pub(crate) fn thread_id(text: &str) -> Result<ThreadId, StoreError> {
    ThreadId::parse(text).ok_or_else(|| Damaged::bare("threads.id"))
}

pub(crate) fn run_id(text: &str) -> Result<RunId, StoreError> {
    RunId::parse(text).ok_or_else(|| Damaged::bare("runs.id"))
}

/// A page from rows of which one more was asked for than the page holds.
pub(crate) fn thread_page(mut rows: Vec<ThreadRow>, limit: u32) -> Result<ThreadPage, StoreError> {
    let has_more = cut(&mut rows, limit);
    Ok(ThreadPage { threads: records(rows)?, has_more })
}

/// The same of items, which come as their JSON.
pub(crate) fn item_page(mut json: Vec<String>, limit: u32) -> Result<ItemPage, StoreError> {
    let has_more = cut(&mut json, limit);
    let items = json.iter().map(|json| item(json)).collect::<Result<_, _>>()?;
    Ok(ItemPage { items, has_more })
}

fn cut<T>(rows: &mut Vec<T>, limit: u32) -> bool {
    let limit = limit as usize;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    has_more
}

pub(crate) fn item(json: &str) -> Result<ThreadItem, StoreError> {
    from_text("items.json", json)
}

/// New values of a thread's columns; `None` leaves as it is.
#[derive(Default)]
pub(crate) struct ChangeRow {
    pub title: Option<String>,
    pub active: Option<bool>,
    pub status: Option<String>,
    pub allowed_image_domains: Option<String>,
    pub metadata: Option<String>,
}

impl ChangeRow {
    pub(crate) fn new(change: &ThreadChange) -> Result<Self, StoreError> {
        let mut row = Self::default();
        row.add(change)?;
        Ok(row)
    }

    /// Makes another change after this one.
    pub(crate) fn add(&mut self, change: &ThreadChange) -> Result<(), StoreError> {
        let ThreadChange { title, status, allowed_image_domains, metadata } = change;
        if let Some(title) = title {
            self.title = Some(to_text(title)?);
        }
        if let Some(status) = status {
            self.active = Some(is_active(status));
            self.status = Some(to_text(status)?);
        }
        if let Some(domains) = allowed_image_domains {
            self.allowed_image_domains = Some(to_text(domains)?);
        }
        if let Some(metadata) = metadata {
            self.metadata = Some(to_text(metadata)?);
        }
        Ok(())
    }
}

/// An item, without its place.
pub(crate) struct ItemRow {
    pub id: String,
    pub hidden: bool,
    pub json: String,
}

impl TryFrom<&ThreadItem> for ItemRow {
    type Error = StoreError;

    fn try_from(item: &ThreadItem) -> Result<Self, StoreError> {
        Ok(Self { id: item.id().to_owned(), hidden: item.is_hidden(), json: to_text(item)? })
    }
}

/// The items of a checkpoint.
pub(crate) fn checkpoint_items(checkpoint: Option<&str>) -> Result<Vec<ItemRow>, StoreError> {
    let Some(text) = checkpoint else { return Ok(Vec::new()) };
    let items: Vec<ThreadItem> = from_text("runs.checkpoint", text)?;
    items.iter().map(ItemRow::try_from).collect()
}

#[derive(sqlx::FromRow)]
pub(crate) struct RunRow {
    pub id: String,
    pub thread_id: String,
    pub status: String,
    pub started_at: i64,
    pub ended_at: Option<i64>,
}

impl TryFrom<RunRow> for RunRecord {
    type Error = StoreError;

    fn try_from(row: RunRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: run_id(&row.id)?,
            thread: thread_id(&row.thread_id)?,
            status: RunStatus::parse(&row.status).ok_or_else(|| Damaged::bare("runs.status"))?,
            started_at: timestamp("runs.started_at", row.started_at)?,
            ended_at: optional_timestamp("runs.ended_at", row.ended_at)?,
        })
    }
}

/// A run that begins, and its idempotency key, if it has one.
pub(crate) struct NewRun {
    pub id: String,
    pub thread: String,
    pub started_at: i64,
    pub lease: i64,
    pub key: Option<KeyRow>,
}

pub(crate) struct KeyRow {
    pub digest: [u8; 32],
    pub body: [u8; 32],
    pub until: i64,
}

impl NewRun {
    pub(crate) fn new(scope: &Scope, start: &RunStart) -> Self {
        let key = start.key_digest(scope).zip(start.idempotency.as_ref());
        Self {
            id: start.run.as_str().to_owned(),
            thread: start.thread.as_str().to_owned(),
            started_at: millis(start.now),
            lease: duration_millis(start.lease),
            key: key.map(|(digest, key)| KeyRow { digest, body: key.body, until: millis(key.until) }),
        }
    }
}

pub(crate) fn duration_millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The run that a request's key belongs to.
#[derive(sqlx::FromRow)]
pub(crate) struct EarlierRow {
    pub id: String,
    pub body_digest: Option<Vec<u8>>,
    pub key_until: Option<i64>,
}

impl EarlierRow {
    /// What the key says; `None` when its time is over.
    pub(crate) fn answer(&self, run: &NewRun) -> Result<Option<Begun>, StoreError> {
        let Some(key) = &run.key else { return Ok(None) };
        if self.key_until.is_none_or(|until| until <= run.started_at) {
            return Ok(None);
        }
        let is_same = self.body_digest.as_deref() == Some(&key.body[..]);
        Ok(Some(if is_same { Begun::Repeated(run_id(&self.id)?) } else { Begun::KeyReused }))
    }
}

/// What decides whether a run can begin on a thread.
#[derive(sqlx::FromRow)]
pub(crate) struct LeaseRow {
    pub run_id: Option<String>,
    pub active: bool,
    pub status: String,
}

impl LeaseRow {
    /// The refusal of a thread that takes no messages.
    pub(crate) fn not_active(&self) -> Result<Option<Begun>, StoreError> {
        if self.active {
            return Ok(None);
        }
        Ok(Some(Begun::NotActive(from_text("threads.status", &self.status)?)))
    }
}

/// A fence, owned by a queued write.
pub(crate) struct FenceRow {
    pub site: String,
    pub user: Option<String>,
    pub thread: String,
    pub run: String,
}

impl From<&Fence> for FenceRow {
    fn from(fence: &Fence) -> Self {
        Self {
            site: fence.scope.site().as_str().to_owned(),
            user: fence.scope.user().map(|user| user.as_str().to_owned()),
            thread: fence.thread.as_str().to_owned(),
            run: fence.run.as_str().to_owned(),
        }
    }
}

pub(crate) fn feedback_word(kind: FeedbackKind) -> &'static str {
    match kind {
        FeedbackKind::Positive => "positive",
        FeedbackKind::Negative => "negative",
    }
}

pub(crate) fn feedback((item, word): (String, String)) -> Result<(String, FeedbackKind), StoreError> {
    match word.as_str() {
        "positive" => Ok((item, FeedbackKind::Positive)),
        "negative" => Ok((item, FeedbackKind::Negative)),
        _ => Err(Damaged::bare("items.feedback")),
    }
}

/// The answer to a renewal: whether a stop was asked for, if the lease is held.
pub(crate) fn renewed(held: Option<bool>) -> Renewed {
    match held {
        Some(false) => Renewed::Held,
        Some(true) => Renewed::StopRequested,
        None => Renewed::Lost,
    }
}
