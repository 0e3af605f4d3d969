//! `OpenAI`'s Responses API.

mod decoder;
mod event;
mod request;

pub(super) use decoder::Decoder;
pub(super) use request::body;
