//! The operations, by subject. What they refuse, they refuse before anything is streamed.

mod actions;
mod attachments;
mod begin;
mod continuing;
mod messages;
mod reading;
mod structured_input;
mod transcription;

pub(super) use reading::thread_id;
pub use transcription::MAX_AUDIO_BYTES;
