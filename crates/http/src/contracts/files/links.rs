//! Signed addresses: whoever has one may do what it is for until it expires, and nothing else.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse, Response};
use chatkitd_core::attachments::{AttachmentError, Download, Permit, Signed, SignedUrlError, UploadContent};
use chatkitd_core::id::{AttachmentId, SiteName};
use chatkitd_core::ports::{Blob, BlobError, ByteStream};
use futures_util::{StreamExt as _, stream};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use url::form_urlencoded;

use super::body::Incoming;
use super::refusal::{missing, refused_address};
use super::{disposition, require_files};
use crate::app::App;
use crate::body::require_unpacked;
use crate::envelope::OpenAiErrorBody;
use crate::error::ApiError;
use crate::path_id::PathId;
use crate::site_path::PathSite;

const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// A signed address: which attachment of which site, and what proves that it may be used.
pub(crate) struct Link {
    site: SiteName,
    id: AttachmentId,
    signed: Signed,
}

impl FromRequestParts<Arc<App>> for Link {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let PathId(id) = PathId::from_request_parts(parts, app).await?;
        let site = match parts.extensions.get() {
            Some(PathSite(site)) => site.clone().ok_or_else(missing)?,
            None => SiteName::default_site(),
        };
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        let value =
            |name: &str| form_urlencoded::parse(query).find(|(key, _)| key == name).map(|(_, value)| value);
        let expires = value("expires").and_then(|seconds| seconds.parse().ok());
        // What was never signed is told the same as what was signed by somebody else.
        let forged = || refused_address(SignedUrlError::Forged);
        let expires = expires.ok_or_else(forged)?;
        let signature = value("signature").ok_or_else(forged)?.into_owned();
        Ok(Self {
            site,
            id: AttachmentId::parse(&id).ok_or_else(missing)?,
            signed: Signed { expires, signature },
        })
    }
}

/// Uploads the content of an attachment that was announced with `attachments.create`.
///
/// The address is the one in `upload_descriptor.url` and proof enough. It works for ten minutes, and once.
#[utoipa::path(
    method(put, post),
    path = "/chatkit/attachments/{id}/content",
    tag = "files",
    params(
        ("id" = String, Path, description = "`cfile_…`"),
        ("expires" = i64, Query, description = "As in the address"),
        ("signature" = String, Query, description = "As in the address")
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file as it is"),
    security(()),
    responses(
        (status = 204, description = "It is there"),
        (status = 400, description = "Fewer bytes than announced, or content of another type", body = OpenAiErrorBody),
        (status = 403, description = "The address expired or was changed", body = OpenAiErrorBody),
        (status = 404, description = "The attachment was deleted", body = OpenAiErrorBody),
        (status = 408, description = "Nothing came for 30 seconds", body = OpenAiErrorBody),
        (status = 409, description = "It was uploaded already, or another upload of it is still going on", body = OpenAiErrorBody),
        (status = 413, description = "More bytes than announced", body = OpenAiErrorBody),
        (status = 415, description = "Packed: it has a Content-Encoding", body = OpenAiErrorBody),
        (status = 501, description = "This server keeps no files", body = OpenAiErrorBody),
        (status = 503, description = "The files or the database are not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn upload(
    State(app): State<Arc<App>>,
    link: Link,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let files = require_files(&app)?;
    let site = app.sites.get(&link.site).ok_or_else(missing)?;
    let incoming = Incoming::new(body, &app);
    let uploaded = async {
        require_unpacked(&headers)?;
        let content = UploadContent { length: incoming.length(), content: incoming.content() };
        Ok(files.upload((&link.site, &site.file_types), &link.id, &link.signed, content).await?)
    };
    match uploaded.await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(error) => Err(incoming.refuse(error).await),
    }
}

/// The file, to be saved.
#[utoipa::path(
    get,
    path = "/chatkit/attachments/{id}/content",
    tag = "files",
    params(
        ("id" = String, Path, description = "`cfile_…`"),
        ("expires" = i64, Query, description = "As in the address"),
        ("signature" = String, Query, description = "As in the address")
    ),
    security(()),
    responses(
        (status = 200, description = "The file", content_type = "application/octet-stream", body = Vec<u8>),
        (status = 403, description = "The address expired or was changed", body = OpenAiErrorBody),
        (status = 404, description = "It was deleted, or is not uploaded yet", body = OpenAiErrorBody),
        (status = 501, description = "This server keeps no files", body = OpenAiErrorBody),
        (status = 503, description = "The files or the database are not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn download(State(app): State<Arc<App>>, link: Link) -> Result<Response, ApiError> {
    read(&app, &link, Permit::Download).await
}

/// A small picture of an image.
#[utoipa::path(
    get,
    path = "/chatkit/attachments/{id}/preview",
    tag = "files",
    params(
        ("id" = String, Path, description = "`cfile_…`"),
        ("expires" = i64, Query, description = "As in the address"),
        ("signature" = String, Query, description = "As in the address")
    ),
    security(()),
    responses(
        (status = 200, description = "The picture, 512 pixels at its longest side", content(
            (Vec<u8> = "image/jpeg"), (Vec<u8> = "image/png")
        )),
        (status = 403, description = "The address expired or was changed", body = OpenAiErrorBody),
        (status = 404, description = "It was deleted, or there is none", body = OpenAiErrorBody),
        (status = 501, description = "This server keeps no files", body = OpenAiErrorBody),
        (status = 503, description = "The files or the database are not available; see Retry-After", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn preview(State(app): State<Arc<App>>, link: Link) -> Result<Response, ApiError> {
    read(&app, &link, Permit::Preview).await
}

async fn read(app: &App, link: &Link, permit: Permit) -> Result<Response, ApiError> {
    let Link { site, id, signed } = link;
    let Download { record, blob } = require_files(app)?.download(permit, site, id, signed).await?;
    let Blob { size, content } = blob;
    let (mime_type, saved, content) = match permit {
        Permit::Preview => {
            let (mime_type, content) = picture(content).await?;
            (mime_type, HeaderValue::from_static("inline"), content)
        }
        Permit::Upload | Permit::Download => {
            let mime_type = HeaderValue::try_from(record.mime_type.as_str());
            (mime_type.unwrap_or(OCTETS), disposition::attachment(&record.name), content)
        }
    };
    let mut response = Body::from_stream(content).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, mime_type);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    headers.insert(header::CONTENT_DISPOSITION, saved);
    // Whatever a stranger's file holds, nothing in it runs.
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    // The address is the permission, and pages of other origins show the pictures.
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    let left = signed.expires.saturating_sub(app.clock.now().as_second()).max(0);
    if let Ok(private) = HeaderValue::try_from(format!("private, max-age={left}, immutable")) {
        headers.insert(header::CACHE_CONTROL, private);
    }
    Ok(response)
}

/// What kind of picture a preview is stands in its first bytes, and nowhere else.
async fn picture(mut content: ByteStream) -> Result<(HeaderValue, ByteStream), ApiError> {
    let first = content
        .next()
        .await
        .transpose()
        .map_err(|error| AttachmentError::from(BlobError::Unavailable(error)))?;
    let first = first.unwrap_or_default();
    let is_png = first.starts_with(b"\x89PNG");
    let mime_type = HeaderValue::from_static(if is_png { "image/png" } else { "image/jpeg" });
    Ok((mime_type, stream::iter([Ok(first)]).chain(content).boxed()))
}
