//! Transcription over HTTP.

use async_trait::async_trait;
use bytes::Bytes;
use chatkitd_core::models::ModelError;
use chatkitd_core::ports::Transcriber;
use reqwest::multipart::{Form, Part};
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::ModelClient;
use super::exchange::read;

/// The longest answer that is read: hours of talk.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

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

/// Transcription by a server. Its errors say nothing of the key and of what was said.
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

#[derive(Deserialize)]
struct Transcription {
    text: String,
}

#[async_trait]
impl Transcriber for HttpTranscriber {
    async fn transcribe(&self, audio: Bytes, mime_type: &str) -> Result<String, ModelError> {
        let TranscriptionServer { base, key, model } = &self.server;
        let endpoint = self.client.endpoint(base, "audio/transcriptions", key.as_ref());
        let form = || Form::new().text("model", model.clone()).part("file", recording(&audio, mime_type));
        let begun = endpoint.post(|post| post.multipart(form())).await?;
        let body = read(begun, self.client.deadlines, MAX_ANSWER_BYTES).await?;
        // Not quoted: it may have somebody's words.
        let transcription: Transcription = serde_json::from_slice(&body)
            .map_err(|_| ModelError::Malformed("it is no transcription".to_owned()))?;
        Ok(transcription.text)
    }
}

/// The part's own media type is left out: servers go by the file's name, and some refuse types that they do not
/// know.
fn recording(audio: &Bytes, mime_type: &str) -> Part {
    let length = u64::try_from(audio.len()).unwrap_or(u64::MAX);
    Part::stream_with_length(audio.clone(), length).file_name(file_name(mime_type))
}

/// What the API accepts (`flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav, webm`) of what browsers record.
fn file_name(mime_type: &str) -> &'static str {
    match mime_type {
        "audio/webm" | "video/webm" => "recording.webm",
        "audio/mp4" | "audio/x-m4a" | "audio/aac" => "recording.m4a",
        "video/mp4" => "recording.mp4",
        "audio/ogg" | "application/ogg" => "recording.ogg",
        "audio/mpeg" | "audio/mp3" => "recording.mp3",
        "audio/wav" | "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => "recording.wav",
        "audio/flac" | "audio/x-flac" => "recording.flac",
        // The server says what it thinks of it.
        _ => "recording",
    }
}
