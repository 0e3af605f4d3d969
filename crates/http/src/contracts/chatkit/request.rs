//! What a request of the protocol asks for: its operation, and the wishes in its headers.

use axum::body::Bytes;
use axum::extract::{FromRequestParts, Request};
use chatkitd_core::server::{ChatServer, MAX_AUDIO_BYTES, RecordingPlace, ServerError, StreamWishes};
use chatkitd_protocol::chatkit::{self, Operation};
use http::HeaderMap;
use http::request::Parts;
use sha2::{Digest, Sha256};
use url::form_urlencoded;
use utoipa::IntoParams;

use crate::app::App;
use crate::body::{BodyReader, require_json};
use crate::deadline::MoreTime;
use crate::error::ApiError;

/// The largest request, in bytes, of all operations but one.
const MAX_BYTES: usize = 1024 * 1024;
/// The largest `input.transcribe`: the recording in base64, and what goes around it.
const MAX_RECORDING_BYTES: usize = MAX_AUDIO_BYTES.div_ceil(3) * 4 + 64 * 1024;
/// The longest `Idempotency-Key`, in bytes.
const MAX_KEY_BYTES: usize = 255;

/// The headers of a conversation, as the `OpenAPI` document describes them.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only describes; the headers themselves are read below")]
pub(super) struct ConversationHeaders {
    /// The visitor's languages; the agent is told the first.
    #[param(rename = "Accept-Language", required = false)]
    accept_language: String,
    /// The same request again is answered with the run that the first one started, for 24 hours. Visible
    /// ASCII characters.
    #[param(
        rename = "Idempotency-Key",
        required = false,
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]+$"
    )]
    idempotency_key: String,
    /// `1`: the answer goes on when the connection is lost.
    #[param(rename = "x-chatkit-resume", required = false)]
    resume: String,
}

/// The header of a client that goes on with a run's events, as the `OpenAPI` document describes it.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it only describes; the header itself is read below")]
pub(super) struct EventsHeaders {
    /// The number of the last event that the client has; the header wins over the query.
    #[param(rename = "Last-Event-ID", required = false)]
    last_event_id: u64,
}

/// A request, as far as it is read before it is settled who asks.
pub(super) enum Asked {
    /// All of it.
    Whole(Understood),
    /// The beginning of a long recording.
    Recording(Beginning),
}

/// A request, understood.
pub(super) struct Understood {
    pub(super) operation: chatkit::Request,
    pub(super) wishes: StreamWishes,
    /// To be held until the request is answered.
    pub(super) place: Option<RecordingPlace>,
}

/// The first mebibyte of a recording that somebody can write down. It takes no place yet: there are few.
pub(super) struct Beginning {
    head: Head,
    body: BodyReader,
}

impl Asked {
    /// At most a mebibyte.
    pub(super) async fn read(request: Request, chat: &ChatServer) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let head = Head { key: idempotency_key(&parts.headers)?, parts };
        let mut body = BodyReader::new(body);
        if body.read_to(MAX_BYTES).await? {
            return head.understand(&body.into_bytes(), None).map(Self::Whole);
        }
        let operation = chatkit::Request::peek_operation(body.so_far());
        if operation.as_deref() != Some("input.transcribe") {
            return Err(ApiError::body_too_large(MAX_BYTES));
        }
        if !chat.transcribes() {
            return Err(ServerError::NoTranscription.into());
        }
        Ok(Self::Recording(Beginning { head, body }))
    }

    /// The rest of it, from somebody who may converse.
    pub(super) async fn read_on(self, app: &App, chat: &ChatServer) -> Result<Understood, ApiError> {
        match self {
            Self::Whole(understood) => Ok(understood),
            Self::Recording(beginning) => beginning.read_on(app, chat).await,
        }
    }
}

impl Beginning {
    async fn read_on(mut self, app: &App, chat: &ChatServer) -> Result<Understood, ApiError> {
        let place = chat.recording_place().ok_or_else(|| {
            ApiError::unavailable(
                "too_many_recordings",
                "Too many recordings are being sent. Try again in a moment.",
            )
        })?;
        if !self.body.read_steadily_to(MAX_RECORDING_BYTES, app).await? {
            return Err(ApiError::body_too_large(MAX_RECORDING_BYTES));
        }
        self.head.understand(&self.body.into_bytes(), Some(place))
    }
}

/// What stands before a body.
struct Head {
    parts: Parts,
    key: Option<String>,
}

impl Head {
    fn understand(self, body: &Bytes, place: Option<RecordingPlace>) -> Result<Understood, ApiError> {
        let Self { parts, key } = self;
        require_json(&parts.headers)?;
        let operation = chatkit::Request::parse(body).map_err(ServerError::from)?;
        if matches!(operation.operation, Operation::InputTranscribe(_))
            && let Some(more) = parts.extensions.get::<MoreTime>()
        {
            // Whoever writes it down has a deadline of their own. The recording itself has to come as fast as
            // anything else: there is room for a few at once.
            more.take();
        }
        let wishes = StreamWishes {
            resume: parts.headers.get("x-chatkit-resume").is_some_and(|wish| wish == "1"),
            idempotency: key.map(|key| (key, hash(body))),
        };
        Ok(Understood { operation, wishes, place })
    }
}

fn hash(body: &Bytes) -> [u8; 32] {
    Sha256::digest(body).into()
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(None) };
    let fits = (1..=MAX_KEY_BYTES).contains(&key.len()) && key.as_bytes().iter().all(u8::is_ascii_graphic);
    match key.to_str() {
        Ok(key) if fits => Ok(Some(key.to_owned())),
        _ => Err(ApiError::bad_request(
            "invalid_idempotency_key",
            format!("An Idempotency-Key has 1 to {MAX_KEY_BYTES} visible ASCII characters."),
        )
        .about("Idempotency-Key")),
    }
}

/// The number of the last event that a client has: from `Last-Event-ID`, else from the query's `after`, else
/// 0. An empty text is 0, too: so an `EventSource` says that it has none.
pub(crate) struct After(pub(super) u64);

impl<S: Send + Sync> FromRequestParts<S> for After {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let header = parts.headers.get("last-event-id");
        let query =
            || form_urlencoded::parse(parts.uri.query()?.as_bytes()).find(|(name, _)| name == "after");
        let (number, name) = match header {
            Some(number) => (String::from_utf8_lossy(number.as_bytes()), "Last-Event-ID"),
            None => (query().map(|(_, number)| number).unwrap_or_default(), "after"),
        };
        if number.is_empty() {
            return Ok(Self(0));
        }
        number.parse().map(Self).map_err(|_| {
            let message =
                "The number of the last event must be an integer, as the id: of that event says it.";
            ApiError::bad_request("invalid_event_id", message).about(name)
        })
    }
}
