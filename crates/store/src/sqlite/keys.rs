use chatkitd_core::id::ServiceKeyId;
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::secret_text::SecretHash;
use chatkitd_core::service_keys::ServiceKey;
use chatkitd_core::sessions::AuditEntry;
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::audit;
use super::database::Database;
use super::error::QueryResult;
use super::query::{all, execute, first};
use crate::columns::key_columns;
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
    let (key, hash, entry) = (key.clone(), *hash, entry.clone());
    let create = move |connection: &Connection| {
        execute(
            connection,
            "INSERT INTO service_keys (id, hash, site, name, hint, created_at, revoked_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                key.id.as_str(),
                hash.as_bytes(),
                key.site.as_str(),
                key.name,
                key.hint,
                millis(key.created_at),
                key.revoked_at.map(millis),
            ],
        )?;
        audit::append(connection, &entry)
    };
    database.write(create).await
}

pub(super) async fn list(database: &Database, scope: &Scope) -> Result<Vec<ServiceKey>, StoreError> {
    const LIST: &str =
        concat!("SELECT ", key_columns!(), " FROM service_keys WHERE site = ?1 ORDER BY created_at, id");
    let Some(site) = whole_site(scope) else { return Ok(Vec::new()) };
    let rows: Vec<KeyRow> = database.read(|connection| Ok(all(connection, LIST, [site])?)).await?;
    records(rows)
}

pub(super) async fn by_hash(
    database: &Database,
    hash: &SecretHash,
) -> Result<Option<ServiceKey>, StoreError> {
    const BY_HASH: &str =
        concat!("SELECT ", key_columns!(), " FROM service_keys WHERE hash = ?1 AND revoked_at IS NULL");
    let row: Option<KeyRow> =
        database.read(|connection| Ok(first(connection, BY_HASH, [hash.as_bytes()])?)).await?;
    record(row)
}

pub(super) async fn revoke(
    database: &Database,
    scope: &Scope,
    id: &ServiceKeyId,
    at: Timestamp,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let site = whole_site(scope).ok_or(StoreError::NotFound)?.to_owned();
    let (id, at, entry) = (id.as_str().to_owned(), millis(at), entry.clone());
    let revoke = move |connection: &Connection| -> QueryResult<()> {
        let sql = "SELECT revoked_at IS NOT NULL FROM service_keys WHERE id = ?1 AND site = ?2";
        let (revoked,): (bool,) = first(connection, sql, [&id, &site])?.ok_or(StoreError::NotFound)?;
        if revoked {
            return Ok(());
        }
        execute(connection, "UPDATE service_keys SET revoked_at = ?2 WHERE id = ?1", params![id, at])?;
        audit::append(connection, &entry)
    };
    database.write(revoke).await
}
