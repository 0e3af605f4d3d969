//! What the reference writes, read and written back. `fixtures/protocol/generate.py` makes the samples.

use std::{fmt::Debug, fs, path::Path};

use chatkitd_protocol::chatkit::{
    Annotation, Attachment, ItemUpdate, Request, Source, StructuredInput, SyncCustomActionResponse, Task,
    Thread, ThreadEvent, ThreadItem, ThreadStatus, TranscriptionResult, WidgetComponent, WidgetRoot,
    Workflow,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

fn samples(name: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/protocol");
    let text = fs::read_to_string(folder.join(format!("{name}.jsonl"))).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// Parses, demands that all of it was recognised, and demands that it is written as it was.
fn same<T: Serialize + Debug>(sample: &str, parsed: &T) {
    // `Debug` shows what was kept only because it is not known.
    let seen = format!("{parsed:?}");
    for kept in ["Unknown", "Dynamic", "Other("] {
        assert!(!seen.contains(kept), "{kept} in {seen}\nof {sample}");
    }
    assert_eq!(seen.matches("extra: ").count(), seen.matches("extra: {}").count(), "a field of {sample}");
    let written = serde_json::to_value(parsed).unwrap();
    assert_eq!(written, serde_json::from_str::<Value>(sample).unwrap());
}

fn all_are_the_same<T: Serialize + DeserializeOwned + Debug>(name: &str, at_least: usize) {
    let samples = samples(name);
    assert!(samples.len() >= at_least, "{} samples of {name}", samples.len());
    for sample in samples {
        let parsed: T = serde_json::from_str(&sample).unwrap_or_else(|error| panic!("{error}: {sample}"));
        same(&sample, &parsed);
    }
}

#[test]
fn every_request_is_read_and_written_as_the_reference_does() {
    let mut operations = Vec::new();
    for sample in samples("Request") {
        let request = Request::parse(sample.as_bytes()).unwrap_or_else(|error| panic!("{error}: {sample}"));
        same(&sample, &request);
        operations.push(request.operation.name());
    }
    operations.sort_unstable();
    operations.dedup();
    assert_eq!(operations.len(), 16, "{operations:?}");
}

#[test]
fn every_event_is_read_and_written_as_the_reference_does() {
    all_are_the_same::<ThreadEvent>("ThreadEvent", 12);
}

#[test]
fn every_update_is_read_and_written_as_the_reference_does() {
    all_are_the_same::<ItemUpdate>("ItemUpdate", 10);
}

#[test]
fn every_item_is_read_and_written_as_the_reference_does() {
    all_are_the_same::<ThreadItem>("ThreadItem", 11);
}

#[test]
fn threads_are_read_and_written_as_the_reference_does() {
    all_are_the_same::<ThreadStatus>("ThreadStatus", 3);
    all_are_the_same::<Thread>("Thread", 4);
}

#[test]
fn the_parts_of_items_are_read_and_written_as_the_reference_does() {
    all_are_the_same::<Task>("Task", 5);
    all_are_the_same::<Workflow>("Workflow", 2);
    all_are_the_same::<Source>("Source", 3);
    all_are_the_same::<Annotation>("Annotation", 1);
    all_are_the_same::<Attachment>("Attachment", 2);
    all_are_the_same::<StructuredInput>("StructuredInput", 2);
}

#[test]
fn answers_that_are_no_threads_are_read_and_written_as_the_reference_does() {
    all_are_the_same::<SyncCustomActionResponse>("SyncCustomActionResponse", 2);
    all_are_the_same::<TranscriptionResult>("TranscriptionResult", 1);
}

#[test]
fn every_widget_is_read_and_written_as_the_reference_does() {
    all_are_the_same::<WidgetRoot>("WidgetRoot", 3);
    all_are_the_same::<WidgetComponent>("WidgetComponent", 24);
}

#[test]
fn every_kind_of_the_reference_has_a_sample() {
    for (name, kinds) in [
        ("ThreadEvent", 12),
        ("ItemUpdate", 10),
        ("ThreadItem", 11),
        ("Task", 5),
        ("Source", 3),
        ("Attachment", 2),
        ("WidgetRoot", 3),
        ("WidgetComponent", 24),
    ] {
        let mut seen: Vec<String> = samples(name)
            .iter()
            .map(|sample| serde_json::from_str::<Value>(sample).unwrap()["type"].as_str().unwrap().to_owned())
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), kinds, "{name}: {seen:?}");
    }
}
