use chatkitd_core::id::SessionId;
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::secret_text::SecretHash;
use chatkitd_core::sessions::{
    Claim, ClaimToken, LIVE_SECRETS, NewSecret, Replacement, SecretRecord, Session, SessionChange,
};
use jiff::Timestamp;

use super::{Connection, Database, jobs, sessions};
use crate::columns::{secret_columns, session_columns};
use crate::error::store_error;
use crate::rows::{
    SecretRow, SessionRow, Standing, StandingRow, millis, optional_json_text, record, upstream_session, user,
};

pub(super) async fn by_hash(
    database: &Database,
    hash: &SecretHash,
) -> Result<Option<(SecretRecord, Session)>, StoreError> {
    let row: Option<SecretRow> = database
        .query_as(concat!(
            "SELECT ",
            secret_columns!(),
            ", ",
            session_columns!(),
            " FROM chatkitd.secrets JOIN chatkitd.sessions ON sessions.id = secrets.session_id
             WHERE secrets.hash = $1"
        ))
        .bind(&hash.as_bytes()[..])
        .fetch_optional(database)
        .await
        .map_err(store_error)?;
    record(row)
}

pub(super) async fn add(
    database: &Database,
    scope: &Scope,
    session: &SessionId,
    change: &SessionChange,
    secret: &NewSecret,
) -> Result<Session, StoreError> {
    let mut transaction = database.begin().await.map_err(store_error)?;
    if sessions::lock(database, &mut transaction, scope, session.as_str()).await? {
        return Err(StoreError::Conflict);
    }
    let changed = change_session(database, &mut transaction, session.as_str(), change).await?;
    let at = millis(secret.issued_at);
    push_out_oldest(database, &mut transaction, scope, session.as_str(), at, None).await?;
    insert(database, &mut transaction, session.as_str(), secret).await?;
    transaction.commit().await.map_err(store_error)?;
    Ok(changed)
}

async fn change_session(
    database: &Database,
    connection: &mut Connection,
    id: &str,
    change: &SessionChange,
) -> Result<Session, StoreError> {
    let row: SessionRow = database
        .query_as(concat!(
            "UPDATE chatkitd.sessions SET
                 expires_at = COALESCE($2, expires_at),
                 state_variables = COALESCE($3, state_variables),
                 metadata = COALESCE($4, metadata),
                 configuration = COALESCE($5, configuration)
             WHERE id = $1
             RETURNING ",
            session_columns!()
        ))
        .bind(id)
        .bind(change.expires_at.map(millis))
        .bind(optional_json_text(change.state_variables.as_ref())?)
        .bind(optional_json_text(change.metadata.as_ref())?)
        .bind(optional_json_text(change.configuration.as_ref())?)
        .fetch_one(connection)
        .await
        .map_err(store_error)?;
    row.try_into()
}

/// Revokes live secrets until there is room for one more, but not `spared`, which counts; hosted ones get
/// a cancel job.
async fn push_out_oldest(
    database: &Database,
    connection: &mut Connection,
    scope: &Scope,
    session: &str,
    at: i64,
    spared: Option<&SecretHash>,
) -> Result<(), StoreError> {
    let pushed_out = database
        .query_as(
            "UPDATE chatkitd.secrets SET revoked_at = $2
             WHERE hash IN (
                 SELECT hash FROM chatkitd.secrets
                 WHERE session_id = $1 AND expires_at > $2 AND revoked_at IS NULL
                     AND (overlap_until IS NULL OR overlap_until > $2)
                 ORDER BY hash IS NOT DISTINCT FROM $4 DESC, issued_at DESC OFFSET $3)
             RETURNING upstream_session, expires_at",
        )
        .bind(session)
        .bind(at)
        .bind(i64::from(LIVE_SECRETS - 1))
        .bind(spared.map(|hash| &hash.as_bytes()[..]))
        .fetch_all(&mut *connection)
        .await
        .map_err(store_error)?;
    jobs::add_for_revoked(database, connection, scope, pushed_out, at).await
}

async fn insert(
    database: &Database,
    connection: &mut Connection,
    session: &str,
    secret: &NewSecret,
) -> Result<(), StoreError> {
    database
        .query(
            "INSERT INTO chatkitd.secrets (hash, session_id, upstream_session, issued_at, expires_at)
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

/// Locks the secret's session, then reads the secret's standing. `NotFound` outside the scope.
async fn lock_and_read(
    database: &Database,
    connection: &mut Connection,
    scope: &Scope,
    hash: &SecretHash,
) -> Result<StandingRow, StoreError> {
    let session: Option<(String,)> = database
        .query_as("SELECT session_id FROM chatkitd.secrets WHERE hash = $1")
        .bind(&hash.as_bytes()[..])
        .fetch_optional(&mut *connection)
        .await
        .map_err(store_error)?;
    let (session,) = session.ok_or(StoreError::NotFound)?;
    sessions::lock(database, connection, scope, &session).await?;
    let row: Option<StandingRow> = database
        .query_as(
            "SELECT session_id, upstream_session, replaced_at, overlap_until, sealed,
                 secrets.revoked_at IS NOT NULL OR sessions.revoked_at IS NOT NULL AS revoked
             FROM chatkitd.secrets JOIN chatkitd.sessions ON sessions.id = session_id
             WHERE hash = $1",
        )
        .bind(&hash.as_bytes()[..])
        .fetch_optional(connection)
        .await
        .map_err(store_error)?;
    row.ok_or(StoreError::NotFound)
}

pub(super) async fn claim(
    database: &Database,
    scope: &Scope,
    old: &SecretHash,
    now: Timestamp,
    until: Timestamp,
) -> Result<Claim, StoreError> {
    let mut transaction = database.begin().await.map_err(store_error)?;
    match lock_and_read(database, &mut transaction, scope, old).await?.standing()? {
        Standing::Open => {}
        Standing::Replaced(replacement) => return Ok(Claim::Replaced(replacement)),
        Standing::Revoked => return Ok(Claim::Revoked),
    }
    let claimed = database
        .query(
            "UPDATE chatkitd.secrets SET claimed_until = $2
             WHERE hash = $1 AND (claimed_until IS NULL OR claimed_until <= $3)",
        )
        .bind(&old.as_bytes()[..])
        .bind(millis(until))
        .bind(millis(now))
        .execute(&mut transaction)
        .await
        .map_err(store_error)?;
    if claimed.rows_affected() == 0 {
        return Ok(Claim::Held);
    }
    transaction.commit().await.map_err(store_error)?;
    Ok(Claim::Yours(ClaimToken(until)))
}

pub(super) async fn release(
    database: &Database,
    scope: &Scope,
    old: &SecretHash,
    token: ClaimToken,
) -> Result<(), StoreError> {
    database
        .query(
            "UPDATE chatkitd.secrets SET claimed_until = NULL FROM chatkitd.sessions
             WHERE hash = $1 AND claimed_until = $4 AND sessions.id = session_id
                 AND site = $2 AND ($3::text IS NULL OR user_id = $3)",
        )
        .bind(&old.as_bytes()[..])
        .bind(scope.site().as_str())
        .bind(user(scope))
        .bind(millis(token.0))
        .execute(database)
        .await
        .map_err(store_error)?;
    Ok(())
}

pub(super) async fn replace(
    database: &Database,
    scope: &Scope,
    old: &SecretHash,
    replacement: &Replacement,
    change: &SessionChange,
    secret: &NewSecret,
) -> Result<Option<Replacement>, StoreError> {
    let mut transaction = database.begin().await.map_err(store_error)?;
    let found = lock_and_read(database, &mut transaction, scope, old).await?;
    match found.standing()? {
        Standing::Open => {}
        Standing::Replaced(faster) => return Ok(Some(faster)),
        Standing::Revoked => return Err(StoreError::Conflict),
    }
    change_session(database, &mut transaction, &found.session_id, change).await?;
    mark_replaced(database, &mut transaction, old, replacement).await?;
    if let Some(upstream) = &found.upstream_session {
        let due_at = millis(replacement.overlap_until);
        jobs::add(database, &mut transaction, scope, upstream, due_at).await?;
    }
    let at = millis(secret.issued_at);
    push_out_oldest(database, &mut transaction, scope, &found.session_id, at, Some(old)).await?;
    insert(database, &mut transaction, &found.session_id, secret).await?;
    transaction.commit().await.map_err(store_error)?;
    Ok(None)
}

async fn mark_replaced(
    database: &Database,
    connection: &mut Connection,
    old: &SecretHash,
    replacement: &Replacement,
) -> Result<(), StoreError> {
    database
        .query(
            "UPDATE chatkitd.secrets SET replaced_at = $2, overlap_until = $3, sealed = $4 WHERE hash = $1",
        )
        .bind(&old.as_bytes()[..])
        .bind(millis(replacement.at))
        .bind(millis(replacement.overlap_until))
        .bind(&replacement.sealed[..])
        .execute(connection)
        .await
        .map_err(store_error)?;
    Ok(())
}
