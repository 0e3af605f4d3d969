use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Extra;

/// Where a set of questions stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StructuredInputStatus {
    /// The visitor has not answered.
    #[default]
    Pending,
    /// The visitor answered.
    Answered,
    /// The visitor would rather not.
    Skipped,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StructuredInput {
    /// Answered by choosing.
    MultipleChoice(MultipleChoiceInput),
    /// Answered in one's own words.
    Freeform(FreeformInput),
    /// A kind that this version does not know.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}

impl StructuredInput {
    /// The question's id; empty when it has none.
    pub fn id(&self) -> &str {
        match self {
            Self::MultipleChoice(input) => &input.id,
            Self::Freeform(input) => &input.id,
            Self::Unknown(fields) => fields.get("id").and_then(Value::as_str).unwrap_or_default(),
        }
    }

    /// Records the answer.
    pub fn set_answer(&mut self, answer: StructuredInputAnswer) {
        match self {
            Self::MultipleChoice(input) => input.answer = Some(answer),
            Self::Freeform(input) => input.answer = Some(answer),
            Self::Unknown(fields) => {
                if let Ok(answer) = serde_json::to_value(answer) {
                    fields.insert("answer".to_owned(), answer);
                }
            }
        }
    }
}

/// A question answered by choosing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MultipleChoiceInput {
    /// Names the question in the answers.
    pub id: String,
    /// What the visitor reads.
    pub question: String,
    /// What the visitor said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<StructuredInputAnswer>,
    /// What is offered; the visitor may also write something else.
    pub options: Vec<MultipleChoiceOption>,
    /// Whether several may be chosen.
    pub multiple: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A choice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MultipleChoiceOption {
    /// What the visitor reads and what is sent back.
    pub value: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A question answered in one's own words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FreeformInput {
    /// Names the question in the answers.
    pub id: String,
    /// What the visitor reads.
    pub question: String,
    /// What the visitor said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<StructuredInputAnswer>,
    /// A longer text below the question.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What the visitor said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StructuredInputAnswer {
    /// The answers; one for a single choice and for free text.
    pub values: Vec<String>,
    /// Whether the visitor skipped the question.
    pub skipped: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Extra,
}
