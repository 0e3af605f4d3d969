//! A file in one request.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chatkitd_core::id::AttachmentId;
use chatkitd_core::server::ChatCaller;
use chatkitd_protocol::chatkit::Attachment;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Incoming;
use super::form::{FormFile, find_file};
use super::require_files;
use crate::app::App;
use crate::caller::Call;
use crate::contracts::chatkit::visitor::{self, Door, Visitor};
use crate::envelope::OpenAiErrorBody;
use crate::error::ApiError;

/// A form with a file in it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes; the form itself is read part by part")]
struct FileForm {
    /// The file, with its name and type.
    #[schema(content_media_type = "application/octet-stream")]
    file: String,
}

/// What `OpenAI` answers (1.7 of the REST reference).
#[derive(Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum ChatKitFile {
    /// Any file that is not shown as an image.
    File {
        /// `cfile_…`, for a message's `attachments`.
        id: String,
        /// What its content says it is.
        mime_type: String,
        /// Its name.
        name: String,
        /// Where it is downloaded, despite its name; works for an hour or two.
        upload_url: String,
    },
    /// An image.
    Image {
        /// `cfile_…`, for a message's `attachments`.
        id: String,
        /// What its content says it is.
        mime_type: String,
        /// Its name.
        name: String,
        /// A small picture of it; works for an hour or two.
        preview_url: String,
        /// Where it is downloaded, despite its name; works for an hour or two.
        upload_url: String,
    },
}

/// Takes a file for a later message: the widget's `uploadStrategy` `direct`.
///
/// Who is asking is found out as on `/chatkit`.
#[utoipa::path(
    post,
    path = "/chatkit/attachments",
    tag = "files",
    request_body(content = FileForm, content_type = "multipart/form-data", description = "One part named `file`"),
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "The attachment, in the protocol's shape", body = Object),
        (status = 400, description = "No such form, or `chatkit.file_upload_type_rejected`", body = OpenAiErrorBody),
        (status = 401, description = "Not signed in, or a credential that is not good", body = OpenAiErrorBody),
        (status = 403, description = "`chatkit.file_upload_disabled`; origin, site, role or service key refused", body = OpenAiErrorBody),
        (status = 408, description = "Nothing came for 30 seconds", body = OpenAiErrorBody),
        (status = 409, description = "The workflow is hosted at OpenAI", body = OpenAiErrorBody),
        (status = 413, description = "Larger than the session or the site allows", body = OpenAiErrorBody),
        (status = 415, description = "No form, or a packed one", body = OpenAiErrorBody),
        (status = 429, description = "More than sixty a minute, or than a message takes; see Retry-After", body = OpenAiErrorBody),
        (status = 500, description = "Not configured (the message names the variable)", body = OpenAiErrorBody),
        (status = 501, description = "This server keeps no files", body = OpenAiErrorBody),
        (status = 503, description = "The files or the database are not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn attachment(
    State(app): State<Arc<App>>,
    call: Call,
    request: Request,
) -> Result<Response, ApiError> {
    let visitor = admit(&app, &call, Door::Page).await?;
    let mut response = match take(&app, &visitor.caller, Door::Page, request).await {
        Ok(attachment) => Json(attachment).into_response(),
        Err(error) => error.into_response(),
    };
    visitor.introduction.write(&mut response, &call);
    Ok(response)
}

/// The same at `OpenAI`'s own address and in its shape: only with a client secret or a user's token.
///
/// A service key is refused: it is nobody's, and a file that is nobody's could not be sent by anybody.
#[utoipa::path(
    post,
    path = "/v1/chatkit/files",
    tag = "files",
    request_body(content = FileForm, content_type = "multipart/form-data", description = "One part named `file`"),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The file", body = ChatKitFile),
        (status = 400, description = "No such form, or `chatkit.file_upload_type_rejected`", body = OpenAiErrorBody),
        (status = 401, description = "No client secret or token, or one that is not good", body = OpenAiErrorBody),
        (status = 403, description = "`chatkit.file_upload_disabled`; origin, site, role or service key refused", body = OpenAiErrorBody),
        (status = 408, description = "Nothing came for 30 seconds", body = OpenAiErrorBody),
        (status = 409, description = "The workflow is hosted at OpenAI", body = OpenAiErrorBody),
        (status = 413, description = "Larger than the session or the site allows", body = OpenAiErrorBody),
        (status = 415, description = "No form, or a packed one", body = OpenAiErrorBody),
        (status = 429, description = "More than ten a minute; see Retry-After", body = OpenAiErrorBody),
        (status = 500, description = "Not configured (the message names the variable)", body = OpenAiErrorBody),
        (status = 501, description = "This server keeps no files", body = OpenAiErrorBody),
        (status = 503, description = "The files or the database are not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn file(
    State(app): State<Arc<App>>,
    call: Call,
    request: Request,
) -> Result<Json<ChatKitFile>, ApiError> {
    let Visitor { caller, .. } = admit(&app, &call, Door::Bearer).await?;
    let attachment = take(&app, &caller, Door::Bearer, request).await?;
    in_openais_shape(&app, &caller, attachment).map(Json)
}

async fn admit(app: &App, call: &Call, door: Door) -> Result<Visitor, ApiError> {
    visitor::recognise(app, call, door)?.admit(app, call, None).await
}

async fn take(app: &App, caller: &ChatCaller, door: Door, request: Request) -> Result<Attachment, ApiError> {
    let files = require_files(app)?;
    let terms = caller.upload_terms();
    // Where nothing may be sent the body need not come.
    let max_files = terms.max_files()?;
    let (site, user) = (&caller.context.site, &caller.context.user);
    let (parts, body) = request.into_parts();
    let incoming = Incoming::new(body, app);
    let taken = async {
        match door {
            Door::Page => app.limit_uploads(site, user, max_files).await?,
            Door::Bearer => app.limit_files(site, user).await?,
        }
        let FormFile { name, mime_type, content } = find_file(&parts.headers, incoming.content()).await?;
        let file = (name.as_str(), mime_type.as_deref());
        Ok(files.upload_direct(&caller.scope(), terms, &caller.base, file, content).await?)
    };
    match taken.await {
        Ok(attachment) => Ok(attachment),
        Err(error) => Err(incoming.refuse(error).await),
    }
}

fn in_openais_shape(app: &App, caller: &ChatCaller, attachment: Attachment) -> Result<ChatKitFile, ApiError> {
    let files = require_files(app)?;
    let site = &caller.context.site;
    let download = |id: &str| AttachmentId::parse(id).map(|id| files.download_url(site, &id, &caller.base));
    let shaped = match attachment {
        Attachment::File(file) => download(&file.id).map(|upload_url| ChatKitFile::File {
            id: file.id,
            mime_type: file.mime_type,
            name: file.name,
            upload_url,
        }),
        Attachment::Image(image) => download(&image.id).map(|upload_url| ChatKitFile::Image {
            id: image.id,
            mime_type: image.mime_type,
            name: image.name,
            preview_url: image.preview_url,
            upload_url,
        }),
        Attachment::Unknown(_) => None,
    };
    // Ids that were minted here are always ids.
    shaped.ok_or_else(ApiError::internal)
}
