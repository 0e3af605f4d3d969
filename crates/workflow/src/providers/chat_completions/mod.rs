//! `OpenAI`'s Chat Completions API, as many servers speak it.

mod chunk;
mod decoder;
mod request;
mod think_tag;

pub(super) use decoder::Decoder;
pub(super) use request::body;
