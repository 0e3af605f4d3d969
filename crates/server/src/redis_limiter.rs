//! The limiter that several nodes share, in Redis or Valkey.

use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::limits::{Decision, Quota};
use chatkitd_core::ports::{Limiter, LimiterError};
use jiff::Timestamp;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};
use tokio_util::task::AbortOnDropHandle;

/// For an answer. A visitor waits twice as long at the most, for a connection too; then the failure policy decides.
const PATIENCE: Duration = Duration::from_millis(250);
/// For a connection: names, TCP, TLS and a password. No visitor waits as long as that.
const CONNECT_WITHIN: Duration = Duration::from_secs(2);
/// At the start, between two tries to reach a Redis that is not there yet.
const PAUSE: Duration = Duration::from_millis(500);

/// Counts and, with the first count, opens the window: in one step, so that no window is left without
/// an end.
const TAKE: &str = r"
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}
";

/// Counts in Redis.
pub struct RedisLimiter {
    connection: ConnectionManager,
    take: Script,
    _opening: AbortOnDropHandle<()>,
}

impl RedisLimiter {
    /// Connects to `redis://…` or `rediss://…` in the background: a server starts without it, and the
    /// failure policy decides until it is there.
    pub fn connect(url: &str) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT_WITHIN))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1)
            .set_max_delay(PATIENCE);
        let connection = ConnectionManager::new_lazy_with_config(Client::open(url)?, config)?;
        let take = Script::new(TAKE);
        let opening = AbortOnDropHandle::new(tokio::spawn(open(connection.clone(), take.clone())));
        Ok(Self { connection, take, _opening: opening })
    }
}

/// Until Redis is there once and knows the script, so that the first visitor has to wait for neither. An error is not
/// told here: it stays with the connection, and whoever is counted meanwhile gets it, and it is logged there.
async fn open(mut connection: ConnectionManager, take: Script) {
    while take.load_async(&mut connection).await.is_err() {
        tokio::time::sleep(PAUSE).await;
    }
}

#[async_trait]
impl Limiter for RedisLimiter {
    async fn take(&self, key: &str, quota: Quota, now: Timestamp) -> Result<Decision, LimiterError> {
        let mut connection = self.connection.clone();
        let window = u64::try_from(quota.window.as_millis()).unwrap_or(u64::MAX);
        let mut invocation = self.take.prepare_invoke();
        invocation.key(format!("chatkitd:limit:{key}")).arg(window);
        let asked =
            tokio::time::timeout(PATIENCE * 2, invocation.invoke_async::<(u64, u64)>(&mut connection)).await;
        let answered = asked.map_err(|elapsed| LimiterError(Box::new(elapsed)))?;
        let (count, left) = answered.map_err(|error| LimiterError(Box::new(error)))?;
        let resets_at = now.checked_add(Duration::from_millis(left)).unwrap_or(now);
        Ok(Decision::of_count(quota, count, resets_at))
    }
}
