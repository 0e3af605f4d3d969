use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Command;
use std::str::FromStr;
use std::time::{Duration, Instant};

use chatkitd_core::ports::{Maintenance, RunLease, RunRecovery, Store, StoreError};
use chatkitd_core::testing::conformance::fixture::{Fixture, at, shop};
use chatkitd_core::testing::conformance::thread_fixture::renewal;
use chatkitd_core::threads::{Renewed, Which};
use chatkitd_store::{MigrateError, PostgresOptions, PostgresStore, RoleQuery, RoleQueryError};
use futures_util::future::{Either, join, join_all, pending, select};
use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::postgres::{TestDatabase, connect, make, migrated, run, server_url};

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
    let options = PostgresOptions::new(server.script("start"));
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
        assert!(asked.elapsed() < Duration::from_secs(20), "{:?}", asked.elapsed());
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
    options.statement_timeout = Duration::from_secs(2);
    let bounded = PostgresStore::connect(&options).await.unwrap();
    let mut other = connect(&store.database.url).await;
    run(&mut other, "BEGIN; LOCK TABLE chatkitd.sessions").await;
    let fixture = Fixture::default();
    let refused = bounded.create_session(&shop(), &fixture.session(0), &fixture.secret(0)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    run(&mut other, "ROLLBACK").await;
    bounded.create_session(&shop(), &fixture.session(0), &fixture.secret(0)).await.unwrap();
}

/// Stands before the server. What it has silenced says nothing more and is not closed either, as when a host vanishes.
struct Proxy {
    url: String,
    silenced: watch::Sender<()>,
}

impl Proxy {
    async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (server, here) =
            (PgConnectOptions::from_str(url).unwrap().get_port(), listener.local_addr().unwrap());
        let silenced = watch::Sender::new(());
        let proxy =
            Self { url: url.replace(&format!(":{server}/"), &format!(":{}/", here.port())), silenced };
        let silenced = proxy.silenced.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut silence = silenced.subscribe();
                tokio::spawn(async move {
                    let mut server = TcpStream::connect(("127.0.0.1", server)).await.unwrap();
                    let passing = pin!(copy_bidirectional(&mut client, &mut server));
                    if let Either::Right(_) = select(passing, pin!(silence.changed())).await {
                        pending::<()>().await;
                    }
                });
            }
        });
        proxy
    }

    /// Silences the connections that there are. The one to another server takes longer than the pool needs to have its
    /// own back.
    async fn silence(&self) {
        drop(connect(&server_url()).await);
        self.silenced.send_replace(());
    }
}

/// Without a limit of its own a store would wait for TCP, for a quarter of an hour.
const AT_ONCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn where_a_connection_says_nothing_more_another_is_made() {
    let database = migrated().await;
    let proxy = Proxy::before(&database.url).await;
    let mut options = PostgresOptions::new(&proxy.url);
    (options.max_connections, options.statement_timeout) = (1, Duration::from_secs(3));
    options.acquire_timeout = Duration::from_secs(30);
    let store = PostgresStore::connect(&options).await.unwrap();
    let make = Fixture::default();
    let create = async |in_transaction| {
        let (session, secret) = (make.session(0), make.secret(0));
        if in_transaction {
            store.find_or_create_session(&shop(), &session, &secret).await.map(drop)
        } else {
            store.create_session(&shop(), &session, &secret).await
        }
    };
    for in_transaction in [false, true] {
        create(in_transaction).await.unwrap();
        proxy.silence().await;
        let first = timeout(AT_ONCE, create(in_transaction)).await.expect("an end of waiting");
        // One that was idle for long is tried before it is used.
        assert!(matches!(first, Ok(()) | Err(StoreError::Unavailable(_))), "{first:?}");
        timeout(AT_ONCE, create(in_transaction)).await.expect("an end of waiting").unwrap();
    }
}

#[tokio::test]
async fn leases_are_renewed_in_time_where_their_connection_says_nothing_more() {
    let database = migrated().await;
    let proxy = Proxy::before(&database.url).await;
    let options = PostgresOptions { max_connections: 1, ..PostgresOptions::new(&proxy.url) };
    let store = PostgresStore::connect(&options).await.unwrap();
    let make = Fixture::default();
    let held = make.running(&store, &[]).await;
    let lease = Duration::from_secs(10);
    store.renew_runs(&[renewal(&held, None)], lease).await.unwrap();
    proxy.silence().await;
    let renewed = async {
        loop {
            if let Ok(answers) = store.renew_runs(&[renewal(&held, None)], lease).await {
                return answers;
            }
        }
    };
    // Whatever else is asked may wait for longer than a lease lasts, and have every other connection.
    let (site, session, secret) = (shop(), make.session(0), make.secret(0));
    let stuck = timeout(lease, store.find_or_create_session(&site, &session, &secret));
    let (renewed, _) = join(timeout(lease, renewed), stuck).await;
    assert_eq!(renewed.expect("a renewal within the lease"), [Renewed::Held]);
    proxy.silence().await;
    let revoked = async { while store.revoked_sessions(&[]).await.is_err() {} };
    timeout(lease, revoked).await.expect("an answer within the lease");
}

#[tokio::test]
async fn a_run_that_cannot_be_closed_keeps_no_other_from_it() {
    let store = make().await;
    let make = Fixture::default();
    let damaged = make.running_until(&*store, &[], Duration::ZERO).await;
    let behind = make.running_until(&*store, &[], Duration::ZERO).await;
    let mut other = connect(&store.database.url).await;
    let damage = format!("UPDATE chatkitd.runs SET checkpoint = 'x' WHERE id = '{}'", damaged.run);
    run(&mut other, damage).await;
    let closed = store.interrupt_runs(Which::Expired, at(9), 10).await.unwrap();
    assert_eq!(closed.into_iter().map(|stranded| stranded.run).collect::<Vec<_>>(), [behind.run]);
    assert_eq!(store.interrupt_runs(Which::Expired, at(9), 10).await.unwrap(), []);
}

/// How many wait for a table of this database that somebody has locked.
async fn waiting(connection: &mut PgConnection) -> i64 {
    let sql = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'users'::regclass
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

#[tokio::test]
async fn where_the_roles_database_says_nothing_more_it_is_unavailable_and_asked_anew() {
    let database = TestDatabase::empty().await;
    let mut other = connect(&database.url).await;
    run(&mut other, "CREATE TABLE users (id text, role text); INSERT INTO users VALUES ('user_1', 'admin')")
        .await;
    run(&mut other, "BEGIN; LOCK TABLE users").await;
    let proxy = Proxy::before(&database.url).await;
    let query = RoleQuery::new(&proxy.url, "SELECT role FROM users WHERE id = $1").unwrap();
    // As many as it has connections.
    let asked = pin!(timeout(AT_ONCE, join_all((0..5).map(|_| query.role("user_1")))));
    let mut watcher = connect(&database.url).await;
    let silenced = pin!(async {
        while waiting(&mut watcher).await < 5 {}
        proxy.silence().await;
    });
    let answers = match select(asked, silenced).await {
        Either::Left((answers, _)) => answers,
        Either::Right(((), asked)) => asked.await,
    };
    for answer in answers.expect("an end of waiting") {
        assert!(matches!(answer, Err(RoleQueryError::Unavailable(_))), "{answer:?}");
    }
    run(&mut other, "ROLLBACK").await;
    let found = async {
        loop {
            if let Ok(role) = query.role("user_1").await {
                return role;
            }
        }
    };
    assert_eq!(timeout(AT_ONCE, found).await.expect("an end of waiting").as_deref(), Some("admin"));
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
