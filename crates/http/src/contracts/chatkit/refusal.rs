//! Why the engine refused, as status, code and a sentence that says what to do next.

use chatkitd_core::ports::RunLogError;
use chatkitd_core::server::{AgentError, ServerError};
use chatkitd_protocol::chatkit::{RequestError, ThreadStatus};
use http::StatusCode;

use crate::error::{ApiError, Extra};

/// A run that nobody drives any more is closed by then (its lease holds ten seconds), so that whoever comes
/// again gets its end.
const RUN_ELSEWHERE_SECONDS: u64 = 10;

impl From<ServerError> for ApiError {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Request(error) => bad_request(&error),
            ServerError::Invalid { param, message } => {
                Self::bad_request("invalid_value", message).about(param)
            }
            ServerError::ThreadNotFound => gone_or_never("thread_not_found", "There is no such thread."),
            ServerError::ItemNotFound => {
                gone_or_never("item_not_found", "There is no such item in this thread.")
            }
            ServerError::RunNotFound => gone_or_never("run_not_found", "There is no such run."),
            ServerError::RunGone => Self::new(
                StatusCode::GONE,
                "run_gone",
                "The events of this run are not kept any more. Load the thread instead.",
            ),
            ServerError::RunElsewhere => run_elsewhere(),
            ServerError::WrongItem(message) => Self::bad_request("wrong_item", message),
            ServerError::AlreadyAnswered => Self::new(
                StatusCode::CONFLICT,
                "already_answered",
                "These questions were answered or skipped already.",
            ),
            ServerError::ThreadBusy(run) => Self {
                extra: Extra::Run(run),
                ..Self::new(
                    StatusCode::CONFLICT,
                    "thread_busy",
                    "Another answer is being given in this thread. Wait for its end, or stop it first.",
                )
            },
            ServerError::ThreadNotActive(status) => not_active(status),
            ServerError::KeyReused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "This Idempotency-Key came before with another body. Send another key.",
            )
            .about("Idempotency-Key"),
            ServerError::TooManyRuns => Self {
                extra: Extra::RetryAfter(1),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too_many_runs",
                    "You have too many answers under way. Wait until one of them has ended.",
                )
            },
            ServerError::NotConfigured(what) => Self::new(
                StatusCode::NOT_IMPLEMENTED,
                "not_configured",
                format!("This server has no {what} configured."),
            ),
            ServerError::NoAgent(workflow) => Self::configuration(
                "no_agent",
                format!(
                    "Nothing here answers for the workflow {workflow}. Set CHATKIT_WORKFLOW_ID to one that \
                     runs here, such as wf_demo."
                ),
            ),
            ServerError::Agent(error) => agent_failed(&error),
            ServerError::RunLog(error) => error.into(),
            ServerError::Store(error) => error.into(),
        }
    }
}

/// The same for what never was, what was deleted and what is somebody else's.
fn gone_or_never(code: &'static str, message: &str) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, code, message)
}

/// 503 and not 409: the request is right and nothing of the client's stands in the way. It only came to the
/// wrong server, and it is answered when it comes again, to the right one or when the run is over.
fn run_elsewhere() -> ApiError {
    let message = "Another server is giving this answer. Try again in a moment. The operator can set \
                   CHATKITD_REDIS_URL, so that every server can go on with it.";
    ApiError {
        extra: Extra::RetryAfter(RUN_ELSEWHERE_SECONDS),
        ..ApiError::unavailable("run_elsewhere", message)
    }
}

fn not_active(status: ThreadStatus) -> ApiError {
    let (code, message, reason) = match status {
        ThreadStatus::Closed { reason, .. } => ("thread_closed", "This thread is closed", reason),
        ThreadStatus::Locked { reason, .. } => ("thread_locked", "This thread is locked", reason),
        _ => ("thread_not_active", "This thread takes no messages", None),
    };
    let message = reason.map_or_else(|| format!("{message}."), |reason| format!("{message}: {reason}"));
    ApiError::forbidden(code, message)
}

/// An agent's own words are for the visitor; anything else is for the log.
fn agent_failed(error: &AgentError) -> ApiError {
    let message = match error {
        AgentError::Custom { message, .. } => message.clone(),
        AgentError::Stream { .. } | AgentError::Failed(_) => {
            tracing::error!(error = error as &dyn std::error::Error, "an agent failed");
            "The agent failed. The request id names it in the server's log.".to_owned()
        }
    };
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "agent_failed", message)
}

fn bad_request(error: &RequestError) -> ApiError {
    todo!("{error}")
}

impl From<RunLogError> for ApiError {
    fn from(error: RunLogError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the run log is unavailable");
        Self::unavailable(
            "run_log_unavailable",
            "The run's events cannot be read right now. Try again in a moment.",
        )
    }
}
