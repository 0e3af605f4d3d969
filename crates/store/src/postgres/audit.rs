use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::sessions::{AuditAction, AuditEntry};

use super::{Connection, Database};
use crate::error::store_error;
use crate::rows::{AuditRow, millis, records, whole_site};

pub(super) async fn append(
    database: &Database,
    connection: &mut Connection,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    database
        .query("INSERT INTO chatkitd.audit_log (at, site, actor, action, target) VALUES ($1, $2, $3, $4, $5)")
        .bind(millis(entry.at))
        .bind(entry.site.as_str())
        .bind(&entry.actor)
        .bind(entry.action.as_str())
        .bind(&entry.target)
        .execute(connection)
        .await
        .map_err(store_error)?;
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
        .query_as(
            "SELECT at, site, actor, action, target FROM chatkitd.audit_log
             WHERE site = $1 AND coalesce(action = $2, TRUE) ORDER BY at DESC, id DESC LIMIT $3",
        )
        .bind(site)
        .bind(action.map(AuditAction::as_str))
        .bind(i64::from(limit))
        .fetch_all(database)
        .await
        .map_err(store_error)?;
    records(rows)
}
