//! The body of `POST /v1/chatkit/sessions` (1.1 of the reference), and what is wrong with it in `OpenAI`'s codes.

use std::num::NonZeroU32;

use chatkitd_core::id::{UserId, UserIdError};
use chatkitd_core::sessions::{NewSession, Promise};
use chatkitd_core::site::{ChatKitConfiguration, FileUpload, History, MAX_FILE_SIZE, Titling};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, SchemaType, Type};

use crate::body::JsonBody;
use crate::error::ApiError;

/// The largest body, in bytes: one state variable of the longest that `OpenAI` takes, in UTF-8 of any script, and some.
pub(super) const MAX_BYTES: usize = 48 * 1024 * 1024;
/// How long a secret lives, in seconds, at the most and unless said otherwise.
const MAX_SECRET_SECONDS: u32 = 600;
/// How often a minute a session's secrets may be used unless said otherwise.
const MAX_REQUESTS: i64 = 10;
const MAX_STATE_VARIABLES: usize = 64;
const MAX_NAME_CHARS: usize = 64;
const MAX_VALUE_CHARS: usize = 10 * 1024 * 1024;

/// A session to be created. Unknown fields are ignored.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct CreateChatSession {
    /// Who will chat. `anon_…` is reserved.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 512, pattern = r"^(?!anon_)[^\x00-\x20\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$")]
    user: Option<String>,
    /// What answers.
    #[schema(value_type = WorkflowParam, required = true)]
    workflow: Option<WorkflowParam>,
    /// When the client secret ends. Default: 600 seconds after its creation.
    #[schema(nullable)]
    expires_after: Option<ExpiresAfterParam>,
    /// How often the client secret may be used.
    #[schema(nullable)]
    rate_limits: Option<RateLimitsParam>,
    /// What the chat may do, within what the site says.
    #[schema(nullable)]
    chatkit_configuration: Option<ConfigurationParam>,
}

/// `workflow` of a session to be created.
#[derive(Default, Deserialize, ToSchema)]
struct WorkflowParam {
    /// `wf_…`.
    #[schema(value_type = String, required = true, min_length = 1)]
    id: Option<String>,
    /// Default: the one that is deployed.
    #[schema(nullable)]
    version: Option<String>,
    /// Handed to the workflow: at most 64 texts, numbers and booleans.
    #[schema(schema_with = state_variables_schema)]
    state_variables: Option<Map<String, Value>>,
    /// Default: on.
    #[schema(nullable)]
    tracing: Option<TracingParam>,
}

/// `workflow.tracing` of a session to be created.
#[derive(Default, Deserialize, ToSchema)]
struct TracingParam {
    /// Default `true`.
    #[schema(nullable)]
    enabled: Option<bool>,
}

/// `expires_after` of a session to be created.
#[derive(Default, Deserialize, ToSchema)]
struct ExpiresAfterParam {
    /// Always `created_at`, which it is by default.
    #[schema(nullable, pattern = "^created_at$")]
    anchor: Option<String>,
    /// Seconds.
    #[serde(default, deserialize_with = "whole_number")]
    #[schema(value_type = i64, required = true, minimum = 1, maximum = 600)]
    seconds: Option<i64>,
}

/// `rate_limits` of a session to be created.
#[derive(Default, Deserialize, ToSchema)]
struct RateLimitsParam {
    /// Default 10.
    #[serde(default, deserialize_with = "whole_number")]
    #[schema(nullable, minimum = 1, maximum = 2_147_483_647)]
    max_requests_per_1_minute: Option<i64>,
}

/// `chatkit_configuration` of a session to be created.
#[derive(Default, Deserialize, ToSchema)]
struct ConfigurationParam {
    /// Whether threads get their titles by themselves.
    #[schema(nullable)]
    automatic_thread_titling: Option<TitlingParam>,
    /// What may be uploaded.
    #[schema(nullable)]
    file_upload: Option<FileUploadParam>,
    /// Which old threads are shown.
    #[schema(nullable)]
    history: Option<HistoryParam>,
}

/// `automatic_thread_titling` of a session to be created.
#[derive(Default, Deserialize, ToSchema)]
struct TitlingParam {
    /// Default `true`.
    #[schema(nullable)]
    enabled: Option<bool>,
}

/// `file_upload` of a session to be created.
#[derive(Default, Deserialize, ToSchema)]
struct FileUploadParam {
    /// Default `false`.
    #[schema(nullable)]
    enabled: Option<bool>,
    /// Megabytes. Default 512.
    #[serde(default, deserialize_with = "whole_number")]
    #[schema(nullable, minimum = 1, maximum = 512)]
    max_file_size: Option<i64>,
    /// How many files the session's user may add from its creation on. Default 10.
    #[serde(default, deserialize_with = "whole_number")]
    #[schema(nullable, minimum = 1, maximum = 4_294_967_295_u64)]
    max_files: Option<i64>,
}

/// `history` of a session to be created.
#[derive(Default, Deserialize, ToSchema)]
struct HistoryParam {
    /// Default `true`.
    #[schema(nullable)]
    enabled: Option<bool>,
    /// Default: all.
    #[serde(default, deserialize_with = "whole_number")]
    #[schema(nullable, minimum = 1, maximum = 4_294_967_295_u64)]
    recent_threads: Option<i64>,
}

/// JSON has one kind of numbers: 60.0 is 60, though Rust's integers do not read it.
fn whole_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let Some(number) = Option::<Number>::deserialize(deserializer)? else { return Ok(None) };
    let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 1e15);
    // Exact: below 2^53 every whole number is a float, too.
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    let whole = number.as_i64().or_else(|| float.map(|float| float as i64));
    // What is larger than any integer is larger than each bound, too.
    let whole = whole.or_else(|| number.as_u64().map(|_| i64::MAX));
    whole.map(Some).ok_or_else(|| D::Error::custom(format_args!("expected an integer, but got {number}")))
}

fn state_variables_schema() -> RefOr<Schema> {
    let of = |kind| ObjectBuilder::new().schema_type(kind);
    let value = AnyOfBuilder::new()
        .item(of(Type::String).max_length(Some(MAX_VALUE_CHARS)))
        .item(of(Type::Number))
        .item(of(Type::Boolean));
    let names = ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX_NAME_CHARS)).build();
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
        .property_names(Some(names))
        .additional_properties(Some(Schema::AnyOf(value.build())))
        .max_properties(Some(MAX_STATE_VARIABLES))
        .into()
}

impl JsonBody for CreateChatSession {
    const OBJECTS: &'static [&'static str] = &[
        "/workflow",
        "/workflow/state_variables",
        "/workflow/tracing",
        "/expires_after",
        "/rate_limits",
        "/chatkit_configuration",
        "/chatkit_configuration/automatic_thread_titling",
        "/chatkit_configuration/file_upload",
        "/chatkit_configuration/history",
    ];
}

impl CreateChatSession {
    /// The session that is asked for, if nothing is wrong with it.
    pub(super) fn into_session(self) -> Result<NewSession, ApiError> {
        let user = user(&required(self.user, "user")?)?;
        let workflow = required(self.workflow, "workflow")?;
        let id = required(workflow.id, "workflow.id")?;
        if id.is_empty() {
            return Err(empty("workflow.id"));
        }
        check_state_variables(workflow.state_variables.as_ref())?;
        let promise = Promise {
            max_requests_per_1_minute: max_requests(self.rate_limits)?,
            secret_seconds: secret_seconds(self.expires_after)?,
            workflow_version: workflow.version,
            tracing: workflow.tracing.and_then(|tracing| tracing.enabled).unwrap_or(true),
        };
        Ok(NewSession {
            user,
            workflow: Some(id),
            trusted: true,
            state_variables: workflow.state_variables,
            metadata: None,
            configuration: Some(promised(self.chatkit_configuration.unwrap_or_default())?),
            promise: Some(promise),
        })
    }
}

/// What nobody asked for is promised as OpenAI promises it: uploads only where they were asked for, though the site's
/// own pages may have them.
fn promised(asked: ConfigurationParam) -> Result<ChatKitConfiguration, ApiError> {
    let upload = asked.file_upload.unwrap_or_default();
    let bound = |number, max: u32, field| bound(number, max, &format!("chatkit_configuration.{field}"));
    Ok(ChatKitConfiguration {
        automatic_thread_titling: asked
            .automatic_thread_titling
            .map(|titling| Titling { enabled: titling.enabled }),
        file_upload: Some(FileUpload {
            enabled: upload.enabled.or(Some(false)),
            max_file_size: bound(upload.max_file_size, MAX_FILE_SIZE, "file_upload.max_file_size")?,
            max_files: bound(upload.max_files, u32::MAX, "file_upload.max_files")?,
        }),
        history: asked
            .history
            .map(|history| {
                let recent_threads = bound(history.recent_threads, u32::MAX, "history.recent_threads")?;
                Ok::<_, ApiError>(History { enabled: history.enabled, recent_threads })
            })
            .transpose()?,
    })
}

fn bound(number: Option<i64>, max: u32, param: &str) -> Result<Option<u32>, ApiError> {
    let number = number.map(|number| within(number, 1, max.into(), param)).transpose()?;
    Ok(number.and_then(|number| u32::try_from(number).ok()))
}

fn required<T>(value: Option<T>, param: &str) -> Result<T, ApiError> {
    value.ok_or_else(|| {
        let message = format!("Missing required parameter: '{param}'.");
        ApiError::bad_request("missing_required_parameter", message).about(param)
    })
}

fn user(text: &str) -> Result<UserId, ApiError> {
    UserId::named(text).map_err(|error| match error {
        UserIdError::Empty if text.is_empty() => empty("user"),
        UserIdError::TooLong => {
            let message = format!("Invalid 'user': string too long. {error}.");
            ApiError::bad_request("string_above_max_length", message).about("user")
        }
        UserIdError::Reserved => {
            ApiError::bad_request("reserved_user", format!("Invalid 'user': {error}.")).about("user")
        }
        UserIdError::Empty | UserIdError::ControlCharacter => {
            ApiError::bad_request("invalid_value", format!("Invalid 'user': {error}.")).about("user")
        }
    })
}

fn secret_seconds(expires_after: Option<ExpiresAfterParam>) -> Result<u32, ApiError> {
    let Some(ExpiresAfterParam { anchor, seconds }) = expires_after else { return Ok(MAX_SECRET_SECONDS) };
    if anchor.is_some_and(|anchor| anchor != "created_at") {
        let message = "Invalid value for 'expires_after.anchor'. Supported values are: 'created_at'.";
        return Err(ApiError::bad_request("invalid_value", message).about("expires_after.anchor"));
    }
    let param = "expires_after.seconds";
    let seconds = within(required(seconds, param)?, 1, MAX_SECRET_SECONDS.into(), param)?;
    Ok(u32::try_from(seconds).unwrap_or(MAX_SECRET_SECONDS))
}

fn max_requests(limits: Option<RateLimitsParam>) -> Result<NonZeroU32, ApiError> {
    let asked = limits.and_then(|limits| limits.max_requests_per_1_minute).unwrap_or(MAX_REQUESTS);
    let param = "rate_limits.max_requests_per_1_minute";
    let number = within(asked, 1, i32::MAX.into(), param)?;
    Ok(u32::try_from(number).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN))
}

fn check_state_variables(variables: Option<&Map<String, Value>>) -> Result<(), ApiError> {
    let Some(variables) = variables else { return Ok(()) };
    let param = "workflow.state_variables";
    let refuse = |code, what: String| {
        Err(ApiError::bad_request(code, format!("Invalid '{param}': {what}.")).about(param))
    };
    if variables.len() > MAX_STATE_VARIABLES {
        return refuse("object_above_max_properties", format!("at most {MAX_STATE_VARIABLES} are taken"));
    }
    for (name, value) in variables {
        if name.chars().count() > MAX_NAME_CHARS {
            return refuse(
                "string_above_max_length",
                format!("a name has at most {MAX_NAME_CHARS} characters"),
            );
        }
        match value {
            Value::String(text) if text.chars().count() > MAX_VALUE_CHARS => {
                let what = format!("a text has at most {MAX_VALUE_CHARS} characters");
                return refuse("string_above_max_length", what);
            }
            Value::String(_) | Value::Number(_) | Value::Bool(_) => {}
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return refuse("invalid_type", "values are texts, numbers and booleans".to_owned());
            }
        }
    }
    Ok(())
}

/// Refuses a number outside `min..=max`.
pub(super) fn within(number: i64, min: i64, max: i64, param: &str) -> Result<i64, ApiError> {
    let (code, side, sign, bound) = match number {
        number if number < min => ("integer_below_min_value", "below minimum", ">=", min),
        number if number > max => ("integer_above_max_value", "above maximum", "<=", max),
        number => return Ok(number),
    };
    let message = format!(
        "Invalid '{param}': integer {side} value. Expected a value {sign} {bound}, but got {number} instead."
    );
    Err(ApiError::bad_request(code, message).about(param))
}

/// The refusal of an empty text.
pub(super) fn empty(param: &str) -> ApiError {
    let message = format!("Invalid '{param}': empty string. Expected a string with minimum length 1.");
    ApiError::bad_request("empty_string", message).about(param)
}
