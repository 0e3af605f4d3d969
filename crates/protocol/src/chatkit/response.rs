use serde::{Deserialize, Serialize};

use super::ThreadItem;

/// The answer to `threads.sync_custom_action`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
// With no field that must be there, any object would be one.
#[cfg_attr(feature = "schema", schemars(extend("additionalProperties" = false)))]
pub struct SyncCustomActionResponse {
    /// The item as it is now, if the action changed one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_item: Option<ThreadItem>,
}

/// The answer to `input.transcribe`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct TranscriptionResult {
    /// What was said.
    pub text: String,
}
