//! Widgets: a tree of components that the front end draws.
//!
//! Every property that the reference leaves open is an `Option`; a fresh component is
//! `Text { value: "Hello".into(), ..Text::default() }`. Widgets have no nulls at any depth, as in the reference, save
//! within the `payload` of an action, which is the application's own.

mod action;
mod chart;
mod content;
mod control;
mod declare;
mod dynamic;
mod field;
mod layout;
mod root;
mod style;
mod table;
mod words;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

pub use action::{ActionConfig, Handler, LoadingBehavior};
pub use chart::{AreaSeries, AxisConfig, BarSeries, Chart, ChartValue, CurveType, LineSeries, Series, XAxis};
pub use content::{Badge, Caption, Divider, Icon, Image, Markdown, Spacer, Text, Title};
pub use control::{Button, Checkbox, DatePicker, RadioGroup, RadioOption, Select, SelectOption};
pub use dynamic::{Children, DynamicComponent};
pub use field::{Editable, EditableProps, Input, Label, Textarea};
pub use layout::{BoxContainer, Col, Form, Layout, ListViewItem, Row, Transition};
pub use root::{BasicRoot, Card, CardAction, ListLimit, ListView, WidgetRoot, WidgetStatus};
pub use style::{Border, BorderEdge, Borders, Color, Inset, Length, Spacing, ThemeColor, WholeBorder};
pub use table::{Table, TableCell, TableRow};
pub use words::*;

use super::Extra;
use declare::component_union;

component_union! {
    /// A component of a widget.
    pub enum WidgetComponent {
        /// Plain text.
        "Text" => Text,
        /// A headline.
        "Title" => Title,
        /// Small text.
        "Caption" => Caption,
        /// A diagram.
        "Chart" => Chart,
        /// A short label in colour.
        "Badge" => Badge,
        /// Formatted text.
        "Markdown" => Markdown,
        /// A container.
        "Box" => BoxContainer,
        /// A container from left to right.
        "Row" => Row,
        /// A container from top to bottom.
        "Col" => Col,
        /// A line.
        "Divider" => Divider,
        /// An icon.
        "Icon" => Icon,
        /// An image.
        "Image" => Image,
        /// A row of a list.
        "ListViewItem" => ListViewItem,
        /// A button.
        "Button" => Button,
        /// A box to tick.
        "Checkbox" => Checkbox,
        /// Empty space that takes what is left.
        "Spacer" => Spacer,
        /// A choice from a menu.
        "Select" => Select,
        /// A choice of a date.
        "DatePicker" => DatePicker,
        /// A container that is submitted.
        "Form" => Form,
        /// A field for one line.
        "Input" => Input,
        /// The caption of a field.
        "Label" => Label,
        /// A choice from a few.
        "RadioGroup" => RadioGroup,
        /// Rows of cells.
        "Table" => Table,
        /// A row of a table.
        "Table.Row" => TableRow,
        /// A cell of a table's row.
        "Table.Cell" => TableCell,
        /// A field for several lines.
        "Textarea" => Textarea,
        /// Animates its child when it changes.
        "Transition" => Transition,
    }
}

impl WidgetComponent {
    /// The components right below it.
    pub fn children(&self) -> &[Self] {
        match self {
            Self::BoxContainer(component) => component.layout.children(),
            Self::Row(component) => component.layout.children(),
            Self::Col(component) => component.layout.children(),
            Self::Form(component) => component.layout.children(),
            Self::ListViewItem(component) => &component.children,
            Self::Table(component) => component.children.as_deref().unwrap_or(&[]),
            Self::TableRow(component) => component.children.as_deref().unwrap_or(&[]),
            Self::TableCell(component) => component.children.as_deref().unwrap_or(&[]),
            Self::Transition(component) => component.children.as_ref().map_or(&[], Children::as_slice),
            Self::Dynamic(component) => component.children(),
            Self::Text(_)
            | Self::Title(_)
            | Self::Caption(_)
            | Self::Chart(_)
            | Self::Badge(_)
            | Self::Markdown(_)
            | Self::Divider(_)
            | Self::Icon(_)
            | Self::Image(_)
            | Self::Button(_)
            | Self::Checkbox(_)
            | Self::Spacer(_)
            | Self::Select(_)
            | Self::DatePicker(_)
            | Self::Input(_)
            | Self::Label(_)
            | Self::RadioGroup(_)
            | Self::Textarea(_) => &[],
        }
    }
}

/// Reads the fields of a component that are not known here. What is null is left out, at any depth.
fn without_nulls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Extra, D::Error> {
    let mut extra = Extra::deserialize(deserializer)?;
    drop_nulls(&mut extra);
    Ok(extra)
}

fn drop_nulls(object: &mut Extra) {
    object.retain(|_, value| !value.is_null());
    object.values_mut().for_each(drop_nulls_within);
}

fn drop_nulls_within(value: &mut Value) {
    match value {
        Value::Object(object) => drop_nulls(object),
        Value::Array(array) => {
            array.retain(|value| !value.is_null());
            array.iter_mut().for_each(drop_nulls_within);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
