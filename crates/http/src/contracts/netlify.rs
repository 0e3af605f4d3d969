//! The two Netlify functions of seed 000 (design 4.2).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chatkitd_core::limits::Decision;
use chatkitd_core::secret_text::SecretText;
use chatkitd_core::sessions::{Issued, NewSession, SecretStanding, SessionError};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::session;
use crate::app::App;
use crate::body::{JsonBody, read_json};
use crate::caller::{Call, UnplacedCall};
use crate::device::set_cookie;
use crate::error::{ApiError, ErrorBody};
use crate::limits;

/// All that these functions answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct ClientSecret {
    /// `ek_…`.
    client_secret: String,
}

/// What the refresh function is sent.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RefreshRequest {
    /// The secret to be replaced.
    #[schema(value_type = String, min_length = 1)]
    current_client_secret: Option<String>,
}

impl JsonBody for RefreshRequest {
    const OBJECTS: &'static [&'static str] = &[];
}

/// Starts a session. The body is not read.
#[utoipa::path(
    post,
    path = "/.netlify/functions/chatkit-start",
    tag = "netlify",
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "A client secret", body = ClientSecret),
        (status = 401, description = "Not signed in, or a credential that is not good", body = ErrorBody),
        (status = 403, description = "Origin, site or role refused", body = ErrorBody),
        (status = 405, description = "Another method than POST", body = ErrorBody),
        (status = 409, description = "Changed by somebody else at the same time", body = ErrorBody),
        (status = 429, description = "Too many; see Retry-After", body = ErrorBody),
        (status = 500, description = "Not configured; the message names the variable", body = ErrorBody),
        (status = 502, description = "OpenAI failed", body = ErrorBody),
        (status = 503, description = "Store, limiter or upstream not available", body = ErrorBody),
        (status = 504, description = "OpenAI did not answer in time", body = ErrorBody)
    )
)]
pub(crate) async fn start(State(app): State<Arc<App>>, call: Call) -> Result<Response, ApiError> {
    start_session(&app, &call).await
}

/// Replaces a secret by a fresh one.
///
/// The old one works 30 seconds longer. One that is unknown here, that ran out over 24 hours ago, or whose session
/// is 30 days old starts a new session; one that was revoked is refused.
#[utoipa::path(
    post,
    path = "/.netlify/functions/chatkit-refresh",
    tag = "netlify",
    request_body = RefreshRequest,
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "A fresh client secret", body = ClientSecret),
        (status = 400, description = "No secret, or malformed", body = ErrorBody),
        (status = 401, description = "The secret was revoked", body = ErrorBody),
        (status = 403, description = "Origin, site or role refused", body = ErrorBody),
        (status = 405, description = "Another method than POST", body = ErrorBody),
        (status = 408, description = "The body did not arrive in time", body = ErrorBody),
        (status = 409, description = "Changed by somebody else at the same time", body = ErrorBody),
        (status = 413, description = "Body over 64 KiB", body = ErrorBody),
        (status = 415, description = "Not JSON", body = ErrorBody),
        (status = 429, description = "Too many; see Retry-After", body = ErrorBody),
        (status = 500, description = "Not configured; the message names the variable", body = ErrorBody),
        (status = 502, description = "OpenAI failed", body = ErrorBody),
        (status = 503, description = "Store, limiter or upstream not available", body = ErrorBody),
        (status = 504, description = "OpenAI did not answer in time", body = ErrorBody)
    )
)]
pub(crate) async fn refresh(
    State(app): State<Arc<App>>,
    call: UnplacedCall,
    request: Request,
) -> Result<Response, ApiError> {
    let sent: RefreshRequest = read_json(request).await?;
    let secret = sent.current_client_secret.filter(|secret| !secret.is_empty()).ok_or_else(|| {
        ApiError::bad_request("secret_missing", "Send the current secret as \"currentClientSecret\".")
    })?;
    let presented = match app.sessions.present(&SecretText::new(secret)).await {
        Ok(presented) if presented.standing != SecretStanding::Expired => presented,
        Ok(_) | Err(SessionError::SecretUnknown) => return start_session(&app, &call.at_its_site()?).await,
        Err(error) => return Err(error.into()),
    };
    let call = call.at_site_of(&app, &presented)?;
    let decision = app.limit_session(&call.site, &presented.session.id).await?;
    match app.sessions.refresh(&call.site, &presented).await {
        Ok(issued) => respond(&app, &call, &issued, decision),
        // Its page has no other way to go on than one whose secret ran out long ago.
        Err(SessionError::SessionTooOld) => start_session(&app, &call).await,
        Err(error) => Err(error.into()),
    }
}

async fn start_session(app: &App, call: &Call) -> Result<Response, ApiError> {
    let new = NewSession {
        user: session::settle_user(app, call, None)?,
        workflow: None,
        trusted: false,
        state_variables: None,
        metadata: None,
        configuration: None,
        promise: None,
    };
    let (issued, decision) = session::issue(app, call, &new).await?;
    respond(app, call, &issued, decision)
}

fn respond(
    app: &App,
    call: &Call,
    issued: &Issued,
    decision: Option<Decision>,
) -> Result<Response, ApiError> {
    let body = ClientSecret { client_secret: issued.secret.expose().to_owned() };
    let mut response = Json(body).into_response();
    if let Some(token) = app.device_token(call, &issued.session.user)? {
        set_cookie(&mut response, call, &token);
    }
    if let Some(decision) = decision {
        limits::write_headers(response.headers_mut(), &decision);
    }
    Ok(response)
}
