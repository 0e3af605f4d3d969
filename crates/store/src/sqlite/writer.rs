//! Group commit: one thread owns the one connection that writes.
//!
//! SQLite lets one writer in at a time, and a commit costs far more than an insert. So operations
//! queue up here, and all that wait are run in one transaction; each is answered after the commit.
//! Under no load a write is alone in its transaction; under load the batches grow by themselves.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use chatkitd_core::ports::StoreError;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::checkpoint::Checkpoints;
use super::error::{Error, Panicked, QueryResult, TransactionEnded};
use super::options::SqliteOptions;
use super::query::execute;
use crate::error::{BatchFailed, Closed};

/// How many operations may wait before callers do.
const QUEUE: usize = 1_024;
/// The most operations of one transaction: bounds how long the first waits for its answer.
const MAX_BATCH: usize = 256;

type Outcome<T> = Result<T, StoreError>;

/// The way to the writing thread.
pub(super) struct Writer(mpsc::Sender<Message>);

enum Message {
    Run(Box<dyn Operation>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the thread with an open connection; `options` open the next one, should this one fail.
    pub(super) fn spawn(connection: Connection, options: SqliteOptions) -> io::Result<Self> {
        let (sender, queue) = mpsc::channel(QUEUE);
        let checkpoints = Checkpoints::start(options.clone())?;
        let worker = Worker { connection: Some(connection), checkpoints, options, queue };
        std::thread::Builder::new().name("sqlite-writer".into()).spawn(|| worker.run())?;
        Ok(Self(sender))
    }

    /// See [`super::database::Database::write`].
    pub(super) async fn run<T, F>(&self, operation: F) -> Outcome<T>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> QueryResult<T> + Send + 'static,
    {
        let closed = || StoreError::Unavailable(Box::new(Closed));
        let (reply, answer) = oneshot::channel();
        let queued = Queued { operation, outcome: None, reply };
        self.0.send(Message::Run(Box::new(queued))).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Ends the thread after everything that was queued before.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.0.send(Message::Close(done)).await.is_ok() {
            // An error means that the thread has ended already, which is what is wanted.
            let _ = closed.await;
        }
    }
}

/// An operation whatever its result's type.
trait Operation: Send {
    /// Does the work. An error means that the transaction cannot go on.
    fn run(&mut self, connection: &Connection, guard: Guard) -> Outcome<Ran>;
    /// Answers the caller.
    fn answer(self: Box<Self>, committed: Result<(), BatchFailed>);
}

/// What keeps an operation that fails halfway from leaving something behind.
///
/// A savepoint costs two statements, and a copy of each page that the operation touches. Operations that fail have
/// hardly ever written something by then, so they run without one, and a batch that was spoilt is run again with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    None,
    Savepoint,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ran {
    /// It is done, or it failed and left nothing.
    Cleanly,
    /// It failed, and left something in the transaction.
    Spoilt,
}

struct Queued<T, F> {
    operation: F,
    outcome: Option<Outcome<T>>,
    reply: oneshot::Sender<Outcome<T>>,
}

impl<T, F> Operation for Queued<T, F>
where
    T: Send,
    F: Fn(&Connection) -> QueryResult<T> + Send,
{
    fn run(&mut self, connection: &Connection, guard: Guard) -> Outcome<Ran> {
        let before = connection.total_changes();
        let outcome = match guard {
            Guard::None => attempt(connection, &self.operation)?,
            Guard::Savepoint => in_savepoint(connection, &self.operation)?,
        };
        let spoilt = guard == Guard::None && outcome.is_err() && connection.total_changes() != before;
        self.outcome = Some(outcome);
        Ok(if spoilt { Ran::Spoilt } else { Ran::Cleanly })
    }

    fn answer(self: Box<Self>, committed: Result<(), BatchFailed>) {
        let answer = match (committed, self.outcome) {
            (Ok(()), Some(outcome)) => outcome,
            (Err(failed), _) => Err(StoreError::Unavailable(Box::new(failed))),
            (Ok(()), None) => Err(StoreError::Unavailable(Box::new(Closed))),
        };
        // Nobody listens when the caller was cancelled; the write stands all the same.
        let _ = self.reply.send(answer);
    }
}

/// Runs one operation. The outer error means that the transaction cannot go on: SQLite may have rolled it
/// back by itself (disk full, I/O error).
fn attempt<T>(
    connection: &Connection,
    operation: impl Fn(&Connection) -> QueryResult<T>,
) -> Outcome<Outcome<T>> {
    // A defect in one operation must not end the thread: nobody could write any more.
    let outcome = catch_unwind(AssertUnwindSafe(|| operation(connection)))
        .unwrap_or_else(|panic| Err(Panicked::store_error(&*panic).into()));
    match outcome.map_err(StoreError::from) {
        Err(StoreError::Unavailable(cause)) => Err(StoreError::Unavailable(cause)),
        _ if connection.is_autocommit() => Err(StoreError::Unavailable(Box::new(TransactionEnded))),
        outcome => Ok(outcome),
    }
}

/// Runs one operation so that, of one that fails, nothing is kept.
fn in_savepoint<T>(
    connection: &Connection,
    operation: impl Fn(&Connection) -> QueryResult<T>,
) -> Outcome<Outcome<T>> {
    run(connection, "SAVEPOINT operation")?;
    match attempt(connection, operation)? {
        Ok(value) => {
            run(connection, "RELEASE operation")?;
            Ok(Ok(value))
        }
        Err(error) => {
            // Where that fails, SQLite has ended the transaction: nothing of the batch stands.
            run(connection, "ROLLBACK TO operation")
                .and_then(|()| run(connection, "RELEASE operation"))
                .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
            Ok(Err(error))
        }
    }
}

fn run(connection: &Connection, sql: &str) -> Outcome<()> {
    execute(connection, sql, ()).map_err(Error::from)?;
    Ok(())
}

struct Worker {
    /// `None` after a failure: the next batch begins with a fresh connection.
    connection: Option<Connection>,
    checkpoints: Checkpoints,
    options: SqliteOptions,
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

impl Worker {
    fn run(mut self) {
        while let Some(first) = self.queue.blocking_recv() {
            let mut batch = Batch::default();
            batch.push(first);
            let committed = self.commit(&mut batch);
            for operation in batch.operations {
                operation.answer(committed.clone());
            }
            if let Some(connection) = &self.connection {
                self.checkpoints.count(connection);
            }
            if let Some(done) = batch.close {
                self.close();
                let _ = done.send(());
                return;
            }
        }
        self.close();
    }

    fn close(mut self) {
        self.checkpoints.close();
        self.end();
    }

    /// Runs the batch and whatever arrives meanwhile, and commits it.
    fn commit(&mut self, batch: &mut Batch) -> Result<(), BatchFailed> {
        if batch.operations.is_empty() {
            return Ok(());
        }
        let Err(error) = self.transaction(batch) else { return Ok(()) };
        tracing::error!(error = &error as &dyn std::error::Error, "SQLite did not take a batch of writes");
        // Closing rolls back, in whatever state the failure left the transaction.
        self.end();
        // Those that queued up meanwhile would each wait as long for the same answer.
        while let Ok(message) = self.queue.try_recv() {
            batch.push(message);
        }
        Err(BatchFailed(Arc::new(error)))
    }

    fn transaction(&mut self, batch: &mut Batch) -> Outcome<()> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.open_writer().map_err(Error::from)?,
        };
        let connection = self.connection.insert(connection);
        run(connection, "BEGIN IMMEDIATE")?;
        if run_all(connection, batch, &mut self.queue, Guard::None)? == Ran::Spoilt {
            run(connection, "ROLLBACK")?;
            run(connection, "BEGIN IMMEDIATE")?;
            run_all(connection, batch, &mut self.queue, Guard::Savepoint)?;
        }
        run(connection, "COMMIT")
    }

    fn end(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        if let Err((_, error)) = connection.close() {
            tracing::warn!(error = &error as &dyn std::error::Error, "SQLite did not close cleanly");
        }
    }
}

/// Runs a batch's operations, and those that arrive meanwhile.
fn run_all(
    connection: &Connection,
    batch: &mut Batch,
    queue: &mut mpsc::Receiver<Message>,
    guard: Guard,
) -> Outcome<Ran> {
    let mut done = 0;
    loop {
        while !batch.is_full() {
            let Ok(message) = queue.try_recv() else { break };
            batch.push(message);
        }
        let Some(operation) = batch.operations.get_mut(done) else { return Ok(Ran::Cleanly) };
        if operation.run(connection, guard)? == Ran::Spoilt {
            return Ok(Ran::Spoilt);
        }
        done += 1;
    }
}
