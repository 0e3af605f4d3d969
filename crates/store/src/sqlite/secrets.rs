use chatkitd_core::id::SessionId;
use chatkitd_core::ports::{Scope, StoreError};
use chatkitd_core::secret_text::SecretHash;
use chatkitd_core::sessions::{
    Claim, ClaimToken, LIVE_SECRETS, NewSecret, Replacement, SecretRecord, Session, SessionChange,
};
use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::database::Database;
use super::error::QueryResult;
use super::jobs;
use super::query::{all, execute, first};
use crate::columns::{secret_columns, session_columns};
use crate::rows::{
    SecretRow, SessionRow, Standing, StandingRow, millis, optional_json_text, record, upstream_session, user,
};

pub(super) async fn by_hash(
    database: &Database,
    hash: &SecretHash,
) -> Result<Option<(SecretRecord, Session)>, StoreError> {
    const BY_HASH: &str = concat!(
        "SELECT ",
        secret_columns!(),
        ", ",
        session_columns!(),
        " FROM secrets JOIN sessions ON sessions.id = secrets.session_id WHERE secrets.hash = ?1"
    );
    let row: Option<SecretRow> =
        database.read(|connection| Ok(first(connection, BY_HASH, [hash.as_bytes()])?)).await?;
    record(row)
}

pub(super) async fn add(
    database: &Database,
    scope: &Scope,
    session: &SessionId,
    change: &SessionChange,
    secret: &NewSecret,
) -> Result<Session, StoreError> {
    let (scope, session) = (scope.clone(), session.as_str().to_owned());
    let (change, secret) = (change.clone(), secret.clone());
    let add = move |connection: &Connection| {
        let changed = change_session(connection, &scope, &session, &change)?;
        let at = millis(secret.issued_at);
        push_out_oldest(connection, scope.site().as_str(), &session, at, None)?;
        insert(connection, &session, &secret)?;
        Ok(changed)
    };
    database.write(add).await
}

/// `NotFound` outside the scope, `Conflict` when the session is revoked.
fn change_session(
    connection: &Connection,
    scope: &Scope,
    id: &str,
    change: &SessionChange,
) -> QueryResult<Session> {
    const CHANGE: &str = concat!(
        "UPDATE sessions SET
             expires_at = COALESCE(?4, expires_at),
             state_variables = COALESCE(?5, state_variables),
             metadata = COALESCE(?6, metadata),
             configuration = COALESCE(?7, configuration)
         WHERE id = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3)
         RETURNING ",
        session_columns!()
    );
    let row: Option<SessionRow> = first(
        connection,
        CHANGE,
        params![
            id,
            scope.site().as_str(),
            user(scope),
            change.expires_at.map(millis),
            optional_json_text(change.state_variables.as_ref())?,
            optional_json_text(change.metadata.as_ref())?,
            optional_json_text(change.configuration.as_ref())?,
        ],
    )?;
    let session: Session = record(row)?.ok_or(StoreError::NotFound)?;
    // An error undoes the change.
    if session.revoked_at.is_some() { Err(StoreError::Conflict.into()) } else { Ok(session) }
}

/// Revokes live secrets until there is room for one more, but not `spared`, which counts; hosted ones get
/// a cancel job.
fn push_out_oldest(
    connection: &Connection,
    site: &str,
    session: &str,
    at: i64,
    spared: Option<&SecretHash>,
) -> QueryResult<()> {
    let pushed_out = all(
        connection,
        "UPDATE secrets SET revoked_at = ?2
         WHERE number IN (
             SELECT number FROM secrets
             WHERE session_id = ?1 AND expires_at > ?2 AND revoked_at IS NULL
                 AND (overlap_until IS NULL OR overlap_until > ?2)
             ORDER BY hash IS ?4 DESC, issued_at DESC LIMIT -1 OFFSET ?3)
         RETURNING upstream_session, expires_at",
        params![session, at, LIVE_SECRETS - 1, spared.map(SecretHash::as_bytes)],
    )?;
    jobs::add_for_revoked(connection, site, pushed_out, at)
}

pub(super) fn insert(connection: &Connection, session: &str, secret: &NewSecret) -> QueryResult<()> {
    execute(
        connection,
        "INSERT INTO secrets (hash, session_id, upstream_session, issued_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            secret.hash.as_bytes(),
            session,
            upstream_session(&secret.kind),
            millis(secret.issued_at),
            millis(secret.expires_at),
        ],
    )?;
    Ok(())
}

/// The secret's standing. `NotFound` outside the scope.
fn look_up(connection: &Connection, scope: &Scope, hash: &SecretHash) -> QueryResult<StandingRow> {
    let row = first(
        connection,
        "SELECT session_id, upstream_session,
             secrets.revoked_at IS NOT NULL OR sessions.revoked_at IS NOT NULL,
             replaced_at, overlap_until, sealed
         FROM secrets JOIN sessions ON sessions.id = session_id
         WHERE hash = ?1 AND site = ?2 AND (?3 IS NULL OR user_id = ?3)",
        params![hash.as_bytes(), scope.site().as_str(), user(scope)],
    )?;
    Ok(row.ok_or(StoreError::NotFound)?)
}

pub(super) async fn claim(
    database: &Database,
    scope: &Scope,
    old: &SecretHash,
    now: Timestamp,
    until: Timestamp,
) -> Result<Claim, StoreError> {
    let (scope, old) = (scope.clone(), *old);
    let claim = move |connection: &Connection| {
        match look_up(connection, &scope, &old)?.standing()? {
            Standing::Open => {}
            Standing::Replaced(replacement) => return Ok(Claim::Replaced(replacement)),
            Standing::Revoked => return Ok(Claim::Revoked),
        }
        let claimed = execute(
            connection,
            "UPDATE secrets SET claimed_until = ?2
             WHERE hash = ?1 AND (claimed_until IS NULL OR claimed_until <= ?3)",
            params![old.as_bytes(), millis(until), millis(now)],
        )?;
        Ok(if claimed == 1 { Claim::Yours(ClaimToken(until)) } else { Claim::Held })
    };
    database.write(claim).await
}

pub(super) async fn release(
    database: &Database,
    scope: &Scope,
    old: &SecretHash,
    token: ClaimToken,
) -> Result<(), StoreError> {
    let (scope, old) = (scope.clone(), *old);
    let release = move |connection: &Connection| {
        execute(
            connection,
            "UPDATE secrets SET claimed_until = NULL
             WHERE hash = ?1 AND claimed_until = ?4 AND EXISTS (
                 SELECT 1 FROM sessions
                 WHERE id = session_id AND site = ?2 AND (?3 IS NULL OR user_id = ?3))",
            params![old.as_bytes(), scope.site().as_str(), user(&scope), millis(token.0)],
        )?;
        Ok(())
    };
    database.write(release).await
}

pub(super) async fn replace(
    database: &Database,
    scope: &Scope,
    old: &SecretHash,
    replacement: &Replacement,
    change: &SessionChange,
    secret: &NewSecret,
) -> Result<Option<Replacement>, StoreError> {
    let (scope, old, replacement) = (scope.clone(), *old, replacement.clone());
    let (change, secret) = (change.clone(), secret.clone());
    let replace = move |connection: &Connection| {
        let found = look_up(connection, &scope, &old)?;
        match found.standing()? {
            Standing::Open => {}
            Standing::Replaced(faster) => return Ok(Some(faster)),
            Standing::Revoked => return Err(StoreError::Conflict.into()),
        }
        change_session(connection, &scope, &found.session_id, &change)?;
        mark_replaced(connection, &old, &replacement)?;
        if let Some(upstream) = &found.upstream_session {
            jobs::add(connection, scope.site().as_str(), upstream, millis(replacement.overlap_until))?;
        }
        let at = millis(secret.issued_at);
        push_out_oldest(connection, scope.site().as_str(), &found.session_id, at, Some(&old))?;
        insert(connection, &found.session_id, &secret)?;
        Ok(None)
    };
    database.write(replace).await
}

fn mark_replaced(connection: &Connection, old: &SecretHash, replacement: &Replacement) -> QueryResult<()> {
    execute(
        connection,
        "UPDATE secrets SET replaced_at = ?2, overlap_until = ?3, sealed = ?4 WHERE hash = ?1",
        params![
            old.as_bytes(),
            millis(replacement.at),
            millis(replacement.overlap_until),
            replacement.sealed,
        ],
    )?;
    Ok(())
}
