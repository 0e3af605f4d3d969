//! Reads JSON bodies from strangers: bounded in size and depth, without NULs, with errors that name
//! the field.

use std::pin::pin;

use axum::body::{Body, BodyDataStream, Bytes, to_bytes};
use axum::extract::Request;
use bytes::BytesMut;
use chatkitd_protocol::chatkit::{BodyFault, check_body};
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::app::App;
use crate::error::ApiError;

/// The largest body of the session contracts, in bytes.
pub(crate) const MAX_BYTES: usize = 64 * 1024;
/// The deepest nesting of a JSON body.
const MAX_DEPTH: usize = 32;

/// A request body.
pub(crate) trait JsonBody: DeserializeOwned {
    /// JSON pointers of the fields that are objects. serde reads a struct from a list, too, which no
    /// contract knows; these are held to be objects, or null.
    const OBJECTS: &'static [&'static str];
}

/// Reads a body of the session contracts as `T`.
pub(crate) async fn read_json<T: JsonBody>(request: Request) -> Result<T, ApiError> {
    read_json_of(request, MAX_BYTES).await
}

/// Reads a body of at most `max_bytes` as `T`. An empty body and `null` are an empty object; a missing content
/// type is JSON (design 4.1).
pub(crate) async fn read_json_of<T: JsonBody>(request: Request, max_bytes: usize) -> Result<T, ApiError> {
    let (parts, body) = request.into_parts();
    let bytes = read_bounded(body, max_bytes).await?;
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return from_value(Value::Object(serde_json::Map::new()));
    }
    require_json(&parts.headers)?;
    check_body(&bytes, MAX_DEPTH).map_err(refuse)?;
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| {
        ApiError::bad_request("invalid_json", format!("The body is not valid JSON: {error}."))
    })?;
    match value {
        Value::Null => from_value(Value::Object(serde_json::Map::new())),
        Value::Object(_) => from_value(value),
        _ => Err(ApiError::bad_request("invalid_json", "The body must be a JSON object.")),
    }
}

/// Reads a body of at most `max_bytes`.
pub(crate) async fn read_bounded(body: Body, max_bytes: usize) -> Result<Bytes, ApiError> {
    to_bytes(body, max_bytes).await.map_err(|error| {
        let too_large = std::error::Error::source(&error)
            .is_some_and(<dyn std::error::Error + 'static>::is::<http_body_util::LengthLimitError>);
        if too_large { ApiError::body_too_large(max_bytes) } else { body_incomplete() }
    })
}

fn body_incomplete() -> ApiError {
    ApiError::bad_request("body_incomplete", "The body did not arrive whole.")
}

fn stalled() -> ApiError {
    let message = "The body stopped coming in the middle. Try again.";
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", message)
}

/// Reads a body up to a bound, and on from there where its beginning allows for more.
pub(crate) struct BodyReader {
    chunks: BodyDataStream,
    so_far: BytesMut,
}

impl BodyReader {
    pub(crate) fn new(body: Body) -> Self {
        Self { chunks: body.into_data_stream(), so_far: BytesMut::new() }
    }

    /// Reads until the end (`true`), or until there is more than `max_bytes` (`false`).
    pub(crate) async fn read_to(&mut self, max_bytes: usize) -> Result<bool, ApiError> {
        while self.so_far.len() <= max_bytes {
            if !self.read_chunk().await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The same from a sender who is held to sending something all the time, as that of an upload is.
    pub(crate) async fn read_steadily_to(&mut self, max_bytes: usize, app: &App) -> Result<bool, ApiError> {
        while self.so_far.len() <= max_bytes {
            let is_more = match select(pin!(self.read_chunk()), app.clock.sleep(app.upload_idle)).await {
                Either::Left((read, _)) => read?,
                Either::Right(_) => return Err(stalled()),
            };
            if !is_more {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether there was one more.
    async fn read_chunk(&mut self) -> Result<bool, ApiError> {
        let Some(chunk) = self.chunks.next().await else { return Ok(false) };
        self.so_far.extend_from_slice(&chunk.map_err(|_| body_incomplete())?);
        Ok(true)
    }

    pub(crate) fn so_far(&self) -> &[u8] {
        &self.so_far
    }

    pub(crate) fn into_bytes(self) -> Bytes {
        self.so_far.freeze()
    }
}

/// Refuses a body that says that it is packed.
pub(crate) fn require_unpacked(headers: &HeaderMap) -> Result<(), ApiError> {
    let codings = headers.get_all(header::CONTENT_ENCODING).iter();
    if codings.into_iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_content_encoding",
            "Send the body as it is, without Content-Encoding: packed bodies are not read here.",
        ));
    }
    Ok(())
}

/// Refuses what says that it is something else than JSON as it is.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    require_unpacked(headers)?;
    let Some(content_type) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let essence =
        content_type.to_str().unwrap_or("").split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    if essence.is_empty()
        || essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
    {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "Send the body as application/json.",
    ))
}

fn refuse(fault: BodyFault) -> ApiError {
    let (code, message) = match fault {
        BodyFault::TooDeep => ("too_deep", format!("The body is nested more than {MAX_DEPTH} levels deep.")),
        BodyFault::Nul => ("nul_character", "The body contains a NUL character.".to_owned()),
        BodyFault::ReservedName => (
            "reserved_name",
            "No field in the body may have a name that begins with `$serde_json::private::`: rename it."
                .to_owned(),
        ),
    };
    ApiError::bad_request(code, message)
}

fn from_value<T: JsonBody>(value: Value) -> Result<T, ApiError> {
    let fits =
        |pointer: &&&str| !value.pointer(pointer).is_none_or(|field| field.is_object() || field.is_null());
    if let Some(pointer) = T::OBJECTS.iter().find(fits) {
        let field = pointer.trim_start_matches('/').replace('/', ".");
        return Err(ApiError::bad_request(
            "invalid_type",
            format!("The field \"{field}\" must be an object."),
        )
        .about(field));
    }
    serde_path_to_error::deserialize(value).map_err(|error| {
        let field = error.path().to_string();
        let reason = error.into_inner();
        let message = format!("The field \"{field}\" is not as expected: {reason}.");
        ApiError::bad_request("invalid_type", message).about(field)
    })
}
