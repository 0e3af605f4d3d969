//! `chatkit.session`, as `OpenAI`'s API returns it (2.1 of the reference).

use chatkitd_core::sessions::{Issued, Session};
use chatkitd_core::site::{ChatKitConfiguration, Site};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A session. Every field is there; times are Unix seconds.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChatSession {
    /// `cksess_…`.
    id: String,
    /// Always `chatkit.session`.
    object: &'static str,
    /// `ek_…`; empty once the session is cancelled.
    client_secret: String,
    /// When the client secret ends.
    expires_at: i64,
    /// `active` or `cancelled`.
    status: &'static str,
    /// Who chats.
    user: String,
    /// The same as in `rate_limits`.
    max_requests_per_1_minute: u32,
    /// How often a minute its secrets may be used.
    rate_limits: RateLimits,
    /// What answers.
    workflow: SessionWorkflow,
    /// What the chat may do.
    chatkit_configuration: Configuration,
}

/// `rate_limits` of a session.
#[derive(Serialize, ToSchema)]
struct RateLimits {
    /// 2147483647 where nothing bounds it.
    max_requests_per_1_minute: u32,
}

/// `workflow` of a session.
#[derive(Serialize, ToSchema)]
struct SessionWorkflow {
    /// `wf_…`.
    id: String,
    /// Null: the one that is deployed.
    version: Option<String>,
    /// Null where there are none.
    #[schema(value_type = Option<Object>)]
    state_variables: Option<Map<String, Value>>,
    /// Whether it is traced.
    tracing: Switch,
}

/// Something that is on or off.
#[derive(Serialize, ToSchema)]
struct Switch {
    /// Whether it is on.
    enabled: bool,
}

/// `chatkit_configuration` of a session, its defaults written out.
#[derive(Serialize, ToSchema)]
struct Configuration {
    /// Whether threads get their titles by themselves.
    automatic_thread_titling: Switch,
    /// What may be uploaded.
    file_upload: FileUpload,
    /// Which old threads are shown.
    history: History,
}

/// `file_upload` of a session.
#[derive(Serialize, ToSchema)]
struct FileUpload {
    /// Whether anything may.
    enabled: bool,
    /// Megabytes.
    max_file_size: Option<u32>,
    /// How many files the session's user may add from its creation on.
    max_files: Option<u32>,
}

/// `history` of a session.
#[derive(Serialize, ToSchema)]
struct History {
    /// Whether any is.
    enabled: bool,
    /// How many; null: all.
    recent_threads: Option<u32>,
}

impl ChatSession {
    /// A session that was just made.
    pub(super) fn active(issued: &Issued, site: &Site) -> Self {
        // Where OpenAI keeps the promise, it says what it promised.
        let theirs = issued.configuration.clone().and_then(|theirs| {
            serde_json::from_value(Value::Object(theirs))
                .inspect_err(|error| {
                    tracing::warn!(%error, "OpenAI's configuration of a session cannot be read; the site's is told instead");
                })
                .ok()
        });
        let configuration = theirs.unwrap_or_else(|| issued.session.configuration_on(site));
        Self {
            client_secret: issued.secret.expose().to_owned(),
            status: "active",
            ..Self::new(&issued.session, site, issued.secret_expires_at, &configuration)
        }
    }

    /// A session that was just ended.
    pub(super) fn cancelled(session: &Session, site: &Site) -> Self {
        // What its creation said; each refresh since said something later.
        let promised = session
            .promise
            .as_ref()
            .and_then(|promise| session.created_at.checked_add(promise.secret_lifetime()).ok());
        let ended = promised.unwrap_or(session.expires_at);
        Self::new(session, site, ended, &session.configuration_on(site))
    }

    fn new(
        session: &Session,
        site: &Site,
        expires_at: Timestamp,
        configuration: &ChatKitConfiguration,
    ) -> Self {
        let variables = &session.state_variables;
        // The largest number that a client of any language reads.
        let unbounded = i32::MAX.unsigned_abs();
        let limit = session.max_requests_per_1_minute(site).map_or(unbounded, u32::from);
        Self {
            id: session.id.to_string(),
            object: "chatkit.session",
            client_secret: String::new(),
            expires_at: expires_at.as_second(),
            status: "cancelled",
            user: session.user.to_string(),
            max_requests_per_1_minute: limit,
            rate_limits: RateLimits { max_requests_per_1_minute: limit },
            workflow: SessionWorkflow {
                id: session.workflow.clone(),
                version: session.promise.as_ref().and_then(|promise| promise.workflow_version.clone()),
                state_variables: (!variables.is_empty()).then(|| variables.clone()),
                tracing: Switch { enabled: session.is_traced() },
            },
            chatkit_configuration: Configuration::of(configuration),
        }
    }
}

impl Configuration {
    fn of(configuration: &ChatKitConfiguration) -> Self {
        let complete = configuration.with_defaults();
        let upload = complete.file_upload.clone().unwrap_or_default();
        let titling = complete.automatic_thread_titling.as_ref().and_then(|titling| titling.enabled);
        Self {
            automatic_thread_titling: Switch { enabled: titling.unwrap_or(true) },
            file_upload: FileUpload {
                enabled: upload.enabled.unwrap_or(false),
                max_file_size: upload.max_file_size,
                max_files: upload.max_files,
            },
            history: History { enabled: complete.shows_history(), recent_threads: complete.recent_threads() },
        }
    }
}
