//! The pool, and how statements are sent through it.
//!
//! A server that went away without a word leaves connections on which nothing is ever answered: TCP tries for a
//! quarter of an hour. So whatever is waited for here is waited for with a limit, and a connection that does not keep
//! to one is thrown away.

use std::io;
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryFutureExt, TryStreamExt};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{
    PgArguments, PgConnectOptions, PgPoolOptions, PgQueryResult, PgRow, PgStatement, PgTypeInfo,
};
use sqlx::query::{Query, QueryAs};
use sqlx::{Describe, Either, Execute, Executor, FromRow, PgConnection, PgPool, Postgres, SqlStr};
use tokio::time::timeout;

use super::PostgresOptions;
use crate::error::DatabaseError;

/// How much longer than the server's own limit an answer may take.
const GRACE: Duration = Duration::from_secs(2);
/// How long a connection that nobody uses may take to answer.
const PROBE: Duration = Duration::from_secs(1);
/// A connection that was idle for longer is tried before it is used: the server may be gone.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// As an executor it runs one statement.
#[derive(Debug)]
pub(crate) struct Database {
    pool: PgPool,
    /// Whether each transaction may run on another connection of the server's.
    transaction_pooler: bool,
    /// How long an answer may take.
    patience: Duration,
}

/// How long an answer about leases may take. They are ten seconds long and renewed every three: where one connection
/// does not answer there is to be time for another.
const RENEWED_WITHIN: Duration = Duration::from_secs(4);

impl Database {
    /// A pool of its own for the leases of runs: they are renewed also while everything else waits.
    pub(super) fn for_leases(connect: PgConnectOptions, options: &PostgresOptions) -> Self {
        let options =
            PostgresOptions { max_connections: 2, statement_timeout: RENEWED_WITHIN, ..options.clone() };
        Self { patience: RENEWED_WITHIN, ..Self::new(connect, &options) }
    }

    /// A pool for a database that is not chatkitd's, through whatever pooler: connecting says nothing of its own, and
    /// everything is a transaction. A connection and each answer may take as long as `patience`.
    pub(crate) fn for_another(connect: PgConnectOptions, max_connections: u32, patience: Duration) -> Self {
        let options = PostgresOptions {
            transaction_pooler: true,
            max_connections,
            acquire_timeout: patience,
            ..PostgresOptions::new("")
        };
        Self { patience, ..Self::new(connect, &options) }
    }

    pub(super) fn new(connect: PgConnectOptions, options: &PostgresOptions) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections.max(1))
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .before_acquire(|connection, state| {
                Box::pin(async move {
                    // An error here makes the pool drop this connection and make another.
                    if state.idle_for > TRUSTED_IDLE {
                        in_time(PROBE, sqlx::Connection::ping(connection)).await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(if options.transaction_pooler {
                connect
            } else {
                let milliseconds = options.statement_timeout.as_millis().to_string();
                connect.options([("statement_timeout", milliseconds)])
            });
        Self {
            pool,
            transaction_pooler: options.transaction_pooler,
            patience: options.statement_timeout + GRACE,
        }
    }

    pub(super) fn query(&self, sql: &'static str) -> Query<'static, Postgres, PgArguments> {
        sqlx::query(sql).persistent(!self.transaction_pooler)
    }

    pub(super) fn query_as<R>(&self, sql: &'static str) -> QueryAs<'static, Postgres, R, PgArguments>
    where
        R: for<'r> FromRow<'r, PgRow>,
    {
        sqlx::query_as(sql).persistent(!self.transaction_pooler)
    }

    /// A connection for one statement, which counts once it is committed. sqlx sends a statement in two parts, and a
    /// transaction pooler may give each part to another connection of the server's: there it is a transaction.
    pub(super) async fn connection(&self) -> sqlx::Result<Connection> {
        if self.transaction_pooler { self.begin().await } else { self.acquire().await }
    }

    /// A connection with a transaction, which is rolled back unless it is committed.
    pub(crate) async fn begin(&self) -> sqlx::Result<Connection> {
        let mut connection = self.acquire().await?;
        connection.in_transaction = true;
        connection.execute("BEGIN").await?;
        Ok(connection)
    }

    async fn acquire(&self) -> sqlx::Result<Connection> {
        let pooled = Some(self.pool.acquire().await?);
        Ok(Connection { pooled, in_transaction: false, patience: self.patience })
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    async fn run<'q>(&self, statement: impl Execute<'q, Postgres> + 'q) -> sqlx::Result<Answer> {
        let mut connection = self.connection().await?;
        let answer = connection.run(statement).await?;
        connection.commit().await?;
        Ok(answer)
    }
}

/// A connection on loan from the pool.
#[derive(Debug)]
pub(crate) struct Connection {
    /// `None` once it is given back.
    pooled: Option<PoolConnection<Postgres>>,
    in_transaction: bool,
    patience: Duration,
}

impl Connection {
    /// Makes what was written count.
    pub(super) async fn commit(mut self) -> sqlx::Result<()> {
        if self.in_transaction {
            self.execute("COMMIT").await?;
            self.in_transaction = false;
        }
        Ok(())
    }

    async fn run<'q>(&mut self, statement: impl Execute<'q, Postgres> + 'q) -> sqlx::Result<Answer> {
        let patience = self.patience;
        in_time(patience, self.pooled()?.fetch_many(statement).try_collect()).await
    }

    fn pooled(&mut self) -> sqlx::Result<&mut PgConnection> {
        self.pooled.as_deref_mut().ok_or(sqlx::Error::PoolClosed)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(pooled) = self.pooled.take() {
            tokio::spawn(give_back(pooled, self.in_transaction));
        }
    }
}

/// Gives a connection back, and throws it away where it does not answer: as long as the pool waits for it, there is one
/// less for everybody.
async fn give_back(mut connection: PoolConnection<Postgres>, in_transaction: bool) {
    if in_transaction && in_time(PROBE, connection.execute("ROLLBACK")).await.is_err() {
        drop(connection.detach());
        return;
    }
    // Dropped at the end of its time, it drops the connection.
    let _ = timeout(PROBE, connection.return_to_pool()).await;
}

pub(super) async fn in_time<T>(
    limit: Duration,
    answer: impl Future<Output = sqlx::Result<T>>,
) -> sqlx::Result<T> {
    let late = |_| sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, DatabaseError::Late));
    timeout(limit, answer).await.map_err(late)?
}

/// All that a statement returned: rows, and how many it changed.
type Answer = Vec<Either<PgQueryResult, PgRow>>;

/// `run` as sqlx's queries ask for it.
macro_rules! executor {
    ($through:ty) => {
        impl<'c> Executor<'c> for $through {
            type Database = Postgres;

            fn fetch_many<'e, 'q: 'e, E>(
                self,
                query: E,
            ) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
            where
                'c: 'e,
                E: 'q + Execute<'q, Postgres>,
            {
                let answer = stream::once(self.run(query)).map_ok(|answer| stream::iter(answer).map(Ok));
                Box::pin(answer.try_flatten())
            }

            fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
            where
                'c: 'e,
                E: 'q + Execute<'q, Postgres>,
            {
                Box::pin(self.run(query).map_ok(|answer| answer.into_iter().find_map(Either::right)))
            }

            fn prepare_with<'e>(
                self,
                _: SqlStr,
                _: &'e [PgTypeInfo],
            ) -> BoxFuture<'e, sqlx::Result<PgStatement>>
            where
                'c: 'e,
            {
                Box::pin(ready(Err(sqlx::Error::InvalidArgument(UNUSED.into()))))
            }

            fn describe<'e>(self, _: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
            where
                'c: 'e,
            {
                Box::pin(ready(Err(sqlx::Error::InvalidArgument(UNUSED.into()))))
            }
        }
    };
}

/// Of what only sqlx's own macros would ask for.
const UNUSED: &str = "statements are not looked at beforehand";

executor!(&'c Database);
executor!(&'c mut Connection);
