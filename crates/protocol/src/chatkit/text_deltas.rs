use serde_json::Value;

/// The `assistant_message.content_part.text_delta` events of one text, as JSON.
///
/// A model sends thousands of them, which differ in nothing but their delta, so the rest is written once. Each is
/// byte for byte what [`ItemUpdate::content_part_text_delta`](super::ItemUpdate::content_part_text_delta) within
/// [`ThreadEvent::item_updated`](super::ThreadEvent::item_updated) becomes, at a tenth of the work.
#[derive(Clone, Debug)]
pub struct TextDeltas {
    /// All before the delta.
    before: String,
}

impl TextDeltas {
    /// Those of the part `content_index`, from 0, of the message `item_id`.
    pub fn new(item_id: &str, content_index: u32) -> Self {
        let item_id = Value::from(item_id);
        let before = format!(
            r#"{{"type":"thread.item.updated","item_id":{item_id},"update":{{"type":"assistant_message.content_part.text_delta","content_index":{content_index},"delta":"#
        );
        Self { before }
    }

    /// Writes the event with this delta at the end of what is in `out`.
    pub fn write(&self, out: &mut Vec<u8>, delta: &str) {
        out.extend_from_slice(self.before.as_bytes());
        // Writing a text into a `Vec` cannot fail.
        _ = serde_json::to_writer(&mut *out, delta);
        out.extend_from_slice(b"}}");
    }
}
