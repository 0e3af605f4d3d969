use chatkitd_core::id::ServiceKeyId;
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::secret_text::SecretHash;
use chatkitd_core::service_keys::ServiceKey;
use chatkitd_core::sessions::AuditEntry;
use jiff::Timestamp;
use sqlx::SqlitePool;

use super::audit;
use super::writer::Writer;
use crate::columns::key_columns;
use crate::error::store_error;
use crate::rows::{KeyRow, millis, record, records, whole_site};

pub(super) async fn create(
    writer: &Writer,
    scope: &Scope,
    key: &ServiceKey,
    hash: &SecretHash,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    if whole_site(scope) != Some(key.site.as_str()) {
        return Err(StoreError::NotFound);
    }
    let insert = sqlx::query(
        "INSERT INTO service_keys (id, hash, site, name, hint, created_at, revoked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(key.id.as_str().to_owned())
    .bind(hash.as_bytes().to_vec())
    .bind(key.site.as_str().to_owned())
    .bind(key.name.clone())
    .bind(key.hint.clone())
    .bind(millis(key.created_at))
    .bind(key.revoked_at.map(millis));
    let entry = entry.clone();
    writer
        .atomic(Box::new(move |connection| {
            Box::pin(async move {
                insert.execute(&mut *connection).await.map_err(store_error)?;
                audit::append(connection, &entry).await
            })
        }))
        .await
}

pub(super) async fn list(readers: &SqlitePool, scope: &Scope) -> Result<Vec<ServiceKey>, StoreError> {
    let Some(site) = whole_site(scope) else { return Ok(Vec::new()) };
    let rows: Vec<KeyRow> = sqlx::query_as(concat!(
        "SELECT ",
        key_columns!(),
        " FROM service_keys WHERE site = $1 ORDER BY created_at, id"
    ))
    .bind(site)
    .fetch_all(readers)
    .await
    .map_err(store_error)?;
    records(rows)
}

pub(super) async fn by_hash(
    readers: &SqlitePool,
    hash: &SecretHash,
) -> Result<Option<ServiceKey>, StoreError> {
    let row: Option<KeyRow> = sqlx::query_as(concat!(
        "SELECT ",
        key_columns!(),
        " FROM service_keys WHERE hash = $1 AND revoked_at IS NULL"
    ))
    .bind(&hash.as_bytes()[..])
    .fetch_optional(readers)
    .await
    .map_err(store_error)?;
    record(row)
}

pub(super) async fn revoke(
    writer: &Writer,
    scope: &Scope,
    id: &ServiceKeyId,
    at: Timestamp,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let site = whole_site(scope).ok_or(StoreError::NotFound)?.to_owned();
    let (id, at, entry) = (id.as_str().to_owned(), millis(at), entry.clone());
    writer
        .atomic(Box::new(move |connection| {
            Box::pin(async move {
                let revoked: Option<bool> = sqlx::query_scalar(
                    "SELECT revoked_at IS NOT NULL FROM service_keys WHERE id = $1 AND site = $2",
                )
                .bind(&id)
                .bind(&site)
                .fetch_optional(&mut *connection)
                .await
                .map_err(store_error)?;
                if revoked.ok_or(StoreError::NotFound)? {
                    return Ok(());
                }
                let update = sqlx::query("UPDATE service_keys SET revoked_at = $2 WHERE id = $1");
                update.bind(&id).bind(at).execute(&mut *connection).await.map_err(store_error)?;
                audit::append(connection, &entry).await
            })
        }))
        .await
}
