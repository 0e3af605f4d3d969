use chatkitd_core::id::ServiceKeyId;
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::secret_text::SecretHash;
use chatkitd_core::service_keys::ServiceKey;
use chatkitd_core::sessions::AuditEntry;
use jiff::Timestamp;

use super::{Database, audit};
use crate::columns::key_columns;
use crate::error::store_error;
use crate::rows::{KeyRow, millis, record, records, whole_site};

pub(super) async fn create(
    database: &Database,
    scope: &Scope,
    key: &ServiceKey,
    hash: &SecretHash,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    if whole_site(scope) != Some(key.site.as_str()) {
        return Err(StoreError::NotFound);
    }
    let mut transaction = database.begin().await.map_err(store_error)?;
    database
        .query(
            "INSERT INTO chatkitd.service_keys (id, hash, site, name, hint, created_at, revoked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(key.id.as_str())
        .bind(&hash.as_bytes()[..])
        .bind(key.site.as_str())
        .bind(&key.name)
        .bind(&key.hint)
        .bind(millis(key.created_at))
        .bind(key.revoked_at.map(millis))
        .execute(&mut transaction)
        .await
        .map_err(store_error)?;
    audit::append(database, &mut transaction, entry).await?;
    transaction.commit().await.map_err(store_error)
}

pub(super) async fn list(database: &Database, scope: &Scope) -> Result<Vec<ServiceKey>, StoreError> {
    let Some(site) = whole_site(scope) else { return Ok(Vec::new()) };
    let rows: Vec<KeyRow> = database
        .query_as(concat!(
            "SELECT ",
            key_columns!(),
            " FROM chatkitd.service_keys WHERE site = $1 ORDER BY created_at, id"
        ))
        .bind(site)
        .fetch_all(database)
        .await
        .map_err(store_error)?;
    records(rows)
}

pub(super) async fn by_hash(
    database: &Database,
    hash: &SecretHash,
) -> Result<Option<ServiceKey>, StoreError> {
    let row: Option<KeyRow> = database
        .query_as(concat!(
            "SELECT ",
            key_columns!(),
            " FROM chatkitd.service_keys WHERE hash = $1 AND revoked_at IS NULL"
        ))
        .bind(&hash.as_bytes()[..])
        .fetch_optional(database)
        .await
        .map_err(store_error)?;
    record(row)
}

pub(super) async fn revoke(
    database: &Database,
    scope: &Scope,
    id: &ServiceKeyId,
    at: Timestamp,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let site = whole_site(scope).ok_or(StoreError::NotFound)?;
    let mut transaction = database.begin().await.map_err(store_error)?;
    let revoked: Option<(bool,)> = database
        .query_as(
            "SELECT revoked_at IS NOT NULL FROM chatkitd.service_keys WHERE id = $1 AND site = $2
             FOR UPDATE",
        )
        .bind(id.as_str())
        .bind(site)
        .fetch_optional(&mut transaction)
        .await
        .map_err(store_error)?;
    let (revoked,) = revoked.ok_or(StoreError::NotFound)?;
    if revoked {
        return Ok(());
    }
    database
        .query("UPDATE chatkitd.service_keys SET revoked_at = $2 WHERE id = $1")
        .bind(id.as_str())
        .bind(millis(at))
        .execute(&mut transaction)
        .await
        .map_err(store_error)?;
    audit::append(database, &mut transaction, entry).await?;
    transaction.commit().await.map_err(store_error)
}
