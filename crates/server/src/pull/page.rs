//! One page of a list, read only as far as the pull needs it: every entry stays the text that was received.

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::error::Cause;

/// A page as received. Looser than the protocol's `List`: cursors and `has_more` may be absent.
pub(super) struct Page {
    pub entries: Vec<Entry>,
    pub last_id: Option<String>,
    pub has_more: Option<bool>,
}

/// A thread or an item.
pub(super) struct Entry {
    pub id: String,
    /// The object as received, without the white space between its tokens: one line.
    pub line: String,
    /// Unix seconds, if it is a number.
    pub created_at: Option<i64>,
    /// Set on items.
    pub thread_id: Option<String>,
    /// Of a user message.
    pub attachments: Vec<Attachment>,
}

/// What the pull needs of an attachment.
pub(super) struct Attachment {
    pub id: String,
    pub name: Option<String>,
    pub mime_type: Option<String>,
    pub url: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    last_id: Option<String>,
    has_more: Option<bool>,
}

#[derive(Deserialize)]
struct Head {
    id: String,
    created_at: Option<Value>,
    thread_id: Option<String>,
    attachments: Option<Value>,
}

impl Page {
    pub(super) fn parse(body: &[u8]) -> Result<Self, Cause> {
        let envelope: Envelope<'_> = serde_json::from_slice(body)?;
        let entries = envelope.data.into_iter().map(|raw| Entry::parse(raw.get()));
        Ok(Self {
            entries: entries.collect::<Result<_, _>>()?,
            last_id: envelope.last_id.filter(|id| !id.is_empty()),
            has_more: envelope.has_more,
        })
    }

    /// A single object.
    pub(super) fn of_one(body: &[u8]) -> Result<Self, Cause> {
        let object: &RawValue = serde_json::from_slice(body)?;
        Ok(Self { entries: vec![Entry::parse(object.get())?], last_id: None, has_more: Some(false) })
    }

    /// The cursor of the next page. OpenAI's SDKs take `last_id`; where it is missing, the last entry's id must do.
    pub(super) fn next_cursor(&self) -> Option<&str> {
        let last = || self.entries.last().map(|entry| entry.id.as_str());
        self.last_id.as_deref().or_else(last)
    }
}

impl Entry {
    pub(super) fn parse(json: &str) -> Result<Self, Cause> {
        let head: Head = serde_json::from_str(json)?;
        // Such a "segment" would change the path of the requests made with it.
        if matches!(head.id.as_str(), "" | "." | "..") {
            return Err(Cause::Shape("an entry has no usable id"));
        }
        let listed = head.attachments.as_ref().and_then(Value::as_array);
        Ok(Self {
            id: head.id,
            line: one_line(json),
            created_at: head.created_at.as_ref().and_then(Value::as_i64),
            thread_id: head.thread_id,
            attachments: listed.into_iter().flatten().filter_map(Attachment::read).collect(),
        })
    }
}

impl Attachment {
    /// `None` without an id: nothing to name the file by. The item's line keeps such an entry.
    fn read(value: &Value) -> Option<Self> {
        let text = |field: &str| value.get(field).and_then(Value::as_str).map(ToOwned::to_owned);
        Some(Self {
            id: text("id").filter(|id| !id.is_empty())?,
            name: text("name"),
            mime_type: text("mime_type"),
            url: text("preview_url").filter(|url| !url.is_empty()),
        })
    }
}

/// Valid JSON without the white space between its tokens. Parsing and writing it again would reorder
/// keys and round large numbers.
fn one_line(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in json.chars() {
        if !in_string && matches!(c, ' ' | '\n' | '\r' | '\t') {
            continue;
        }
        if c == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && c == '\\' && !escaped;
        line.push(c);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_its_text_but_not_its_line_breaks() {
        let pretty = "{\n  \"zeta\": 12345678901234567890123.10,\r\n\t\"id\": \"a\",\n  \"text\": \"x \\\" \\\\\" , \"n\": null }";
        let entry = Entry::parse(pretty).unwrap();
        assert_eq!(entry.line, r#"{"zeta":12345678901234567890123.10,"id":"a","text":"x \" \\","n":null}"#);
    }

    #[test]
    fn an_entry_without_a_usable_id_is_refused() {
        for json in [r#"{"id":""}"#, r#"{"id":".."}"#, r#"{"id":7}"#, "{}", "7"] {
            assert!(Entry::parse(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_page_may_lack_its_cursors() {
        let page = Page::parse(br#"{"data":[{"id":"a"},{"id":"b"}],"last_id":""}"#).unwrap();
        assert_eq!((page.next_cursor(), page.has_more), (Some("b"), None));
        let page = Page::parse(br#"{"data":[{"id":"a"}],"last_id":"z","has_more":true}"#).unwrap();
        assert_eq!((page.next_cursor(), page.has_more), (Some("z"), Some(true)));
        for body in [&br#"{"data":[{"id":"a"#[..], b"[]", b"{}", b"<html>", b""] {
            assert!(Page::parse(body).is_err());
        }
    }
}
