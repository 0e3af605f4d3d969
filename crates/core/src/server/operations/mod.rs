//! The operations, by subject. What they refuse, they refuse before anything is streamed.

mod actions;
mod attachments;
mod begin;
mod continuing;
mod messages;
mod reading;
mod structured_input;

pub(super) use reading::thread_id;
