use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A widget: `Card`, `ListView` or `Basic`, as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WidgetRoot(pub Map<String, Value>);

/// A part of a widget, as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WidgetComponent(pub Map<String, Value>);
