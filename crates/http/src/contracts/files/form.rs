//! `multipart/form-data` with one part, `file`.

use axum::BoxError;
use chatkitd_core::ports::ByteStream;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::{HeaderMap, StatusCode, header};
use multer::{Constraints, Field, Multipart};

use super::body::{Head, HeadTooLarge, Paced, refuse_content};
use crate::body::require_unpacked;
use crate::error::ApiError;

const PART: &str = "file";

/// A file in a form.
pub(super) struct FormFile {
    /// As the sender says, uncleaned; empty where it says nothing.
    pub(super) name: String,
    /// As the sender says.
    pub(super) mime_type: Option<String>,
    /// To be read to its end. It fails where a second file follows at once; what else follows is nobody's concern.
    pub(super) content: ByteStream,
}

/// A second file follows in the form: it would be lost.
#[derive(Debug, thiserror::Error)]
#[error("there is a second file in the form")]
pub(super) struct SecondFile;

/// How browsers write in a name what would end it or its line (HTML, "multipart/form-data encoding algorithm").
const ESCAPES: [(&str, &str); 3] = [("%22", "\""), ("%0D", "\r"), ("%0A", "\n")];

/// Finds the file in a form. Of `body` no more is read than what stands before the content.
pub(super) async fn find_file(headers: &HeaderMap, body: ByteStream) -> Result<FormFile, ApiError> {
    require_unpacked(headers)?;
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary =
        content_type.and_then(|value| multer::parse_boundary(value).ok()).ok_or_else(not_a_form)?;
    let head = Head::default();
    let constraints = Constraints::new().allowed_fields(vec![PART]);
    let mut form = Multipart::with_constraints(Paced::new(body, head.clone()), boundary, constraints);
    let field = form.next_field().await.map_err(refuse)?.ok_or_else(missing)?;
    head.end();
    Ok(FormFile {
        name: name_of(&field),
        mime_type: field.content_type().map(ToString::to_string),
        content: content_of(field, form, head),
    })
}

fn name_of(field: &Field<'_>) -> String {
    let written = field.file_name().unwrap_or_default().to_owned();
    ESCAPES.into_iter().fold(written, |name, (escape, char)| name.replace(escape, char))
}

fn content_of(field: Field<'static>, form: Multipart<'static>, head: Head) -> ByteStream {
    let end = stream::once(no_second_file(form, head)).filter_map(async |checked| checked.err().map(Err));
    field.map_err(unwrapped).chain(end).boxed()
}

async fn no_second_file(mut form: Multipart<'static>, head: Head) -> Result<(), BoxError> {
    head.begin();
    match form.next_field().await {
        Ok(None) | Err(multer::Error::UnknownField { .. }) => Ok(()),
        Ok(Some(_)) => Err(SecondFile.into()),
        Err(error) => Err(unwrapped(error)),
    }
}

fn unwrapped(error: multer::Error) -> BoxError {
    match error {
        multer::Error::StreamReadFailed(error) => error,
        error => error.into(),
    }
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
