//! Databases and Redis servers of a test's own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::server::required;
use crate::wait::PATIENCE;

static NEXT: AtomicU32 = AtomicU32::new(0);

pub async fn run(url: &str, sql: impl Into<String>) {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.into())).execute(&mut connection).await.unwrap();
}

pub async fn count(url: &str, sql: &'static str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
}

/// A fresh database on the tests' PostgreSQL, which takes it away at its end.
pub async fn postgres() -> String {
    let server = required("CHATKITD_TEST_POSTGRES_URL");
    let name = format!("e2e_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    run(&server, format!("CREATE DATABASE {name}")).await;
    let mut url: Url = server.parse().unwrap();
    url.set_path(&name);
    url.into()
}

/// A PostgreSQL of a test's own, which it may kill.
pub struct OwnPostgres(PathBuf);

impl OwnPostgres {
    /// Started, with its URL.
    pub fn start() -> (Self, String) {
        let parent = required("CHATKITD_TEST_DIR");
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let own = Self(Path::new(&parent).join(format!("e2e-{}-{number}", std::process::id())));
        let url = own.script("start");
        (own, url)
    }

    /// `start`, `stop` or `kill`.
    pub fn script(&self, verb: &str) -> String {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/postgres.sh");
        let output = Command::new(script).arg(verb).arg(&self.0).output().unwrap();
        assert!(output.status.success(), "{verb}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        self.script("stop");
    }
}

/// A Redis of a test's own, which it may kill.
pub struct OwnRedis {
    pub url: String,
    server: Child,
    _folder: TempDir,
}

impl OwnRedis {
    pub async fn start() -> Self {
        // A free port cannot be reserved, only tried.
        for _ in 0..20 {
            if let Some(redis) = Self::try_start(free_port().await) {
                return redis;
            }
        }
        panic!("no Redis starts");
    }

    /// Where another one was a moment ago.
    pub fn start_on(port: u16) -> Self {
        Self::try_start(port).expect("the port is free still")
    }

    fn try_start(port: u16) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let server = try_redis(folder.path(), &["--port", &port.to_string()])?;
        Some(Self { url: format!("redis://127.0.0.1:{port}"), server, _folder: folder })
    }

    pub fn kill(mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A Redis that listens, with these arguments and those that all have; none where its port is taken.
pub fn try_redis(folder: &Path, arguments: &[&str]) -> Option<Child> {
    let mut server = Command::new(required("CHATKITD_TEST_REDIS_BIN"))
        .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(server.stdout.take().unwrap()).lines();
    // Its own word: whoever answers at the port may be another server.
    if log.by_ref().map_while(Result::ok).any(|line| line.contains("Ready to accept connections")) {
        // What it says later is nobody's, but it has to be able to say it.
        std::thread::spawn(move || log.for_each(drop));
        return Some(server);
    }
    server.wait().unwrap();
    None
}

/// A connection of the test's own, which waits longer for an answer than half a second.
pub async fn connection(redis_url: &str) -> MultiplexedConnection {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    let client = redis::Client::open(redis_url).unwrap();
    client.get_multiplexed_async_connection_with_config(&config).await.unwrap()
}

/// The way to a server, which a test may silence as a network does that loses everything: nothing arrives any more,
/// and neither end is told.
pub struct Way {
    /// The server's URL, this way.
    pub url: String,
    silence: CancellationToken,
    _open: AbortOnDropHandle<()>,
}

impl Way {
    /// To the server at this URL.
    pub async fn to(url: &str) -> Self {
        let mut url: Url = url.parse().unwrap();
        let server = (url.host_str().unwrap().to_owned(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let silence = CancellationToken::new();
        let silent = silence.clone();
        let open = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server.clone(), silent.clone()));
            }
        });
        Self { url: url.into(), silence, _open: AbortOnDropHandle::new(open) }
    }

    /// From now on, for ever.
    pub fn silence(&self) {
        self.silence.cancel();
    }
}

async fn carry(mut client: TcpStream, server: (String, u16), silence: CancellationToken) {
    let mut server = TcpStream::connect(server).await.unwrap();
    let carried = tokio::io::copy_bidirectional(&mut client, &mut server);
    if silence.run_until_cancelled(carried).await.is_none() {
        std::future::pending::<()>().await;
    }
}

/// A port that was free a moment ago.
pub async fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}
