use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::sessions::AuditEntry;
use sqlx::{SqliteConnection, SqlitePool};

use crate::error::store_error;
use crate::rows::{AuditRow, millis, records, whole_site};

pub(super) async fn append(connection: &mut SqliteConnection, entry: &AuditEntry) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO audit_log (at, site, actor, action, target) VALUES ($1, $2, $3, $4, $5)")
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
    readers: &SqlitePool,
    scope: &Scope,
    limit: u32,
) -> Result<Vec<AuditEntry>, StoreError> {
    let Some(site) = whole_site(scope) else { return Ok(Vec::new()) };
    let rows: Vec<AuditRow> = sqlx::query_as(
        "SELECT at, site, actor, action, target FROM audit_log
         WHERE site = $1 ORDER BY at DESC, id DESC LIMIT $2",
    )
    .bind(site)
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await
    .map_err(store_error)?;
    records(rows)
}
