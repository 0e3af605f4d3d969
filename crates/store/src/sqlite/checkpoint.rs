//! Checkpoints: what stands in the log (WAL) is copied into the file.
//!
//! SQLite does that within a commit, and all writers wait for the disk meanwhile: 50 ms and more for a log
//! of 64 MiB. Here a thread of its own copies nearly all of it while writes go on. The log can only begin
//! anew once nothing is left in it, so the writer copies the rest, what came during the copying.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::Connection;

use super::options::SqliteOptions;

/// How many transactions there are between two checkpoints: under load that is a log of 16 to 64 MiB.
const TRANSACTIONS: u32 = 500;

/// The writer's side.
pub(super) struct Checkpoints {
    /// Since the last one.
    transactions: u32,
    /// `None` once closed.
    ask: Option<SyncSender<()>>,
    is_copied: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Starts the thread.
    pub(super) fn start(options: SqliteOptions) -> io::Result<Self> {
        let (ask, asked) = sync_channel(1);
        let is_copied = Arc::new(AtomicBool::new(false));
        let done = is_copied.clone();
        let thread = std::thread::Builder::new()
            .name("sqlite-log".into())
            .spawn(move || copy_when_asked(&options, &asked, &done))?;
        Ok(Self { transactions: 0, ask: Some(ask), is_copied, thread: Some(thread) })
    }

    /// To be called after each transaction, when it is answered.
    pub(super) fn count(&mut self, connection: &Connection) {
        self.transactions = self.transactions.saturating_add(1);
        if self.is_copied.swap(false, Ordering::Acquire) {
            copy(connection);
            self.transactions = 0;
        } else if self.transactions == TRANSACTIONS
            && let Some(ask) = &self.ask
        {
            // Full, or nobody there: the log grows until SQLite copies it by itself.
            let _ = ask.try_send(());
        }
    }

    /// Waits for the thread, so that the writer's connection is the last one: that one removes the log.
    pub(super) fn close(&mut self) {
        self.ask = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that copies SQLite's log panicked");
        }
    }
}

fn copy_when_asked(options: &SqliteOptions, asked: &Receiver<()>, done: &AtomicBool) {
    let mut connection = None;
    while asked.recv().is_ok() {
        match connection.take().map_or_else(|| options.open_writer(), Ok) {
            Ok(open) => {
                // The second time little is left: what was written during the first.
                copy(&open);
                copy(&open);
                connection = Some(open);
            }
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "SQLite's log is not copied into the file"
            ),
        }
        done.store(true, Ordering::Release);
    }
}

/// Copies what no reader is in the way of; never waits for a lock.
fn copy(connection: &Connection) {
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::warn!(error = &error as &dyn std::error::Error, "SQLite's log is not copied into the file");
    }
}
