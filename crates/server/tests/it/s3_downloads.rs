//! Downloads from an S3 that takes its time, or stalls.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chatkitd::blobs::{S3Blobs, S3Deadlines};
use chatkitd::settings::{S3Keys, S3Settings};
use chatkitd_core::id::AttachmentId;
use chatkitd_core::ports::{BlobError, BlobKey, Blobs as _};
use chatkitd_core::testing::SeededRng;
use chatkitd_core::testing::conformance::fixture::at;
use futures_util::stream::{BoxStream, pending};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::net::TcpListener;

/// How what was asked for comes.
enum Reply {
    /// In so many pieces, so long after one another.
    Slowly(usize, Duration),
    /// This much of it, and then nothing more, while the connection stays.
    Stall(usize),
    /// Not even a status.
    Silence,
}

#[derive(Clone, Default)]
struct Standin {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    /// Where in the object each download began.
    begun: Arc<Mutex<Vec<usize>>>,
}

fn object() -> Bytes {
    (0..64 * 1024).map(|at| u8::try_from(at % 251).unwrap()).collect()
}

impl Standin {
    async fn start(self, deadlines: S3Deadlines) -> S3Blobs {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(self);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let settings = S3Settings {
            bucket: "chat-files".to_owned(),
            prefix: String::new(),
            region: "us-east-1".to_owned(),
            endpoint: Some(endpoint.parse().unwrap()),
            keys: Some(S3Keys {
                access_key_id: "AKIATEST".to_owned(),
                secret_access_key: "a-secret-key-of-s3".into(),
                session_token: None,
            }),
        };
        S3Blobs::new(&settings, deadlines).unwrap()
    }

    fn replies(replies: impl IntoIterator<Item = Reply>) -> Self {
        let standin = Self::default();
        standin.replies.lock().unwrap().extend(replies);
        standin
    }
}

async fn answer(State(standin): State<Standin>, headers: HeaderMap) -> Response {
    let range = headers.get(header::RANGE).map(|range| range.to_str().unwrap().to_owned());
    let first = range.as_deref().and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let from: usize = first.map_or(0, |(from, _)| from.parse().unwrap());
    standin.begun.lock().unwrap().push(from);
    let reply = standin.replies.lock().unwrap().pop_front().expect("a request that nobody foresaw");
    let object = object();
    let rest = object.slice(from..);
    let length = rest.len();
    let content: BoxStream<'static, Bytes> = match reply {
        Reply::Slowly(count, pause) => {
            let pieces: Vec<_> = rest.chunks(length.div_ceil(count)).map(Bytes::copy_from_slice).collect();
            let slowly = move |piece| async move {
                tokio::time::sleep(pause).await;
                piece
            };
            stream::iter(pieces).then(slowly).boxed()
        }
        Reply::Stall(bytes) => stream::iter([rest.slice(..bytes)]).chain(pending()).boxed(),
        Reply::Silence => std::future::pending().await,
    };
    let status = if from == 0 { StatusCode::OK } else { StatusCode::PARTIAL_CONTENT };
    let headers = [
        (header::ETAG, "\"one\"".to_owned()),
        (header::LAST_MODIFIED, "Thu, 01 Jan 2026 00:00:00 GMT".to_owned()),
        (header::CONTENT_LENGTH, length.to_string()),
        (header::CONTENT_RANGE, format!("bytes {from}-{}/{}", object.len() - 1, object.len())),
    ];
    (status, headers, Body::from_stream(content.map(Ok::<_, Infallible>))).into_response()
}

fn key() -> BlobKey {
    BlobKey::content(&AttachmentId::mint(at(0), &SeededRng::new(1)))
}

async fn read(blobs: &S3Blobs) -> Bytes {
    let blob = blobs.get(&key()).await.unwrap().unwrap();
    blob.content.try_collect::<Vec<_>>().await.unwrap().concat().into()
}

#[tokio::test]
async fn a_download_may_take_longer_than_any_other_request() {
    let standin = Standin::replies([Reply::Slowly(8, Duration::from_millis(700))]);
    let deadlines = S3Deadlines { request: Duration::from_secs(5), ..S3Deadlines::default() };
    let blobs = standin.clone().start(deadlines).await;
    assert!(read(&blobs).await == object(), "it came back changed");
    assert_eq!(*standin.begun.lock().unwrap(), [0], "nothing broke off");
}

#[tokio::test]
async fn a_download_that_stalls_goes_on_from_there_however_late_it_is() {
    let standin =
        Standin::replies([Reply::Stall(1_000), Reply::Stall(500), Reply::Slowly(1, Duration::ZERO)]);
    let deadlines = S3Deadlines {
        idle: Duration::from_secs(2),
        retries: Duration::from_secs(1),
        ..S3Deadlines::default()
    };
    let blobs = standin.clone().start(deadlines).await;
    assert!(read(&blobs).await == object(), "it came back changed");
    assert_eq!(*standin.begun.lock().unwrap(), [0, 1_000, 1_500]);
}

#[tokio::test]
async fn an_s3_that_does_not_begin_is_unavailable() {
    let standin = Standin::replies([Reply::Silence]);
    let deadlines = S3Deadlines { request: Duration::from_millis(200), ..S3Deadlines::default() };
    let refused = standin.start(deadlines).await.get(&key()).await.err();
    assert!(matches!(refused, Some(BlobError::Unavailable(_))), "{refused:?}");
}
