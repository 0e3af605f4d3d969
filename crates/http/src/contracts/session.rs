//! `/api/chatkit/session`: one endpoint, four of the five dialects (design 4.1).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chatkitd_core::id::{SessionId, UserId, UserIdError};
use chatkitd_core::limits::Decision;
use chatkitd_core::sessions::{Issued, NewSession, Session, SessionError, SessionStatus};
use chatkitd_core::site::ChatKitConfiguration;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::session_response::{CreatedSession, ValidatedSession};
use crate::app::App;
use crate::body::{JsonBody, read_json};
use crate::caller::{Call, Caller, not_signed_in, require_live};
use crate::device::set_cookie;
use crate::error::{ApiError, ErrorBody};
use crate::limits;
use crate::path_id::PathId;

/// The union of what the front ends send. Every field is optional; unknown ones are ignored; an empty
/// body will do.
#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateSession {
    /// The visitor's language, handed to the workflow as `locale` (seed 002; there the default is `en`).
    #[schema(nullable)]
    locale: Option<String>,
    /// The page the chat is on, handed to the workflow as `page_url` (seed 002).
    #[schema(nullable)]
    page_url: Option<String>,
    /// Who is chatting (seed 002). Believed only from a service key; `anon_…` is reserved.
    #[schema(nullable, max_length = 512, pattern = r"^(?!anon_)[^\x00-\x1f\x7f-\x9f]*$")]
    user: Option<String>,
    /// Who is chatting (seed 003). Believed only from a service key; `anon_…` is reserved.
    #[schema(nullable, max_length = 512, pattern = r"^(?!anon_)[^\x00-\x1f\x7f-\x9f]*$")]
    user_id: Option<String>,
    /// What shall answer (seed 003, `OpenAI`'s starter app). Default: the site's first workflow.
    #[schema(nullable)]
    workflow_id: Option<String>,
    /// The front end's own notes, handed back as they came (seeds 003 and 004).
    #[schema(nullable)]
    metadata: Option<Map<String, Value>>,
    /// `OpenAI`'s starter app.
    #[schema(nullable)]
    workflow: Option<WorkflowField>,
    /// `OpenAI`'s starter app.
    #[schema(nullable)]
    scope: Option<ScopeField>,
    /// What the chat may do. Can only narrow what the site allows.
    #[serde(rename = "chatkit_configuration")]
    #[schema(nullable, value_type = Option<Object>)]
    chatkit_configuration: Option<ChatKitConfiguration>,
}

/// `workflow: {id}`.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct WorkflowField {
    /// What shall answer.
    #[schema(nullable)]
    id: Option<String>,
}

/// `scope: {user_id}`.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct ScopeField {
    /// Who is chatting.
    #[schema(nullable, max_length = 512, pattern = r"^(?!anon_)[^\x00-\x1f\x7f-\x9f]*$")]
    user_id: Option<String>,
}

impl JsonBody for CreateSession {
    const OBJECTS: &'static [&'static str] = &[
        "/metadata",
        "/workflow",
        "/scope",
        "/chatkit_configuration",
        "/chatkit_configuration/automatic_thread_titling",
        "/chatkit_configuration/file_upload",
        "/chatkit_configuration/history",
    ];
}

impl CreateSession {
    /// Whom the body names. A name that nobody can have is refused even from callers whose body is not believed;
    /// front ends that know nobody send blanks.
    fn named_user(&self) -> Result<Option<UserId>, ApiError> {
        let scope = self.scope.as_ref().and_then(|scope| scope.user_id.as_deref());
        let named = [self.user_id.as_deref(), self.user.as_deref(), scope];
        let named = named.into_iter().flatten().filter(|user| !user.trim().is_empty());
        let users: Vec<UserId> = named.map(UserId::named).collect::<Result<_, _>>().map_err(bad_user)?;
        Ok(users.into_iter().next())
    }

    fn workflow(&self) -> Option<String> {
        let nested = self.workflow.as_ref().and_then(|workflow| workflow.id.clone());
        self.workflow_id.clone().or(nested).filter(|id| !id.is_empty())
    }

    /// Seed 002 always sets both variables; a front end that sends none of its fields gets none.
    fn state_variables(&self) -> Option<Map<String, Value>> {
        if self.locale.is_none() && self.page_url.is_none() && self.user.is_none() {
            return None;
        }
        let locale = self.locale.as_deref().filter(|locale| !locale.is_empty()).unwrap_or("en");
        let page_url = self.page_url.as_deref().unwrap_or("");
        Some(Map::from_iter([("locale".to_owned(), json!(locale)), ("page_url".to_owned(), json!(page_url))]))
    }
}

/// Issues a client secret.
///
/// A signed-in user's session for the same workflow is reused. An anonymous visitor is kept by a signed
/// device cookie, or by the `chatkit-device-token` header where cookies are blocked.
#[utoipa::path(
    post,
    path = "/api/chatkit/session",
    tag = "sessions",
    request_body(content = Option<CreateSession>, description = "May be left out."),
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "A client secret and its session", body = CreatedSession),
        (status = 400, description = "Malformed", body = ErrorBody),
        (status = 401, description = "Not signed in, or a credential that is not good", body = ErrorBody),
        (status = 403, description = "Origin, workflow or role refused", body = ErrorBody),
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
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    call: Call,
    request: Request,
) -> Result<Response, ApiError> {
    let asked: CreateSession = read_json(request).await?;
    let new = new_session(&app, &call, asked)?;
    let (issued, decision) = issue(&app, &call, &new).await?;
    created(&app, &call, &issued, decision)
}

fn new_session(app: &App, call: &Call, asked: CreateSession) -> Result<NewSession, ApiError> {
    if let Some(configuration) = &asked.chatkit_configuration {
        configuration
            .check()
            .map_err(|error| ApiError::bad_request("invalid_configuration", format!("{error}.")))?;
    }
    Ok(NewSession {
        user: settle_user(app, call, asked.named_user()?)?,
        workflow: asked.workflow(),
        trusted: matches!(call.caller, Caller::Service(_)),
        state_variables: asked.state_variables(),
        metadata: asked.metadata,
        configuration: asked.chatkit_configuration,
        promise: None,
    })
}

/// The user a session is for (design 4.1): a body is believed only from a service key.
pub(super) fn settle_user(app: &App, call: &Call, named: Option<UserId>) -> Result<UserId, ApiError> {
    let anonymous = || UserId::mint_anonymous(app.clock.now(), app.rng.as_ref());
    match &call.caller {
        Caller::Service(_) => Ok(named.unwrap_or_else(anonymous)),
        Caller::User(user) => Ok(user.user.clone()),
        Caller::Secret(presented) => {
            require_live(presented)?;
            if !presented.session.user.is_anonymous() {
                return Err(needs_token());
            }
            call.require_anonymous()?;
            Ok(presented.session.user.clone())
        }
        Caller::Device(device) => {
            call.require_anonymous()?;
            Ok(device.user.clone())
        }
        Caller::Nobody => {
            call.require_anonymous()?;
            call.require_page()?;
            Ok(anonymous())
        }
    }
}

fn bad_user(error: UserIdError) -> ApiError {
    let code = if error == UserIdError::Reserved { "reserved_user" } else { "invalid_user" };
    ApiError::bad_request(code, format!("The user cannot be taken: {error}."))
}

/// A secret alone must not keep a signed-in user signed in for ever: the token has to come again.
fn needs_token() -> ApiError {
    ApiError::unauthorized(
        "token_required",
        "Send your token to create a session; a client secret can only be refreshed.",
    )
}

/// Counts the creation where it is counted and issues a secret. What nothing can be issued for is refused first: nobody's
/// limit is used up by it, and the reason goes on being said.
pub(super) async fn issue(
    app: &App,
    call: &Call,
    new: &NewSession,
) -> Result<(Issued, Option<Decision>), ApiError> {
    app.sessions.check(&call.site, new)?;
    let decision = match &call.caller {
        Caller::Service(_) if new.user.is_anonymous() => {
            app.limit_site(&call.site).await?;
            None
        }
        _ if new.user.is_anonymous() => app.limit_anonymous(&call.site, call.address).await?,
        _ => app.limit_user(&call.site, &new.user).await?,
    };
    let issued = app.sessions.issue(&call.site, new).await?;
    metrics::counter!("chatkitd_sessions_issued_total", "site" => call.site.name.to_string()).increment(1);
    Ok((issued, decision))
}

/// The response of create and refresh, with the device cookie where the visitor is anonymous.
fn created(
    app: &App,
    call: &Call,
    issued: &Issued,
    decision: Option<Decision>,
) -> Result<Response, ApiError> {
    let trusted = matches!(call.caller, Caller::Service(_));
    let device = if trusted { None } else { app.device_token(call, &issued.session.user)? };
    let shown = device.as_ref().filter(|_| call.is_from_elsewhere());
    let body = CreatedSession::new(issued, shown, app.clock.now());
    let mut response = Json(body).into_response();
    if let Some(token) = &device {
        set_cookie(&mut response, call, token);
    }
    if let Some(decision) = decision {
        limits::write_headers(response.headers_mut(), &decision);
    }
    Ok(response)
}

/// Issues a fresh secret for a session that exists.
///
/// A secret that is presented is replaced: it works 30 seconds longer, and everybody who refreshes it in
/// that time gets the same new one. One that ran out less than 24 hours ago will do.
///
/// A server without a database remembers no session: it makes a new one for the same user, of what the body says, as at the
/// creation. Otherwise the body is not read.
#[utoipa::path(
    post,
    path = "/api/chatkit/session/{id}/refresh",
    tag = "sessions",
    params(("id" = String, Path, description = "`cksess_…`")),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "A fresh client secret", body = CreatedSession),
        (status = 400, description = "Malformed; only without a database", body = ErrorBody),
        (status = 401, description = "Not signed in, or the secret is revoked or too old", body = ErrorBody),
        (status = 403, description = "Origin, site, workflow or role refused", body = ErrorBody),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
        (status = 409, description = "The session was revoked", body = ErrorBody),
        (status = 413, description = "Body over 64 KiB; only without a database", body = ErrorBody),
        (status = 415, description = "Not JSON; only without a database", body = ErrorBody),
        (status = 429, description = "Too many; see Retry-After", body = ErrorBody),
        (status = 500, description = "Not configured; the message names the variable", body = ErrorBody),
        (status = 502, description = "OpenAI failed", body = ErrorBody),
        (status = 503, description = "Store, limiter or upstream not available", body = ErrorBody),
        (status = 504, description = "OpenAI did not answer in time", body = ErrorBody)
    )
)]
pub(crate) async fn refresh(
    State(app): State<Arc<App>>,
    call: Call,
    PathId(id): PathId,
    request: Request,
) -> Result<Response, ApiError> {
    if !app.sessions.remembers() {
        return refresh_unremembered(&app, &call, request).await;
    }
    let id = session_id(&id)?;
    if let Caller::Secret(presented) = &call.caller {
        require_own(&presented.session, &id)?;
        let decision = app.limit_session(&call.site, &id).await?;
        let issued = app.sessions.refresh(&call.site, presented).await?;
        return created(&app, &call, &issued, decision);
    }
    let scope = call.scope()?;
    app.sessions.find(&scope, &id).await?;
    let decision = app.limit_session(&call.site, &id).await?;
    let issued = app.sessions.reissue(&call.site, &scope, &id).await?;
    created(&app, &call, &issued, decision)
}

/// Without a database a refresh is a new session for the same user (design 4.4). Of the old one only the page knows what
/// it was made with.
async fn refresh_unremembered(app: &App, call: &Call, request: Request) -> Result<Response, ApiError> {
    if matches!(call.caller, Caller::Nobody) {
        return Err(not_signed_in());
    }
    let new = new_session(app, call, read_json(request).await?)?;
    let (issued, decision) = issue(app, call, &new).await?;
    created(app, call, &issued, decision)
}

/// Says whether a session still stands.
///
/// A secret of a session that ended may still ask that. One that ran out or was replaced while its session goes on is
/// refused.
#[utoipa::path(
    get,
    path = "/api/chatkit/session/{id}/validate",
    tag = "sessions",
    params(("id" = String, Path, description = "`cksess_…`")),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "What the session is; `valid` is false when it ended", body = ValidatedSession),
        (status = 401, description = "Not signed in, or the secret is no longer good", body = ErrorBody),
        (status = 403, description = "Origin, site or role refused", body = ErrorBody),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
        (status = 501, description = "There is no database to remember sessions in", body = ErrorBody),
        (status = 503, description = "The store is not available", body = ErrorBody)
    )
)]
pub(crate) async fn validate(
    State(app): State<Arc<App>>,
    call: Call,
    PathId(id): PathId,
) -> Result<Json<ValidatedSession>, ApiError> {
    let session = match ended_session(&app, &call, &id) {
        Some(session) => session,
        None => own_session(&app, &call, &id).await?,
    };
    let status = session.status(app.clock.now());
    Ok(Json(ValidatedSession {
        valid: status == SessionStatus::Active,
        session_id: session.id.to_string(),
        status: status.as_str(),
        expires_at: session.expires_at.as_second(),
        workflow_id: session.workflow,
        user_id: session.user.to_string(),
    }))
}

/// Ends a session: every secret of it stops at once.
#[utoipa::path(
    delete,
    path = "/api/chatkit/session/{id}",
    tag = "sessions",
    params(("id" = String, Path, description = "`cksess_…`")),
    security(("bearer" = [])),
    responses(
        (status = 204, description = "Ended"),
        (status = 401, description = "Not signed in, or the secret is no longer good", body = ErrorBody),
        (status = 403, description = "Origin, site or role refused", body = ErrorBody),
        (status = 404, description = "No such session, or somebody else's", body = ErrorBody),
        (status = 501, description = "There is no database to remember sessions in", body = ErrorBody),
        (status = 503, description = "The store is not available", body = ErrorBody)
    )
)]
pub(crate) async fn end(
    State(app): State<Arc<App>>,
    call: Call,
    PathId(id): PathId,
) -> Result<StatusCode, ApiError> {
    let session = own_session(&app, &call, &id).await?;
    app.sessions.revoke(&call.scope()?, &session.id, call.actor()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The session a path names, if it is this caller's.
async fn own_session(app: &App, call: &Call, id: &str) -> Result<Session, ApiError> {
    let scope = call.scope()?;
    if !app.sessions.remembers() {
        return Err(ApiError::new(
            StatusCode::NOT_IMPLEMENTED,
            "needs_database",
            "This server keeps no sessions. Set CHATKITD_DATABASE_URL to keep them.",
        ));
    }
    let id = session_id(id)?;
    if let Caller::Secret(presented) = &call.caller {
        require_own(&presented.session, &id)?;
    }
    Ok(app.sessions.find(&scope, &id).await?)
}

/// The session of the secret that is presented, if it ended: its page may hold nothing else to ask with (seed 003).
fn ended_session(app: &App, call: &Call, id: &str) -> Option<Session> {
    let Caller::Secret(presented) = &call.caller else { return None };
    let session = &presented.session;
    let ended = session.status(app.clock.now()) != SessionStatus::Active;
    (ended && session.id.as_str() == id).then(|| session.clone())
}

fn session_id(text: &str) -> Result<SessionId, ApiError> {
    SessionId::parse(text).ok_or_else(|| SessionError::NotFound.into())
}

/// A secret opens its own session and no other, not even another one of the same user.
fn require_own(session: &Session, id: &SessionId) -> Result<(), ApiError> {
    if session.id == *id { Ok(()) } else { Err(SessionError::NotFound.into()) }
}
