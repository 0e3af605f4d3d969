//! `multipart/form-data` with one part, `file`.

use chatkitd_core::ports::ByteStream;
use futures_util::{StreamExt as _, TryStreamExt as _};
use http::{HeaderMap, StatusCode, header};
use multer::{Constraints, Field, Multipart};

use super::body::{Head, HeadTooLarge, Paced, refuse_content};
use crate::error::ApiError;

const PART: &str = "file";

/// A file in a form.
pub(super) struct FormFile {
    /// As the sender says, uncleaned; empty where it says nothing.
    pub(super) name: String,
    /// As the sender says.
    pub(super) mime_type: Option<String>,
    /// To be read to its end; what follows it in the form is nobody's concern.
    pub(super) content: ByteStream,
}

/// Finds the file in a form. Of `body` no more is read than what stands before the content.
pub(super) async fn find_file(headers: &HeaderMap, body: ByteStream) -> Result<FormFile, ApiError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary =
        content_type.and_then(|value| multer::parse_boundary(value).ok()).ok_or_else(not_a_form)?;
    let head = Head::default();
    let constraints = Constraints::new().allowed_fields(vec![PART]);
    let mut form = Multipart::with_constraints(Paced::new(body, head.clone()), boundary, constraints);
    let field = form.next_field().await.map_err(refuse)?.ok_or_else(missing)?;
    head.end();
    Ok(FormFile {
        name: field.file_name().unwrap_or_default().to_owned(),
        mime_type: field.content_type().map(ToString::to_string),
        content: content_of(field),
    })
}

fn content_of(field: Field<'static>) -> ByteStream {
    field
        .map_err(|error| match error {
            multer::Error::StreamReadFailed(error) => error,
            error => error.into(),
        })
        .boxed()
}

fn not_a_form() -> ApiError {
    ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        "Send the file as multipart/form-data, in one part named \"file\".",
    )
}

fn missing() -> ApiError {
    ApiError::bad_request("missing_required_parameter", "Missing required parameter: 'file'.").about(PART)
}

fn refuse(error: multer::Error) -> ApiError {
    match error {
        multer::Error::UnknownField { field_name } => {
            let name: String = field_name.unwrap_or_default().chars().take(64).collect();
            let message = format!("Send one part named \"file\", and none named {name:?} before it.");
            ApiError::bad_request("unknown_parameter", message).about(PART)
        }
        multer::Error::StreamReadFailed(error) if error.is::<HeadTooLarge>() => {
            ApiError::bad_request("invalid_form", "The headers of the form's part are too large.")
        }
        multer::Error::StreamReadFailed(error) => refuse_content(error.as_ref()),
        error => ApiError::bad_request("invalid_form", format!("The form cannot be read: {error}.")),
    }
}
