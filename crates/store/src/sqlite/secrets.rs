use chatkitd_core::id::SessionId;
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::secret_text::SecretHash;
use chatkitd_core::sessions::{LIVE_SECRETS, NewSecret, Replacement, SecretRecord, Session, SessionChange};
use jiff::Timestamp;
use sqlx::{SqliteConnection, SqlitePool};

use super::jobs;
use super::sessions::Reach;
use super::writer::Writer;
use crate::columns::{secret_columns, session_columns};
use crate::error::store_error;
use crate::rows::{SecretRow, SessionRow, StandingRow, millis, optional_json_text, record, upstream_session};

pub(super) async fn by_hash(
    readers: &SqlitePool,
    hash: &SecretHash,
) -> Result<Option<(SecretRecord, Session)>, StoreError> {
    let row: Option<SecretRow> = sqlx::query_as(concat!(
        "SELECT ",
        secret_columns!(),
        ", ",
        session_columns!(),
        " FROM secrets JOIN sessions ON sessions.id = secrets.session_id WHERE secrets.hash = $1"
    ))
    .bind(&hash.as_bytes()[..])
    .fetch_optional(readers)
    .await
    .map_err(store_error)?;
    record(row)
}

pub(super) async fn add(
    writer: &Writer,
    scope: &Scope,
    session: &SessionId,
    change: &SessionChange,
    secret: &NewSecret,
) -> Result<Session, StoreError> {
    let (reach, session) = (Reach::from(scope), session.as_str().to_owned());
    let (change, secret) = (change.clone(), secret.clone());
    writer
        .atomic(Box::new(move |connection| {
            Box::pin(async move {
                let changed = change_session(connection, &reach, &session, &change).await?;
                let at = millis(secret.issued_at);
                let pushed_out = push_out_oldest(connection, &session, at).await?;
                jobs::add_for_revoked(connection, &reach.site, pushed_out, at).await?;
                insert(connection, &session, &secret).await?;
                Ok(changed)
            })
        }))
        .await
}

/// `NotFound` outside the reach, `Conflict` when the session is revoked.
async fn change_session(
    connection: &mut SqliteConnection,
    reach: &Reach,
    id: &str,
    change: &SessionChange,
) -> Result<Session, StoreError> {
    let row: Option<SessionRow> = sqlx::query_as(
        "UPDATE sessions SET
             expires_at = COALESCE($4, expires_at),
             state_variables = COALESCE($5, state_variables),
             metadata = COALESCE($6, metadata),
             configuration = COALESCE($7, configuration)
         WHERE id = $1 AND site = $2 AND ($3 IS NULL OR user_id = $3)
         RETURNING *",
    )
    .bind(id)
    .bind(&reach.site)
    .bind(&reach.user)
    .bind(change.expires_at.map(millis))
    .bind(optional_json_text(change.state_variables.as_ref())?)
    .bind(optional_json_text(change.metadata.as_ref())?)
    .bind(optional_json_text(change.configuration.as_ref())?)
    .fetch_optional(connection)
    .await
    .map_err(store_error)?;
    let session: Session = record(row)?.ok_or(StoreError::NotFound)?;
    // The savepoint around this undoes the change.
    if session.revoked_at.is_some() { Err(StoreError::Conflict) } else { Ok(session) }
}

/// Revokes live secrets until there is room for one more; returns what they need for cancel jobs.
async fn push_out_oldest(
    connection: &mut SqliteConnection,
    session: &str,
    at: i64,
) -> Result<Vec<(Option<String>, i64)>, StoreError> {
    sqlx::query_as(
        "UPDATE secrets SET revoked_at = $2
         WHERE hash IN (
             SELECT hash FROM secrets
             WHERE session_id = $1 AND expires_at > $2 AND revoked_at IS NULL
                 AND (overlap_until IS NULL OR overlap_until > $2)
             ORDER BY issued_at DESC LIMIT -1 OFFSET $3)
         RETURNING upstream_session, expires_at",
    )
    .bind(session)
    .bind(at)
    .bind(i64::from(LIVE_SECRETS - 1))
    .fetch_all(connection)
    .await
    .map_err(store_error)
}

async fn insert(
    connection: &mut SqliteConnection,
    session: &str,
    secret: &NewSecret,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO secrets (hash, session_id, upstream_session, issued_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(&secret.hash.as_bytes()[..])
    .bind(session)
    .bind(upstream_session(&secret.kind))
    .bind(millis(secret.issued_at))
    .bind(millis(secret.expires_at))
    .execute(connection)
    .await
    .map_err(store_error)?;
    Ok(())
}

/// The secret's standing. `NotFound` outside the reach.
async fn standing(
    connection: &mut SqliteConnection,
    reach: &Reach,
    hash: &SecretHash,
) -> Result<StandingRow, StoreError> {
    let row: Option<StandingRow> = sqlx::query_as(
        "SELECT session_id, upstream_session, replaced_at, overlap_until, sealed,
             secrets.revoked_at IS NOT NULL OR sessions.revoked_at IS NOT NULL AS revoked
         FROM secrets JOIN sessions ON sessions.id = session_id
         WHERE hash = $1 AND site = $2 AND ($3 IS NULL OR user_id = $3)",
    )
    .bind(&hash.as_bytes()[..])
    .bind(&reach.site)
    .bind(&reach.user)
    .fetch_optional(connection)
    .await
    .map_err(store_error)?;
    row.ok_or(StoreError::NotFound)
}

pub(super) async fn claim(
    writer: &Writer,
    scope: &Scope,
    old: &SecretHash,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Replacement>, StoreError> {
    let (reach, old) = (Reach::from(scope), *old);
    writer
        .atomic(Box::new(move |connection| {
            Box::pin(async move {
                let replaced = standing(connection, &reach, &old).await?.take_replacement()?;
                if replaced.is_some() {
                    return Ok(replaced);
                }
                let claimed = sqlx::query(
                    "UPDATE secrets SET claimed_until = $2
                     WHERE hash = $1 AND (claimed_until IS NULL OR claimed_until <= $3)",
                )
                .bind(&old.as_bytes()[..])
                .bind(millis(until))
                .bind(millis(now))
                .execute(connection)
                .await
                .map_err(store_error)?;
                if claimed.rows_affected() == 1 { Ok(None) } else { Err(StoreError::Conflict) }
            })
        }))
        .await
}

pub(super) async fn release(writer: &Writer, scope: &Scope, old: &SecretHash) -> Result<(), StoreError> {
    let release = sqlx::query(
        "UPDATE secrets SET claimed_until = NULL
         WHERE hash = $1 AND EXISTS (
             SELECT 1 FROM sessions
             WHERE id = session_id AND site = $2 AND ($3 IS NULL OR user_id = $3))",
    );
    let Reach { site, user } = Reach::from(scope);
    let release = release.bind(old.as_bytes().to_vec()).bind(site).bind(user);
    writer
        .statement(Box::new(move |connection| {
            Box::pin(async move {
                release.execute(connection).await.map_err(store_error)?;
                Ok(())
            })
        }))
        .await
}

pub(super) async fn replace(
    writer: &Writer,
    scope: &Scope,
    old: &SecretHash,
    replacement: &Replacement,
    change: &SessionChange,
    secret: &NewSecret,
) -> Result<Option<Replacement>, StoreError> {
    let (reach, old, replacement) = (Reach::from(scope), *old, replacement.clone());
    let (change, secret) = (change.clone(), secret.clone());
    writer
        .atomic(Box::new(move |connection| {
            Box::pin(async move {
                let mut found = standing(connection, &reach, &old).await?;
                let faster = found.take_replacement()?;
                if faster.is_some() {
                    return Ok(faster);
                }
                change_session(connection, &reach, &found.session_id, &change).await?;
                mark_replaced(connection, &old, &replacement).await?;
                if let Some(upstream) = &found.upstream_session {
                    jobs::add(connection, &reach.site, upstream, millis(replacement.overlap_until)).await?;
                }
                insert(connection, &found.session_id, &secret).await?;
                Ok(None)
            })
        }))
        .await
}

async fn mark_replaced(
    connection: &mut SqliteConnection,
    old: &SecretHash,
    replacement: &Replacement,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE secrets SET replaced_at = $2, overlap_until = $3, sealed = $4 WHERE hash = $1")
        .bind(&old.as_bytes()[..])
        .bind(millis(replacement.at))
        .bind(millis(replacement.overlap_until))
        .bind(&replacement.sealed[..])
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}
