//! The agents that ship.

mod echo;
mod script;

pub use echo::Echo;
pub use script::Script;
