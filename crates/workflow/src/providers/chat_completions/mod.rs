//! `OpenAI`'s Chat Completions API, as many servers speak it.

mod chunk;
mod decoder;
mod request;

pub(super) use decoder::Decoder;
pub(super) use request::body;
