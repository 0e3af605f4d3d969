//! Threads, items and runs.
//!
//! What a run does is one statement wherever it can be: the first thing it does is to update the thread's
//! row, which locks it, and everything else is joined to what that returned.

mod batch;
mod begin;
mod items;
mod leases;
mod ports;
mod records;
mod recovery;
mod rows;
mod runs;

/// The database's clock in milliseconds. Not `now()`, which stands still while a transaction waits.
macro_rules! clock {
    () => {
        "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    };
}

/// Whether a text can be a value of PostgreSQL's: what cannot is not there either.
fn is_storable(text: &str) -> bool {
    !text.contains('\0')
}

use clock;
