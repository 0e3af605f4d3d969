//! In-memory ports and the store conformance suite, for the tests of this and other crates.

mod blobs;
mod clock;
pub mod conformance;
mod memory;
mod memory_run_log;
mod rng;
mod scripted_model;
mod tokens;

pub use blobs::{MemoryBlobs, NoPreviews};
pub use clock::ManualClock;
pub use memory::MemoryStore;
pub use memory_run_log::MemoryRunLog;
pub use rng::SeededRng;
pub use scripted_model::{ModelScript, ScriptedModel};
pub use tokens::{FixedJwks, RSA_PUBLIC_PEM, TestKey, sign, unsigned};
