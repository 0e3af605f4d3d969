//! What runs need beside the requests: their leases kept, stops from other nodes heard, stranded ones closed,
//! and an orderly end.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chatkitd_core::id::RunId;
use chatkitd_core::ports::{Clock, StoreError};
use chatkitd_core::server::{ChatServer, RunKeeper};
use chatkitd_core::threads::Which;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use crate::serving_lock::ServingLock;
use crate::spawner::TokioSpawner;

/// How often leases and checkpoints are kept. After a crash no more than the last second may be missing
/// (design 4.8), the time that keeping takes included.
const KEEP_EVERY: Duration = Duration::from_millis(500);
/// How often runs are looked for whose process is gone: their leases last ten seconds.
const RECOVER_EVERY: Duration = Duration::from_secs(3);
/// What is left of the grace, at the most, to end the runs that did not come to their end by themselves.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The runs of this process.
pub(crate) struct Runs {
    /// Those that answer succeed it.
    pub(crate) chat: ChatServer,
    /// Has all of them, whichever settings they began under.
    pub(crate) keeper: RunKeeper,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) spawner: TokioSpawner,
    /// Taken by whoever keeps the runs.
    pub(crate) stops: Mutex<Stops>,
    /// Held where nobody else can be at work on this database.
    pub(crate) lock: Option<ServingLock>,
}

/// The runs that other nodes ask to stop; `None` where there are no other nodes.
pub(crate) type Stops = Option<UnboundedReceiver<RunId>>;

impl Runs {
    /// Before anybody is served: what the process before this one left unfinished.
    pub(crate) async fn recover(&self) -> Result<(), StoreError> {
        self.keeper.recover(if self.lock.is_some() { Which::All } else { Which::Expired }).await
    }

    /// Keeps runs until the last of them is over.
    pub(crate) async fn keep(self: Arc<Self>, over: CancellationToken) {
        let stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner).take();
        let leases = async {
            loop {
                let next = self.clock.sleep(KEEP_EVERY);
                let (kept, ()) = tokio::join!(self.keeper.keep(), next);
                note(kept, "leases were not renewed");
            }
        };
        let stranded = async {
            loop {
                self.clock.sleep(RECOVER_EVERY).await;
                note(self.keeper.recover(Which::Expired).await, "stranded runs were not closed");
            }
        };
        over.run_until_cancelled(async { tokio::join!(leases, stranded, self.heed(stops)) }).await;
    }

    async fn heed(&self, stops: Stops) {
        let Some(mut stops) = stops else { return };
        while let Some(run) = stops.recv().await {
            self.keeper.stop_here(&run);
        }
    }

    /// Lets runs come to their ends by themselves, then ends the others; all within `grace`. `answered`: no request
    /// is in flight any more, of which each may begin one more run.
    pub(crate) async fn end(&self, grace: Duration, answered: &CancellationToken) {
        let last_words = LAST_WORDS.min(grace / 3);
        let by_themselves = async {
            answered.cancelled().await;
            self.keeper.drain(grace - last_words).await;
        };
        if tokio::time::timeout(grace - last_words, by_themselves).await.is_err() {
            tracing::debug!("answers or requests are still going; their last seconds have begun");
        }
        let ended = async {
            self.keeper.shut_down(last_words).await;
            // What is told to other nodes, or to the database, after the last event.
            self.spawner.finished().await;
        };
        if tokio::time::timeout(last_words, ended).await.is_err() {
            tracing::warn!("runs were still going at the end of the grace; the next start closes them");
        }
    }
}

fn note(result: Result<(), StoreError>, what: &'static str) {
    if let Err(error) = result {
        tracing::warn!(error = &error as &dyn std::error::Error, "{what}; they are tried again");
    }
}
