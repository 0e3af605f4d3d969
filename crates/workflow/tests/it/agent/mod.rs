//! The model agent in the engine, with a model that says what a script says.

mod any_order;
mod attachments;
mod choices;
mod conversation;
mod failures;
mod pictures;
mod speech;
mod titles;
mod world;
