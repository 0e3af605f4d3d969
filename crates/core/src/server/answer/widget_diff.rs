//! What to send so that a widget on the visitor's screen becomes the next one (protocol rule 13).

use chatkitd_protocol::chatkit::{ItemUpdate, WidgetRoot};
use serde_json::{Map, Value, to_value};

/// The updates that turn `before` into `after`, where the visitor sees `before`.
///
/// Text that was appended to the `value` of a `Text` or `Markdown` is sent alone, one update for each
/// component. It must have an `id`, unlike any other text's of this widget, and be reached through lists of
/// `children`: that is where clients look for it. Any other change sends the whole widget; no change
/// sends nothing. A component with another `type`, `id` or `key` is another component.
///
/// The reference has two errors more, for text that is not a continuation and for an id that was not there
/// before. Neither can happen there either, for each is a change that sends the whole widget. And it
/// sends nothing for a text without an id, which the visitor then does not see until the widget is done.
pub fn diff_widget(before: &WidgetRoot, after: &WidgetRoot) -> Vec<ItemUpdate> {
    // As JSON both are of one shape, whatever their components.
    if let (Ok(Value::Object(before)), Ok(Value::Object(after))) = (to_value(before), to_value(after))
        && let Some(texts) = appended_texts(&before, &after)
    {
        return texts.into_iter().map(Appended::into_update).collect();
    }
    vec![ItemUpdate::widget_root_updated(after.clone())]
}

/// Text at the end of a component's value that was not there before.
struct Appended<'a> {
    id: &'a str,
    delta: &'a str,
    /// No more is to come.
    done: bool,
}

impl Appended<'_> {
    fn into_update(self) -> ItemUpdate {
        ItemUpdate::widget_streaming_text_value_delta(self.id.to_owned(), self.delta.to_owned(), self.done)
    }
}

/// What was appended, in the order of the page; `None` when something else changed.
fn appended_texts<'a>(
    before: &'a Map<String, Value>,
    after: &'a Map<String, Value>,
) -> Option<Vec<Appended<'a>>> {
    let mut walk = Walk::default();
    walk.component(before, after)?;
    let Walk { appended, mut ids } = walk;
    ids.sort_unstable();
    let unique = ids.windows(2).all(|pair| pair.first() != pair.last());
    (unique || appended.is_empty()).then_some(appended)
}

/// Goes through both widgets at once. Each step returns `None` for a change that is not appended text.
#[derive(Default)]
struct Walk<'a> {
    appended: Vec<Appended<'a>>,
    /// The ids of all texts.
    ids: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn component(&mut self, before: &'a Map<String, Value>, after: &'a Map<String, Value>) -> Option<()> {
        let is_text = matches!(text_of(after, "type"), Some("Text" | "Markdown"));
        for (name, value) in fields(after) {
            match (name, before.get(name)?, value) {
                ("value", Value::String(known), Value::String(value)) if is_text => {
                    self.text(after, value.strip_prefix(known.as_str())?)?;
                }
                ("children", Value::Array(known), Value::Array(children)) => self.list(known, children)?,
                (_, known, value) => same(known, value)?,
            }
        }
        // All that is there was there, so that as many fields are the same fields.
        same(&fields(before).count(), &fields(after).count())
    }

    fn list(&mut self, before: &'a [Value], after: &'a [Value]) -> Option<()> {
        same(&before.len(), &after.len())?;
        before.iter().zip(after).try_for_each(|pair| match pair {
            (Value::Object(before), Value::Object(after)) => self.component(before, after),
            (before, after) => same(before, after),
        })
    }

    fn text(&mut self, component: &'a Map<String, Value>, delta: &'a str) -> Option<()> {
        let id = text_of(component, "id").filter(|id| !id.is_empty());
        self.ids.extend(id);
        if !delta.is_empty() {
            let done = component.get("streaming") != Some(&Value::Bool(true));
            self.appended.push(Appended { id: id?, delta, done });
        }
        Some(())
    }
}

/// A component's fields; one that is null is not there.
fn fields(component: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    component.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.as_str(), value))
}

fn same<T: PartialEq>(before: &T, after: &T) -> Option<()> {
    (before == after).then_some(())
}

fn text_of<'a>(component: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    component.get(name)?.as_str()
}
