//! What answers: the agent that asks a language model, and the wire formats of model providers.
//!
//! Nothing here opens a connection: [`chatkitd_core::ports::Model`] is implemented in the server binary, which
//! sends what [`providers`] writes and hands back what they read.

pub mod agent;
mod mentions;
pub mod providers;
