//! Files through the engine: announced, uploaded, sent, read, and refused.

mod refusals;
mod world;

use std::time::Duration;

use bytes::Bytes;
use chatkitd_core::attachments::{AttachmentContent, AttachmentError, Permit, PublicBase};
use chatkitd_core::id::{AttachmentId, SiteName};
use chatkitd_core::ports::{AttachmentSweep as _, Attachments as _, Clock as _};
use chatkitd_core::server::ServerError;
use chatkitd_core::site::FileUpload;
use chatkitd_protocol::chatkit::Attachment;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use world::{World, address, ann, caller, input, whole};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n a picture";
const PDF: &[u8] = b"%PDF-1.7 a document";

/// The attachments of the message that a run began with.
fn sent(events: &[Value]) -> &Vec<Value> {
    let done = events.iter().find(|event| event["type"] == "thread.item.done");
    done.unwrap()["item"]["attachments"].as_array().unwrap()
}

fn thread_of(events: &[Value]) -> String {
    events[0]["thread"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_announced_and_uploaded_is_sent_along() {
    let world = World::new();
    let announced = world.announce(&ann(), ("../cat.png", "image/png", PNG.len())).await.unwrap();
    assert_eq!((announced["type"].as_str(), announced["name"].as_str()), (Some("image"), Some("cat.png")));
    let upload = &announced["upload_descriptor"];
    assert_eq!(
        (upload["method"].as_str(), upload["headers"]["Content-Type"].as_str()),
        (Some("PUT"), Some("image/png"))
    );
    world.upload(&announced, whole(PNG)).await.unwrap();
    let document = world.uploaded("terms.pdf", "application/pdf", PDF).await;

    let events = world.send(&ann(), &[announced["id"].as_str().unwrap(), &document]).await.unwrap();
    let [picture, file] = sent(&events).as_slice() else { panic!("two were sent") };
    assert_eq!((&picture["id"], picture["type"].as_str()), (&announced["id"], Some("image")));
    assert_eq!((file["id"].as_str(), file["type"].as_str()), (Some(document.as_str()), Some("file")));
    assert_eq!(picture["thread_id"], events[0]["thread"]["id"]);
    assert!(picture.get("upload_descriptor").is_none_or(Value::is_null));
    let (id, signed) = address(picture["preview_url"].as_str().unwrap());
    let site = SiteName::default_site();
    let shown = world.service.download(Permit::Preview, &site, &id, &signed).await.unwrap();
    assert_eq!((shown.record.name.as_str(), shown.blob.size), ("cat.png", PNG.len() as u64));
}

#[tokio::test]
async fn a_message_shows_its_picture_at_an_address_that_works_whenever_it_is_read() {
    let world = World::new();
    let id = world.uploaded("cat.png", "image/png", PNG).await;
    let events = world.send(&ann(), &[&id]).await.unwrap();
    let first = sent(&events)[0]["preview_url"].clone();
    world.clock.advance(Duration::from_secs(7200));
    let thread = json!({"thread_id": thread_of(&events)});
    let read = world.json(&ann(), "threads.get_by_id", thread.clone()).await.unwrap();
    let listed = world.json(&ann(), "items.list", thread).await.unwrap();
    for items in [&read["items"], &listed] {
        let url = items["data"][0]["attachments"][0]["preview_url"].as_str().unwrap();
        assert_ne!(url, first);
        let (id, signed) = address(url);
        let shown = world.service.download(Permit::Preview, &SiteName::default_site(), &id, &signed).await;
        assert!(shown.is_ok());
    }
    let (id, signed) = address(first.as_str().unwrap());
    let late = world.service.download(Permit::Preview, &SiteName::default_site(), &id, &signed).await;
    assert!(matches!(late, Err(AttachmentError::Url(_))));
}

#[tokio::test]
async fn an_agent_reads_what_was_sent_in_its_thread_and_nothing_else() {
    let world = World::new();
    let sent = world.uploaded("notes.txt", "text/plain", b"Buy milk.").await;
    let large = world.uploaded("large.txt", "text/plain", &[b'a'; 1025]).await;
    let elsewhere = world.uploaded("secret.txt", "text/plain", b"elsewhere").await;
    let unsent = world.uploaded("draft.txt", "text/plain", b"unsent").await;
    world.send(&ann(), &[&elsewhere]).await.unwrap();
    let wanted = [&sent, &large, &elsewhere, &unsent, "cfile_none"].map(str::to_owned);
    world.agent.wanted.lock().unwrap().extend(wanted);
    world.send(&ann(), &[&sent, &large]).await.unwrap();
    let notes = AttachmentContent {
        name: "notes.txt".to_owned(),
        mime_type: "text/plain".to_owned(),
        content: b"Buy milk."[..].into(),
    };
    assert_eq!(*world.agent.read.lock().unwrap(), [Some(notes), None, None, None, None]);
}

#[tokio::test]
async fn a_message_that_comes_again_with_its_key_is_answered_once() {
    let world = World::new();
    let id = world.uploaded("cat.png", "image/png", PNG).await;
    let send = async || {
        let params = json!({"input": input(&[&id])});
        world.events(&ann(), "threads.create", params, Some("a key")).await.unwrap()
    };
    let first = send().await;
    assert_eq!(send().await, first);
    assert_eq!(world.threads().await, 1);
}

#[tokio::test]
async fn what_a_retry_removes_takes_its_attachments_along() {
    let world = World::new();
    let kept = world.uploaded("kept.pdf", "application/pdf", PDF).await;
    let cut = world.uploaded("cut.pdf", "application/pdf", PDF).await;
    let events = world.send(&ann(), &[&kept]).await.unwrap();
    let thread = thread_of(&events);
    let params = json!({"thread_id": thread, "input": input(&[&cut])});
    world.events(&ann(), "threads.add_user_message", params, None).await.unwrap();
    let question = events[1]["item"]["id"].clone();
    let params = json!({"thread_id": thread, "item_id": question});
    world.events(&ann(), "threads.retry_after_item", params, None).await.unwrap();

    let scope = ann().scope();
    let row =
        async |id: &str| world.store.attachment(&scope, &AttachmentId::parse(id).unwrap()).await.unwrap();
    assert!(row(&kept).await.is_some() && row(&cut).await.is_none());
    let due = world.store.take_blob_deletions(world.clock.now(), Duration::from_secs(60), 10).await.unwrap();
    assert_eq!(due.iter().map(AttachmentId::as_str).collect::<Vec<_>>(), [cut]);
}

#[tokio::test]
async fn what_is_deleted_before_it_is_sent_cannot_be_sent() {
    let world = World::new();
    let id = world.uploaded("a.pdf", "application/pdf", PDF).await;
    let params = json!({"attachment_id": id});
    assert_eq!(world.json(&ann(), "attachments.delete", params.clone()).await.unwrap(), json!({}));
    for refused in [
        world.json(&ann(), "attachments.delete", params).await.map(drop),
        world.send(&ann(), &[&id]).await.map(drop),
    ] {
        assert!(matches!(refused, Err(ServerError::Attachment(AttachmentError::NotFound))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_picture_that_is_too_large_for_a_preview_is_sent_as_a_file() {
    const MIB: usize = 1024 * 1024;
    const SIZE: usize = 33 * MIB;
    let world = World::new();
    let promise = FileUpload { max_file_size: Some(64), ..ann().context.configuration.file_upload.unwrap() };
    let ann = caller("ann", Some(promise));
    let content = || {
        let picture = Bytes::from([PNG, &vec![0; SIZE - PNG.len()]].concat());
        stream::iter((0..SIZE).step_by(MIB).map(move |at| Ok(picture.slice(at..at + MIB)))).boxed()
    };

    let announced = world.announce(&ann, ("a.png", "image/png", SIZE)).await.unwrap();
    assert_eq!((&announced["type"], &announced["preview_url"]), (&json!("file"), &json!(null)));
    world.upload(&announced, content()).await.unwrap();
    let events = world.send(&ann, &[announced["id"].as_str().unwrap()]).await.unwrap();
    assert_eq!(sent(&events)[0]["type"], "file");
    let (scope, base, file) = (ann.scope(), PublicBase::default(), ("b.png", None));
    let direct = world.service.upload_direct(&scope, ann.upload_terms(), &base, file, content()).await;
    assert!(matches!(direct, Ok(Attachment::File(file)) if file.mime_type == "image/png"));
    assert!(world.blobs.keys().iter().all(|key| key.ends_with("content")), "{:?}", world.blobs.keys());
}
