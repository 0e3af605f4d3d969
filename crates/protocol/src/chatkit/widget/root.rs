//! What a widget begins with.

use serde::{Deserialize, Serialize};

use super::{
    ActionConfig, Alignment, CardSize, Children, Color, Direction, Inset, Justification, Length, Theme,
    WholeBorder, WidgetComponent,
    declare::{component, component_union, object},
};
use crate::chatkit::IconName;

component_union! {
    /// A whole widget.
    pub enum WidgetRoot {
        /// A card.
        "Card" => Card,
        /// A list.
        "ListView" => ListView,
        /// No frame of its own.
        "Basic" => BasicRoot,
    }
}

impl WidgetRoot {
    /// The components right below it.
    pub fn children(&self) -> &[WidgetComponent] {
        match self {
            Self::Card(root) => &root.children,
            Self::ListView(root) => &root.children,
            Self::BasicRoot(root) => root.children.as_ref().map_or(&[], Children::as_slice),
            Self::Dynamic(root) => root.children(),
        }
    }
}

component! {
    /// `Card`: a frame with a header and buttons of its own.
    pub struct Card {
        required {
            /// What is in it.
            children: Vec<WidgetComponent>,
        }
        optional {
            /// Whether it is a form, so that its buttons send the values of its fields.
            as_form: bool,
            /// Its background; tokens: `surface`, `surface-secondary`, `surface-tertiary`, `surface-elevated`,
            /// `surface-elevated-secondary`.
            background: Color,
            /// Lines along its edges. Known to the front end, and not to the reference.
            border: WholeBorder,
            /// How wide it is.
            size: CardSize,
            /// Space within its edges.
            padding: Inset,
            /// Its header.
            status: WidgetStatus,
            /// Whether it is folded up, after its main action was done.
            collapsed: bool,
            /// The button to confirm.
            confirm: CardAction,
            /// The button to cancel.
            cancel: CardAction,
            /// The theme that it has, whatever the page has.
            theme: Theme,
        }
    }
}

object! {
    /// A button at the foot of a card.
    pub struct CardAction {
        required {
            /// Its text.
            label: String,
            /// What happens when it is clicked.
            action: ActionConfig,
        }
        optional {}
    }
}

object! {
    /// The header of a card or list: a text, with a `favicon` or with an `icon`.
    pub struct WidgetStatus {
        required {
            /// The text.
            text: String,
        }
        optional {
            /// The URL of a small image before the text.
            favicon: String,
            /// Whether that has a frame, for contrast.
            frame: bool,
            /// The icon before the text.
            icon: IconName,
        }
    }
}

component! {
    /// `ListView`: a list.
    pub struct ListView {
        required {
            /// Its rows, each a `ListViewItem`.
            children: Vec<WidgetComponent>,
        }
        optional {
            /// How many rows are in sight before the user asks for more.
            limit: ListLimit,
            /// Its header.
            status: WidgetStatus,
            /// The theme that it has, whatever the page has.
            theme: Theme,
        }
    }
}

/// How many rows of a list are in sight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum ListLimit {
    /// That many.
    Rows(u32),
    /// `auto`: the front end decides.
    Word(String),
}

component! {
    /// `Basic`: a root without a frame, which may also hold other roots. All but what is in it is known to the front
    /// end, and not to the reference.
    pub struct BasicRoot {
        required {}
        optional {
            /// What is in it.
            children: Children,
            /// The theme that it has, whatever the page has.
            theme: Theme,
            /// Which way its children are laid out.
            direction: Direction,
            /// Between children, in units of spacing or as CSS.
            gap: Length,
            /// Space within its edges.
            padding: Inset,
            /// How children stand across its direction.
            align: Alignment,
            /// How children are spread along its direction.
            justify: Justification,
        }
    }
}
