use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::sessions::{AuditAction, AuditEntry};
use rusqlite::{Connection, params};

use super::database::Database;
use super::error::QueryResult;
use super::query::{all, execute};
use crate::rows::{AuditRow, millis, records, whole_site};

pub(super) fn append(connection: &Connection, entry: &AuditEntry) -> QueryResult<()> {
    execute(
        connection,
        "INSERT INTO audit_log (at, site, actor, action, target) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![millis(entry.at), entry.site.as_str(), entry.actor, entry.action.as_str(), entry.target],
    )?;
    Ok(())
}

pub(super) async fn list(
    database: &Database,
    scope: &Scope,
    action: Option<AuditAction>,
    limit: u32,
) -> Result<Vec<AuditEntry>, StoreError> {
    let Some(site) = whole_site(scope) else { return Ok(Vec::new()) };
    let rows: Vec<AuditRow> = database
        .read(|connection| {
            let sql = "SELECT at, site, actor, action, target FROM audit_log
                       WHERE site = ?1 AND coalesce(action = ?2, TRUE) ORDER BY at DESC, id DESC LIMIT ?3";
            Ok(all(connection, sql, params![site, action.map(AuditAction::as_str), limit])?)
        })
        .await?;
    records(rows)
}
