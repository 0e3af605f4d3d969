//! Containers.

use serde::{Deserialize, Serialize};

use super::{
    ActionConfig, Alignment, Children, Color, Direction, Inset, Justification, Length, Radius, WholeBorder,
    WidgetComponent, Wrap, declare::component,
};

/// What all containers share. An object of its own in Rust only: on the wire these are fields of the container.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
#[serde(rename_all = "camelCase")]
pub struct Layout {
    /// What is in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children: Option<Vec<WidgetComponent>>,
    /// How children stand across its direction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub align: Option<Alignment>,
    /// How children are spread along its direction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub justify: Option<Justification>,
    /// Whether children go on in a further row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrap: Option<Wrap>,
    /// How it grows and shrinks, as CSS's `flex` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flex: Option<Length>,
    /// Between children, in units of spacing or as CSS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Length>,
    /// Its height.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<Length>,
    /// Its width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<Length>,
    /// Its height and width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Length>,
    /// Its least height.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_height: Option<Length>,
    /// Its least width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_width: Option<Length>,
    /// Its least height and width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_size: Option<Length>,
    /// Its greatest height.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_height: Option<Length>,
    /// Its greatest width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_width: Option<Length>,
    /// Its greatest height and width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_size: Option<Length>,
    /// Space within its edges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub padding: Option<Inset>,
    /// Space around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<Inset>,
    /// Lines along its edges.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub border: Option<WholeBorder>,
    /// How round its corners are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radius: Option<Radius>,
    /// Its background; tokens: `surface`, `surface-secondary`, `surface-tertiary`, `surface-elevated`,
    /// `surface-elevated-secondary`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background: Option<Color>,
    /// Width to height, as a number or as CSS (`16/9`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aspect_ratio: Option<Length>,
}

impl Layout {
    /// What is in it.
    pub(super) fn children(&self) -> &[WidgetComponent] {
        self.children.as_deref().unwrap_or(&[])
    }
}

/// A container: a component with a [`Layout`] and fields of its own.
macro_rules! container {
    (
        $(#[$doc:meta])*
        pub struct $name:ident { $( $(#[$field_doc:meta])* $field:ident: $type:ty, )* }
    ) => {
        component! {
            $(#[$doc])*
            pub struct $name {
                required {
                    /// What all containers share.
                    #[serde(flatten)]
                    layout: Layout,
                }
                optional { $( $(#[$field_doc])* $field: $type, )* }
            }
        }
    };
}

container! {
    /// `Box`: a container that is given its direction.
    pub struct BoxContainer {
        /// Which way its children are laid out.
        direction: Direction,
    }
}

container! {
    /// `Row`: a container from left to right.
    pub struct Row {}
}

container! {
    /// `Col`: a container from top to bottom.
    pub struct Col {}
}

container! {
    /// `Form`: a container whose fields are submitted together.
    pub struct Form {
        /// What happens when it is submitted.
        on_submit_action: ActionConfig,
        /// Which way its children are laid out.
        direction: Direction,
    }
}

component! {
    /// `ListViewItem`: a row of a `ListView`.
    pub struct ListViewItem {
        required {
            /// What is in it.
            children: Vec<WidgetComponent>,
        }
        optional {
            /// What happens when it is clicked.
            on_click_action: ActionConfig,
            /// Between children, in units of spacing or as CSS.
            gap: Length,
            /// How children stand from top to bottom.
            align: Alignment,
        }
    }
}

component! {
    /// `Transition`: animates its child when that changes.
    pub struct Transition {
        required {}
        optional {
            /// The child.
            children: Children,
        }
    }
}
