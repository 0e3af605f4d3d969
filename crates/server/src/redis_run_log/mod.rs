//! The log that carries runs' events between nodes, in Redis or Valkey.
//!
//! A run is a stream, `chatkitd:run:{run_…}`: the event with the number N is the entry `N-0`, and the end of
//! the log is the entry behind the last event, `N-1`. Both ways go through a script, so that a batch is added
//! whole or not at all, what is there already is not added twice, and an answer never has a gap.
//!
//! Nobody blocks in Redis: a reader that has read everything waits here until the [`News`] of its run arrive,
//! all of them over one connection, however many readers there are.

mod news;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::id::RunId;
use chatkitd_core::ports::{LogPart, RunLog, RunLogError};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, timeout_at};
use tokio_util::task::AbortOnDropHandle;

use news::{News, STOPS};

/// How long one command may take. Nobody but readers on other nodes waits for it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a log is kept after its end (design 4.8).
const KEPT: Duration = Duration::from_secs(5 * 60);
/// The most that a reader gets at once, in bytes, unless one event alone is larger.
const PART: usize = 64 * 1024;

/// Adds what is not there yet, and tells who waits. A log that has ended stays as it is.
const APPEND: &str = r"
local first, ended, kept, channel = tonumber(ARGV[1]), ARGV[2] == '1', ARGV[3], ARGV[4]
local last, closed = 0, false
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if newest then
  local number, mark = string.match(newest[1], '^(%d+)-(%d+)$')
  last, closed = tonumber(number), mark ~= '0'
end
if closed then return last end
if first > last + 1 then return redis.error_reply('GAP events are missing before these') end
for i = 5, #ARGV do
  local number = first + i - 5
  if number > last then
    redis.call('XADD', KEYS[1], string.format('%d-0', number), 'frame', ARGV[i])
    last = number
  end
end
if ended then redis.call('XADD', KEYS[1], string.format('%d-1', last), 'end', '') end
redis.call('PEXPIRE', KEYS[1], kept)
redis.call('PUBLISH', channel, last)
return last
";

/// Ends a log that is there and open, with numbers of any distance from the last one.
const CLOSE: &str = r"
local first, kept, channel = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not newest then return end
local last, mark = string.match(newest[1], '^(%d+)-(%d+)$')
if mark ~= '0' then return end
for i = 4, #ARGV do
  -- First the difference: beyond 2^53 numbers are not exact.
  last = string.format('%d', first + (i - 4))
  redis.call('XADD', KEYS[1], last .. '-0', 'frame', ARGV[i])
end
redis.call('XADD', KEYS[1], last .. '-1', 'end', '')
redis.call('PEXPIRE', KEYS[1], kept)
redis.call('PUBLISH', channel, last)
";

/// What follows a number: the frames in one piece, the last one's number, and whether the log ends there.
const READ: &str = r"
local newest = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not newest then return false end
local last = math.min(tonumber(ARGV[1]), tonumber(string.match(newest[1], '^(%d+)-')))
local most, frames, bytes = tonumber(ARGV[2]), {}, 0
while true do
  local entries = redis.call('XRANGE', KEYS[1], string.format('%d-1', last), '+', 'COUNT', 32)
  for _, entry in ipairs(entries) do
    local number, mark = string.match(entry[1], '^(%d+)-(%d+)$')
    if mark ~= '0' then return {table.concat(frames), last, 1} end
    local frame = entry[2][2]
    if bytes > 0 and bytes + #frame > most then return {table.concat(frames), last, 0} end
    bytes = bytes + #frame
    frames[#frames + 1] = frame
    last = tonumber(number)
  end
  if #entries < 32 then return {table.concat(frames), last, 0} end
end
";

/// Runs' events in Redis.
pub struct RedisRunLog {
    connection: ConnectionManager,
    append: Script,
    close: Script,
    read: Script,
    kept_while_open: Duration,
    news: Arc<News>,
    away: AtomicBool,
    _listening: AbortOnDropHandle<()>,
}

impl RedisRunLog {
    /// Connects to `redis://…` or `rediss://…` in the background: a server starts without it, and readers on
    /// other nodes get errors until it is there.
    ///
    /// `longest_run`: how long a run may go on; a log without an end is kept longer than that. The receiver
    /// yields the runs that another node asks to stop.
    pub fn connect(url: &str, longest_run: Duration) -> Result<(Self, UnboundedReceiver<RunId>), RedisError> {
        let client = Client::open(url)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1)
            .set_max_delay(PATIENCE);
        let connection = ConnectionManager::new_lazy_with_config(client.clone(), config)?;
        let (news, stops) = News::new();
        let listening = AbortOnDropHandle::new(tokio::spawn(Arc::clone(&news).listen(client)));
        let log = Self {
            connection,
            append: Script::new(APPEND),
            close: Script::new(CLOSE),
            read: Script::new(READ),
            kept_while_open: longest_run + KEPT,
            news,
            away: AtomicBool::new(false),
            _listening: listening,
        };
        Ok((log, stops))
    }

    async fn look(&self, run: &RunId, after: u64) -> Result<Option<LogPart>, RedisError> {
        let mut invocation = self.read.prepare_invoke();
        invocation.key(key(run)).arg(after).arg(PART);
        let mut connection = self.connection.clone();
        let part: Option<(Vec<u8>, u64, bool)> = invocation.invoke_async(&mut connection).await?;
        Ok(part.map(|(frames, last, ended)| LogPart { frames, last, ended }))
    }

    /// Every failure is counted; an outage is logged when it begins and when it is over.
    fn note<T>(&self, result: Result<T, RedisError>) -> Result<T, RunLogError> {
        match result {
            Ok(value) => {
                if self.away.load(Ordering::Relaxed) && self.away.swap(false, Ordering::Relaxed) {
                    tracing::info!("the run log is back");
                }
                Ok(value)
            }
            Err(error) => {
                metrics::counter!("chatkitd_run_log_failures_total").increment(1);
                if !self.away.swap(true, Ordering::Relaxed) {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the run log cannot be used: answers go on, but not for readers on other nodes"
                    );
                }
                Err(RunLogError(Box::new(error)))
            }
        }
    }
}

#[async_trait]
impl RunLog for RedisRunLog {
    async fn append(
        &self,
        run: &RunId,
        first: u64,
        frames: &[Vec<u8>],
        ended: bool,
    ) -> Result<(), RunLogError> {
        let kept = if ended { KEPT } else { self.kept_while_open };
        let mut invocation = self.append.prepare_invoke();
        invocation.key(key(run)).arg(first).arg(u8::from(ended)).arg(millis(kept)).arg(news::channel(run));
        for frame in frames {
            invocation.arg(frame);
        }
        let mut connection = self.connection.clone();
        self.note(invocation.invoke_async::<u64>(&mut connection).await)?;
        Ok(())
    }

    async fn close(&self, run: &RunId, first: u64, frames: &[Vec<u8>]) -> Result<(), RunLogError> {
        let mut invocation = self.close.prepare_invoke();
        invocation.key(key(run)).arg(first).arg(millis(KEPT)).arg(news::channel(run)).arg(frames);
        let mut connection = self.connection.clone();
        self.note(invocation.invoke_async(&mut connection).await)
    }

    async fn read(&self, run: &RunId, after: u64, wait: Duration) -> Result<Option<LogPart>, RunLogError> {
        let until = Instant::now() + wait;
        let mut news = (!wait.is_zero()).then(|| self.news.of(run));
        loop {
            let part = self.note(self.look(run, after).await)?;
            let is_news = part.as_ref().is_none_or(|part| !part.frames.is_empty() || part.ended);
            let Some(news) = news.as_mut().filter(|_| !is_news) else { return Ok(part) };
            // The sender lives as long as the log does.
            if !matches!(timeout_at(until, news.changed()).await, Ok(Ok(()))) {
                return Ok(part);
            }
        }
    }

    async fn announce_stop(&self, run: &RunId) -> Result<(), RunLogError> {
        let mut connection = self.connection.clone();
        let mut announce = redis::cmd("PUBLISH");
        announce.arg(STOPS).arg(run.as_str());
        self.note(announce.query_async(&mut connection).await)
    }
}

fn millis(kept: Duration) -> u64 {
    u64::try_from(kept.as_millis()).unwrap_or(u64::MAX)
}

/// In braces, so that a cluster keeps a run's stream in one place (and nothing else with it).
fn key(run: &RunId) -> String {
    format!("chatkitd:run:{{{run}}}")
}
