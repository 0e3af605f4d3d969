//! What providers of models speak: requests in, events out, without a connection.
//!
//! ```text
//! ModelRequest -- Api::body --> JSON -- HTTP --> bytes -- sse::events --> data -- Decoder::read --> ModelEvent
//!                                                   \____________________ Api::read ____________________/
//! ```
//!
//! What the same answer looks like in each API, and what it becomes, is in `fixtures/models/`.

mod chat_completions;
mod data_url;
mod fault;
mod halves;
mod lenient;
mod pieces;
mod reading;
mod responses;
mod sent;
pub mod sse;

use bytes::Bytes;
use chatkitd_core::models::{ModelError, ModelEvent, ModelRequest, ModelStream};
use futures_util::{Stream, StreamExt as _};
use serde_json::Value;

pub use fault::Fault;
pub use sent::Sent;

/// The most that a model may say in one answer, thoughts included, in bytes: some million tokens. More than this is
/// a server that has lost its way.
pub const MAX_TEXT_BYTES: usize = 4 * 1024 * 1024;

/// The API of a model server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Api {
    /// `OpenAI`'s Responses API (`POST /v1/responses`).
    Responses,
    /// `OpenAI`'s older Chat Completions API (`POST /v1/chat/completions`), which Ollama, vLLM, llama.cpp, `LiteLLM`
    /// and many more speak.
    ChatCompletions,
}

impl Api {
    /// Where requests go, below the server's base address.
    pub fn path(self) -> &'static str {
        match self {
            Self::Responses => "responses",
            Self::ChatCompletions => "chat/completions",
        }
    }

    /// The body of a request whose answer is to be streamed.
    pub fn body(self, request: &ModelRequest) -> Value {
        match self {
            Self::Responses => responses::body(request),
            Self::ChatCompletions => chat_completions::body(request),
        }
    }

    /// Reads an answer as it comes. Nothing is read ahead: what is not asked for stays in the connection.
    pub fn read<S>(self, bytes: S, bounds: sse::Bounds) -> ModelStream
    where
        S: Stream<Item = Result<Bytes, ModelError>> + Send + 'static,
    {
        reading::read(sse::events(bytes, bounds).boxed(), self.decoder())
    }

    fn decoder(self) -> Decoder {
        let api = match self {
            Self::Responses => ApiDecoder::Responses(responses::Decoder::default()),
            Self::ChatCompletions => ApiDecoder::ChatCompletions(chat_completions::Decoder::default()),
        };
        Decoder { api, text: 0 }
    }
}

/// Reads one answer, an event of the stream at a time. After an error, or [`ModelEvent::Ended`], it is used up.
#[derive(Debug)]
struct Decoder {
    api: ApiDecoder,
    /// Bytes of text and thoughts so far.
    text: usize,
}

#[derive(Debug)]
enum ApiDecoder {
    Responses(responses::Decoder),
    ChatCompletions(chat_completions::Decoder),
}

impl Decoder {
    /// What the data of one event says: nothing, or some pieces.
    fn read(&mut self, data: &str) -> Result<Vec<ModelEvent>, ModelError> {
        let data = halves::marked(data.trim());
        let events = match &mut self.api {
            ApiDecoder::Responses(decoder) => decoder.read(&data),
            ApiDecoder::ChatCompletions(decoder) => decoder.read(&data),
        }?;
        self.text += events.iter().map(text_bytes).sum::<usize>();
        if self.text > MAX_TEXT_BYTES {
            return Err(ModelError::TooLong { limit: MAX_TEXT_BYTES });
        }
        Ok(events)
    }

    /// The connection ended: the last pieces, where the answer was complete without saying so, or
    /// [`ModelError::CutOff`].
    fn end(&mut self) -> Result<Vec<ModelEvent>, ModelError> {
        match &mut self.api {
            ApiDecoder::Responses(_) => Err(ModelError::CutOff),
            ApiDecoder::ChatCompletions(decoder) => decoder.end(),
        }
    }
}

fn text_bytes(event: &ModelEvent) -> usize {
    match event {
        ModelEvent::Text(text) | ModelEvent::Thought(text) => text.len(),
        ModelEvent::MessageBegan
        | ModelEvent::Citation { .. }
        | ModelEvent::MessageEnded
        | ModelEvent::ThoughtBegan
        | ModelEvent::ThoughtEnded
        | ModelEvent::ImageBegan { .. }
        | ModelEvent::ImagePartial { .. }
        | ModelEvent::ImageDone { .. }
        | ModelEvent::Ended { .. } => 0,
    }
}

/// An event that cannot be read: an error that the server reports, outside the shape of its API's events, or
/// nothing that the API promises. The event is not quoted: it has the model's words.
fn refused(data: &str, error: &serde_json::Error) -> ModelError {
    use serde_json::error::Category;
    if let Some(fault) = Fault::in_event(data) {
        return fault.within_answer();
    }
    let what = match error.classify() {
        Category::Eof => return ModelError::CutOff,
        Category::Data => "an event has another shape than the API promises",
        Category::Io | Category::Syntax => "an event is not JSON",
    };
    ModelError::Malformed(what.to_owned())
}
