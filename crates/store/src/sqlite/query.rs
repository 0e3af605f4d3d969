//! Statements and the rows they return. Every statement is prepared once for each connection.

use rusqlite::types::FromSql;
use rusqlite::{Connection, Params, Row};

/// Reads a row's columns one after another, in the order in which the statement names them.
pub(crate) struct Columns<'r, 's> {
    row: &'r Row<'s>,
    next: usize,
}

impl Columns<'_, '_> {
    /// The next column.
    pub(crate) fn next<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let value = self.row.get(self.next)?;
        self.next += 1;
        Ok(value)
    }
}

/// A row, or a part of one that comes in a fixed order.
pub(crate) trait FromColumns: Sized {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self>;
}

/// A single column.
impl<T: FromSql> FromColumns for (T,) {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok((columns.next()?,))
    }
}

impl<A: FromSql, B: FromSql> FromColumns for (A, B) {
    fn from_columns(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Self> {
        Ok((columns.next()?, columns.next()?))
    }
}

fn read<R: FromColumns>(row: &Row<'_>) -> rusqlite::Result<R> {
    R::from_columns(&mut Columns { row, next: 0 })
}

/// All rows.
pub(crate) fn all<R: FromColumns>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> rusqlite::Result<Vec<R>> {
    connection.prepare_cached(sql)?.query_map(params, |row| read(row))?.collect()
}

/// The first row, if there is one.
pub(crate) fn first<R: FromColumns>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> rusqlite::Result<Option<R>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(read).transpose()
}

/// Runs a statement without rows; returns how many rows it changed.
pub(crate) fn execute(connection: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql)?.execute(params)
}
