//! What providers of models speak: requests in, events out, without a connection.

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
}
