//! How far back a visitor sees: `chatkit_configuration.history`, as their session was promised it.

use chatkitd_protocol::chatkit::Order;
use jiff::Timestamp;

use super::engine::ChatServer;
use super::error::ServerError;
use super::operations::thread_id;
use crate::id::RunId;
use crate::ports::Scope;
use crate::threads::{PageQuery, ThreadQuery, ThreadRecord};

/// Which of a visitor's threads there are for them. The others are not found, by whatever operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// All.
    #[default]
    All,
    /// So many of the newest (`history.recent_threads`).
    Newest(u32),
    /// Those that began at this time or later; none is listed (`history.enabled = false`: a page without a list
    /// of old threads, whose own thread works as long as its session does).
    Since(Timestamp),
}

impl Reach {
    /// How many threads a list may show; `None`: all.
    pub(super) fn newest(self) -> Option<u32> {
        match self {
            Self::Newest(newest) => Some(newest),
            Self::All | Self::Since(_) => None,
        }
    }
}

impl ChatServer {
    /// Refuses a thread that is out of reach, as if it were not there.
    pub(super) async fn require_reach(
        &self,
        scope: &Scope,
        reach: Reach,
        thread: &str,
    ) -> Result<(), ServerError> {
        let within = match reach {
            Reach::All => true,
            Reach::Since(begun) => self.thread(scope, &thread_id(thread)?).await?.created_at >= begun,
            Reach::Newest(newest) => {
                let thread = self.thread(scope, &thread_id(thread)?).await?;
                self.is_among_newest(scope, newest, &thread).await?
            }
        };
        if within { Ok(()) } else { Err(ServerError::ThreadNotFound) }
    }

    /// Refuses a run on such a thread, too.
    pub(super) async fn require_run_in_reach(
        &self,
        scope: &Scope,
        reach: Reach,
        run: &RunId,
    ) -> Result<(), ServerError> {
        if reach == Reach::All {
            return Ok(());
        }
        let record = self.threads.run(scope, run).await?.ok_or(ServerError::RunNotFound)?;
        match self.require_reach(scope, reach, record.thread.as_str()).await {
            Err(ServerError::ThreadNotFound) => Err(ServerError::RunNotFound),
            result => result,
        }
    }

    /// Whether a thread is not older than the oldest of so many of the newest.
    async fn is_among_newest(
        &self,
        scope: &Scope,
        newest: u32,
        thread: &ThreadRecord,
    ) -> Result<bool, ServerError> {
        let page = PageQuery { limit: 1, order: Order::Asc, after: None, before: None };
        let query = ThreadQuery { page, newest: Some(newest) };
        let oldest = self.threads.threads(scope, &query).await?.threads;
        Ok(oldest
            .first()
            .is_some_and(|oldest| (oldest.created_at, &oldest.id) <= (thread.created_at, &thread.id)))
    }
}
