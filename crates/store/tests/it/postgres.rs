use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chatkitd_store::{PostgresOptions, PostgresStore};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;

pub fn server_url() -> String {
    std::env::var("CHATKITD_TEST_POSTGRES_URL").expect(
        "CHATKITD_TEST_POSTGRES_URL is not set: these tests need a PostgreSQL; run `make test`, which \
         starts one, or `scripts/with-services.sh cargo test -p chatkitd-store`",
    )
}

pub async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

pub async fn run(connection: &mut PgConnection, sql: impl Into<String>) {
    sqlx::raw_sql(AssertSqlSafe(sql.into())).execute(connection).await.unwrap();
}

/// A database of its own for one test, dropped with it.
pub struct TestDatabase {
    name: String,
    pub url: String,
}

impl TestDatabase {
    async fn create(template: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("chatkitd_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let url = database_url(&name);
        let mut server = connect(&server_url()).await;
        run(&mut server, format!("DROP DATABASE IF EXISTS {name}")).await;
        run(&mut server, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self { name, url }
    }

    pub async fn empty() -> Self {
        Self::create("template0").await
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The test's runtime may be ending, so this brings its own.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut server = connect(&server_url()).await;
                run(&mut server, drop).await;
            });
        });
        dropping.join().unwrap();
    }
}

fn database_url(name: &str) -> String {
    let server = server_url();
    let (server, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{name}")
}

/// A database with the schema, from which the others are copied: ten times faster than migrating each.
async fn template() -> &'static str {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    let name = TEMPLATE.get_or_init(|| async {
        let name = format!("chatkitd_template_{}", std::process::id());
        let mut server = connect(&server_url()).await;
        run(&mut server, format!("DROP DATABASE IF EXISTS {name}")).await;
        run(&mut server, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        let store = PostgresStore::connect(&PostgresOptions::new(database_url(&name))).await.unwrap();
        store.close().await;
        name
    });
    name.await
}

pub struct TestStore {
    store: PostgresStore,
    pub database: TestDatabase,
}

impl Deref for TestStore {
    type Target = PostgresStore;

    fn deref(&self) -> &PostgresStore {
        &self.store
    }
}

/// A database of its own with the schema.
pub async fn migrated() -> TestDatabase {
    TestDatabase::create(template().await).await
}

pub async fn make() -> TestStore {
    let database = migrated().await;
    let options = PostgresOptions {
        // A thousand at once take their time on ten connections.
        acquire_timeout: Duration::from_secs(60),
        ..PostgresOptions::new(&database.url)
    };
    let store = PostgresStore::connect(&options).await.unwrap();
    TestStore { store, database }
}

mod store {
    chatkitd_core::store_conformance!(crate::postgres::make);
}

mod limits {
    chatkitd_core::limiter_conformance!(crate::postgres::make);
}
