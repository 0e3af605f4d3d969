//! `chatkit.thread_item`, as `OpenAI`'s API returns it (2.4 of the reference), from an item of the ChatKit
//! protocol. The two have words of their own for nearly everything.

use chatkitd_protocol::chatkit::{
    self, AssistantMessageContent, AssistantMessageItem, ClientToolCallItem, Source, Task, Time,
    UserMessageItem, WidgetItem, WorkflowItem,
};
use chatkitd_protocol::rest::{
    Annotation, AssistantMessage, Attachment, AttachmentType, ClientToolCall, ContentPart, Extra, FileSource,
    InferenceOptions, ItemHead, ItemObject, OutputPart, OutputTextType, Task as RestTask, TaskGroup,
    TaskGroupEntry, TaskType, ThreadItem, ToolCallStatus, ToolChoice, UrlSource, UserMessage, Widget,
};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

/// The kinds of items that REST has a type for.
pub(super) const KINDS: &[&str] =
    &["user_message", "assistant_message", "client_tool_call", "widget", "workflow", "task"];

/// The item over REST; `None` for those that it has no type for.
pub(super) fn item(item: chatkit::ThreadItem) -> Option<ThreadItem> {
    let head = ItemHead {
        id: item.id().to_owned(),
        object: ItemObject::ThreadItem,
        created_at: seconds(item.created_at()),
        thread_id: item.thread_id().to_owned(),
    };
    Some(match item {
        chatkit::ThreadItem::UserMessage(item) => user_message(head, item),
        chatkit::ThreadItem::AssistantMessage(item) => assistant_message(head, item),
        chatkit::ThreadItem::ClientToolCall(item) => tool_call(head, item),
        chatkit::ThreadItem::Widget(item) => widget(head, &item),
        chatkit::ThreadItem::Workflow(item) => task_group(head, &item),
        chatkit::ThreadItem::Task(item) => {
            let TaskGroupEntry { kind, heading, summary, extra } = task(&item.task);
            ThreadItem::Task(RestTask { head, task_type: kind, heading, summary, extra })
        }
        chatkit::ThreadItem::GeneratedImage(_)
        | chatkit::ThreadItem::StructuredInput(_)
        | chatkit::ThreadItem::EndOfTurn(_)
        | chatkit::ThreadItem::HiddenContext(_)
        | chatkit::ThreadItem::SdkHiddenContext(_)
        | chatkit::ThreadItem::Unknown(_) => return None,
    })
}

/// Unix seconds. An agent may write what it likes as a time; what is none is 0.
fn seconds(time: &Time) -> i64 {
    let text = time.as_str();
    let without_zone = || {
        let local: DateTime = text.parse().ok()?;
        Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    text.parse::<Timestamp>().ok().or_else(without_zone).map_or(0, Timestamp::as_second)
}

fn user_message(head: ItemHead, item: UserMessageItem) -> ThreadItem {
    let quoted = item.quoted_text.map(|text| ContentPart::QuotedText { text, extra: Extra::new() });
    let said = item
        .content
        .iter()
        .map(|part| ContentPart::InputText { text: part.as_text().into(), extra: Extra::new() });
    let options = item.inference_options;
    let chosen = options.model.is_some() || options.tool_choice.is_some();
    ThreadItem::UserMessage(UserMessage {
        head,
        content: quoted.into_iter().chain(said).collect(),
        attachments: item.attachments.iter().map(attachment).collect(),
        inference_options: chosen.then(|| InferenceOptions {
            model: options.model,
            tool_choice: options.tool_choice.map(|tool| ToolChoice { id: tool.id, extra: Extra::new() }),
            extra: Extra::new(),
        }),
        extra: Extra::new(),
    })
}

fn attachment(attachment: &chatkit::Attachment) -> Attachment {
    let (kind, name, mime_type) = match attachment {
        chatkit::Attachment::File(file) => (AttachmentType::File, file.name.clone(), file.mime_type.clone()),
        chatkit::Attachment::Image(image) => {
            (AttachmentType::Image, image.name.clone(), image.mime_type.clone())
        }
        chatkit::Attachment::Unknown(unknown) => {
            let text =
                |field| unknown.extra.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
            (AttachmentType::File, text("name"), text("mime_type"))
        }
    };
    Attachment {
        id: attachment.id().to_owned(),
        kind,
        name,
        mime_type,
        preview_url: preview_url(attachment),
        extra: Extra::new(),
    }
}

/// Where an attachment can be seen. One that was stored has no address of its own.
fn preview_url(attachment: &chatkit::Attachment) -> Option<String> {
    match attachment {
        chatkit::Attachment::Image(image) => Some(image.preview_url.clone()).filter(|url| !url.is_empty()),
        chatkit::Attachment::File(_) | chatkit::Attachment::Unknown(_) => None,
    }
}

fn assistant_message(head: ItemHead, item: AssistantMessageItem) -> ThreadItem {
    let part = |part| match part {
        AssistantMessageContent::OutputText(part) => Some(OutputPart {
            kind: OutputTextType::OutputText,
            text: part.text,
            annotations: part.annotations.iter().filter_map(annotation).collect(),
            extra: Extra::new(),
        }),
        AssistantMessageContent::Unknown(_) => None,
    };
    let content = item.content.into_iter().filter_map(part).collect();
    ThreadItem::AssistantMessage(AssistantMessage { head, content, extra: Extra::new() })
}

/// Files and pages; REST knows no other sources.
fn annotation(annotation: &chatkit::Annotation) -> Option<Annotation> {
    let chatkit::Annotation::Source(annotation) = annotation else { return None };
    let kind = |kind| Extra::from_iter([("type".to_owned(), json!(kind))]);
    match annotation.source.as_ref() {
        Source::File(file) => Some(Annotation::File {
            source: FileSource { filename: file.filename.clone(), extra: kind("file") },
            extra: Extra::new(),
        }),
        Source::Url(page) => Some(Annotation::Url {
            source: UrlSource { url: page.url.clone(), extra: kind("url") },
            extra: Extra::new(),
        }),
        Source::Entity(_) | Source::Unknown(_) => None,
    }
}

fn tool_call(head: ItemHead, item: ClientToolCallItem) -> ThreadItem {
    let status = match item.status {
        chatkit::ToolCallStatus::Completed => ToolCallStatus::Completed,
        chatkit::ToolCallStatus::Pending | chatkit::ToolCallStatus::Other(_) => ToolCallStatus::InProgress,
    };
    ThreadItem::ClientToolCall(ClientToolCall {
        head,
        status,
        call_id: item.call_id,
        name: item.name,
        arguments: text(&item.arguments),
        output: item.output.as_ref().map(text),
        extra: Extra::new(),
    })
}

fn widget(head: ItemHead, item: &WidgetItem) -> ThreadItem {
    ThreadItem::Widget(Widget { head, widget: text(&item.widget), extra: Extra::new() })
}

fn task_group(head: ItemHead, item: &WorkflowItem) -> ThreadItem {
    let tasks = item.workflow.tasks.iter().map(task).collect();
    ThreadItem::TaskGroup(TaskGroup { head, tasks, extra: Extra::new() })
}

/// A step. REST knows thoughts; all others are of its kind for anything.
fn task(task: &Task) -> TaskGroupEntry {
    let (kind, heading, summary) = match task {
        Task::Thought(task) => (TaskType::Thought, task.title.clone(), Some(task.content.clone())),
        Task::Custom(task) => (TaskType::Custom, task.title.clone(), task.content.clone()),
        Task::Search(task) => {
            (TaskType::Custom, task.title.clone().or_else(|| task.title_query.clone()), listed(&task.queries))
        }
        Task::File(task) => {
            let names: Vec<&str> = task.sources.iter().filter_map(file_name).collect();
            (TaskType::Custom, task.title.clone(), listed(&names))
        }
        Task::Image(task) => (TaskType::Custom, task.title.clone(), None),
        Task::Unknown(task) => {
            let text = |field| task.extra.get(field).and_then(Value::as_str).map(str::to_owned);
            (TaskType::Custom, text("title"), text("content"))
        }
    };
    TaskGroupEntry { kind, heading, summary, extra: Extra::new() }
}

fn file_name(source: &Source) -> Option<&str> {
    match source {
        Source::File(file) => Some(&file.filename),
        Source::Url(_) | Source::Entity(_) | Source::Unknown(_) => None,
    }
}

fn listed<T: AsRef<str>>(texts: &[T]) -> Option<String> {
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    (!texts.is_empty()).then(|| texts.join(", "))
}

/// JSON as text. What came from JSON can be written as JSON.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
