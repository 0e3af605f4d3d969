//! Transcription over HTTP.

use secrecy::SecretString;
use url::Url;

use super::ModelClient;

/// What writes down what was said: a server with `OpenAI`'s `POST /v1/audio/transcriptions`.
#[derive(Clone, Debug)]
pub struct TranscriptionServer {
    /// Its address without the API's path; for most servers it ends in `/v1`.
    pub base: Url,
    /// Sent as a bearer token; servers on the operator's own machine need none.
    pub key: Option<SecretString>,
    /// The model's name as the server knows it, such as `gpt-4o-mini-transcribe` or `whisper-1`.
    pub model: String,
}

/// Transcription over HTTP.
pub struct HttpTranscriber {
    client: ModelClient,
    server: TranscriptionServer,
}

impl HttpTranscriber {
    /// Transcription by this server.
    pub fn new(client: ModelClient, server: TranscriptionServer) -> Self {
        Self { client, server }
    }
}
