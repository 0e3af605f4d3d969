//! Whether pages of threads and items take as long among a million rows as among a thousand:
//! `cargo run --release -p chatkitd-store --example page_threads -- sqlite FOLDER [ROWS]...`
//! `cargo run --release -p chatkitd-store --example page_threads -- postgres URL [ROWS]...`
//!
//! The database must be a new one. For each number of rows a user gets so many threads, and one thread so
//! many items. They are filled in by SQL, since a million runs would take minutes, and read through the
//! store.

#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement: it stops at the first fault and asks the machine for the time"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use chatkitd_core::id::ThreadId;
use chatkitd_core::ports::{Scope, Threads};
use chatkitd_core::testing::conformance::fixture::user;
use chatkitd_core::threads::{ItemQuery, PageQuery, ThreadQuery};
use chatkitd_protocol::chatkit::Order;
use chatkitd_store::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};
use sqlx::{Connection, PgConnection};

const PAGE: u32 = 20;
const READS: u32 = 2_000;

/// ?1 rows, ?2 user, ?3 number of the thread that gets the items: their ids say where they are.
const FILL_SQLITE: [&str; 3] = [
    "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
     INSERT INTO threads (id, site, user_id, created_at, title, status, metadata)
     SELECT printf('cthr_%s_%08d', ?2, n), 'shop', ?2, 1767225600000 + n, 'A conversation',
         '{\"type\":\"active\"}', '{}' FROM n WHERE ?3 > 0",
    "INSERT INTO threads (key, id, site, user_id, created_at, status, metadata)
     SELECT -?3, 'items_of_' || ?2, 'shop', 'owner', 1767225600000, '{\"type\":\"active\"}', '{}' WHERE ?1 > 0",
    "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
     INSERT INTO items (thread, position, id, hidden, body)
     SELECT -?3, n, printf('cti_%08d', n), n % 10 = 0, json_object('id', printf('cti_%08d', n),
         'thread_id', ?2, 'created_at', '2026-01-01T00:00:00.000Z', 'type', 'assistant_message',
         'content', json_array(json_object('type', 'output_text', 'text', 'What was said.',
             'annotations', json_array()))) FROM n",
];

/// The same for PostgreSQL; the thread's number is not needed.
const FILL_POSTGRES: [&str; 3] = [
    "INSERT INTO chatkitd.threads (id, site, user_id, created_at, title, active, status, metadata, last_position)
     SELECT 'cthr_' || $2 || '_' || lpad(n::text, 8, '0'), 'shop', $2, 1767225600000 + n, 'A conversation', TRUE,
         '{\"type\":\"active\"}', '{}', 0 FROM generate_series(1, $1) AS n",
    "INSERT INTO chatkitd.threads (id, site, user_id, created_at, active, status, metadata, last_position)
     SELECT 'items_of_' || $2, 'shop', 'owner', 1767225600000, TRUE, '{\"type\":\"active\"}', '{}', $1",
    "INSERT INTO chatkitd.items (thread_id, position, id, hidden, body)
     SELECT 'items_of_' || $2, n, 'cti_' || lpad(n::text, 8, '0'), n % 10 = 0,
         '{\"id\":\"cti_' || lpad(n::text, 8, '0') || '\",\"thread_id\":\"' || $2 ||
         '\",\"created_at\":\"2026-01-01T00:00:00.000Z\",\"type\":\"assistant_message\",\"content\":' ||
         '[{\"type\":\"output_text\",\"text\":\"What was said.\",\"annotations\":[]}]}'
     FROM generate_series(1, $1) AS n",
];

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let (database, address) = (arguments.next(), arguments.next().expect("a folder or a URL"));
    let sizes: Vec<i64> = arguments.map(|rows| rows.parse().expect("a number of rows")).collect();
    let sizes = if sizes.is_empty() { vec![1_000, 1_000_000] } else { sizes };
    let store: Box<dyn Threads> = match database.as_deref() {
        Some("sqlite") => Box::new(sqlite(Path::new(&address), &sizes).await),
        Some("postgres") => Box::new(postgres(&address, &sizes).await),
        _ => panic!("name sqlite or postgres"),
    };
    println!("{:<10} {:>9} {:<8} {:>9} {:>9}", "list", "rows", "where", "p50", "p99");
    for rows in sizes {
        for (place, before) in [("begin", 0), ("middle", rows / 2), ("end", rows - i64::from(PAGE) - 1)] {
            print_line("threads", rows, place, &read_threads(store.as_ref(), rows, before).await);
        }
        for (place, before) in [("begin", 0), ("middle", rows / 2 + 1), ("end", rows - 31)] {
            print_line("items", rows, place, &read_items(store.as_ref(), rows, before).await);
        }
    }
}

/// The user of so many threads.
fn name(rows: i64) -> String {
    format!("u{rows}")
}

async fn sqlite(folder: &Path, sizes: &[i64]) -> SqliteStore {
    let options = SqliteOptions::new(folder.join("pages.db"));
    SqliteStore::connect(&options).await.expect("a database").close().await;
    let connection = rusqlite::Connection::open(&options.path).expect("a database");
    for (number, rows) in (1i64..).zip(sizes) {
        for sql in FILL_SQLITE {
            connection.execute(sql, (rows, name(*rows), number)).expect("room for the rows");
        }
    }
    drop(connection);
    SqliteStore::connect(&options).await.expect("a database")
}

async fn postgres(url: &str, sizes: &[i64]) -> PostgresStore {
    let store = PostgresStore::connect(&PostgresOptions::new(url)).await.expect("a database");
    let mut connection = PgConnection::connect(url).await.expect("a database");
    for rows in sizes {
        for sql in FILL_POSTGRES {
            let fill = sqlx::query(sql).bind(rows).bind(name(*rows));
            fill.execute(&mut connection).await.expect("room for the rows");
        }
    }
    sqlx::raw_sql("VACUUM ANALYZE").execute(&mut connection).await.expect("a vacuum");
    store
}

/// Reads a page that comes after the `before` newest ones, again and again.
async fn read_threads(store: &dyn Threads, rows: i64, before: i64) -> Vec<Duration> {
    let owner = name(rows);
    let after = (before > 0).then(|| format!("cthr_{owner}_{:08}", rows - before));
    let page = PageQuery { limit: PAGE, order: Order::Desc, after, before: None };
    let (scope, query) = (user(&owner), ThreadQuery::from(page));
    let mut times = Vec::new();
    for _ in 0..READS {
        let start = Instant::now();
        let found = store.threads(&scope, &query).await.expect("a page");
        times.push(start.elapsed());
        assert_eq!(found.threads.len(), PAGE as usize);
    }
    times
}

async fn read_items(store: &dyn Threads, rows: i64, before: i64) -> Vec<Duration> {
    let thread = ThreadId::parse(&format!("items_of_{}", name(rows))).expect("an id");
    let scope: Scope = user("owner");
    // Each tenth item is hidden, and no cursor for a client.
    let last = rows - before;
    let last = if last % 10 == 0 { last + 1 } else { last };
    let after = (before > 0).then(|| format!("cti_{last:08}"));
    let page = PageQuery { limit: PAGE, order: Order::Desc, after, before: None };
    let query = ItemQuery { page, hidden: false, kinds: None };
    let mut times = Vec::new();
    for _ in 0..READS {
        let start = Instant::now();
        let found = store.items(&scope, &thread, &query).await.expect("a page").expect("a thread");
        times.push(start.elapsed());
        assert_eq!(found.items.len(), PAGE as usize);
    }
    times
}

fn print_line(list: &str, rows: i64, place: &str, times: &[Duration]) {
    let mut sorted = times.to_vec();
    sorted.sort();
    let (p50, p99) = (sorted[sorted.len() / 2], sorted[sorted.len() * 99 / 100]);
    println!("{list:<10} {rows:>9} {place:<8} {:>6} µs {:>6} µs", p50.as_micros(), p99.as_micros());
}
