//! Rows of threads, items and runs, of both databases, and how they become the domain's records.

use chatkitd_core::id::{RunId, SiteName, ThreadId, UserId};
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::threads::{
    ItemPage, ItemText, ItemTextPage, ItemWrite, NulInId, PageQuery, RunRecord, RunStart, RunStatus,
    StrandedRun, ThreadChange, ThreadPage, ThreadRecord, storable_title,
};
use chatkitd_protocol::chatkit::{FeedbackKind, ThreadItem, ThreadStatus};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::Damaged;
use crate::rows::{millis, optional_timestamp, timestamp};

#[derive(sqlx::FromRow)]
pub(crate) struct ThreadRow {
    pub id: String,
    pub site: String,
    pub user_id: String,
    pub created_at: i64,
    pub title: Option<String>,
    pub status: String,
    pub allowed_image_domains: Option<String>,
    pub metadata: String,
}

impl TryFrom<&ThreadRecord> for ThreadRow {
    type Error = StoreError;

    fn try_from(thread: &ThreadRecord) -> Result<Self, StoreError> {
        Ok(Self {
            id: thread.id.as_str().to_owned(),
            site: thread.site.as_str().to_owned(),
            user_id: thread.user.as_str().to_owned(),
            created_at: millis(thread.created_at),
            title: thread.title.as_deref().map(storable_title),
            status: text(&thread.status)?,
            allowed_image_domains: thread.allowed_image_domains.as_ref().map(text).transpose()?,
            metadata: text(&thread.metadata)?,
        })
    }
}

impl TryFrom<ThreadRow> for ThreadRecord {
    type Error = StoreError;

    fn try_from(row: ThreadRow) -> Result<Self, StoreError> {
        let domains = row.allowed_image_domains.as_deref();
        Ok(Self {
            id: ThreadId::parse(&row.id).ok_or_else(|| Damaged::bare("threads.id"))?,
            site: SiteName::parse(&row.site).map_err(|error| Damaged::because("threads.site", error))?,
            user: UserId::recorded(row.user_id),
            created_at: timestamp("threads.created_at", row.created_at)?,
            title: row.title,
            status: status(&row.status)?,
            allowed_image_domains: domains
                .map(|domains| value("threads.allowed_image_domains", domains))
                .transpose()?,
            metadata: metadata(&row.metadata)?,
        })
    }
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
            id: run_id("runs.id", &row.id)?,
            thread: ThreadId::parse(&row.thread_id).ok_or_else(|| Damaged::bare("threads.id"))?,
            status: RunStatus::parse(&row.status).ok_or_else(|| Damaged::bare("runs.status"))?,
            started_at: timestamp("runs.started_at", row.started_at)?,
            ended_at: optional_timestamp("runs.ended_at", row.ended_at)?,
        })
    }
}

pub(crate) fn run_id(column: &'static str, text: &str) -> Result<RunId, StoreError> {
    RunId::parse(text).ok_or_else(|| Damaged::bare(column))
}

/// A run that was closed, from its columns and its thread's.
pub(crate) fn stranded_run(
    run: &str,
    site: &str,
    user: String,
    thread: &str,
) -> Result<StrandedRun, StoreError> {
    let site = SiteName::parse(site).map_err(|error| Damaged::because("threads.site", error))?;
    Ok(StrandedRun {
        run: run_id("runs.id", run)?,
        scope: Scope::User(site, UserId::recorded(user)),
        thread: ThreadId::parse(thread).ok_or_else(|| Damaged::bare("threads.id"))?,
    })
}

/// Says that a run cannot be closed, which keeps no other from it.
pub(crate) fn not_closed(run: &str, error: &StoreError) {
    tracing::error!(
        %run,
        error = error as &dyn std::error::Error,
        "a stranded run cannot be closed, and its thread stays busy; if it left what cannot be read, set the checkpoint of \
         its row in runs to NULL"
    );
}

/// A request's idempotency key, ready for the database.
pub(crate) struct IdempotencyRow {
    /// SHA-256 of the key within its scope.
    pub digest: [u8; 32],
    /// SHA-256 of the request's body.
    pub body: [u8; 32],
    pub until: i64,
}

impl IdempotencyRow {
    pub(crate) fn new(scope: &Scope, start: &RunStart) -> Option<Self> {
        let (digest, key) = start.key_digest(scope).zip(start.idempotency.as_ref())?;
        Some(Self { digest, body: key.body, until: millis(key.until) })
    }
}

/// An [`ItemWrite`], ready for the database: whoever writes has no time for JSON.
pub(crate) enum WriteRow {
    Put(ItemRow),
    Remove(String),
    RemoveAfter(String),
    Change(ChangeRow),
}

/// An item, ready for the database.
pub(crate) struct ItemRow {
    pub id: String,
    pub hidden: bool,
    pub body: String,
}

/// A [`ThreadChange`], ready for the database. The outer `None` leaves a column as it is.
#[derive(Default)]
pub(crate) struct ChangeRow {
    pub title: Option<Option<String>>,
    pub status: Option<String>,
    pub allowed_image_domains: Option<Option<String>>,
    pub metadata: Option<String>,
}

impl TryFrom<&ItemWrite> for WriteRow {
    type Error = StoreError;

    fn try_from(write: &ItemWrite) -> Result<Self, StoreError> {
        Ok(match write {
            ItemWrite::Put(item) => Self::Put(ItemRow::to_put(item)?),
            ItemWrite::Remove(id) => Self::Remove(id.clone()),
            ItemWrite::RemoveAfter(id) => Self::RemoveAfter(id.clone()),
            ItemWrite::Change(change) => Self::Change(ChangeRow::try_from(change.as_ref())?),
        })
    }
}

impl TryFrom<&ThreadItem> for ItemRow {
    type Error = StoreError;

    fn try_from(item: &ThreadItem) -> Result<Self, StoreError> {
        Ok(Self { id: item.id().to_owned(), hidden: item.is_hidden(), body: item_text(item)? })
    }
}

impl ItemRow {
    /// The row of an item that is to be put, which may be new.
    pub(crate) fn to_put(item: &ThreadItem) -> Result<Self, StoreError> {
        if item.id().contains('\0') {
            return Err(StoreError::Other(Box::new(NulInId)));
        }
        Self::try_from(item)
    }
}

impl TryFrom<&ThreadChange> for ChangeRow {
    type Error = StoreError;

    fn try_from(change: &ThreadChange) -> Result<Self, StoreError> {
        let domains = change.allowed_image_domains.as_ref();
        Ok(Self {
            title: change.title.as_ref().map(|title| title.as_deref().map(storable_title)),
            status: change.status.as_ref().map(text).transpose()?,
            allowed_image_domains: domains
                .map(|domains| domains.as_ref().map(text).transpose())
                .transpose()?,
            metadata: change.metadata.as_ref().map(text).transpose()?,
        })
    }
}

pub(crate) fn write_rows(writes: &[ItemWrite]) -> Result<Vec<WriteRow>, StoreError> {
    writes.iter().map(WriteRow::try_from).collect()
}

/// An item as clients get it from [`item_texts`]: what it is once it was read back, where a field that may be left out
/// and is `null` is left out.
fn item_text(written: &ThreadItem) -> Result<String, StoreError> {
    let body = text(written)?;
    // Read back only where there may be one: most items have none.
    if body.contains(":null") { text(&item(&body)?) } else { Ok(body) }
}

/// How the status of nearly all threads is written.
const ACTIVE: &str = r#"{"type":"active"}"#;

fn status(text: &str) -> Result<ThreadStatus, StoreError> {
    if text == ACTIVE { Ok(ThreadStatus::default()) } else { value("threads.status", text) }
}

fn metadata(text: &str) -> Result<Map<String, Value>, StoreError> {
    if text == "{}" { Ok(Map::new()) } else { value("threads.metadata", text) }
}

/// A checkpoint's items as one text.
pub(crate) fn checkpoint_text(items: &[ThreadItem]) -> Result<String, StoreError> {
    text(&items)
}

/// A checkpoint's items, ready to be appended.
pub(crate) fn checkpoint_rows(checkpoint: &str) -> Result<Vec<ItemRow>, StoreError> {
    let items: Vec<ThreadItem> = value("threads.checkpoint", checkpoint)?;
    items.iter().map(ItemRow::try_from).collect()
}

pub(crate) fn item(body: &str) -> Result<ThreadItem, StoreError> {
    value("items.body", body)
}

/// A page from ids and bodies of which one more was asked for than the page holds.
pub(crate) fn item_texts(rows: Vec<(String, String)>, page: &PageQuery) -> ItemTextPage {
    let (rows, has_more) = page.cut(rows);
    let items = rows.into_iter().map(|(id, json)| ItemText { id, json }).collect();
    ItemTextPage { items, has_more }
}

/// The page, understood.
pub(crate) fn item_page(page: &ItemTextPage) -> Result<ItemPage, StoreError> {
    let items = page.items.iter().map(|text| item(&text.json)).collect::<Result<_, _>>()?;
    Ok(ItemPage { items, has_more: page.has_more })
}

/// A page from rows of which one more was asked for than the page holds.
pub(crate) fn thread_page(rows: Vec<ThreadRow>, page: &PageQuery) -> Result<ThreadPage, StoreError> {
    let (rows, has_more) = page.cut(rows);
    let threads = rows.into_iter().map(ThreadRecord::try_from).collect::<Result<_, _>>()?;
    Ok(ThreadPage { threads, has_more })
}

pub(crate) fn feedback_word(kind: FeedbackKind) -> &'static str {
    match kind {
        FeedbackKind::Positive => "positive",
        FeedbackKind::Negative => "negative",
    }
}

pub(crate) fn feedback_kind(word: &str) -> Result<FeedbackKind, StoreError> {
    match word {
        "positive" => Ok(FeedbackKind::Positive),
        "negative" => Ok(FeedbackKind::Negative),
        _ => Err(Damaged::bare("feedback.kind")),
    }
}

fn text(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Other(Box::new(error)))
}

fn value<T: DeserializeOwned>(column: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| Damaged::json(column, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_active_thread_is_written_as_it_is_recognised() {
        assert_eq!(text(&ThreadStatus::default()).unwrap(), ACTIVE);
        assert_eq!(status(ACTIVE).unwrap(), value::<ThreadStatus>("threads.status", ACTIVE).unwrap());
    }
}
