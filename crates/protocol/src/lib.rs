//! The ChatKit wire: what travels between clients and servers. Depends on serde only.

pub mod chatkit;
pub mod rest;
pub mod sse;
