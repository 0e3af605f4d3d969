use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use chatkitd_core::ports::{Maintenance, Store, StoreError};
use chatkitd_core::testing::conformance::fixture::{Fixture, shop};
use chatkitd_store::{MigrateError, PostgresOptions, PostgresStore};
use futures_util::future::join_all;

use crate::postgres::{TestDatabase, connect, make, run};

/// A server of its own, which the test may kill.
struct Server {
    folder: PathBuf,
}

impl Server {
    fn script(&self, verb: &str) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres.sh");
        let output = Command::new(script).arg(verb).arg(&self.folder).output().unwrap();
        assert!(output.status.success(), "{verb}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.script("stop");
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how long a caller waits is what is asked")]
async fn a_killed_server_is_unavailable_and_the_store_finds_it_again() {
    let parent = std::env::var("CHATKITD_TEST_DIR").expect("CHATKITD_TEST_DIR is not set: run `make test`");
    let server = Server { folder: Path::new(&parent).join(format!("killed-{}", std::process::id())) };
    let mut options = PostgresOptions::new(server.script("start"));
    options.acquire_timeout = Duration::from_millis(500);
    let store = PostgresStore::connect(&options).await.unwrap();
    let make = Fixture::default();
    store.create_session(&shop(), &make.session(0), &make.secret(0)).await.unwrap();

    // The test servers write their log late; what was committed so far is to survive the kill.
    run(&mut connect(&options.url).await, "CHECKPOINT").await;
    server.script("kill");
    // The first may meet the connection that was cut, the second finds nobody there.
    for _ in 0..2 {
        let asked = Instant::now();
        let refused = store.create_session(&shop(), &make.session(0), &make.secret(0)).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    }
    let pinged = store.ping().await;
    assert!(matches!(pinged, Err(StoreError::Unavailable(_))), "{pinged:?}");

    server.script("start");
    store.ping().await.unwrap();
    store.create_session(&shop(), &make.session(0), &make.secret(0)).await.unwrap();
}

#[tokio::test]
async fn connections_cut_by_the_operator_are_unavailable_at_most_once_each() {
    let store = make().await;
    let fixture = Fixture::default();
    store.create_session(&shop(), &fixture.session(0), &fixture.secret(0)).await.unwrap();
    let mut other = connect(&store.database.url).await;
    run(
        &mut other,
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    )
    .await;
    let first = store.create_session(&shop(), &fixture.session(0), &fixture.secret(0)).await;
    assert!(matches!(first, Ok(()) | Err(StoreError::Unavailable(_))), "{first:?}");
    store.create_session(&shop(), &fixture.session(0), &fixture.secret(0)).await.unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_get_on_is_given_up() {
    let store = make().await;
    let mut options = PostgresOptions::new(&store.database.url);
    options.statement_timeout = Duration::from_millis(200);
    let bounded = PostgresStore::connect(&options).await.unwrap();
    let mut other = connect(&store.database.url).await;
    run(&mut other, "BEGIN; LOCK TABLE chatkitd.sessions").await;
    let fixture = Fixture::default();
    let refused = bounded.create_session(&shop(), &fixture.session(0), &fixture.secret(0)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    run(&mut other, "ROLLBACK").await;
    bounded.create_session(&shop(), &fixture.session(0), &fixture.secret(0)).await.unwrap();
}

/// As after a failover that left the address at a standby, or in the wrong database.
#[tokio::test]
async fn a_database_that_answers_and_cannot_serve_fails_the_ping() {
    let store = make().await;
    let mut other = connect(&store.database.url).await;
    run(&mut other, "ALTER SCHEMA chatkitd RENAME TO moved").await;
    let pinged = store.ping().await;
    assert!(pinged.is_err(), "{pinged:?}");
    run(&mut other, "ALTER SCHEMA moved RENAME TO chatkitd").await;
    store.ping().await.unwrap();

    let read_only = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on',
                                                current_database()); END $$";
    run(&mut other, read_only).await;
    let standby = PostgresStore::connect(&PostgresOptions::new(&store.database.url)).await.unwrap();
    let pinged = standby.ping().await;
    assert!(matches!(pinged, Err(StoreError::Unavailable(_))), "{pinged:?}");
}

#[tokio::test]
async fn a_newer_schema_is_refused_in_words() {
    let store = make().await;
    let mut other = connect(&store.database.url).await;
    run(
        &mut other,
        r"INSERT INTO chatkitd._sqlx_migrations (version, description, success, checksum, execution_time)
          VALUES (9999, 'from the future', TRUE, '\x00', 0)",
    )
    .await;
    let refused = PostgresStore::connect(&PostgresOptions::new(&store.database.url)).await;
    let error = refused.err().expect("a refusal");
    assert!(matches!(error, MigrateError::Newer { found: 9999, known: 6 }), "{error:?}");
    assert!(error.to_string().contains("newer chatkitd"), "{error}");
}

#[tokio::test]
async fn nodes_that_start_at_once_on_an_empty_database_all_come_up() {
    let database = TestDatabase::empty().await;
    let options = PostgresOptions::new(&database.url);
    for started in join_all((0..6).map(|_| PostgresStore::connect(&options))).await {
        started.unwrap().ping().await.unwrap();
    }
}

#[test]
fn the_port_of_supabases_pooler_is_recognized() {
    assert!(PostgresOptions::new("postgres://u:p@db.example.com:6543/postgres").transaction_pooler);
    assert!(!PostgresOptions::new("postgres://u:p@db.example.com:5432/postgres").transaction_pooler);
}

#[test]
fn no_password_shows_in_debug_output() {
    let shown = format!("{:?}", PostgresOptions::new("postgres://u:hunter2@db.example.com/x"));
    assert!(!shown.contains("hunter2"), "{shown}");
}
