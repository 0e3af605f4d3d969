//! The columns that queries of both databases return, named as the structs in [`crate::rows`] name them.

/// A session. A macro, because queries are put together at compile time with `concat!`.
macro_rules! session_columns {
    () => {
        "sessions.id, sessions.site, sessions.user_id, sessions.workflow, sessions.state_variables, \
         sessions.metadata, sessions.configuration, sessions.promise, sessions.created_at, sessions.expires_at, \
         sessions.revoked_at"
    };
}

/// A secret, beside its session's columns.
macro_rules! secret_columns {
    () => {
        "secrets.hash, secrets.upstream_session, secrets.issued_at, \
         secrets.expires_at AS secret_expires_at, secrets.revoked_at AS secret_revoked_at, \
         secrets.replaced_at, secrets.overlap_until, secrets.sealed"
    };
}

/// A service key.
macro_rules! key_columns {
    () => {
        "id, site, name, hint, created_at, revoked_at"
    };
}

/// A thread, without its lease.
macro_rules! thread_columns {
    () => {
        "threads.id, threads.site, threads.user_id, threads.created_at, threads.title, threads.status, \
         threads.allowed_image_domains, threads.metadata"
    };
}

/// A run, beside its thread.
macro_rules! run_columns {
    () => {
        "runs.id, threads.id AS thread_id, runs.status, runs.started_at, runs.ended_at"
    };
}

pub(crate) use {key_columns, run_columns, secret_columns, session_columns, thread_columns};
