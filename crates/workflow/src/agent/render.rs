//! The items of a thread as a model reads them.
//!
//! What is no message of the visitor's or the model's is told in the visitor's place, between tags that say
//! what it is, as the Python SDK's converter does: models of all makers know two roles.

use chatkitd_core::models::Role;
use chatkitd_protocol::chatkit::{
    AssistantMessageContent, AssistantMessageItem, Attachment, ClientToolCallItem, CustomTask,
    GeneratedImageItem, InputTag, StructuredInput, StructuredInputAnswer, StructuredInputItem, Task,
    ThreadItem, ToolCallStatus, UserMessageContent, UserMessageItem, WidgetItem,
};
use serde_json::{Value, json};

/// An item as the model reads it. What has to be fetched for that is named.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) role: Role,
    /// Each is a part of the message.
    pub(super) texts: Vec<String>,
    pub(super) attachments: Vec<Attachment>,
    /// Where a picture is that the model made.
    pub(super) picture: Option<String>,
}

/// What the model reads of an item; `None`: nothing.
pub(super) fn entry(item: ThreadItem) -> Option<Entry> {
    match item {
        ThreadItem::UserMessage(item) => Some(user_message(item)),
        ThreadItem::AssistantMessage(item) => assistant_message(item),
        ThreadItem::ClientToolCall(item) => client_tool_call(&item),
        ThreadItem::Widget(item) => Some(widget(&item)),
        ThreadItem::GeneratedImage(item) => generated_image(item),
        ThreadItem::StructuredInput(item) => Some(structured_input(&item)),
        ThreadItem::Workflow(item) => tasks(&item.workflow.tasks),
        ThreadItem::Task(item) => tasks(std::slice::from_ref(&item.task)),
        ThreadItem::HiddenContext(item) => Some(hidden_context(&text_of(&item.content))),
        ThreadItem::SdkHiddenContext(item) => Some(hidden_context(&item.content)),
        ThreadItem::EndOfTurn(_) | ThreadItem::Unknown(_) => None,
    }
}

/// Something that happened, told in the visitor's place.
fn told(texts: Vec<String>) -> Entry {
    Entry { role: Role::User, texts, attachments: Vec::new(), picture: None }
}

fn tagged(introduction: &str, tag: &str, content: &str) -> String {
    format!("{introduction}\n<{tag}>\n{content}\n</{tag}>")
}

/// A text as it is, anything else as JSON.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn user_message(item: UserMessageItem) -> Entry {
    let mut texts = Vec::new();
    let words = words(&item.content);
    if !words.trim().is_empty() {
        texts.push(words);
    }
    if let Some(quoted) = item.quoted_text.filter(|quoted| !quoted.trim().is_empty()) {
        texts.push(tagged("The message above refers to this in particular:", "QuotedText", &quoted));
    }
    let tags: Vec<_> = distinct_tags(&item.content).into_iter().map(tag).collect();
    if !tags.is_empty() {
        texts.push(format!("What the message above mentions with @:\n{}", tags.join("\n")));
    }
    Entry { attachments: item.attachments, ..told(texts) }
}

/// What the visitor typed, with an @ before what was picked from a list.
fn words(content: &[UserMessageContent]) -> String {
    let mut words = String::new();
    for part in content {
        if matches!(part, UserMessageContent::InputTag(_)) {
            words.push('@');
        }
        words.push_str(part.as_text());
    }
    words
}

fn distinct_tags(content: &[UserMessageContent]) -> Vec<&InputTag> {
    let mut tags: Vec<&InputTag> = Vec::new();
    for part in content {
        if let UserMessageContent::InputTag(tag) = part
            && !tags.iter().any(|known| (&known.id, &known.text) == (&tag.id, &tag.text))
        {
            tags.push(tag);
        }
    }
    tags
}

fn tag(tag: &InputTag) -> String {
    let mut content = json!({"text": tag.text, "id": tag.id});
    if let Some(group) = &tag.group {
        content["group"] = group.as_str().into();
    }
    if !tag.data.is_empty() {
        content["data"] = Value::Object(tag.data.clone());
    }
    format!("<Tag>{content}</Tag>")
}

fn assistant_message(item: AssistantMessageItem) -> Option<Entry> {
    let texts: Vec<_> = item
        .content
        .into_iter()
        .filter_map(|part| match part {
            AssistantMessageContent::OutputText(part) if !part.text.trim().is_empty() => Some(part.text),
            _ => None,
        })
        .collect();
    (!texts.is_empty()).then(|| Entry { role: Role::Assistant, ..told(texts) })
}

/// A call that was never answered is not mentioned: the model would wait for it.
fn client_tool_call(item: &ClientToolCallItem) -> Option<Entry> {
    if item.status != ToolCallStatus::Completed {
        return None;
    }
    let call = json!({"name": item.name, "arguments": item.arguments, "output": item.output});
    let introduction = "This tool was called on the visitor's page, and answered:";
    Some(told(vec![tagged(introduction, "ToolCall", &call.to_string())]))
}

/// What people read of it where that is known: it says the same as its JSON in a tenth of the words.
fn widget(item: &WidgetItem) -> Entry {
    let copied = item.copy_text.clone().filter(|text| !text.trim().is_empty());
    let content = copied.unwrap_or_else(|| json!(item.widget).to_string());
    told(vec![tagged("The visitor was shown this widget:", "Widget", &content)])
}

fn generated_image(item: GeneratedImageItem) -> Option<Entry> {
    let picture = item.image?.url;
    let text = "The visitor was shown a picture that you made.".to_owned();
    Some(Entry { picture: Some(picture), ..told(vec![text]) })
}

fn structured_input(item: &StructuredInputItem) -> Entry {
    let lines: Vec<_> = item.inputs.iter().filter_map(question).collect();
    let introduction = "The visitor was asked this:";
    told(vec![tagged(introduction, "Questions", &lines.join("\n"))])
}

fn question(input: &StructuredInput) -> Option<String> {
    let (question, given) = match input {
        StructuredInput::MultipleChoice(input) => (&input.question, input.answer.as_ref()),
        StructuredInput::Freeform(input) => (&input.question, input.answer.as_ref()),
        StructuredInput::Unknown(_) => return None,
    };
    Some(format!("- {question}: {}", answered(given)))
}

fn answered(answer: Option<&StructuredInputAnswer>) -> String {
    match answer {
        None => "(not answered yet)".to_owned(),
        Some(answer) if answer.skipped => "(skipped)".to_owned(),
        Some(answer) => answer.values.join(", "),
    }
}

/// Of tasks only those of the application's own making: thoughts and searches are the model's.
fn tasks(tasks: &[Task]) -> Option<Entry> {
    let lines: Vec<_> = tasks.iter().filter_map(task).collect();
    let introduction = "The visitor was shown that this was done:";
    (!lines.is_empty()).then(|| told(vec![tagged(introduction, "Task", &lines.join("\n"))]))
}

fn task(task: &Task) -> Option<String> {
    let Task::Custom(CustomTask { title, content, .. }) = task else { return None };
    let parts: Vec<_> =
        [title, content].into_iter().flatten().map(String::as_str).filter(|part| !part.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join(": "))
}

fn hidden_context(content: &str) -> Entry {
    told(vec![tagged("This is for you, and not shown to the visitor:", "HiddenContext", content)])
}
