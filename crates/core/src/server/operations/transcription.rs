//! `input.transcribe`: a recording in, its words out.

use base64::Engine as _;
use bytes::Bytes;
use chatkitd_protocol::chatkit::{InputTranscribeParams, TranscriptionResult};

use super::reading::document;
use crate::base64_text::BASE64;
use crate::server::engine::{ChatServer, Reply};
use crate::server::error::ServerError;
use crate::server::recordings::RecordingPlace;

/// The longest recording, in bytes: what `OpenAI`'s `/audio/transcriptions` takes.
pub const MAX_AUDIO_BYTES: usize = 25 * 1024 * 1024;

impl ChatServer {
    /// Whether `input.transcribe` has somebody to ask.
    pub fn transcribes(&self) -> bool {
        self.transcriber.is_some()
    }

    /// The right to read a recording of over a mebibyte, to be held until it is written down; `None` when too many
    /// are under way.
    pub fn recording_place(&self) -> Option<RecordingPlace> {
        self.recordings.place()
    }

    pub(in crate::server) async fn transcribe(
        &self,
        params: InputTranscribeParams,
    ) -> Result<Reply, ServerError> {
        let transcriber = self.transcriber.as_ref().ok_or(ServerError::NoTranscription)?;
        let mime_type = audio_type(&params.mime_type)?;
        let audio = audio(params.audio_base64)?;
        let text = transcriber.transcribe(audio, &mime_type).await.map_err(ServerError::Transcription)?;
        // What comes back as a message must be one that is taken (design section 3).
        document(&TranscriptionResult { text: text.replace('\0', "\u{fffd}") })
    }
}

/// A media type without parameters (`audio/webm;codecs=opus`). Browsers record sound as `video/webm`, too.
fn audio_type(mime_type: &str) -> Result<String, ServerError> {
    let essence = mime_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let subtype = essence.strip_prefix("audio/").unwrap_or_default();
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte);
    let is_audio = !subtype.is_empty() && subtype.len() <= 64 && subtype.bytes().all(token);
    if is_audio || essence == "video/webm" {
        return Ok(essence);
    }
    let message = "A recording is audio/* or video/webm.".to_owned();
    Err(ServerError::Invalid { param: "params.mime_type", message })
}

fn audio(base64: String) -> Result<Bytes, ServerError> {
    let refuse = |message: String| ServerError::Invalid { param: "params.audio_base64", message };
    let audio =
        BASE64.decode(base64).map_err(|error| refuse(format!("The recording is not base64: {error}.")))?;
    if audio.is_empty() {
        return Err(refuse("The recording is empty.".to_owned()));
    }
    if audio.len() > MAX_AUDIO_BYTES {
        return Err(refuse(format!("A recording has at most {} MiB.", MAX_AUDIO_BYTES / 1024 / 1024)));
    }
    Ok(audio.into())
}
