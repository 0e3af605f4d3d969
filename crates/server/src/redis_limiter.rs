//! The limiter that several nodes share, in Redis or Valkey.

use std::time::Duration;

use async_trait::async_trait;
use chatkitd_core::limits::{Decision, Quota};
use chatkitd_core::ports::{Limiter, LimiterError};
use jiff::Timestamp;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};

/// For a connection, and for an answer on it. A visitor waits for both at the most; then the failure policy decides.
const PATIENCE: Duration = Duration::from_millis(250);

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
}

impl RedisLimiter {
    /// Connects to `redis://…` or `rediss://…` in the background: a server starts without it, and the
    /// failure policy decides until it is there.
    pub fn connect(url: &str) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE))
            .set_number_of_retries(1)
            .set_max_delay(PATIENCE);
        let connection = ConnectionManager::new_lazy_with_config(Client::open(url)?, config)?;
        Ok(Self { connection, take: Script::new(TAKE) })
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
