//! The operations, by subject. What they refuse, they refuse before anything is streamed.

mod actions;
mod begin;
mod continuing;
mod messages;
mod reading;
mod structured_input;
mod transcription;

pub use transcription::MAX_AUDIO_BYTES;
