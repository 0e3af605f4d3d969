//! The superset response: every front end reads its own fields and ignores the others (design 4.1).

use chatkitd_core::secret_text::SecretText;
use chatkitd_core::sessions::Issued;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A client secret and its session.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedSession {
    /// `ek_…`: what the widget needs (all seeds).
    client_secret: String,
    /// The same (seed 003).
    session_token: String,
    /// Seconds until the secret stops (seed 001).
    expires_after: i64,
    /// When the secret stops, Unix seconds.
    expires_at: i64,
    /// `cksess_…`.
    session_id: String,
    /// Who is chatting.
    user_id: String,
    /// What answers.
    workflow_id: String,
    /// The front end's own notes (seed 003).
    metadata: Map<String, Value>,
    /// The session in the words of seed 004.
    session: SessionObject,
    /// Keeps an anonymous visitor where cookies are blocked: the page stores it and sends it as
    /// `chatkit-device-token`. Only in answers to other sites' pages.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
}

/// A session as seed 004's front end reads it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SessionObject {
    /// `cksess_…`.
    chat_kit_session_id: String,
    /// `device_{user}_{Unix second of the session's creation}`.
    device_id: String,
    /// Who is chatting.
    user_id: String,
    /// What answers.
    workflow_id: String,
    /// RFC 3339 with milliseconds, UTC.
    created_at: String,
    /// When the session ends, RFC 3339 with milliseconds, UTC.
    expires_at: String,
    /// The front end's own notes.
    metadata: Map<String, Value>,
}

impl CreatedSession {
    pub(super) fn new(issued: &Issued, device: Option<&SecretText>, now: Timestamp) -> Self {
        let session = &issued.session;
        let secret = issued.secret.expose().to_owned();
        let expires_at = issued.secret_expires_at.as_second();
        Self {
            session_token: secret.clone(),
            client_secret: secret,
            expires_after: seconds_until(issued.secret_expires_at, now),
            expires_at,
            session_id: session.id.to_string(),
            user_id: session.user.to_string(),
            workflow_id: session.workflow.clone(),
            metadata: session.metadata.clone(),
            session: SessionObject {
                chat_kit_session_id: session.id.to_string(),
                device_id: format!("device_{}_{}", session.user, session.created_at.as_second()),
                user_id: session.user.to_string(),
                workflow_id: session.workflow.clone(),
                created_at: format!("{:.3}", session.created_at),
                expires_at: format!("{:.3}", session.expires_at),
                metadata: session.metadata.clone(),
            },
            device_token: device.map(|token| token.expose().to_owned()),
        }
    }
}

/// Whole seconds, rounded up: what was granted for an hour says 3600, though a millisecond of it is gone.
fn seconds_until(at: Timestamp, now: Timestamp) -> i64 {
    let millis = at.as_millisecond().saturating_sub(now.as_millisecond()).max(0);
    (millis + 999) / 1000
}

/// What a session is right now.
#[derive(Serialize, ToSchema)]
pub(crate) struct ValidatedSession {
    /// Whether it stands.
    pub(super) valid: bool,
    /// `cksess_…`.
    pub(super) session_id: String,
    /// `active`, `expired` or `revoked`.
    pub(super) status: &'static str,
    /// When it ends or ended, Unix seconds.
    pub(super) expires_at: i64,
    /// What answers.
    pub(super) workflow_id: String,
    /// Who is chatting.
    pub(super) user_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_that_has_just_begun_is_an_hour() {
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        assert_eq!(seconds_until(at(3_600_976), at(979)), 3600);
        assert_eq!(seconds_until(at(1000), at(1000)), 0);
        assert_eq!(seconds_until(at(1000), at(2000)), 0);
    }
}
