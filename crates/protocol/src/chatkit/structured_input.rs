use serde::{Deserialize, Serialize};

use super::{Extra, UnknownObject, tagged::tagged_union};

tagged_union! {
    /// A question to the user.
    pub enum StructuredInput, else UnknownObject {
        /// One that comes with options.
        "multiple_choice" => MultipleChoice(MultipleChoiceInput),
        /// One that is answered in words.
        "freeform" => Freeform(FreeformInput),
    }
}

impl StructuredInput {
    /// The id of the question; of an unknown kind as far as it has one.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::MultipleChoice(input) => Some(&input.id),
            Self::Freeform(input) => Some(&input.id),
            Self::Unknown(input) => input.extra.get("id")?.as_str(),
        }
    }

    /// Writes the answer down. A question of an unknown kind stays as it is.
    pub fn set_answer(&mut self, answer: StructuredInputAnswer) {
        match self {
            Self::MultipleChoice(input) => input.answer = Some(answer),
            Self::Freeform(input) => input.answer = Some(answer),
            Self::Unknown(_) => {}
        }
    }
}

/// `multiple_choice`: a question with options. The user may also write an answer of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct MultipleChoiceInput {
    /// Names the question among those of its item.
    pub id: String,
    /// The question.
    pub question: String,
    /// What to choose from.
    pub options: Vec<MultipleChoiceOption>,
    /// Whether more than one may be chosen.
    #[serde(default)]
    pub multiple: bool,
    /// The answer, once it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<StructuredInputAnswer>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// An option of a [`MultipleChoiceInput`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct MultipleChoiceOption {
    /// Its text, which is also what is submitted.
    pub value: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// `freeform`: a question that is answered in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct FreeformInput {
    /// Names the question among those of its item.
    pub id: String,
    /// The question.
    pub question: String,
    /// More on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The answer, once it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<StructuredInputAnswer>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}

/// The answer to a [`StructuredInput`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct StructuredInputAnswer {
    /// The words of it; empty when it was skipped.
    #[serde(default)]
    pub values: Vec<String>,
    /// Whether the user passed over the question.
    #[serde(default)]
    pub skipped: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}
