//! `Chart` and what it draws.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use serde_json::Number;

use super::{
    Color, Length,
    declare::{component, object},
};
use crate::chatkit::{
    UnknownObject,
    tagged::{tagged_union, words},
};

component! {
    /// `Chart`: bars, lines and areas over one axis.
    pub struct Chart {
        required {
            /// The rows: values by the name of the field.
            data: Vec<BTreeMap<String, ChartValue>>,
            /// What is drawn of them.
            series: Vec<Series>,
            /// What stands along the axis.
            x_axis: XAxis,
        }
        optional {
            /// Whether the other axis is drawn.
            #[serde(rename = "showYAxis")]
            show_y_axis: bool,
            /// Whether it says what the series are.
            show_legend: bool,
            /// Whether it says what a point is when the pointer is on it.
            show_tooltip: bool,
            /// Between bars of one place on the axis, in pixels.
            bar_gap: u32,
            /// Between places on the axis, in pixels.
            bar_category_gap: u32,
            /// How it grows and shrinks, as CSS's `flex` has it.
            flex: Length,
            /// Its height.
            height: Length,
            /// Its width.
            width: Length,
            /// Its height and width.
            size: Length,
            /// Its least height.
            min_height: Length,
            /// Its least width.
            min_width: Length,
            /// Its least height and width.
            min_size: Length,
            /// Its greatest height.
            max_height: Length,
            /// Its greatest width.
            max_width: Length,
            /// Its greatest height and width.
            max_size: Length,
            /// Width to height, as a number or as CSS (`16/9`).
            aspect_ratio: Length,
        }
    }
}

/// A value in a row of a chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum ChartValue {
    /// What is drawn.
    Number(#[cfg_attr(feature = "schema", schemars(with = "f64"), ts(type = "number"))] Number),
    /// A name, e.g. on the axis.
    Text(String),
}

/// What stands along the axis of a chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum XAxis {
    /// The field of the rows.
    Field(String),
    /// The field, and how it is shown.
    Config(AxisConfig),
}

impl Default for XAxis {
    fn default() -> Self {
        Self::Field(String::new())
    }
}

object! {
    /// An axis of a chart.
    pub struct AxisConfig {
        required {
            /// The field of the rows.
            data_key: String,
        }
        optional {
            /// Whether line, ticks and names are left out.
            hide: bool,
            /// What is shown instead of a value.
            labels: BTreeMap<String, String>,
        }
    }
}

tagged_union! {
    /// What is drawn of the rows of a chart.
    pub enum Series, else UnknownObject {
        /// Bars.
        "bar" => Bar(BarSeries),
        /// An area.
        "area" => Area(AreaSeries),
        /// A line.
        "line" => Line(LineSeries),
    }
}

object! {
    /// `bar`: bars.
    pub struct BarSeries {
        required {
            /// The field of the rows; its values are numbers.
            data_key: String,
        }
        optional {
            /// What the legend calls it.
            label: String,
            /// Series of one stack stand on one another.
            stack: String,
            /// Its colour; tokens: `blue`, `purple`, `orange`, `green`, `red`, `yellow`, `pink`. Absent: the next one.
            color: Color,
        }
    }
}

object! {
    /// `area`: an area under a line.
    pub struct AreaSeries {
        required {
            /// The field of the rows; its values are numbers.
            data_key: String,
        }
        optional {
            /// What the legend calls it.
            label: String,
            /// Series of one stack stand on one another.
            stack: String,
            /// Its colour; tokens as of [`BarSeries`].
            color: Color,
            /// How points are joined.
            curve_type: CurveType,
        }
    }
}

object! {
    /// `line`: a line.
    pub struct LineSeries {
        required {
            /// The field of the rows; its values are numbers.
            data_key: String,
        }
        optional {
            /// What the legend calls it.
            label: String,
            /// Its colour; tokens as of [`BarSeries`].
            color: Color,
            /// How points are joined.
            curve_type: CurveType,
        }
    }
}

words! {
    /// How the points of a line are joined, as D3 calls it.
    pub enum CurveType {
        "basis" => Basis,
        "basisClosed" => BasisClosed,
        "basisOpen" => BasisOpen,
        "bumpX" => BumpX,
        "bumpY" => BumpY,
        "bump" => Bump,
        "linear" => Linear,
        "linearClosed" => LinearClosed,
        "natural" => Natural,
        "monotoneX" => MonotoneX,
        "monotoneY" => MonotoneY,
        "monotone" => Monotone,
        "step" => Step,
        "stepBefore" => StepBefore,
        "stepAfter" => StepAfter,
    }
}
