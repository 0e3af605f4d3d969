//! The log between nodes, against real Redis servers.

use std::ops::Deref;
use std::time::Duration;

use chatkitd::clock::SystemClock;
use chatkitd::redis_run_log::RedisRunLog;
use chatkitd::rng::SystemRng;
use chatkitd_core::id::RunId;
use chatkitd_core::ports::{Clock as _, RunLog as _};
use futures_util::future::join_all;
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::databases::{OwnRedis, connection, free_port};
use crate::wait::until;

const LONG: Duration = Duration::from_secs(60);
const TEN_MINUTES: Duration = Duration::from_secs(600);

/// A log in a Redis of its own: the suite's runs have the same ids each time.
pub struct Own {
    log: RedisRunLog,
    stops: UnboundedReceiver<RunId>,
    redis: OwnRedis,
}

impl Deref for Own {
    type Target = RedisRunLog;

    fn deref(&self) -> &RedisRunLog {
        &self.log
    }
}

pub async fn own() -> Own {
    let redis = OwnRedis::start().await;
    let (log, stops) = node(&redis.url);
    Own { log, stops, redis }
}

fn node(url: &str) -> (RedisRunLog, UnboundedReceiver<RunId>) {
    RedisRunLog::connect(url, TEN_MINUTES).unwrap()
}

fn run() -> RunId {
    RunId::mint(SystemClock.now(), &SystemRng::default())
}

fn frame(number: u64) -> Vec<u8> {
    format!("id: {number}\ndata: {{}}\n\n").into_bytes()
}

impl Own {
    async fn connection(&self) -> MultiplexedConnection {
        connection(&self.redis.url).await
    }

    /// How long Redis keeps a run's log from now on.
    async fn kept_for(&self, run: &RunId) -> Duration {
        let left: i64 = self.connection().await.pttl(format!("chatkitd:run:{{{run}}}")).await.unwrap();
        Duration::from_millis(u64::try_from(left).expect("every log has an end"))
    }
}

mod suite {
    chatkitd_core::run_log_conformance!(crate::redis_run_log::own);
}

#[tokio::test]
async fn a_log_is_kept_as_long_as_its_run_may_last_and_five_minutes_after_its_end() {
    let own = own().await;
    let run = run();
    own.append(&run, 1, &[frame(1)], false).await.unwrap();
    let open = own.kept_for(&run).await;
    assert!(open > TEN_MINUTES && open <= TEN_MINUTES + Duration::from_secs(300), "{open:?}");
    own.append(&run, 2, &[frame(2)], true).await.unwrap();
    let ended = own.kept_for(&run).await;
    assert!(ended > Duration::from_secs(290) && ended <= Duration::from_secs(300), "{ended:?}");
    own.append(&run, 1, &[frame(1), frame(2)], true).await.unwrap();
    assert!(own.kept_for(&run).await <= ended, "a repeat does not keep it longer");
}

#[tokio::test]
async fn a_stop_reaches_every_node() {
    let mut own = own().await;
    let (_other, mut stops) = node(&own.redis.url);
    let run = run();
    let mut connection = own.connection().await;
    until("both nodes listen", async || subscribers(&mut connection, "chatkitd:stops").await == 2).await;
    own.log.announce_stop(&run).await.unwrap();
    assert_eq!(stops.recv().await, Some(run.clone()));
    assert_eq!(own.stops.recv().await, Some(run));
}

async fn subscribers(connection: &mut MultiplexedConnection, channel: &str) -> u64 {
    let (_, count): (String, u64) =
        redis::cmd("PUBSUB").arg("NUMSUB").arg(channel).query_async(connection).await.unwrap();
    count
}

/// Two connections a node: one for commands, one for news.
#[tokio::test]
async fn a_thousand_readers_wait_on_two_connections() {
    let own = own().await;
    let runs: Vec<_> = (0..1_000).map(|_| run()).collect();
    for run in &runs {
        own.append(run, 1, &[frame(1)], false).await.unwrap();
    }
    let readers = join_all(runs.iter().map(|run| own.log.read(run, 1, LONG)));
    let writer = async {
        let mut connection = own.connection().await;
        for run in &runs {
            let channel = format!("chatkitd:news:{run}");
            until("the run is followed", async || subscribers(&mut connection, &channel).await == 1).await;
        }
        let clients: String = redis::cmd("CLIENT").arg("LIST").query_async(&mut connection).await.unwrap();
        for run in &runs {
            own.append(run, 2, &[frame(2)], true).await.unwrap();
        }
        clients.lines().count()
    };
    let (parts, connections) = tokio::join!(readers, writer);
    assert!(connections <= 3, "the test's own and two: {connections}");
    assert!(parts.into_iter().all(|part| part.unwrap().unwrap().frames == frame(2)));
}

#[tokio::test]
async fn readers_are_told_at_once_that_redis_is_gone_and_go_on_when_it_is_back() {
    let own = own().await;
    let run = run();
    own.append(&run, 1, &[frame(1)], false).await.unwrap();
    let mut connection = own.connection().await;
    let channel = format!("chatkitd:news:{run}");
    let Own { log, mut stops, redis } = own;
    let reader = log.read(&run, 1, LONG);
    let killer = async {
        until("the run is followed", async || subscribers(&mut connection, &channel).await == 1).await;
        let url = redis.url.clone();
        redis.kill();
        url
    };
    let (read, url) = tokio::join!(tokio::time::timeout(Duration::from_secs(10), reader), killer);
    read.expect("nobody waits a minute for a dead server").expect_err("and an error says so");
    log.append(&run, 2, &[frame(2)], false).await.expect_err("neither is anything added");

    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    let _redis = OwnRedis::start_on(port);
    until("the log is whole again", async || {
        // It came back empty: what follows a gap is refused, and the publisher begins anew.
        log.append(&run, 2, &[frame(2)], false).await.is_err_and(|error| is_gap(&error))
    })
    .await;
    log.append(&run, 1, &[frame(1), frame(2)], true).await.unwrap();
    let part = log.read(&run, 0, LONG).await.unwrap().unwrap();
    assert_eq!((part.last, part.ended), (2, true));
    let (other, _) = node(&url);
    until("stops are heard again", async || {
        other.announce_stop(&run).await.unwrap();
        stops.try_recv() == Ok(run.clone())
    })
    .await;
}

fn is_gap(error: &chatkitd_core::ports::RunLogError) -> bool {
    format!("{error:?}").contains("GAP")
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_within_seconds() {
    let (log, _stops) = node(&format!("redis://127.0.0.1:{}", free_port().await));
    let asked = async {
        log.append(&run(), 1, &[frame(1)], false).await.expect_err("nothing is added");
        log.read(&run(), 0, LONG).await.expect_err("nothing is read");
        log.announce_stop(&run()).await.expect_err("nobody is told");
    };
    tokio::time::timeout(Duration::from_secs(20), asked).await.expect("it does not wait for ever");
}
