//! The agents that ship.

mod echo;

pub use echo::Echo;
