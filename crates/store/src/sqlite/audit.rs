use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::sessions::AuditEntry;
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
    limit: u32,
) -> Result<Vec<AuditEntry>, StoreError> {
    let Some(site) = whole_site(scope) else { return Ok(Vec::new()) };
    let rows: Vec<AuditRow> = database
        .read(|connection| {
            let sql = "SELECT at, site, actor, action, target FROM audit_log
                       WHERE site = ?1 ORDER BY at DESC, id DESC LIMIT ?2";
            Ok(all(connection, sql, params![site, limit])?)
        })
        .await?;
    records(rows)
}
