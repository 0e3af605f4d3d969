//! The store on PostgreSQL: many nodes on one database.
//!
//! Everything lives in the schema `chatkitd`, and every query names it. Operations that change a session
//! or its secrets lock the session's row first, and those that change a thread's items or runs the
//! thread's, so that they cannot deadlock one another.

mod attachments;
mod audit;
mod database;
mod jobs;
mod keys;
mod limiter;
mod migrations;
mod secrets;
mod sessions;
mod sweep;
mod threads;

use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::id::{ServiceKeyId, SessionId, UserId};
use chatkitd_core::limits::{Decision, Quota};
use chatkitd_core::ports::{Credentials, Limiter, LimiterError, Maintenance, Scope, Store, StoreError};
use chatkitd_core::secret_text::SecretHash;
use chatkitd_core::service_keys::ServiceKey;
use chatkitd_core::sessions::{
    AuditAction, AuditEntry, CancelJob, Claim, ClaimToken, NewSecret, Replacement, SecretRecord, Session,
    SessionChange, SessionPage,
};
use futures_util::future::join;
use jiff::Timestamp;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection as _};

use crate::error::{MigrateError, POOLER_PORT, ReadOnly, limiter_error, store_error};
pub(crate) use database::Database;
use database::{Connection, in_time};
pub use migrations::supabase_migration;

/// How a PostgreSQL database is reached.
#[derive(Clone)]
pub struct PostgresOptions {
    /// `postgres://user:password@host:5432/name`.
    pub url: String,
    /// Whether `url` is a pooler that may give each transaction another connection. Then no statement is
    /// kept prepared, and migrations need a direct address. Default: whether the port is 6543, where
    /// Supabase's pooler listens in that mode.
    pub transaction_pooler: bool,
    /// The most connections at once, but for two more that renew leases. One that was given up, because it did not
    /// answer, may go on at the server until `statement_timeout`. Default 10.
    pub max_connections: u32,
    /// How long an operation waits for a connection before the store counts as unavailable. Default 3 s.
    pub acquire_timeout: Duration,
    /// How long the server may work on a statement, waiting for locks included, before it gives up.
    /// Default 15 s. A pooler does not pass it on, and has a limit of its own. Without an answer two seconds
    /// later the store counts as unavailable.
    pub statement_timeout: Duration,
}

impl PostgresOptions {
    /// The defaults for this address.
    pub fn new(url: impl Into<String>) -> Self {
        let url = url.into();
        let port = PgConnectOptions::from_str(&url).map(|options| options.get_port());
        Self {
            // An address that cannot be read is reported when it is used.
            transaction_pooler: port.is_ok_and(|port| port == POOLER_PORT),
            url,
            max_connections: 10,
            acquire_timeout: Duration::from_secs(3),
            statement_timeout: Duration::from_secs(15),
        }
    }
}

/// Shows no address: a password may stand in it.
impl std::fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("max_connections", &self.max_connections)
            .field("acquire_timeout", &self.acquire_timeout)
            .finish_non_exhaustive()
    }
}

/// The store on a PostgreSQL database.
pub struct PostgresStore {
    database: Database,
    leases: Database,
}

/// How long the first connection may take, with which the schema is looked at.
const FIRST_CONNECTION: Duration = Duration::from_secs(15);

/// Lets one transaction of this name at a time look at what there is and write one more. There is no row yet that
/// could be locked. A statement of its own: what the one before committed is seen by the next.
async fn wait_for_turn(
    database: &Database,
    connection: &mut Connection,
    name: &str,
) -> Result<(), StoreError> {
    database
        .query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(name)
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}

impl PostgresStore {
    /// Connects and brings the database to this binary's schema.
    pub async fn connect(options: &PostgresOptions) -> Result<Self, MigrateError> {
        let connect = parse(&options.url)?;
        bring_up_to_date(&connect, options).await?;
        Ok(Self {
            leases: Database::for_leases(connect.clone(), options),
            database: Database::new(connect, options),
        })
    }

    /// Whether [`PostgresStore::connect`] takes an address. Whether anything is there shows when it connects.
    pub fn check_url(url: &str) -> Result<(), MigrateError> {
        parse(url).map(drop)
    }

    /// Waits for operations in flight, then closes all connections. Later operations are
    /// `Unavailable`.
    pub async fn close(&self) {
        join(self.database.close(), self.leases.close()).await;
    }
}

fn parse(url: &str) -> Result<PgConnectOptions, MigrateError> {
    let options = PgConnectOptions::from_str(url).map_err(MigrateError::Url)?;
    // Every statement would be a span and a line of its own; requests are logged instead.
    Ok(options.application_name("chatkitd").disable_statement_logging())
}

async fn bring_up_to_date(connect: &PgConnectOptions, options: &PostgresOptions) -> Result<(), MigrateError> {
    let connected = in_time(FIRST_CONNECTION, connect.connect()).await;
    let mut connection = connected.map_err(MigrateError::connect)?;
    let migrated = match migrations::is_current(&mut connection).await {
        Ok(false) if options.transaction_pooler => Err(MigrateError::NeedsDirectConnection),
        Ok(false) => migrations::migrate(&mut connection).await,
        Ok(true) => Ok(()),
        Err(error) => Err(error),
    };
    // Closing gives the migration's lock back also after a failure.
    let closed = connection.close().await.map_err(MigrateError::connect);
    migrated.and(closed)
}

#[async_trait]
impl Store for PostgresStore {
    async fn create_session(
        &self,
        scope: &Scope,
        session: &Session,
        secret: &NewSecret,
    ) -> Result<(), StoreError> {
        sessions::create(&self.database, scope, session, secret).await
    }

    async fn find_or_create_session(
        &self,
        scope: &Scope,
        session: &Session,
        secret: &NewSecret,
    ) -> Result<Option<Session>, StoreError> {
        sessions::find_or_create(&self.database, scope, session, secret).await
    }

    async fn reusable_session(
        &self,
        scope: &Scope,
        workflow: &str,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        sessions::reusable(&self.database, scope, workflow, now).await
    }

    async fn add_secret(
        &self,
        scope: &Scope,
        session: &SessionId,
        change: &SessionChange,
        secret: &NewSecret,
    ) -> Result<Session, StoreError> {
        secrets::add(&self.database, scope, session, change, secret).await
    }

    async fn claim_replacement(
        &self,
        scope: &Scope,
        old: &SecretHash,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Claim, StoreError> {
        secrets::claim(&self.database, scope, old, now, until).await
    }

    async fn release_claim(
        &self,
        scope: &Scope,
        old: &SecretHash,
        token: ClaimToken,
    ) -> Result<(), StoreError> {
        secrets::release(&self.database, scope, old, token).await
    }

    async fn replace_secret(
        &self,
        scope: &Scope,
        old: &SecretHash,
        replacement: &Replacement,
        change: &SessionChange,
        secret: &NewSecret,
    ) -> Result<Option<Replacement>, StoreError> {
        secrets::replace(&self.database, scope, old, replacement, change, secret).await
    }

    async fn cancel_upstream_session(
        &self,
        scope: &Scope,
        upstream_session: &str,
        due: Timestamp,
    ) -> Result<(), StoreError> {
        jobs::note(&self.database, scope, upstream_session, due).await
    }

    async fn session(&self, scope: &Scope, id: &SessionId) -> Result<Option<Session>, StoreError> {
        sessions::one(&self.database, scope, id).await
    }

    async fn sessions(
        &self,
        scope: &Scope,
        after: Option<&SessionId>,
        limit: u32,
    ) -> Result<SessionPage, StoreError> {
        sessions::list(&self.database, scope, after, limit).await
    }

    async fn revoke_session(
        &self,
        scope: &Scope,
        id: &SessionId,
        at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        sessions::revoke(&self.database, scope, id, at, audit).await
    }

    async fn hand_over_session(
        &self,
        scope: &Scope,
        id: &SessionId,
        user: &UserId,
    ) -> Result<bool, StoreError> {
        sessions::hand_over(&self.database, scope, id, user).await
    }

    async fn create_service_key(
        &self,
        scope: &Scope,
        key: &ServiceKey,
        hash: &SecretHash,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        keys::create(&self.database, scope, key, hash, audit).await
    }

    async fn service_keys(&self, scope: &Scope) -> Result<Vec<ServiceKey>, StoreError> {
        keys::list(&self.database, scope).await
    }

    async fn revoke_service_key(
        &self,
        scope: &Scope,
        id: &ServiceKeyId,
        at: Timestamp,
        audit: &AuditEntry,
    ) -> Result<(), StoreError> {
        keys::revoke(&self.database, scope, id, at, audit).await
    }

    async fn audit_log(
        &self,
        scope: &Scope,
        action: Option<AuditAction>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        audit::list(&self.database, scope, action, limit).await
    }
}

#[async_trait]
impl Credentials for PostgresStore {
    async fn client_secret(&self, hash: &SecretHash) -> Result<Option<(SecretRecord, Session)>, StoreError> {
        secrets::by_hash(&self.database, hash).await
    }

    async fn service_key(&self, hash: &SecretHash) -> Result<Option<ServiceKey>, StoreError> {
        keys::by_hash(&self.database, hash).await
    }
}

#[async_trait]
impl Maintenance for PostgresStore {
    async fn ping(&self) -> Result<(), StoreError> {
        // Not any table: where this one is gone, chatkitd's schema is.
        let sql =
            "SELECT current_setting('transaction_read_only') = 'on' FROM chatkitd._sqlx_migrations LIMIT 1";
        let (read_only,): (bool,) =
            self.database.query_as(sql).fetch_one(&self.database).await.map_err(store_error)?;
        if read_only { Err(StoreError::Unavailable(Box::new(ReadOnly))) } else { Ok(()) }
    }

    async fn take_cancel_jobs(
        &self,
        now: Timestamp,
        lease: Duration,
        limit: u32,
    ) -> Result<Vec<CancelJob>, StoreError> {
        jobs::take(&self.database, now, lease, limit).await
    }

    async fn finish_cancel_job(&self, job: &CancelJob) -> Result<(), StoreError> {
        jobs::finish(&self.database, job).await
    }

    async fn sweep(&self, now: Timestamp) -> Result<(), StoreError> {
        sweep::everything(&self.database, now).await
    }
}

#[async_trait]
impl Limiter for PostgresStore {
    async fn take(&self, key: &str, quota: Quota, now: Timestamp) -> Result<Decision, LimiterError> {
        limiter::take(&self.database, key, quota, now).await.map_err(limiter_error)
    }
}
