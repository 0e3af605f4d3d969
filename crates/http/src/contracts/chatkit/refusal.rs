//! Why the engine refused, as status, code and a sentence that says what to do next.

use chatkitd_core::id::{RunId, SiteName};
use chatkitd_core::models::ModelError;
use chatkitd_core::ports::RunLogError;
use chatkitd_core::server::{AgentError, ServerError};
use chatkitd_core::site::SiteSetting;
use chatkitd_protocol::chatkit::{RequestError, ThreadStatus};
use http::StatusCode;

use crate::contracts::files::no_files;
use crate::error::{ApiError, Extra};

/// A run that nobody drives any more is closed by then (its lease holds ten seconds), so that whoever comes
/// again gets its end.
const RUN_ELSEWHERE_SECONDS: u64 = 10;

/// For the visitor; the operator finds the reason in the log.
const TRANSCRIPTION_FAILED: &str = "The recording could not be written down. Try again in a moment.";

/// How much of an operation that does not exist is quoted.
const SHOWN_CHARS: usize = 64;

impl From<ServerError> for ApiError {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Request(error) => bad_request(&error),
            ServerError::Invalid { param, message } => {
                Self::bad_request("invalid_value", message).about(param)
            }
            ServerError::WrongItem(message) => Self::bad_request("wrong_item", message),
            // The same for what never was, what was deleted and what is somebody else's.
            ServerError::ThreadNotFound => missing("thread_not_found", "There is no such thread."),
            ServerError::ItemNotFound => missing("item_not_found", "There is no such item in this thread."),
            ServerError::RunNotFound => missing("run_not_found", "There is no such run."),
            ServerError::RunGone => Self::new(
                StatusCode::GONE,
                "run_gone",
                "The events of this run are not kept any more. Load the thread instead.",
            ),
            ServerError::RunElsewhere => run_elsewhere(),
            ServerError::Attachment(error) => error.into(),
            ServerError::AlreadyAnswered => {
                conflict("already_answered", "These questions were answered or skipped already.")
            }
            ServerError::ThreadBusy(run) => thread_busy(run),
            ServerError::ThreadNotActive(status) => not_active(status),
            ServerError::KeyReused => key_reused(),
            ServerError::TooManyRuns => too_many_runs(),
            ServerError::NoAttachments => no_files(),
            ServerError::NoTranscription => no_transcription(),
            ServerError::NoAgent { site, workflow } => no_agent(&site, &workflow),
            ServerError::Transcription(error) => not_transcribed(&error),
            ServerError::Agent(error) => agent_failed(&error),
            ServerError::Aborted => {
                Self::unavailable("aborted", "The server could not begin this. Try again in a moment.")
            }
            ServerError::RunLog(error) => error.into(),
            ServerError::Store(error) => error.into(),
        }
    }
}

fn missing(code: &'static str, message: &str) -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, code, message)
}

fn conflict(code: &'static str, message: &str) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, code, message)
}

fn thread_busy(run: RunId) -> ApiError {
    let message = "Another answer is being given in this thread. Wait for its end, or stop it first.";
    ApiError { extra: Extra::Run(run), ..conflict("thread_busy", message) }
}

fn key_reused() -> ApiError {
    let message = "This Idempotency-Key came before with another body. Send another key.";
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", message)
        .about("Idempotency-Key")
}

fn too_many_runs() -> ApiError {
    let message = "You have too many answers under way. Wait until one of them has ended.";
    ApiError {
        extra: Extra::RetryAfter(1),
        ..ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_many_runs", message)
    }
}

fn no_transcription() -> ApiError {
    let message = "This server writes down no recordings. Set CHATKITD_TRANSCRIPTION_MODEL to a model that does, such as \
                   whisper-1.";
    ApiError::new(StatusCode::NOT_IMPLEMENTED, "not_configured", message)
}

fn no_agent(site: &SiteName, workflow: &str) -> ApiError {
    let message = format!(
        "Nothing here answers for the workflow {workflow}. Set {} to one that runs here, such as wf_demo.",
        SiteSetting::Workflows.of(site)
    );
    ApiError::configuration("no_agent", message)
}

/// 503 and not 409: the request is right and nothing of the client's stands in the way. It only came to the
/// wrong server, or too early, and it is answered when it comes again.
fn run_elsewhere() -> ApiError {
    let message = "The events of this answer are on another server, or not here yet. Try again in a moment. Where \
                   several servers run, CHATKITD_REDIS_URL lets each of them go on with it.";
    ApiError {
        extra: Extra::RetryAfter(RUN_ELSEWHERE_SECONDS),
        ..ApiError::unavailable("run_elsewhere", message)
    }
}

fn not_active(status: ThreadStatus) -> ApiError {
    let (code, message, reason) = match status {
        ThreadStatus::Closed(closed) => ("thread_closed", "This thread is closed", closed.reason),
        ThreadStatus::Locked(locked) => ("thread_locked", "This thread is locked", locked.reason),
        ThreadStatus::Active(_) | ThreadStatus::Unknown(_) => {
            ("thread_not_active", "This thread takes no messages", None)
        }
    };
    let message = reason.map_or_else(|| format!("{message}."), |reason| format!("{message}: {reason}"));
    ApiError::forbidden(code, message)
}

/// An agent's own words are for the visitor, under the code that they have in a stream; anything else is for the
/// log.
fn agent_failed(error: &AgentError) -> ApiError {
    let (code, message) = match error {
        AgentError::Custom { message, .. } => ("custom", message.as_str()),
        AgentError::Stream { .. } | AgentError::Failed(_) => {
            tracing::error!(error = error as &dyn std::error::Error, "an agent failed");
            ("agent_failed", "The agent failed. The request id names it in the server's log.")
        }
    };
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, code, message)
}

/// What the server said is for the log: it may be about the operator's key. What the recording is to blame for
/// is for the visitor.
fn not_transcribed(error: &ModelError) -> ApiError {
    tracing::warn!(error = error as &dyn std::error::Error, "a recording was not transcribed");
    let gateway = |status, code| ApiError::new(status, code, TRANSCRIPTION_FAILED);
    match error {
        ModelError::Refused { status: 400 | 413 | 415 | 422, .. } => {
            let message = "The recording cannot be understood. Record it again.";
            ApiError::bad_request("invalid_audio", message).about("params.audio_base64")
        }
        ModelError::RateLimited { retry_after, .. } => ApiError {
            extra: Extra::RetryAfter(retry_after.map_or(1, |wait| wait.as_secs().max(1))),
            ..gateway(StatusCode::SERVICE_UNAVAILABLE, "transcription_rate_limited")
        },
        ModelError::Stalled { .. } => gateway(StatusCode::GATEWAY_TIMEOUT, "transcription_timeout"),
        ModelError::Unauthorized { .. }
        | ModelError::NotFound { .. }
        | ModelError::Refused { .. }
        | ModelError::Failed { .. }
        | ModelError::Connection(_)
        | ModelError::Broken(_)
        | ModelError::CutOff
        | ModelError::Malformed(_)
        | ModelError::TooLong { .. } => gateway(StatusCode::BAD_GATEWAY, "transcription_failed"),
    }
}

fn bad_request(error: &RequestError) -> ApiError {
    let (code, message) = match error {
        RequestError::Json(_) => ("invalid_json", error.to_string()),
        RequestError::TooDeep => ("too_deep", error.to_string()),
        RequestError::Nul => ("nul_character", error.to_string()),
        RequestError::ReservedName => ("reserved_name", error.to_string()),
        RequestError::UnknownOperation(name) => {
            let name: String = name.chars().take(SHOWN_CHARS).collect();
            ("unknown_operation", format!("There is no operation {name:?}."))
        }
        RequestError::Envelope { .. } => ("invalid_request", error.to_string()),
        RequestError::Params { .. } => ("invalid_params", error.to_string()),
    };
    ApiError { param: error.param().map(str::to_owned), ..ApiError::bad_request(code, message) }
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

#[cfg(test)]
mod tests {
    use chatkitd_core::ports::StoreError;

    use super::*;

    /// What no test over HTTP can bring about with a store that never fails.
    #[test]
    fn what_is_unavailable_is_to_be_tried_again_and_what_is_broken_is_not() {
        let broken = || Box::<dyn std::error::Error + Send + Sync>::from("sk-secret");
        for (error, status, code) in [
            (ServerError::Store(StoreError::Unavailable(broken())), 503, "store_unavailable"),
            (ServerError::Store(StoreError::Other(broken())), 500, "internal_error"),
            (ServerError::Store(StoreError::Conflict), 409, "conflict"),
            (ServerError::Aborted, 503, "aborted"),
            (ServerError::RunLog(RunLogError(broken())), 503, "run_log_unavailable"),
            (ServerError::AlreadyAnswered, 409, "already_answered"),
        ] {
            let refusal = ApiError::from(error);
            assert_eq!((refusal.status.as_u16(), refusal.code), (status, code));
            assert_eq!(matches!(refusal.extra, Extra::RetryAfter(1..)), status == 503, "{code}");
            assert!(!refusal.message.contains("sk-secret"));
        }
    }
}
