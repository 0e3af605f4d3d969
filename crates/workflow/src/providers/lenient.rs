//! Reads what an answer can do without: of another shape than the API promises, it counts as not there.

use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Deserializer};
use serde_json::Value;

/// The value, if it is one of `T`.
pub(super) fn or_none<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    Ok(T::deserialize(Value::deserialize(deserializer)?).ok())
}

/// Those values of a list that are one of `T`.
pub(super) fn those_that_are<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let values = or_none::<Vec<Value>, D>(deserializer)?.unwrap_or_default();
    Ok(values.into_iter().filter_map(|value| T::deserialize(value).ok()).collect())
}
