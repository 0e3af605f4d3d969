//! Why a file was refused, as status, code and a sentence that says what to do next. The codes that begin with
//! `chatkit.` are `OpenAI`'s.

use chatkitd_core::attachments::{AttachmentError, Permit, SignedUrlError};
use http::StatusCode;

use super::body::refuse_content;
use crate::error::ApiError;

const MEGABYTE: u64 = 1024 * 1024;

impl From<AttachmentError> for ApiError {
    fn from(error: AttachmentError) -> Self {
        match error {
            AttachmentError::Disabled => Self::forbidden(
                "chatkit.file_upload_disabled",
                "Files cannot be sent here. The operator can allow them for the site (file_upload).",
            ),
            AttachmentError::TypeRejected => Self::bad_request(
                "chatkit.file_upload_type_rejected",
                "A file of this type cannot be sent, or its content is of another type than it says.",
            ),
            AttachmentError::TooLarge { limit } => too_large(limit),
            AttachmentError::SizeMismatch { announced } => Self::bad_request(
                "size_mismatch",
                format!("{announced} bytes were announced, and fewer came. Announce the file anew."),
            ),
            // The same for what never was, what was deleted and what is somebody else's.
            AttachmentError::NotFound => missing(),
            AttachmentError::AlreadyUploaded => {
                conflict("already_uploaded", "This file was uploaded already. Announce another one.")
            }
            AttachmentError::UploadUnderWay => conflict(
                "upload_under_way",
                "An upload of this file is still going on, or was cut off a moment ago. Try again in a moment.",
            ),
            AttachmentError::NotUploaded => {
                conflict("not_uploaded", "This file was announced and not uploaded yet. Upload it first.")
            }
            AttachmentError::AlreadySent => {
                conflict("already_sent", "This file was sent with another message. Upload it again.")
            }
            AttachmentError::Twice => {
                Self::bad_request("duplicate_attachment", "A file can be sent with a message once.")
                    .about("params.input.attachments")
            }
            AttachmentError::TooMany { limit } => Self::bad_request(
                "too_many_attachments",
                format!("At most {limit} files can be sent with one message."),
            )
            .about("params.input.attachments"),
            AttachmentError::TooManyInSession { limit } => Self::bad_request(
                "too_many_attachments",
                format!(
                    "You can add at most {limit} files after your session began. Delete one to add another."
                ),
            ),
            AttachmentError::TooManyUnsent { limit } => conflict(
                "too_many_unsent",
                format!("You have {limit} files that you did not send. Send or delete some, or wait a day."),
            ),
            AttachmentError::Url(error) => refused_address(error),
            AttachmentError::Broken(source) => refuse_content(source.as_ref()),
            AttachmentError::Blobs(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "files cannot be kept or read");
                Self::unavailable(
                    "files_unavailable",
                    "Files cannot be kept or read right now. Try again in a moment.",
                )
            }
            AttachmentError::Store(error) => error.into(),
        }
    }
}

pub(super) fn missing() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "attachment_not_found", "There is no such file.")
}

pub(super) fn refused_address(error: SignedUrlError) -> ApiError {
    match error {
        SignedUrlError::Forged => ApiError::forbidden(
            "invalid_signature",
            "This address is not valid. Use it as it was given, with all that stands behind the question mark.",
        ),
        SignedUrlError::Expired(Permit::Upload) => {
            ApiError::forbidden("address_expired", "This address has expired. Announce the file anew.")
        }
        SignedUrlError::Expired(Permit::Download) => ApiError::forbidden(
            "address_expired",
            "This address has expired. There is a new one only where the file is uploaded again.",
        ),
        SignedUrlError::Expired(Permit::Preview) => ApiError::forbidden(
            "address_expired",
            "This address has expired. Load the thread again for a new one.",
        ),
    }
}

fn conflict(code: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, code, message)
}

fn too_large(limit: u64) -> ApiError {
    let shown = if limit >= MEGABYTE { format!("{} MB", limit / MEGABYTE) } else { format!("{limit} bytes") };
    let message = format!("The file is larger than {shown}.");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", message)
}
