//! The shared rows, read from SQLite. The order is that of [`crate::columns`].

use super::query::{Columns, FromColumns};
use crate::rows::{AuditRow, JobRow, KeyRow, ReplacementRow, SecretRow, SessionRow, StandingRow, WindowRow};
use crate::thread_rows::{RunRow, ThreadRow};

impl FromColumns for SessionRow {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: columns.next()?,
            site: columns.next()?,
            user_id: columns.next()?,
            workflow: columns.next()?,
            state_variables: columns.next()?,
            metadata: columns.next()?,
            configuration: columns.next()?,
            promise: columns.next()?,
            created_at: columns.next()?,
            expires_at: columns.next()?,
            revoked_at: columns.next()?,
        })
    }
}

impl FromColumns for SecretRow {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self {
            hash: columns.next()?,
            upstream_session: columns.next()?,
            issued_at: columns.next()?,
            secret_expires_at: columns.next()?,
            secret_revoked_at: columns.next()?,
            replacement: ReplacementRow::from_columns(columns)?,
            session: SessionRow::from_columns(columns)?,
        })
    }
}

impl FromColumns for ReplacementRow {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self { replaced_at: columns.next()?, overlap_until: columns.next()?, sealed: columns.next()? })
    }
}

impl FromColumns for StandingRow {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self {
            session_id: columns.next()?,
            upstream_session: columns.next()?,
            revoked: columns.next()?,
            replacement: ReplacementRow::from_columns(columns)?,
        })
    }
}

impl FromColumns for KeyRow {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: columns.next()?,
            site: columns.next()?,
            name: columns.next()?,
            hint: columns.next()?,
            created_at: columns.next()?,
            revoked_at: columns.next()?,
        })
    }
}

impl FromColumns for AuditRow {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self {
            at: columns.next()?,
            site: columns.next()?,
            actor: columns.next()?,
            action: columns.next()?,
            target: columns.next()?,
        })
    }
}

impl FromColumns for ThreadRow {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: columns.next()?,
            site: columns.next()?,
            user_id: columns.next()?,
            created_at: columns.next()?,
            title: columns.next()?,
            status: columns.next()?,
            allowed_image_domains: columns.next()?,
            metadata: columns.next()?,
        })
    }
}

impl FromColumns for RunRow {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: columns.next()?,
            thread_id: columns.next()?,
            status: columns.next()?,
            started_at: columns.next()?,
            ended_at: columns.next()?,
        })
    }
}

impl FromColumns for JobRow {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self { site: columns.next()?, upstream_session: columns.next()?, attempts: columns.next()? })
    }
}

impl FromColumns for WindowRow {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok(Self { count: columns.next()?, resets_at: columns.next()? })
    }
}
