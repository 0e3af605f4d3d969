//! Widgets made from bytes, and what a client does with the updates that it gets.

use arbitrary::{Result, Unstructured};
use serde_json::{Map, Value, json};

/// A widget, and what became of it. Bytes that run out make the rest plain.
pub(crate) fn pair(recipe: &[u8]) -> (Value, Value) {
    let mut bytes = Unstructured::new(recipe);
    let before = root(&mut bytes).unwrap_or_else(|_| json!({"type": "Card", "children": []}));
    let after = match bytes.ratio(1, 16) {
        Ok(true) => root(&mut bytes),
        _ => changed(&mut bytes, &before),
    };
    let after = after.unwrap_or_else(|_| before.clone());
    (before, after)
}

fn root(bytes: &mut Unstructured<'_>) -> Result<Value> {
    Ok(match bytes.int_in_range(0..=4)? {
        0 => {
            json!({"type": "ListView", "children": [{"type": "ListViewItem", "children": children(bytes, 2)?}]})
        }
        1 => json!({"type": "Basic", "children": component(bytes, 2)?}),
        _ => json!({"type": "Card", "children": children(bytes, 3)?}),
    })
}

fn children(bytes: &mut Unstructured<'_>, depth: u32) -> Result<Vec<Value>> {
    let count = bytes.int_in_range(0..=3)?;
    (0..count).map(|_| component(bytes, depth)).collect()
}

fn component(bytes: &mut Unstructured<'_>, depth: u32) -> Result<Value> {
    Ok(match bytes.int_in_range(0..=9)? {
        0 if depth > 0 => json!({"type": "Row", "children": children(bytes, depth - 1)?}),
        1 if depth > 0 => json!({"type": "Col", "key": "k", "children": children(bytes, depth - 1)?}),
        2 if depth > 0 => json!({"type": "Transition", "children": component(bytes, depth - 1)?}),
        3 => json!({"type": "Title", "id": "title", "value": word(bytes)?}),
        4 => json!({"type": "Button", "onClickAction": {"type": "Text", "payload": {"value": word(bytes)?}}}),
        5 => json!({"type": "FromTheFuture", "id": "new", "value": word(bytes)?, "children": null}),
        _ => text(bytes)?,
    })
}

fn text(bytes: &mut Unstructured<'_>) -> Result<Value> {
    let mut text = Map::new();
    text.insert("type".to_owned(), (*bytes.choose(&["Text", "Markdown"])?).into());
    text.insert("value".to_owned(), word(bytes)?.into());
    if bytes.ratio(3, 4)? {
        // Few enough that two components sometimes share one.
        text.insert("id".to_owned(), format!("t{}", bytes.int_in_range(0..=3)?).into());
    }
    if bytes.ratio(1, 4)? {
        text.insert("streaming".to_owned(), bytes.arbitrary::<bool>()?.into());
    }
    Ok(Value::Object(text))
}

fn word(bytes: &mut Unstructured<'_>) -> Result<&'static str> {
    bytes.choose(&["", "a", "ab", "é", "👩‍👩‍👧", " "]).copied()
}

/// Mostly the same, with more text at some ends.
fn changed(bytes: &mut Unstructured<'_>, before: &Value) -> Result<Value> {
    let Value::Object(before) = before else { return Ok(before.clone()) };
    let mut after = before.clone();
    if let Some(children) = after.get_mut("children") {
        *children = match &*children {
            Value::Array(list) => list.iter().map(|child| changed(bytes, child)).collect::<Result<_>>()?,
            child => changed(bytes, child)?,
        };
    }
    match bytes.int_in_range(0..=63)? {
        0 => drop(after.insert("id".to_owned(), word(bytes)?.into())),
        1 => drop(after.insert("key".to_owned(), word(bytes)?.into())),
        2 => drop(after.insert("value".to_owned(), word(bytes)?.into())),
        3 => drop(after.insert("streaming".to_owned(), bytes.arbitrary::<bool>()?.into())),
        4..=31 => {
            if let Some(Value::String(value)) = after.get_mut("value") {
                value.push_str(word(bytes)?);
            }
        }
        _ => {}
    }
    Ok(Value::Object(after))
}

/// The widget as a client shows it after these updates. Like the widest-spread ones, it finds a component
/// by its id, through lists of children, and takes the first.
pub(crate) fn updated(mut widget: Value, updates: &[Value]) -> Value {
    for update in updates {
        match update["type"].as_str() {
            Some("widget.root.updated") => widget = update["widget"].clone(),
            Some("widget.streaming_text.value_delta") => {
                let id = update["component_id"].as_str().expect("a delta names its component");
                let component = find(&mut widget, id).expect("a delta names a component that is there");
                let delta = update["delta"].as_str().expect("a delta has text");
                let Value::String(value) = &mut component["value"] else { panic!("{id} has no text") };
                value.push_str(delta);
            }
            other => panic!("{other:?} is no update of a widget that streams"),
        }
    }
    widget
}

fn find<'a>(component: &'a mut Value, id: &str) -> Option<&'a mut Value> {
    let is_text = matches!(component["type"].as_str(), Some("Text" | "Markdown"));
    if is_text && component["id"] == id {
        return Some(component);
    }
    component.get_mut("children")?.as_array_mut()?.iter_mut().find_map(|child| find(child, id))
}
