//! What statements about runs take and give.

use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::threads::{Begun, RunStart, ThreadChange};
use chatkitd_protocol::chatkit::ThreadStatus;

use crate::error::Damaged;
use crate::rows::{millis, whole_millis};
use crate::thread_rows::{ChangeRow, IdempotencyRow, run_id};

/// New values of a thread's columns; `None` leaves one as it is. Where a column can be NULL the value is
/// an array of one.
pub(super) struct Columns {
    pub title: Option<[Option<String>; 1]>,
    pub active: Option<bool>,
    pub status: Option<String>,
    pub allowed_image_domains: Option<[Option<String>; 1]>,
    pub metadata: Option<String>,
}

impl Columns {
    pub(super) fn new(change: &ThreadChange) -> Result<Self, StoreError> {
        let active = change.status.as_ref().map(ThreadStatus::is_active);
        let ChangeRow { title, status, allowed_image_domains, metadata } = change.try_into()?;
        let title = title.map(|title| [title]);
        let allowed_image_domains = allowed_image_domains.map(|domains| [domains]);
        Ok(Self { title, active, status, allowed_image_domains, metadata })
    }
}

/// A run that begins, and its idempotency key, if it has one.
pub(super) struct NewRun {
    pub id: String,
    pub thread: String,
    pub started_at: i64,
    pub lease: i64,
    pub key: Option<IdempotencyRow>,
}

impl NewRun {
    pub(super) fn new(scope: &Scope, start: &RunStart) -> Self {
        Self {
            id: start.run.as_str().to_owned(),
            thread: start.thread.as_str().to_owned(),
            started_at: millis(start.now),
            lease: whole_millis(start.lease),
            key: IdempotencyRow::new(scope, start),
        }
    }
}

/// The run that a request's key belongs to.
#[derive(sqlx::FromRow)]
pub(super) struct EarlierRow {
    pub id: String,
    body_digest: Option<Vec<u8>>,
    key_until: Option<i64>,
}

impl EarlierRow {
    /// What the key says; `None` when its time is over.
    pub(super) fn answer(&self, key: &IdempotencyRow, now: i64) -> Result<Option<Begun>, StoreError> {
        if self.key_until.is_none_or(|until| until <= now) {
            return Ok(None);
        }
        let is_same = self.body_digest.as_deref() == Some(&key.body[..]);
        Ok(Some(if is_same { Begun::Repeated(run_id("runs.id", &self.id)?) } else { Begun::KeyReused }))
    }
}

/// What decides whether a run can begin on a thread.
#[derive(sqlx::FromRow)]
pub(super) struct LeaseRow {
    pub run_id: Option<String>,
    active: bool,
    status: String,
}

impl LeaseRow {
    /// The refusal of a thread that takes no messages.
    pub(super) fn refusal(&self) -> Result<Option<Begun>, StoreError> {
        if self.active {
            return Ok(None);
        }
        let status =
            serde_json::from_str(&self.status).map_err(|error| Damaged::json("threads.status", &error))?;
        Ok(Some(Begun::NotActive(status)))
    }
}
