use serde::{Deserialize, Serialize};

use super::{Extra, UnknownObject, tagged::tagged_union};

/// What a user sends.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct UserMessageInput {
    /// Text and tags, in their order.
    pub content: Vec<UserMessageContent>,
    /// The ids of the attachments.
    #[serde(default)]
    #[cfg_attr(feature = "schema", ts(as = "Option<Vec<String>>", optional))]
    pub attachments: Vec<String>,
    /// What the user quotes from the thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quoted_text: Option<String>,
    /// The model and tool that the user chose.
    #[serde(default)]
    #[cfg_attr(feature = "schema", ts(as = "Option<InferenceOptions>", optional))]
    pub inference_options: InferenceOptions,
}

tagged_union! {
    /// A part of what a user wrote.
    pub enum UserMessageContent, else UnknownObject {
        /// Text.
        "input_text" => InputText(InputText),
        /// A tag, such as a mention.
        "input_tag" => InputTag(InputTag),
    }
}

impl UserMessageContent {
    /// A part that is text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::InputText(InputText { text: text.into(), extra: Extra::new() })
    }

    /// What the user sees of it; nothing of an unknown kind.
    pub fn as_text(&self) -> &str {
        match self {
            Self::InputText(part) => &part.text,
            Self::InputTag(part) => &part.text,
            Self::Unknown(_) => "",
        }
    }
}

/// `input_text`: text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct InputText {
    /// The text.
    pub text: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// `input_tag`: something of the application's own that the user picked, such as a mention.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct InputTag {
    /// Its id in the application.
    pub id: String,
    /// How it is written in the text.
    pub text: String,
    /// What the application gave with it; free.
    pub data: Extra,
    /// Tags of one group were offered together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether the page is told when it is clicked or pointed at.
    #[serde(default)]
    #[cfg_attr(feature = "schema", ts(as = "Option<bool>", optional))]
    pub interactive: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// What the user chose for one message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct InferenceOptions {
    /// The tool to use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_choice: Option<ToolChoice>,
    /// The id of the model to use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// A tool that the user chose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct ToolChoice {
    /// Its id, as the page configured it.
    pub id: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}
