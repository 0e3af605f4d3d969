//! What is refused, and that nothing of it stays.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chatkitd_core::attachments::{
    ANYTHING, AllowedTypes, AttachmentError, MAX_UNSENT, Permit, PublicBase, SignedUrlError, UploadContent,
};
use chatkitd_core::id::{AttachmentId, SiteName};
use chatkitd_core::ports::{Attachments as _, Blob, BlobError, BlobKey, Blobs, ByteStream, Clock as _};
use chatkitd_core::server::{ChatCaller, ServerError};
use chatkitd_core::site::FileUpload;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use serde_json::json;

use super::world::{World, address, ann, caller, upload, whole};
use super::{PDF, PNG};

fn refusal<T: std::fmt::Debug>(result: Result<T, ServerError>) -> AttachmentError {
    match result {
        Err(ServerError::Attachment(error)) => error,
        other => panic!("no refusal of an attachment: {other:?}"),
    }
}

#[tokio::test]
async fn files_are_sent_where_that_was_promised_only() {
    let world = World::new();
    let id = world.uploaded("a.pdf", "application/pdf", PDF).await;
    let off = FileUpload { enabled: Some(false), ..FileUpload::default() };
    for promise in [None, Some(FileUpload::default()), Some(off)] {
        let somebody = caller("ann", promise);
        let announced = world.announce(&somebody, ("a.pdf", "application/pdf", 1)).await;
        assert!(matches!(refusal(announced), AttachmentError::Disabled));
        let (scope, base) = (somebody.scope(), PublicBase::default());
        let direct =
            world.service.upload_direct(&scope, somebody.upload_terms(), &base, ("a.pdf", None), whole(PDF));
        assert!(matches!(direct.await, Err(AttachmentError::Disabled)));
        assert!(matches!(refusal(world.send(&somebody, &[&id]).await), AttachmentError::Disabled));
    }
    assert_eq!(world.threads().await, 0);
}

#[tokio::test]
async fn a_server_that_keeps_no_files_says_so() {
    let world = World::without_files();
    let id = "cfile_000000000000000000000000000000000000000000000000";
    for refused in [
        world.announce(&ann(), ("a.pdf", "application/pdf", 1)).await.map(drop),
        world.json(&ann(), "attachments.delete", json!({"attachment_id": id})).await.map(drop),
        world.send(&ann(), &[id]).await.map(drop),
    ] {
        assert!(matches!(refused, Err(ServerError::NoAttachments)), "{refused:?}");
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_before_anything_begins() {
    let world = World::new();
    let one = world.uploaded("a.pdf", "application/pdf", PDF).await;
    let two = world.uploaded("b.pdf", "application/pdf", PDF).await;
    let three = world.uploaded("c.pdf", "application/pdf", PDF).await;
    let awaited = world.announce(&ann(), ("d.pdf", "application/pdf", 1)).await.unwrap();
    let bob = caller("bob", ann().context.configuration.file_upload);

    let ann = ann();
    let sent = async |who, ids: &[&str]| refusal(world.send(who, ids).await);
    assert!(matches!(sent(&ann, &["cfile_unknown"]).await, AttachmentError::NotFound));
    assert!(matches!(sent(&bob, &[&one]).await, AttachmentError::NotFound));
    let awaited = awaited["id"].as_str().unwrap();
    assert!(matches!(sent(&ann, &[&one, awaited]).await, AttachmentError::NotUploaded));
    assert!(matches!(sent(&ann, &[&one, &one]).await, AttachmentError::Twice));
    assert!(matches!(sent(&ann, &[&one, &two, &three]).await, AttachmentError::TooMany { limit: 2 }));
    assert_eq!(world.threads().await, 0);

    world.send(&ann, &[&one]).await.unwrap();
    assert!(matches!(sent(&ann, &[&two, &one]).await, AttachmentError::AlreadySent));
    assert_eq!(world.threads().await, 1);
    world.send(&ann, &[&two]).await.unwrap();
}

#[tokio::test]
async fn a_lie_about_size_or_type_leaves_nothing_and_the_truth_is_taken_after_it() {
    let world = World::new();
    let announced = world.announce(&ann(), ("a.png", "image/png", PNG.len())).await.unwrap();
    for (content, expected) in [
        (&b"\x89PNG"[..], "bytes were announced"),
        (b"\x89PNG\r\n\x1a\n a picture and more", "is larger than"),
        (b"%PDF-1.7 a size ok", "of this type"),
        (b"<svg onload='a()'>", "of this type"),
    ] {
        let refused = world.upload(&announced, whole(content)).await.unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
        assert_eq!(world.blobs.keys(), Vec::<String>::new());
    }
    world.upload(&announced, whole(PNG)).await.unwrap();
    assert_eq!(world.blobs.keys().len(), 2);
    let again = world.upload(&announced, whole(PNG)).await;
    assert!(matches!(again, Err(AttachmentError::AlreadyUploaded)));
}

#[tokio::test]
async fn what_cannot_be_taken_is_refused_when_it_is_announced() {
    let world = World::new();
    for (mime_type, size, expected) in [
        ("image/svg+xml", 1, "of this type"),
        ("text/html", 1, "of this type"),
        ("application/zip", 1, "of this type"),
        ("application/pdf", 1024 * 1024 + 1, "is larger than 1048576 bytes"),
    ] {
        let refused = refusal(world.announce(&ann(), ("file", mime_type, size)).await).to_string();
        assert!(refused.contains(expected), "{mime_type}: {refused}");
    }
    assert_eq!(world.store.unsent_attachments(&ann().scope()), 0);
}

#[tokio::test]
async fn a_site_says_which_types_it_takes() {
    let world = World::new();
    let mut narrow = ann();
    narrow.file_types = AllowedTypes::new(["application/pdf"]).unwrap();
    let announced = world.announce(&narrow, ("a.png", "image/png", PNG.len())).await;
    assert!(matches!(refusal(announced), AttachmentError::TypeRejected));
    for (content, is_taken) in [(PNG, false), (PDF, true)] {
        let (scope, base) = (narrow.scope(), PublicBase::default());
        let file = ("file", None);
        let kept = world.service.upload_direct(&scope, narrow.upload_terms(), &base, file, whole(content));
        assert_eq!(kept.await.is_ok(), is_taken);
    }
    assert_eq!(world.store.unsent_attachments(&narrow.scope()), 1);
}

#[tokio::test]
async fn an_attachment_that_is_deleted_while_it_is_uploaded_leaves_nothing() {
    let world = World::new();
    let announced = world.announce(&ann(), ("a.pdf", "application/pdf", PDF.len())).await.unwrap();
    let (service, id) =
        (world.service.clone(), AttachmentId::parse(announced["id"].as_str().unwrap()).unwrap());
    let deleting = async move {
        service.delete(&ann().scope(), &id).await.unwrap();
        Ok(Bytes::from_static(PDF))
    };
    let content: ByteStream = stream::once(deleting).boxed();
    let refused = world.upload(&announced, content).await;
    assert!(matches!(refused, Err(AttachmentError::NotFound)));
    assert_eq!(world.blobs.keys(), Vec::<String>::new());
}

/// Blobs that are still being written when nobody waits for them any more.
#[derive(Default)]
struct SlowBlobs(Mutex<Vec<ByteStream>>);

#[async_trait]
impl Blobs for SlowBlobs {
    async fn put(&self, _: &BlobKey, content: ByteStream) -> Result<u64, BlobError> {
        self.0.lock().unwrap().push(content);
        std::future::pending().await
    }

    async fn get(&self, _: &BlobKey) -> Result<Option<Blob>, BlobError> {
        Ok(None)
    }

    async fn delete(&self, _: &BlobKey) -> Result<(), BlobError> {
        Ok(())
    }
}

#[tokio::test]
async fn an_attachment_is_not_uploaded_again_while_what_was_abandoned_is_still_being_written() {
    let world = World::new();
    let announced = world.announce(&ann(), ("a.pdf", "application/pdf", PDF.len())).await.unwrap();
    let blobs = Arc::new(SlowBlobs::default());
    let service = world.service_with(blobs.clone());
    let begun = || upload(&service, &announced, whole(PDF)).now_or_never();
    assert!(begun().is_none(), "its content is being written, and its sender leaves");
    let again = begun();
    assert!(matches!(again, Some(Err(AttachmentError::UploadUnderWay))), "{again:?}");
    blobs.0.lock().unwrap().clear();
    assert!(begun().is_none());
    assert_eq!(blobs.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_piles_up_what_they_do_not_send() {
    let world = World::new();
    for _ in 0..MAX_UNSENT {
        world.announce(&ann(), ("a.pdf", "application/pdf", PDF.len())).await.unwrap();
    }
    let one_more = world.announce(&ann(), ("a.pdf", "application/pdf", PDF.len())).await;
    assert!(matches!(refusal(one_more), AttachmentError::TooManyUnsent { limit: MAX_UNSENT }));
    let bob = caller("bob", ann().context.configuration.file_upload);
    world.announce(&bob, ("a.pdf", "application/pdf", PDF.len())).await.unwrap();
}

#[tokio::test]
async fn whoever_may_send_many_files_with_one_message_may_have_as_many_unsent_twice() {
    let world = World::new();
    let allowed = FileUpload { max_files: Some(60), ..ann().context.configuration.file_upload.unwrap() };
    let ann = caller("ann", Some(allowed));
    for _ in 0..120 {
        world.announce(&ann, ("a.pdf", "application/pdf", PDF.len())).await.unwrap();
    }
    let one_more = world.announce(&ann, ("a.pdf", "application/pdf", PDF.len())).await;
    assert!(matches!(refusal(one_more), AttachmentError::TooManyUnsent { limit: 120 }));
}

#[tokio::test]
async fn a_file_of_no_known_type_is_taken_by_its_content() {
    let world = World::new();
    for (name, mime_type, content, expected) in [
        ("a", "", PNG, "image/png"),
        ("notes", "application/octet-stream", &b"Hello"[..], "text/plain"),
        ("README.unknown", "", b"%PDF-1.7 a document", "application/pdf"),
    ] {
        let announced = world.announce(&ann(), (name, mime_type, content.len())).await.unwrap();
        let sent = &announced["upload_descriptor"]["headers"]["Content-Type"];
        assert_eq!((&announced["mime_type"], sent), (&json!(ANYTHING), &json!(ANYTHING)));
        world.upload(&announced, whole(content)).await.unwrap();
        let id = AttachmentId::parse(announced["id"].as_str().unwrap()).unwrap();
        let kept = world.store.attachment(&ann().scope(), &id).await.unwrap().unwrap();
        assert_eq!(kept.mime_type, expected);
    }
    let announced = world.announce(&ann(), ("a", "", 4)).await.unwrap();
    let refused = world.upload(&announced, whole(b"MZ\x90\0")).await.unwrap_err();
    assert!(matches!(refused, AttachmentError::TypeRejected));
}

#[tokio::test]
async fn what_a_site_does_not_take_is_refused_without_a_type_too() {
    let world = World::new();
    let only_pdf = AllowedTypes::new(["application/pdf"]).unwrap();
    let careful = ChatCaller { file_types: only_pdf.clone(), ..ann() };
    let announced = world.announce(&careful, ("a", "", PNG.len())).await.unwrap();
    let (id, signed) = address(announced["upload_descriptor"]["url"].as_str().unwrap());
    let site = SiteName::default_site();
    let incoming = || UploadContent { length: None, content: whole(PNG) };
    let refused = world.service.upload((&site, &only_pdf), &id, &signed, incoming()).await;
    assert!(matches!(refused, Err(AttachmentError::TypeRejected)));
}

#[tokio::test]
async fn an_upload_that_says_it_is_too_long_is_not_waited_for() {
    let world = World::new();
    let announced = world.announce(&ann(), ("a.png", "image/png", PNG.len())).await.unwrap();
    let (id, signed) = address(announced["upload_descriptor"]["url"].as_str().unwrap());
    let (site, types) = (SiteName::default_site(), AllowedTypes::default());
    let never = UploadContent { length: Some(1_000_000), content: stream::pending().boxed() };
    let refused = world.service.upload((&site, &types), &id, &signed, never).await;
    assert!(matches!(refused, Err(AttachmentError::TooLarge { limit }) if limit == PNG.len() as u64));
}

#[tokio::test]
async fn where_a_session_was_promised_a_number_of_files_all_of_them_count() {
    let world = World::new();
    let before = world.uploaded("a.pdf", "application/pdf", PDF).await;
    world.clock.advance(Duration::from_secs(1));
    let promised = ChatCaller { files_since: Some(world.clock.now()), ..ann() };
    let announce = async || world.announce(&promised, ("a.pdf", "application/pdf", PDF.len())).await;
    let one = announce().await.unwrap();
    world.upload(&one, whole(PDF)).await.unwrap();
    world.send(&promised, &[one["id"].as_str().unwrap()]).await.unwrap();
    let two = announce().await.unwrap();
    assert!(matches!(refusal(announce().await), AttachmentError::TooManyInSession { limit: 2 }));
    let (scope, base, file) = (promised.scope(), PublicBase::default(), ("a.pdf", None));
    let direct = world.service.upload_direct(&scope, promised.upload_terms(), &base, file, whole(PDF)).await;
    assert!(matches!(direct, Err(AttachmentError::TooManyInSession { limit: 2 })), "{direct:?}");

    world.json(&promised, "attachments.delete", json!({"attachment_id": two["id"]})).await.unwrap();
    announce().await.unwrap();
    // Where nothing was promised a message is what counts.
    world.announce(&ann(), ("a.pdf", "application/pdf", PDF.len())).await.unwrap();
    world.send(&ann(), &[&before]).await.unwrap();
}

#[tokio::test]
async fn the_address_of_an_upload_reads_nothing() {
    let world = World::new();
    let announced = world.announce(&ann(), ("a.pdf", "application/pdf", PDF.len())).await.unwrap();
    world.upload(&announced, whole(PDF)).await.unwrap();
    let (id, signed) = address(announced["upload_descriptor"]["url"].as_str().unwrap());
    for permit in [Permit::Upload, Permit::Download, Permit::Preview] {
        let read = world.service.download(permit, &SiteName::default_site(), &id, &signed).await;
        assert!(matches!(read, Err(AttachmentError::Url(SignedUrlError::Forged))), "{permit:?}");
    }
}
