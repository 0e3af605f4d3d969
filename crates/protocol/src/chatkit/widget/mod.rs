//! Widgets.
use crate::chatkit::{Extra, UnknownObject, tagged::tagged_union};
use serde::{Deserialize, Serialize};

/// A card.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
pub struct Card {
    /// Fields that this version does not know.
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", ts(skip))]
    pub extra: Extra,
}
tagged_union! {
    /// A widget.
    pub enum WidgetRoot, else UnknownObject {
        /// card
        "Card" => Card(Card),
    }
}
tagged_union! {
    /// A component.
    pub enum WidgetComponent, else UnknownObject {
        /// card
        "Card" => Card(Card),
    }
}
