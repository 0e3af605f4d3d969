//! Pictures and documents that visitors send.

use std::sync::Arc;

use bytes::Bytes;
use chatkitd_core::attachments::{
    AllowedTypes, AttachmentParts, AttachmentService, PublicBase, UploadTerms, UrlSigner,
};
use chatkitd_core::id::AttachmentId;
use chatkitd_core::keys::KeyRing;
use chatkitd_core::models::ModelError;
use chatkitd_core::ports::{BlobKey, Blobs as _, ByteStream};
use chatkitd_core::site::FileUpload;
use chatkitd_core::testing::{MemoryBlobs, ModelScript, NoPreviews, ScriptedModel, SeededRng};
use chatkitd_workflow::agent::ModelAgentSettings;
use futures_util::{StreamExt as _, stream};
use serde_json::json;

use super::world::{World, input, said, settings, world};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

fn whole(content: Bytes) -> ByteStream {
    stream::once(async move { Ok(content) }).boxed()
}

struct Desk {
    world: World,
    service: Arc<AttachmentService>,
    blobs: Arc<MemoryBlobs>,
}

fn desk(settings: ModelAgentSettings) -> Desk {
    desk_whose_model(settings, |model| model.answers(ModelScript::default().says(&["I see."]).ends()))
}

fn desk_whose_model(settings: ModelAgentSettings, script: impl FnOnce(&ScriptedModel)) -> Desk {
    let world = world(settings);
    let blobs = Arc::new(MemoryBlobs::default());
    let service = Arc::new(AttachmentService::new(AttachmentParts {
        store: world.store.clone(),
        blobs: blobs.clone(),
        previews: Arc::new(NoPreviews),
        urls: UrlSigner::new(&KeyRing::new(["secret".into()]).unwrap()),
        clock: world.clock.clone(),
        rng: Arc::new(SeededRng::new(7)),
    }));
    let mut world = world.with_attachments(service.clone());
    world.context.configuration.file_upload =
        Some(FileUpload { enabled: Some(true), max_file_size: Some(512), max_files: Some(10) });
    script(&world.model);
    Desk { world, service, blobs }
}

impl Desk {
    async fn upload(&self, name: &str, mime_type: &str, content: impl Into<Bytes>) -> String {
        let (scope, base, types) = (self.world.scope(), PublicBase::default(), AllowedTypes::default());
        let promise = self.world.context.configuration.file_upload.as_ref();
        let terms = UploadTerms { promise, types: &types, counted_since: None };
        let content = whole(content.into());
        let kept = self.service.upload_direct(&scope, terms, &base, (name, Some(mime_type)), content);
        kept.await.unwrap().id().to_owned()
    }

    async fn send(&self, ids: &[&str]) {
        let mut input = input("Look at this");
        input["attachments"] = json!(ids);
        self.world.start(json!({"type": "threads.create", "params": {"input": input}})).await.all().await;
    }

    #[track_caller]
    fn read(&self) -> String {
        self.world.conversation().remove(0).1
    }
}

fn pdf(bytes: usize) -> Vec<u8> {
    let mut content = b"%PDF-1.7\n".to_vec();
    content.resize(bytes, b' ');
    content
}

#[tokio::test]
async fn pictures_and_documents_follow_the_words() {
    let desk = desk(settings());
    let picture = desk.upload("cat.png", "image/png", PNG).await;
    let document = desk.upload("terms.pdf", "application/pdf", pdf(100)).await;
    let notes = desk.upload("notes.txt", "text/plain", "Buy milk.").await;
    desk.send(&[&picture, &document, &notes]).await;
    let expected = format!(
        "Look at this\n[image/png, {} bytes]\n[terms.pdf, application/pdf, 100 bytes]\n\
         The visitor attached \"notes.txt\":\n<File>\nBuy milk.\n</File>",
        PNG.len()
    );
    assert_eq!(desk.read(), expected);
}

#[tokio::test]
async fn where_a_server_refuses_pictures_and_documents_their_thread_goes_on_without_them() {
    let refused = |status| ModelError::Refused { status, message: "unsupported content type".to_owned() };
    let not_found = ModelError::NotFound { message: "no endpoint with image input".to_owned() };
    for error in [refused(400), refused(413), refused(415), refused(422), not_found] {
        let desk = desk_whose_model(settings(), |model| {
            model.refuses(error);
            model.answers(ModelScript::default().says(&["I cannot see it."]).ends());
        });
        let picture = desk.upload("cat.png", "image/png", PNG).await;
        let document = desk.upload("terms.pdf", "application/pdf", pdf(100)).await;
        desk.send(&[&picture, &document]).await;
        assert_eq!(
            desk.read(),
            "Look at this\n(Here is a picture of the type image/png, which you cannot see.)\n\
             (The visitor attached \"terms.pdf\", a file of the type application/pdf, which you cannot read.)"
        );
        assert_eq!(said(&desk.world.items().await), ["I cannot see it."]);
        assert_eq!(desk.world.model.requests().len(), 2);
    }
}

#[tokio::test]
async fn a_refusal_that_is_not_about_files_is_not_asked_again() {
    let refusing = |status, message: &str| {
        let error = ModelError::Refused { status, message: message.to_owned() };
        desk_whose_model(settings(), |model| model.refuses(error))
    };
    let desk = refusing(451, "not in this country");
    let picture = desk.upload("cat.png", "image/png", PNG).await;
    desk.send(&[&picture]).await;
    assert_eq!(desk.world.model.requests().len(), 1);

    let desk = refusing(400, "too many tokens");
    desk.send(&[]).await;
    assert_eq!(desk.world.model.requests().len(), 1);
}

#[tokio::test]
async fn what_is_refused_without_files_too_is_an_error() {
    let desk = desk_whose_model(settings(), |model| {
        for message in ["images are not supported", "max_tokens is too large"] {
            model.refuses(ModelError::Refused { status: 400, message: message.to_owned() });
        }
    });
    let picture = desk.upload("cat.png", "image/png", PNG).await;
    desk.send(&[&picture]).await;
    assert_eq!(desk.world.model.requests().len(), 2);
    assert!(said(&desk.world.items().await).is_empty());
}

#[tokio::test]
async fn what_is_too_large_or_gone_is_mentioned_by_name() {
    let desk = desk(settings());
    let large = desk.upload("large.pdf", "application/pdf", pdf(20 * 1024 * 1024 + 1)).await;
    let gone = desk.upload("gone.pdf", "application/pdf", pdf(100)).await;
    desk.blobs.delete(&BlobKey::content(&AttachmentId::parse(&gone).unwrap())).await.unwrap();
    desk.send(&[&large, &gone]).await;
    assert_eq!(
        desk.read(),
        "Look at this\n(The visitor attached \"large.pdf\", which is too large or not there any more.)\n\
         (The visitor attached \"gone.pdf\", which is too large or not there any more.)"
    );
}

#[tokio::test]
async fn all_of_them_together_are_bounded() {
    let desk = desk(settings());
    let mut ids = Vec::new();
    for name in ["a.pdf", "b.pdf"] {
        ids.push(desk.upload(name, "application/pdf", pdf(20 * 1024 * 1024)).await);
    }
    desk.send(&[&ids[0], &ids[1]]).await;
    let read = desk.read();
    assert!(read.contains("[a.pdf, application/pdf, 20971520 bytes]"), "{read}");
    assert!(read.contains("(The visitor attached \"b.pdf\", which is too large"), "{read}");
}

#[tokio::test]
async fn a_long_text_is_cut_where_its_budget_ends() {
    let desk = desk(ModelAgentSettings { history_tokens: 100, ..settings() });
    let text = desk.upload("long.txt", "text/plain", "word ".repeat(200)).await;
    desk.send(&[&text]).await;
    let read = desk.read();
    assert!(read.ends_with("word \n</File>\n(600 more bytes are left out.)"), "{read}");
}
