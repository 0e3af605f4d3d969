//! The agents that ship, and which of them answers for what.

mod echo;
mod registry;
mod script;

pub use echo::Echo;
pub use registry::Agents;
pub use script::Script;
