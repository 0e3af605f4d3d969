//! What must hold for any bytes. A panic is a finding.

pub mod models;
pub mod wire;
