//! Group commit: one task owns the one connection that writes.
//!
//! SQLite lets one writer in at a time, and a commit costs far more than an insert. So operations
//! queue up here, and all that wait are run in one transaction; each is answered after the commit.
//! Under no load a write is alone in its transaction; under load the batches grow by themselves.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chatkitd_core::ports::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};

use super::creations::{self, Creation, MAX_TOGETHER};
use crate::error::{BatchFailed, Closed, store_error};

/// How many operations may wait before callers do.
const QUEUE: usize = 1_024;
/// The most operations of one transaction: bounds how long the first waits for its answer.
const MAX_BATCH: usize = 256;

type Run<'c, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'c>>;
/// What an operation does with the connection.
pub(super) type Work<T> = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> Run<'c, T> + Send>;

/// The way to the writing task.
pub(super) struct Writer(mpsc::Sender<Message>);

enum Message {
    Run(Box<dyn Operation>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the task with an open connection; `connect` opens the next one, should this one fail.
    pub(super) fn spawn(connection: SqliteConnection, connect: SqliteConnectOptions) -> Self {
        let (sender, queue) = mpsc::channel(QUEUE);
        tokio::spawn(Task { connection: Some(connection), connect, queue }.run());
        Self(sender)
    }

    /// Runs `work` and returns once it is committed. When it returns an error, nothing of it is kept.
    pub(super) async fn atomic<T: Send + 'static>(&self, work: Work<T>) -> Result<T, StoreError> {
        self.statement(Box::new(move |connection| Box::pin(in_savepoint(connection, work)))).await
    }

    /// Like [`Writer::atomic`], for work that leaves nothing behind by itself when it fails: a single
    /// statement does. It saves two round trips to SQLite's thread.
    pub(super) async fn statement<T: Send + 'static>(&self, work: Work<T>) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue(Box::new(Queued { work: Some(work), outcome: None, reply }), answer).await
    }

    /// Writes a new session with its first secret; under load together with others.
    pub(super) async fn create(&self, creation: Creation) -> Result<(), StoreError> {
        let (reply, answer) = oneshot::channel();
        self.queue(Box::new(QueuedCreation { creation, outcome: None, reply }), answer).await
    }

    async fn queue<T>(
        &self,
        operation: Box<dyn Operation>,
        answer: oneshot::Receiver<Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let closed = || StoreError::Unavailable(Box::new(Closed));
        self.0.send(Message::Run(operation)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Ends the task after everything that was queued before.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.0.send(Message::Close(done)).await.is_ok() {
            // An error means that the task has ended already, which is what is wanted.
            let _ = closed.await;
        }
    }
}

async fn in_savepoint<T>(connection: &mut SqliteConnection, work: Work<T>) -> Result<T, StoreError> {
    execute(connection, "SAVEPOINT operation").await?;
    let outcome = work(connection).await;
    match &outcome {
        Ok(_) => execute(connection, "RELEASE operation").await?,
        // The whole batch is given up, and with it this savepoint.
        Err(StoreError::Unavailable(_)) => {}
        Err(_) => {
            let undone = execute(connection, "ROLLBACK TO operation; RELEASE operation").await;
            // SQLite has ended the transaction by itself: nothing of the batch stands.
            undone.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        }
    }
    outcome
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), StoreError> {
    sqlx::query(sql).execute(connection).await.map_err(store_error)?;
    Ok(())
}

/// An operation whatever its result's type.
trait Operation: Send {
    /// Does the work. An error means that the transaction cannot go on.
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> Run<'c, ()>;
    /// The creation this is, if it is one: creations can be run together.
    fn creation(&self) -> Option<&Creation> {
        None
    }
    /// Notes that the creation was run together with others.
    fn was_created(&mut self) {}
    /// Answers the caller.
    fn finish(self: Box<Self>, committed: Result<(), BatchFailed>);
}

struct QueuedCreation {
    creation: Creation,
    outcome: Option<Result<(), StoreError>>,
    reply: oneshot::Sender<Result<(), StoreError>>,
}

impl Operation for QueuedCreation {
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> Run<'c, ()> {
        Box::pin(async move {
            let outcome = creations::insert(connection, &[&self.creation]).await;
            keep(&mut self.outcome, outcome)
        })
    }

    fn creation(&self) -> Option<&Creation> {
        Some(&self.creation)
    }

    fn was_created(&mut self) {
        self.outcome = Some(Ok(()));
    }

    fn finish(self: Box<Self>, committed: Result<(), BatchFailed>) {
        answer(self.reply, self.outcome, committed);
    }
}

/// Keeps what an operation came to; an error means that the transaction cannot go on, since SQLite may
/// have rolled it back by itself (disk full, I/O error).
fn keep<T>(
    slot: &mut Option<Result<T, StoreError>>,
    outcome: Result<T, StoreError>,
) -> Result<(), StoreError> {
    match outcome {
        Err(StoreError::Unavailable(cause)) => Err(StoreError::Unavailable(cause)),
        outcome => {
            *slot = Some(outcome);
            Ok(())
        }
    }
}

fn answer<T>(
    reply: oneshot::Sender<Result<T, StoreError>>,
    outcome: Option<Result<T, StoreError>>,
    committed: Result<(), BatchFailed>,
) {
    let answer = match (committed, outcome) {
        (Ok(()), Some(outcome)) => outcome,
        (Err(failed), _) => Err(StoreError::Unavailable(Box::new(failed))),
        (Ok(()), None) => Err(StoreError::Unavailable(Box::new(Closed))),
    };
    // Nobody listens when the caller was cancelled; the write stands all the same.
    let _ = reply.send(answer);
}

struct Queued<T> {
    work: Option<Work<T>>,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send + 'static> Operation for Queued<T> {
    fn run<'c>(&'c mut self, connection: &'c mut SqliteConnection) -> Run<'c, ()> {
        Box::pin(async move {
            let Some(work) = self.work.take() else { return Ok(()) };
            let outcome = work(connection).await;
            keep(&mut self.outcome, outcome)
        })
    }

    fn finish(self: Box<Self>, committed: Result<(), BatchFailed>) {
        answer(self.reply, self.outcome, committed);
    }
}

struct Task {
    /// `None` after a failure: the next batch begins with a fresh connection.
    connection: Option<SqliteConnection>,
    connect: SqliteConnectOptions,
    queue: mpsc::Receiver<Message>,
}

/// The operations of one transaction.
#[derive(Default)]
struct Batch {
    operations: Vec<Box<dyn Operation>>,
    close: Option<oneshot::Sender<()>>,
}

impl Batch {
    fn push(&mut self, message: Message) {
        match message {
            Message::Run(operation) => self.operations.push(operation),
            Message::Close(done) => self.close = Some(done),
        }
    }

    fn is_full(&self) -> bool {
        self.operations.len() >= MAX_BATCH || self.close.is_some()
    }
}

impl Task {
    async fn run(mut self) {
        while let Some(first) = self.queue.recv().await {
            let mut batch = Batch::default();
            batch.push(first);
            let committed = self.commit(&mut batch).await;
            for operation in batch.operations {
                operation.finish(committed.clone());
            }
            if let Some(done) = batch.close {
                self.end().await;
                let _ = done.send(());
                return;
            }
        }
        self.end().await;
    }

    /// Runs the batch and whatever arrives meanwhile, and commits it.
    async fn commit(&mut self, batch: &mut Batch) -> Result<(), BatchFailed> {
        if batch.operations.is_empty() {
            return Ok(());
        }
        let Err(error) = self.transaction(batch).await else { return Ok(()) };
        tracing::error!(?error, "SQLite did not take a batch of writes");
        // Closing rolls back, in whatever state the failure left the transaction.
        self.end().await;
        // Those that queued up meanwhile would each wait as long for the same answer.
        while let Ok(message) = self.queue.try_recv() {
            batch.push(message);
        }
        Err(BatchFailed(Arc::new(error)))
    }

    async fn transaction(&mut self, batch: &mut Batch) -> Result<(), StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect.connect().await.map_err(store_error)?,
        };
        let connection = self.connection.insert(connection);
        execute(connection, "BEGIN IMMEDIATE").await?;
        let mut done = 0;
        loop {
            while !batch.is_full() {
                let Ok(message) = self.queue.try_recv() else { break };
                batch.push(message);
            }
            let Some(rest) = batch.operations.get_mut(done..).filter(|rest| !rest.is_empty()) else { break };
            done += run_next(connection, rest).await?;
        }
        execute(connection, "COMMIT").await
    }

    async fn end(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if let Err(error) = connection.close().await {
            tracing::warn!(?error, "SQLite did not close cleanly");
        }
    }
}

/// Runs the next operation, or all creations that come next; returns how many that were.
async fn run_next(
    connection: &mut SqliteConnection,
    operations: &mut [Box<dyn Operation>],
) -> Result<usize, StoreError> {
    let together: Vec<&Creation> =
        operations.iter().take(MAX_TOGETHER).map_while(|operation| operation.creation()).collect();
    let count = together.len().max(1);
    if count > 1 {
        match creations::insert(connection, &together).await {
            Ok(()) => {
                operations.iter_mut().take(count).for_each(|operation| operation.was_created());
                return Ok(count);
            }
            Err(StoreError::Unavailable(cause)) => return Err(StoreError::Unavailable(cause)),
            // One of them is at fault; each by itself shows which.
            Err(_) => {}
        }
    }
    for operation in operations.iter_mut().take(count) {
        operation.run(connection).await?;
    }
    Ok(count)
}
