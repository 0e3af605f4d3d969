//! Behind a real pooler that gives each transaction another connection of the server's, as Supabase's does on port
//! 6543. It has two of them, and the store asks on ten at once.

use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chatkitd_core::ports::Store;
use chatkitd_core::testing::conformance::fixture::{Fixture, shop};
use chatkitd_store::{MigrateError, PostgresOptions, PostgresStore};
use futures_util::future::join_all;
use sqlx::postgres::PgConnectOptions;

use crate::postgres::{TestDatabase, migrated};

/// A PgBouncer of its own, before one database.
struct Pooler {
    server: Child,
    port: u16,
}

impl Pooler {
    fn before(database: &TestDatabase) -> Self {
        // A free port cannot be reserved, only tried: whoever finds it taken exits.
        (0..20).find_map(|_| Self::try_start(database)).expect("a PgBouncer that starts")
    }

    fn try_start(database: &TestDatabase) -> Option<Self> {
        let binary = std::env::var("CHATKITD_TEST_PGBOUNCER_BIN")
            .expect("CHATKITD_TEST_PGBOUNCER_BIN is not set: run `make test`");
        let address: PgConnectOptions = database.url.parse().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pgbouncer.ini");
        let (server, user) = (address.get_port(), address.get_username());
        let configuration = format!(
            "[databases]\n* = host=127.0.0.1 port={server} user={user}\n\
             [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = 2\nignore_startup_parameters = extra_float_digits\n"
        );
        std::fs::write(&file, configuration).unwrap();
        let mut command = Command::new(binary);
        if folder.path().metadata().unwrap().uid() == 0 {
            // It refuses to run as root.
            command.args(["-u", "nobody"]);
        }
        let mut server = command.arg(&file).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(server.stderr.take().unwrap()).lines();
        if log.by_ref().map_while(Result::ok).any(|line| line.contains("process up")) {
            // What it says later is nobody's, but it has to be able to say it.
            std::thread::spawn(move || log.for_each(drop));
            return Some(Self { server, port });
        }
        server.wait().unwrap();
        None
    }

    fn options(&self, database: &TestDatabase) -> PostgresOptions {
        let port: PgConnectOptions = database.url.parse().unwrap();
        let url = database.url.replace(&format!(":{}/", port.get_port()), &format!(":{}/", self.port));
        PostgresOptions {
            transaction_pooler: true,
            // A thousand at once take their time on two connections.
            acquire_timeout: Duration::from_secs(60),
            ..PostgresOptions::new(url)
        }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The store goes before the pooler, and that before the database.
pub struct PooledStore {
    store: PostgresStore,
    _pooler: Pooler,
    _database: TestDatabase,
}

impl Deref for PooledStore {
    type Target = PostgresStore;

    fn deref(&self) -> &PostgresStore {
        &self.store
    }
}

pub async fn make() -> PooledStore {
    let database = migrated().await;
    let pooler = Pooler::before(&database);
    let store = PostgresStore::connect(&pooler.options(&database)).await.unwrap();
    PooledStore { store, _pooler: pooler, _database: database }
}

mod store {
    chatkitd_core::store_conformance!(crate::pooler::make);
}

mod limits {
    chatkitd_core::limiter_conformance!(crate::pooler::make);
}

#[tokio::test]
async fn what_many_ask_at_once_is_done_as_each_of_them_asked_it() {
    let store = make().await;
    let fixture = Fixture::default();
    let sessions: Vec<_> = (0..200).map(|_| (fixture.session(0), fixture.secret(0))).collect();
    let (store, scope) = (&store, &shop());
    let done = join_all(sessions.iter().map(|(session, secret)| async move {
        store.create_session(scope, session, secret).await?;
        store.session(scope, &session.id).await
    }));
    for (done, (session, _)) in done.await.into_iter().zip(&sessions) {
        assert_eq!(done.unwrap().as_ref(), Some(session));
    }
}

#[tokio::test]
async fn a_database_is_not_migrated_through_a_pooler_but_used_once_it_was_migrated_directly() {
    let database = TestDatabase::empty().await;
    let pooler = Pooler::before(&database);
    let refused = PostgresStore::connect(&pooler.options(&database)).await.err().expect("a refusal");
    assert!(matches!(refused, MigrateError::NeedsDirectConnection), "{refused:?}");
    let words = refused.to_string();
    assert!(words.contains("run `chatkitd migrate` once with CHATKITD_DATABASE_URL set to"), "{words}");

    PostgresStore::connect(&PostgresOptions::new(&database.url)).await.unwrap().close().await;
    let store = PostgresStore::connect(&pooler.options(&database)).await.unwrap();
    let make = Fixture::default();
    store.create_session(&shop(), &make.session(0), &make.secret(0)).await.unwrap();
}
