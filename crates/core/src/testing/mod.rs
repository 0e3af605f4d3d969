//! In-memory ports and the store conformance suite, for the tests of this and other crates.

mod clock;
pub mod conformance;
mod memory;
mod rng;

pub use clock::ManualClock;
pub use memory::MemoryStore;
pub use rng::SeededRng;
