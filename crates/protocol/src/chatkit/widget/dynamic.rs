use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Extra, WidgetComponent};

/// A component of any type, with the fields that all of them have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DynamicComponent {
    /// Its `type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Names it within the widget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Tells it from its siblings when they move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// What is right below it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<Children>,
    /// All other fields.
    #[serde(flatten, deserialize_with = "super::without_nulls")]
    pub extra: Extra,
}

impl DynamicComponent {
    /// A component of a known type whose children are no children of it. A list of them is kept as it is: what could not
    /// be read in it before cannot be read now.
    pub(super) fn of_unfit_children(mut whole: Value) -> serde_json::Result<Self> {
        let children = match whole["children"].take() {
            list @ Value::Array(_) => Some(Children::Other(list)),
            no_list => serde_json::from_value(no_list)?,
        };
        Ok(Self { children, ..serde_json::from_value(whole)? })
    }

    /// The components right below it.
    pub fn children(&self) -> &[WidgetComponent] {
        self.children.as_ref().map_or(&[], Children::as_slice)
    }
}

/// What is right below a component that takes one child or many.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum Children {
    /// One component.
    One(Box<WidgetComponent>),
    /// Any number of them.
    Many(Vec<WidgetComponent>),
    /// Something that is no component, kept as it is.
    #[cfg_attr(feature = "schema", schemars(skip), ts(skip))]
    Other(Value),
}

impl Children {
    /// The components.
    pub fn as_slice(&self) -> &[WidgetComponent] {
        match self {
            Self::One(child) => std::slice::from_ref(&**child),
            Self::Many(children) => children,
            Self::Other(_) => &[],
        }
    }
}
