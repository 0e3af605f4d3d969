//! Sizes, colours, spacing and borders.

use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::{BorderStyle, declare::object};

/// A size or distance. A number is in pixels, or in units of spacing where a property says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum Length {
    /// As a number, kept in the form in which it came (`10` is not `10.0`).
    Number(#[cfg_attr(feature = "schema", schemars(with = "f64"), ts(type = "number"))] Number),
    /// As CSS has it, e.g. `50%`.
    Css(String),
}

impl From<u32> for Length {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<&str> for Length {
    fn from(css: &str) -> Self {
        Self::Css(css.into())
    }
}

/// A colour.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum Color {
    /// A token of the property's own (e.g. `secondary` of text), one of the palette (`red-100`, `blue-900`), or CSS.
    One(String),
    /// One for each theme.
    Themed(ThemeColor),
}

impl From<&str> for Color {
    fn from(color: &str) -> Self {
        Self::One(color.into())
    }
}

object! {
    /// A colour for each theme.
    pub struct ThemeColor {
        required {
            /// In the dark theme.
            dark: String,
            /// In the light theme.
            light: String,
        }
        optional {}
    }
}

/// Space around or within a component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum Inset {
    /// The same on every side, in units of spacing or as CSS.
    All(Length),
    /// Side by side.
    Sides(Spacing),
}

object! {
    /// Space on each side, in units of spacing or as CSS.
    pub struct Spacing {
        required {}
        optional {
            /// Above.
            top: Length,
            /// On the right.
            right: Length,
            /// Below.
            bottom: Length,
            /// On the left.
            left: Length,
            /// On the left and on the right.
            x: Length,
            /// Above and below.
            y: Length,
        }
    }
}

object! {
    /// A line along an edge.
    pub struct Border {
        required {
            /// How thick it is, in pixels.
            size: u32,
        }
        optional {
            /// Its colour; tokens: `default`, `subtle`, `strong`.
            color: Color,
            /// How it is drawn.
            style: BorderStyle,
        }
    }
}

object! {
    /// A line along each edge.
    pub struct Borders {
        required {}
        optional {
            /// Above.
            top: BorderEdge,
            /// On the right.
            right: BorderEdge,
            /// Below.
            bottom: BorderEdge,
            /// On the left.
            left: BorderEdge,
            /// On the left and on the right.
            x: BorderEdge,
            /// Above and below.
            y: BorderEdge,
        }
    }
}

/// The line along one edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum BorderEdge {
    /// How thick it is, in pixels.
    Width(u32),
    /// In full.
    Border(Box<Border>),
}

/// The lines around a component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum WholeBorder {
    /// The same on every edge: how thick it is, in pixels.
    Width(u32),
    /// The same on every edge, in full.
    Border(Box<Border>),
    /// Edge by edge.
    Edges(Box<Borders>),
}
