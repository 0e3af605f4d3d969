//! The sixteen operations behind one address.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chatkitd_core::server::{ChatCaller, ChatServer, Reply};

use super::request::{Asked, ConversationHeaders, Understood};
use super::visitor::{self, Door, Visitor};
use super::{ChatKitRequest, reply, require_chat};
use crate::app::App;
use crate::caller::Call;
use crate::envelope::OpenAiErrorBody;
use crate::error::ApiError;
use crate::locale;

/// Performs an operation of the ChatKit protocol, for a page that points the widget here.
///
/// Who is asking: a client secret, else a user's token, else the device's token or cookie, else a new
/// anonymous user, where the site has such: the answer then sets the device's cookie and, for pages of
/// other sites, has the header `chatkit-device-token`.
#[utoipa::path(
    post,
    path = "/chatkit",
    tag = "chatkit",
    params(ConversationHeaders),
    request_body(content = ChatKitRequest, description = "`{type, params, metadata?}`: one of the protocol's operations, at most 1 MiB; `input.transcribe` with a recording of at most 25 MiB, its `type` before its `params`"),
    security((), ("bearer" = [])),
    responses(
        (status = 200, description = "A document, or the run's events", content(
            (Object = "application/json"),
            (String = "text/event-stream")
        ), headers(
            ("x-chatkit-run-id" = String, description = "The run whose events these are, or that is going on the thread"),
            ("chatkit-device-token" = String, description = "Keeps a new anonymous visitor where cookies are blocked"),
        )),
        (status = 400, description = "Not a request of the protocol, or one that does not fit the thread", body = OpenAiErrorBody),
        (status = 401, description = "Not signed in, or a credential that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Origin, site, role or service key refused; the thread is locked or closed", body = OpenAiErrorBody),
        (status = 404, description = "No such thread or item, or somebody else's", body = OpenAiErrorBody),
        (status = 408, description = "The body did not arrive in time", body = OpenAiErrorBody),
        (status = 409, description = "The thread is busy; or the workflow is hosted at OpenAI and needs its own widget", body = OpenAiErrorBody),
        (status = 413, description = "Body over 1 MiB, or over that of a recording", body = OpenAiErrorBody),
        (status = 415, description = "Not JSON", body = OpenAiErrorBody),
        (status = 422, description = "The Idempotency-Key came before with another body", body = OpenAiErrorBody),
        (status = 429, description = "Too many; see Retry-After", body = OpenAiErrorBody),
        (status = 500, description = "Not configured (the message names the variable), or the agent failed", body = OpenAiErrorBody),
        (status = 501, description = "Attachments and transcription where there are none; anything without a database", body = OpenAiErrorBody),
        (status = 502, description = "The recording was not transcribed", body = OpenAiErrorBody),
        (status = 503, description = "Store or limiter not available; see Retry-After", body = OpenAiErrorBody),
        (status = 504, description = "The recording was not transcribed in time", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn page(
    State(app): State<Arc<App>>,
    call: Call,
    request: Request,
) -> Result<Response, ApiError> {
    converse(&app, &call, request, Door::Page).await
}

/// The same for clients of `OpenAI`'s own address: only with a client secret or a user's token.
#[utoipa::path(
    post,
    path = "/v1/chatkit/conversation",
    tag = "chatkit",
    params(ConversationHeaders),
    request_body(content = ChatKitRequest, description = "`{type, params, metadata?}`: one of the protocol's operations, at most 1 MiB; `input.transcribe` with a recording of at most 25 MiB, its `type` before its `params`"),
    security(("bearer" = [])),
    responses(
        (status = 200, description = "A document, or the run's events", content(
            (Object = "application/json"),
            (String = "text/event-stream")
        ), headers(
            ("x-chatkit-run-id" = String, description = "The run whose events these are, or that is going on the thread")
        )),
        (status = 400, description = "Not a request of the protocol, or one that does not fit the thread", body = OpenAiErrorBody),
        (status = 401, description = "No client secret or token, or one that is not good", body = OpenAiErrorBody),
        (status = 403, description = "Origin, site, role or service key refused; the thread is locked or closed", body = OpenAiErrorBody),
        (status = 404, description = "No such thread or item, or somebody else's", body = OpenAiErrorBody),
        (status = 408, description = "The body did not arrive in time", body = OpenAiErrorBody),
        (status = 409, description = "The thread is busy; or the workflow is hosted at OpenAI", body = OpenAiErrorBody),
        (status = 413, description = "Body over 1 MiB, or over that of a recording", body = OpenAiErrorBody),
        (status = 415, description = "Not JSON", body = OpenAiErrorBody),
        (status = 422, description = "The Idempotency-Key came before with another body", body = OpenAiErrorBody),
        (status = 429, description = "Too many; see Retry-After", body = OpenAiErrorBody),
        (status = 500, description = "Not configured (the message names the variable), or the agent failed", body = OpenAiErrorBody),
        (status = 501, description = "Attachments and transcription where there are none; anything without a database", body = OpenAiErrorBody),
        (status = 502, description = "The recording was not transcribed", body = OpenAiErrorBody),
        (status = 503, description = "Store or limiter not available; see Retry-After", body = OpenAiErrorBody),
        (status = 504, description = "The recording was not transcribed in time", body = OpenAiErrorBody)
    )
)]
pub(crate) async fn conversation(
    State(app): State<Arc<App>>,
    call: Call,
    request: Request,
) -> Result<Response, ApiError> {
    converse(&app, &call, request, Door::Bearer).await
}

/// A new visitor is introduced on a refusal, too: who was counted as new is known from then on.
async fn converse(app: &App, call: &Call, request: Request, door: Door) -> Result<Response, ApiError> {
    // Who may not converse need not have their body read.
    let recognised = visitor::recognise(app, call, door)?;
    let chat = require_chat(app)?;
    let locale = locale::preferred(request.headers());
    let asked = Asked::read(request, chat).await?;
    let Visitor { caller, introduction } = recognised.admit(app, call, locale).await?;
    let answered = answer(app, chat, caller, asked).await;
    let mut response = answered.map_or_else(IntoResponse::into_response, reply::respond);
    introduction.write(&mut response, call);
    Ok(response)
}

async fn answer(
    app: &App,
    chat: &Arc<ChatServer>,
    caller: ChatCaller,
    asked: Asked,
) -> Result<Reply, ApiError> {
    let Understood { operation, wishes, place } = asked.read_on(app, chat).await?;
    let answered = chat.handle(caller, operation, wishes).await;
    drop(place);
    Ok(answered?)
}
