//! How many sessions a second the SQLite store creates:
//! `cargo run --release -p chatkitd-store --example create_sessions -- FOLDER [process|disk] [CALLERS]`

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_possible_wrap,
    clippy::disallowed_methods,
    reason = "a measurement: it stops at the first fault and asks the machine for the time"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use chatkitd_core::ports::Store;
use chatkitd_core::testing::conformance::fixture::{Fixture, shop};
use chatkitd_store::{Durability, SqliteOptions, SqliteStore};

const SESSIONS: usize = 100_000;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().expect("a folder");
    let durability = match arguments.next().as_deref() {
        Some("disk") => Durability::Disk,
        _ => Durability::Process,
    };
    let callers: usize = arguments.next().map_or(64, |callers| callers.parse().expect("a number"));
    let options =
        SqliteOptions { durability, ..SqliteOptions::new(std::path::Path::new(&folder).join("bench.db")) };
    let store = Arc::new(SqliteStore::connect(&options).await.expect("a database"));
    let make = Fixture::default();
    let sessions: Arc<Vec<_>> =
        Arc::new((0..SESSIONS).map(|n| (make.session(n as i64 / 100), make.secret(0))).collect());

    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (store, sessions, next) = (store.clone(), sessions.clone(), next.clone());
        tasks.spawn(async move {
            while let Some((session, secret)) = sessions.get(next.fetch_add(1, Ordering::Relaxed)) {
                store.create_session(&shop(), session, secret).await.expect("room for a session");
            }
        });
    }
    tasks.join_all().await;
    let rate = SESSIONS as f64 / start.elapsed().as_secs_f64();
    println!("{durability:?}, {callers} callers: {rate:.0} sessions/s");
    store.close().await;
}
