//! What is asked of a language model and what it answers, whatever its provider speaks.
//!
//! The [`crate::ports::Model`] port carries these; the wire formats of providers are in
//! `chatkitd-workflow`, the HTTP client in the server binary.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;
use serde_json::{Map, Value};

/// One request: everything the model gets to know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelRequest {
    /// The model's name as its server knows it.
    pub model: String,
    /// What the operator tells it to do; empty for nothing.
    pub instructions: String,
    /// The conversation, oldest first.
    pub messages: Vec<ModelMessage>,
    /// Tools that run at the provider (web search, file search, image generation).
    pub tools: Vec<HostedTool>,
    /// The [`HostedTool::kind`] that must be used; `None` leaves the choice to the model.
    pub tool_choice: Option<String>,
    /// How much it thinks before it answers, in the provider's words (`low`, `medium`, `high`, …).
    pub reasoning_effort: Option<String>,
    /// The most tokens it may answer with.
    pub max_output_tokens: Option<u32>,
    /// The sampling temperature.
    pub temperature: Option<f64>,
}

impl ModelRequest {
    /// The tools that the model gets to know: all of them, or the one that must be used. No provider has a way to
    /// name any hosted tool as the one to be used; all of them have "use one of these".
    pub fn offered_tools(&self) -> impl Iterator<Item = &HostedTool> {
        let choice = self.tool_choice.as_deref();
        self.tools.iter().filter(move |tool| choice.is_none_or(|choice| tool.kind() == choice))
    }
}

/// Something that was said.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelMessage {
    /// By whom.
    pub role: Role,
    /// What, in this order.
    pub parts: Vec<ModelPart>,
}

/// Who said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The visitor.
    User,
    /// The model.
    Assistant,
}

/// A part of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelPart {
    /// Words.
    Text(String),
    /// A picture that the visitor sent.
    Image {
        /// Its media type.
        mime_type: String,
        /// The picture.
        content: Bytes,
    },
    /// A document that the visitor sent.
    File {
        /// Its name.
        name: String,
        /// Its media type.
        mime_type: String,
        /// The document.
        content: Bytes,
    },
}

/// A tool that runs at the provider, as the provider's API defines it: an object with a `type`.
#[derive(Clone, Debug, PartialEq)]
pub struct HostedTool(pub Map<String, Value>);

impl HostedTool {
    /// Its `type`, such as `web_search`.
    pub fn kind(&self) -> &str {
        self.0.get("type").and_then(Value::as_str).unwrap_or_default()
    }
}

/// What a model answers, piece by piece. Dropping it ends the request at the provider.
pub type ModelStream = BoxStream<'static, Result<ModelEvent, ModelError>>;

/// A piece of an answer. Messages and thoughts do not overlap within their kind; pictures may.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelEvent {
    /// A message to the visitor begins.
    MessageBegan,
    /// It goes on. Refusals are messages like any other.
    Text(String),
    /// A mark behind what was written of the message so far, or at a place in it.
    Citation {
        /// What is cited.
        source: CitedSource,
        /// Where in the message the mark stands, in characters; `None`: at its end so far.
        at: Option<u32>,
    },
    /// The message is complete.
    MessageEnded,
    /// A thought (a part of the reasoning's summary) begins.
    ThoughtBegan,
    /// It goes on.
    Thought(String),
    /// The thought is complete; the reasoning may go on with another.
    ThoughtEnded,
    /// A picture is being made.
    ImageBegan {
        /// Tells it from others of this answer.
        id: String,
    },
    /// How far it got.
    ImagePartial {
        /// Which.
        id: String,
        /// The number of this state, from 0.
        index: u32,
        /// What can be seen of it.
        image: MadeImage,
    },
    /// It is there.
    ImageDone {
        /// Which.
        id: String,
        /// The picture.
        image: MadeImage,
    },
    /// The last piece.
    Ended {
        /// Why it ended here.
        reason: EndReason,
        /// What it cost, where the provider says.
        usage: Option<Usage>,
    },
}

/// A picture that a model made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeImage {
    /// Its media type.
    pub mime_type: String,
    /// Base64, as the provider sent it.
    pub base64: String,
}

/// What a citation points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CitedSource {
    /// A page.
    Url {
        /// Its address.
        url: String,
        /// Its title.
        title: Option<String>,
    },
    /// A file that the provider searched.
    File {
        /// Its name.
        name: String,
    },
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// It was complete.
    Complete,
    /// The limit of tokens was reached.
    TooLong,
    /// The provider's filter held the rest back.
    Filtered,
}

/// Tokens, as the provider counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// What it read.
    pub input_tokens: u64,
    /// What it wrote, thoughts included.
    pub output_tokens: u64,
}

/// Why a model did not answer, or not to the end. The words are for operators; a visitor reads
/// something else ([`ModelError::is_retryable`] says whether trying again is offered).
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// 401 or 403: the key is wrong, or not for this model.
    #[error("the model server refused the key (status {status}): {message}")]
    Unauthorized {
        /// The status.
        status: u16,
        /// What the server said.
        message: String,
    },
    /// 404: no such model, or no such address.
    #[error("the model server knows no such model or address: {message}")]
    NotFound {
        /// What the server said.
        message: String,
    },
    /// 400 and other 4xx: it cannot do what it was asked.
    #[error("the model server refused the request (status {status}): {message}")]
    Refused {
        /// The status.
        status: u16,
        /// What the server said.
        message: String,
    },
    /// 429, or 402 and other words for no quota left.
    #[error("the model server takes no more requests for now: {message}")]
    RateLimited {
        /// What the server said.
        message: String,
        /// How long to wait.
        retry_after: Option<Duration>,
    },
    /// 5xx, or an error within the stream.
    #[error("the model server failed: {message}")]
    Failed {
        /// What the server said.
        message: String,
    },
    /// It cannot be reached, or the connection broke before it began to answer.
    #[error("the connection to the model server failed")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection broke within the answer.
    #[error("the connection to the model server broke within its answer")]
    Broken(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nothing came for too long.
    #[error("the model server said nothing for {} s", after.as_secs())]
    Stalled {
        /// How long.
        after: Duration,
    },
    /// The answer ended without saying that it does.
    #[error("the model server's answer was cut off")]
    CutOff,
    /// It is not what the provider's API promises.
    #[error("the model server's answer cannot be read: {0}")]
    Malformed(String),
    /// It is longer than this server takes.
    #[error("the model server's answer is longer than {limit} bytes")]
    TooLong {
        /// The bound.
        limit: usize,
    },
}

impl ModelError {
    /// Whether the same request may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unauthorized { .. } | Self::NotFound { .. } | Self::Refused { .. } => false,
            Self::RateLimited { .. }
            | Self::Failed { .. }
            | Self::Connection(_)
            | Self::Broken(_)
            | Self::Stalled { .. }
            | Self::CutOff
            | Self::Malformed(_)
            | Self::TooLong { .. } => true,
        }
    }
}
