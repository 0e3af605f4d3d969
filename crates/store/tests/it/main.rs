//! The stores on real databases: SQLite in temporary files, PostgreSQL on the server of `make test`.

mod postgres;
mod postgres_faults;
mod role_query;
mod sqlite;
mod sqlite_faults;
mod supabase;
