//! chatkitd: the ChatKit backend that you own.

pub mod pull;
pub mod settings;
