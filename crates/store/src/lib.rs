//! chatkitd's stores: SQLite for one node, PostgreSQL for many.
//!
//! Both implement the ports of [`chatkitd_core::ports`] ([`Store`], [`Threads`], [`RunLease`], [`RunRecovery`],
//! [`Attachments`], [`AttachmentSweep`], [`Credentials`], [`Maintenance`], [`Limiter`]) and pass its conformance suite.
//! Each has its own SQL, side by side in `sqlite/` and `postgres/`; only the mapping of rows and errors is shared.
//!
//! [`Store`]: chatkitd_core::ports::Store
//! [`Threads`]: chatkitd_core::ports::Threads
//! [`RunLease`]: chatkitd_core::ports::RunLease
//! [`RunRecovery`]: chatkitd_core::ports::RunRecovery
//! [`Attachments`]: chatkitd_core::ports::Attachments
//! [`AttachmentSweep`]: chatkitd_core::ports::AttachmentSweep
//! [`Credentials`]: chatkitd_core::ports::Credentials
//! [`Maintenance`]: chatkitd_core::ports::Maintenance
//! [`Limiter`]: chatkitd_core::ports::Limiter

mod attachment_rows;
mod columns;
mod error;
mod postgres;
mod role_query;
mod rows;
mod sqlite;
mod thread_rows;

pub use error::{DatabaseError, MigrateError};
pub use postgres::{PostgresOptions, PostgresStore, supabase_migration};
pub use role_query::{RoleQuery, RoleQueryError};
pub use sqlite::{Durability, SqliteOptions, SqliteStore};
