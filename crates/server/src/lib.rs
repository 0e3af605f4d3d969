//! chatkitd: the ChatKit backend that you own.

pub mod clock;
pub mod hosted;
pub mod limiter;
pub mod pull;
#[cfg(feature = "redis")]
pub mod redis_limiter;
pub mod rng;
pub mod secret_file;
pub mod settings;
pub mod telemetry;
