//! In-memory ports and the store conformance suite, for the tests of this and other crates.

mod clock;
mod rng;

pub use clock::ManualClock;
pub use rng::SeededRng;
