//! chatkitd: the ChatKit backend that you own.
//!
//! The server is a library function, [`serve::launch`], that takes settings, a listener and a token that
//! shuts it down; the binary is a dozen lines around [`commands`].

mod admin;
mod app;
pub mod clock;
pub mod commands;
pub mod connections;
pub mod hosted;
mod jobs;
pub mod jwks;
pub mod limiter;
pub mod pull;
#[cfg(feature = "redis")]
pub mod redis_limiter;
pub mod rng;
pub mod secret_file;
pub mod serve;
pub mod settings;
mod stores;
pub mod telemetry;
