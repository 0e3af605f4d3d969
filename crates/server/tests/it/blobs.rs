//! Content in a folder and in S3: what was put comes back, and what was not put whole leaves nothing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::Request;
use bytes::Bytes;
use chatkitd::blobs::{FolderBlobs, S3Blobs, S3Deadlines};
use chatkitd::settings::AttachmentStorage;
use chatkitd_core::id::AttachmentId;
use chatkitd_core::ports::{BlobError, BlobKey, Blobs, ByteStream};
use chatkitd_core::testing::SeededRng;
use chatkitd_core::testing::conformance::fixture::at;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tempfile::{TempDir, tempdir};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::moto::{BUCKET, Moto, at_s3};
use crate::server::Env;
use crate::wait::until;

const MIB: usize = 1024 * 1024;

fn key() -> BlobKey {
    BlobKey::content(&AttachmentId::mint(at(0), &SeededRng::new(1)))
}

/// `size` bytes in chunks that fit no part, none of them like the one before.
fn bytes(size: usize) -> Bytes {
    (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

fn stream_of(content: &Bytes) -> ByteStream {
    let content = content.clone();
    let starts = (0..content.len()).step_by(70_001);
    let chunks: Vec<_> = starts.map(|at| Ok(content.slice(at..content.len().min(at + 70_001)))).collect();
    stream::iter(chunks).boxed()
}

async fn read(blobs: &dyn Blobs, key: &BlobKey) -> Option<Bytes> {
    let blob = blobs.get(key).await.unwrap()?;
    let chunks: Vec<Bytes> = blob.content.try_collect().await.unwrap();
    let content = Bytes::from(chunks.concat());
    assert_eq!(blob.size, content.len() as u64);
    Some(content)
}

fn folder(root: &TempDir) -> FolderBlobs {
    FolderBlobs::new(root.path(), false).unwrap()
}

fn bucket(env: &Env) -> S3Blobs {
    let AttachmentStorage::S3(settings) = env.settings().attachments.storage else { panic!("no S3") };
    S3Blobs::new(&settings, S3Deadlines::default()).unwrap()
}

fn files_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .flat_map(|entry| match entry.file_type().unwrap().is_dir() {
            true => files_in(&entry.path()),
            false => vec![entry.path().display().to_string()],
        })
        .collect()
}

/// The folders of attachments.
fn folders_in(root: &Path) -> usize {
    std::fs::read_dir(root.join("attachments")).map_or(0, Iterator::count)
}

/// Around the size of a part, which is where requests are cut.
async fn comes_back(blobs: &dyn Blobs) {
    let key = key();
    assert!(blobs.get(&key).await.unwrap().is_none());
    for size in [0, 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 11 * MIB] {
        let content = bytes(size);
        assert_eq!(blobs.put(&key, stream_of(&content)).await.unwrap(), size as u64);
        assert!(read(blobs, &key).await.unwrap() == content, "{size} bytes came back changed");
    }
    blobs.delete(&key).await.unwrap();
    assert!(blobs.get(&key).await.unwrap().is_none());
    blobs.delete(&key).await.unwrap();
}

async fn breaks_off(blobs: &dyn Blobs, after: usize) {
    let broken = stream_of(&bytes(after)).chain(stream::iter([Err("the connection is gone".into())]));
    let refused = blobs.put(&key(), broken.boxed()).await;
    assert!(matches!(refused, Err(BlobError::Content(_))), "{refused:?}");
    assert!(blobs.get(&key()).await.unwrap().is_none());
}

/// The caller waits no longer, while the content waits for more of itself.
async fn goes_away(blobs: &dyn Blobs) {
    let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
    let mut sender = Some(sender);
    // Once the last of these is asked for, the first part is written.
    let chunks = stream::iter(0..8).map(move |number| {
        drop(sender.take_if(|_| number == 7));
        Ok(bytes(MIB))
    });
    let key = key();
    tokio::select! {
        ended = blobs.put(&key, chunks.chain(stream::pending()).boxed()) => panic!("{ended:?}"),
        _ = receiver => {}
    }
    assert!(blobs.get(&key).await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_put_into_a_folder_comes_back() {
    let root = tempdir().unwrap();
    comes_back(&folder(&root)).await;
    comes_back(&FolderBlobs::new(root.path(), true).unwrap()).await;
    assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0, "folders go with their last file");
}

#[tokio::test]
async fn what_breaks_off_or_is_abandoned_leaves_no_file() {
    let root = tempdir().unwrap();
    let blobs = folder(&root);
    breaks_off(&blobs, MIB).await;
    breaks_off(&blobs, 6 * MIB).await;
    assert_eq!(folders_in(root.path()), 0);
    goes_away(&blobs).await;
    until("no file is left", async || files_in(root.path()).is_empty()).await;
    blobs.delete(&key()).await.unwrap();
    assert_eq!(folders_in(root.path()), 0);
}

#[tokio::test]
async fn deleting_takes_what_a_dead_process_left_along() {
    let root = tempdir().unwrap();
    let (blobs, key) = (folder(&root), key());
    let place = root.path().join(key.as_str());
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    for number in [1, 2] {
        std::fs::write(format!("{}#{number}", place.display()), "half of it").unwrap();
    }
    let other = BlobKey::content(&AttachmentId::mint(at(0), &SeededRng::new(2)));
    blobs.put(&other, stream_of(&bytes(3))).await.unwrap();
    blobs.delete(&key).await.unwrap();
    assert_eq!(files_in(root.path()), [root.path().join(other.as_str()).display().to_string()]);
}

#[tokio::test]
async fn a_folder_that_is_not_there_or_not_writable_is_unavailable() {
    let root = tempdir().unwrap();
    let missing = FolderBlobs::new(&root.path().join("missing"), false);
    assert!(matches!(missing.err(), Some(BlobError::Unavailable(_))));
    let blobs = folder(&root);
    // A file stands where the folder has to be.
    std::fs::write(root.path().join("attachments"), "in the way").unwrap();
    let refused = blobs.put(&key(), stream_of(&bytes(3))).await;
    assert!(matches!(refused, Err(BlobError::Unavailable(_))), "{refused:?}");
}

#[tokio::test]
async fn what_is_put_into_s3_comes_back() {
    let moto = Moto::start().await;
    let blobs = bucket(&moto.env(Env::default()));
    comes_back(&blobs).await;
    blobs.put(&key(), stream_of(&bytes(6 * MIB))).await.unwrap();
    assert_eq!(moto.left().await, (vec![format!("chats/{}", key().as_str())], 0));
}

#[tokio::test]
async fn what_breaks_off_or_is_abandoned_leaves_nothing_in_s3() {
    let moto = Moto::start().await;
    let blobs = bucket(&moto.env(Env::default()));
    breaks_off(&blobs, MIB).await;
    breaks_off(&blobs, 6 * MIB).await;
    goes_away(&blobs).await;
    until("no part is left", async || moto.left().await == (vec![], 0)).await;
}

/// An S3 that takes its time for what makes an object, and notes what it is told to delete.
struct SlowS3 {
    url: String,
    begun: Arc<Notify>,
    go_on: Arc<Notify>,
    deleted: Arc<AtomicBool>,
}

impl SlowS3 {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (begun, go_on, deleted) = <(Arc<Notify>, Arc<Notify>, Arc<AtomicBool>)>::default();
        let s3 = Self { url, begun, go_on, deleted };
        let (tell, wait, deleted) = (s3.begun.clone(), s3.go_on.clone(), s3.deleted.clone());
        let routes = Router::new().fallback(async move |request: Request| {
            let query = request.uri().query().unwrap_or_default().to_owned();
            let body = match request.method().as_str() {
                "POST" if query.starts_with("uploads") => {
                    "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
                }
                "PUT" if query.contains("partNumber") => "",
                "PUT" | "POST" if !query.starts_with("delete") => {
                    tell.notify_one();
                    wait.notified().await;
                    "<CompleteMultipartUploadResult><ETag>\"1\"</ETag></CompleteMultipartUploadResult>"
                }
                _ => {
                    deleted.store(true, Ordering::SeqCst);
                    "<DeleteResult></DeleteResult>"
                }
            };
            ([("etag", "\"1\"")], body)
        });
        tokio::spawn(async move { axum::serve(listener, routes).await });
        s3
    }
}

#[tokio::test]
async fn content_that_was_abandoned_lives_until_what_was_made_of_it_is_deleted() {
    for size in [3, 6 * MIB] {
        let (s3, key) = (SlowS3::start().await, key());
        let blobs = bucket(&at_s3(Env::default(), &s3.url));
        let over = CancellationToken::new();
        let guard = over.clone().drop_guard();
        // The guard goes with the content.
        let content = stream_of(&bytes(size)).map(move |chunk| (&guard, chunk).1).boxed();
        tokio::select! {
            put = blobs.put(&key, content) => panic!("{put:?}"),
            () = s3.begun.notified() => {}
        }
        assert!(!over.is_cancelled(), "{size} bytes");
        s3.go_on.notify_one();
        over.cancelled().await;
        assert!(s3.deleted.load(Ordering::SeqCst), "{size} bytes");
    }
}

#[tokio::test]
async fn an_s3_that_is_away_or_has_no_such_bucket_is_unavailable() {
    let moto = Moto::start().await;
    let env = moto.env(Env::default());
    let nowhere = bucket(&env.clone().set("CHATKITD_ATTACHMENTS", format!("s3://{BUCKET}-of-nobody")));
    let refused = nowhere.put(&key(), stream_of(&bytes(3))).await;
    assert!(matches!(refused, Err(BlobError::Unavailable(_))), "{refused:?}");

    let blobs = bucket(&env);
    moto.kill();
    for refused in [
        blobs.put(&key(), stream_of(&bytes(6 * MIB))).await.err(),
        blobs.get(&key()).await.err(),
        blobs.delete(&key()).await.err(),
    ] {
        assert!(matches!(refused, Some(BlobError::Unavailable(_))), "{refused:?}");
    }
}
