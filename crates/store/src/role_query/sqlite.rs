use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{CONNECTIONS, PATIENCE, RoleQueryError, only};
use crate::error::DatabaseError;
use crate::sqlite::is_transient;

/// The app's file. Its query may be long and its disk slow, so it is run on a thread for such.
pub(super) struct Sqlite {
    path: PathBuf,
    sql: Arc<str>,
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Sqlite {
    pub(super) fn new(path: &str, sql: &str) -> Self {
        Self {
            path: path.into(),
            sql: sql.into(),
            permits: Semaphore::new(CONNECTIONS as usize),
            idle: Mutex::default(),
        }
    }

    pub(super) async fn role(&self, user: &str) -> Result<Option<String>, RoleQueryError> {
        let late = |_| RoleQueryError::Unavailable(DatabaseError::Late);
        // The semaphore is never closed, so there is only one reason to have no permit.
        let _permit = timeout(PATIENCE, self.permits.acquire()).await.map_err(late)?;
        let connection = self.connection().map_err(sort)?;
        let interrupt = connection.get_interrupt_handle();
        let (sql, user) = (self.sql.clone(), user.to_owned());
        let asking = tokio::task::spawn_blocking(move || {
            let roles = roles(&connection, &sql, &user);
            (connection, roles)
        });
        let asked = timeout(PATIENCE, asking).await.inspect_err(|_| interrupt.interrupt()).map_err(late)?;
        let (connection, roles) =
            asked.map_err(|error| RoleQueryError::Query(DatabaseError::Thread(error.into())))?;
        // A connection that was interrupted does not get here: the interruption may come late.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        only(roles.map_err(sort)?)
    }

    fn connection(&self) -> rusqlite::Result<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| self.open(), Ok)
    }

    fn open(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        Ok(connection)
    }
}

/// The first two rows.
fn roles(connection: &Connection, sql: &str, user: &str) -> rusqlite::Result<Vec<Option<String>>> {
    connection.prepare_cached(sql)?.query_map([user], |row| row.get(0))?.take(2).collect()
}

fn sort(error: rusqlite::Error) -> RoleQueryError {
    // For a store that can pass (a disk that is mounted read-only), for a query it cannot: it writes.
    let writes = error.sqlite_error_code() == Some(ErrorCode::ReadOnly);
    if is_transient(&error) && !writes {
        RoleQueryError::Unavailable(error.into())
    } else {
        RoleQueryError::Query(error.into())
    }
}
