//! Sessions as `OpenAI`'s REST API creates them (1.1 and 2.1 of the reference).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The body of `POST /chatkit/sessions`.
#[derive(Clone, Debug, Serialize)]
pub struct CreateSessionRequest<'a> {
    /// Who will chat; not empty.
    pub user: &'a str,
    /// What answers.
    pub workflow: WorkflowParam<'a>,
    /// When the secret ends; absent: 600 seconds after its creation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_after: Option<ExpiresAfter>,
    /// What the chat may do; absent: the API's defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chatkit_configuration: Option<&'a Map<String, Value>>,
    /// How often the secret may be used; absent: 10 requests a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limits: Option<RateLimits>,
}

/// `workflow` of a session to be created.
#[derive(Clone, Debug, Serialize)]
pub struct WorkflowParam<'a> {
    /// `wf_…`.
    pub id: &'a str,
    /// Absent: the one that is deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
    /// At most 64: text, numbers, booleans. Absent: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_variables: Option<&'a Map<String, Value>>,
    /// Absent: on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracing: Option<Tracing>,
}

/// `workflow.tracing` of a session.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Tracing {
    /// Whether the workflow's steps are recorded.
    pub enabled: bool,
}

/// `expires_after` of a session to be created.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ExpiresAfter {
    /// Always `created_at`.
    pub anchor: &'static str,
    /// 1 to 600.
    pub seconds: u64,
}

/// `rate_limits` of a session.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct RateLimits {
    /// At least 1.
    pub max_requests_per_1_minute: u32,
}

/// What a client needs of a `chatkit.session`. The API sends more; nothing else of it is read.
#[derive(Clone, Deserialize)]
pub struct CreatedSession {
    /// `cksess_…`.
    pub id: String,
    /// `ek_…`.
    pub client_secret: String,
    /// Unix seconds.
    pub expires_at: i64,
    /// What the chat may do.
    #[serde(default)]
    pub chatkit_configuration: Option<Map<String, Value>>,
}
