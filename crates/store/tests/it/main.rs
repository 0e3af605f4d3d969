//! The stores on real databases: SQLite in temporary files, PostgreSQL on the server of `make test`, also through a pooler.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod pooler;
mod postgres;
mod postgres_faults;
mod role_query;
mod sqlite;
mod sqlite_faults;
mod supabase;
