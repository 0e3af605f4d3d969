//! How many threads a second a store takes, each begun by a run with the user's message and ended with the
//! answer: `cargo run --release -p chatkitd-store --example create_threads -- sqlite FOLDER [CALLERS]`,
//! the same with `postgres URL`, or with `memory -`.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_wrap,
    clippy::disallowed_methods,
    reason = "a measurement: it stops at the first fault and asks the machine for the time"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use chatkitd_core::ports::Threads;
use chatkitd_core::testing::MemoryStore;
use chatkitd_core::testing::conformance::fixture::{Fixture, user};
use chatkitd_core::testing::conformance::thread_fixture::{completed, fence, message};
use chatkitd_core::threads::{ItemWrite, RunStart};
use chatkitd_store::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};

const THREADS: usize = 20_000;
const ANSWER: &str = "An answer of fifty words is about three hundred bytes long, and that is what most \
    answers in a support chat come to, whoever gives them; so this one says a few things that nobody needs \
    to know, for no other reason than to be of the usual length when it is written to the disk.";

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (database, address) = (arguments.next(), arguments.next().expect("a folder or a URL"));
    let callers: usize = arguments.next().map_or(16, |callers| callers.parse().expect("a number"));
    let store: Arc<dyn Threads> = match database.as_deref() {
        Some("sqlite") => {
            let options = SqliteOptions::new(Path::new(&address).join("bench.db"));
            Arc::new(SqliteStore::connect(&options).await.expect("a database"))
        }
        Some("postgres") => {
            let options = PostgresOptions::new(&address);
            Arc::new(PostgresStore::connect(&options).await.expect("a database"))
        }
        Some("memory") => Arc::new(MemoryStore::default()),
        _ => panic!("name sqlite, postgres or memory"),
    };
    let make = Fixture::default();
    let begin =
        |_| make.start_new(&make.thread(0), vec![ItemWrite::Put(message("question", "Where is it?"))]);
    let starts: Arc<Vec<RunStart>> = Arc::new((0..THREADS).map(begin).collect());

    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let (store, starts, next) = (store.clone(), starts.clone(), next.clone());
        tasks.spawn(async move {
            let ann = user("ann");
            while let Some(start) = starts.get(next.fetch_add(1, Ordering::Relaxed)) {
                store.begin_run(&ann, start).await.expect("room for a thread");
                let answer = vec![ItemWrite::Put(message("answer", ANSWER))];
                store.end_run(&fence(&ann, start), &completed(1, answer)).await.expect("room for an answer");
            }
        });
    }
    tasks.join_all().await;
    let rate = THREADS as f64 / start.elapsed().as_secs_f64();
    println!("{callers} callers: {rate:.0} threads/s");
}
