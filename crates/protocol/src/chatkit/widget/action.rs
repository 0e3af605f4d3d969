use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::chatkit::{Extra, tagged::words};

/// What happens when something is done in a widget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct ActionConfig {
    /// What the application calls it.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is sent along; free. Values of a form are added to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
    /// Who handles it.
    #[serde(default)]
    pub handler: Handler,
    /// What is shown while it is handled.
    #[serde(default)]
    pub loading_behavior: LoadingBehavior,
    /// Whether the server answers with a stream (`threads.custom_action`) or with at most one changed item
    /// (`threads.sync_custom_action`).
    #[serde(default = "streams")]
    pub streaming: bool,
    /// Fields that this version does not know.
    #[serde(flatten, deserialize_with = "super::without_nulls")]
    #[cfg_attr(feature = "schema", schemars(with = "Extra"), ts(skip))]
    pub extra: Extra,
}

fn streams() -> bool {
    true
}

impl Default for ActionConfig {
    /// One without a name yet.
    fn default() -> Self {
        Self::new("", None)
    }
}

impl ActionConfig {
    /// An action that the server handles with a stream.
    pub fn new(kind: impl Into<String>, payload: Option<Value>) -> Self {
        Self {
            kind: kind.into(),
            payload,
            handler: Handler::default(),
            loading_behavior: LoadingBehavior::default(),
            streaming: streams(),
            extra: Extra::new(),
        }
    }
}

words! {
    /// Who handles an action.
    #[derive(Default)]
    pub enum Handler {
        "client" => Client,
        #[default]
        "server" => Server,
    }
}

words! {
    /// What is shown while an action is handled. `self`: what was clicked; `container`: what it is in.
    #[derive(Default)]
    pub enum LoadingBehavior {
        #[default]
        "auto" => Auto,
        "none" => None,
        "self" => Itself,
        "container" => Container,
    }
}
