//! The server that the ChatKit widget talks to: operations in, JSON or a run's events out.
//!
//! How a message flows: [`ChatServer::handle`] reads the operation, takes the lease on the thread and
//! writes what the user said; a [`run`](self) is spawned, in which the [`Agent`] yields events through
//! its [`Answer`]; each is saved as the protocol demands, numbered and kept in the run's log;
//! whoever watches ([`Watch`]) reads that log, from wherever it left off.

mod agent;
pub mod agents;
mod answer;
mod engine;
mod error;
mod keeper;
mod keeping;
mod live;
mod log;
mod operations;
mod operator;
mod pending;
mod publish;
mod reach;
mod recordings;
mod run;
mod stop;
mod watch;

pub use agent::{Agent, AgentContext, AgentError, Turn};
pub use answer::{Answer, ImageStream, Message, WidgetStream, WorkflowStream, diff_widget};
pub use engine::{ChatCaller, ChatServer, ChatServerParts, Reply, StreamWishes};
pub use error::ServerError;
pub use keeper::RunKeeper;
pub use operations::MAX_AUDIO_BYTES;
pub use reach::Reach;
pub use recordings::RecordingPlace;
pub use watch::Watch;
