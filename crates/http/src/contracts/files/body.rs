//! The content of an upload, on its way in.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use chatkitd_core::ports::{ByteStream, Clock};
use futures_util::future::{Either, select};
use futures_util::{Stream, StreamExt as _, stream};
use http::StatusCode;

use super::form::SecondFile;
use crate::app::App;
use crate::error::ApiError;

/// Nothing came for too long.
#[derive(Debug, thiserror::Error)]
#[error("the sender stopped sending")]
pub(super) struct Stalled;

/// How much of what was refused is still taken in, and for how long: most clients read no answer before they have sent
/// all, and one whose connection is closed in the middle shows a network error instead of the reason.
const DRAINED_BYTES: u64 = 64 * 1024 * 1024;
const DRAINED_WITHIN: Duration = Duration::from_secs(5);

/// A body that is handed on as a stream, and of which the rest can be taken in.
pub(super) struct Incoming {
    body: Arc<Mutex<BodyDataStream>>,
    /// How long it says it is.
    length: Option<u64>,
    clock: Arc<dyn Clock>,
    idle: Duration,
}

impl Incoming {
    pub(super) fn new(body: Body, app: &App) -> Self {
        let length = body.size_hint().exact();
        let body = Arc::new(Mutex::new(body.into_data_stream()));
        Self { body, length, clock: Arc::clone(&app.clock), idle: app.upload_idle }
    }

    pub(super) fn length(&self) -> Option<u64> {
        self.length
    }

    /// The body as a stream that ends in [`Stalled`] once nothing came for a while: a slow upload may take its time, a
    /// dead one may not.
    pub(super) fn content(&self) -> ByteStream {
        let (body, clock, idle) = (Arc::clone(&self.body), Arc::clone(&self.clock), self.idle);
        let read = move |over: bool| {
            let (body, clock) = (Arc::clone(&body), Arc::clone(&clock));
            async move {
                if over {
                    return None;
                }
                match select(next(&body), clock.sleep(idle)).await {
                    Either::Left((None, _)) => None,
                    Either::Left((Some(Ok(chunk)), _)) => Some((Ok(chunk), false)),
                    Either::Left((Some(Err(error)), _)) => Some((Err(error.into()), true)),
                    Either::Right(_) => Some((Err(Stalled.into()), true)),
                }
            }
        };
        // Whoever looks at the beginning may ask again after the end.
        stream::unfold(false, read).fuse().boxed()
    }

    /// The refusal, once its sender can be expected to read it.
    pub(super) async fn refuse(&self, error: ApiError) -> ApiError {
        let is_stalled = error.status == StatusCode::REQUEST_TIMEOUT;
        if is_stalled || self.length.is_some_and(|length| length > DRAINED_BYTES) {
            return error;
        }
        let rest = pin!(async {
            let mut left = DRAINED_BYTES;
            while let Some(Ok(chunk)) = next(&self.body).await {
                let Some(rest) = left.checked_sub(chunk.len() as u64) else { return };
                left = rest;
            }
        });
        select(rest, self.clock.sleep(DRAINED_WITHIN)).await;
        error
    }
}

/// Its stream and what takes in the rest never read at the same time; the lock only says so.
fn next(body: &Mutex<BodyDataStream>) -> impl Future<Output = Option<Result<Bytes, axum::Error>>> + Unpin {
    poll_fn(move |context| body.lock().unwrap_or_else(PoisonError::into_inner).poll_next_unpin(context))
}

/// The sender wrote more before the content than any client needs.
#[derive(Debug, thiserror::Error)]
#[error("the head of the form is too large")]
pub(super) struct HeadTooLarge;

/// What `multer` may read: one chunk at a time, and not without end before the content begins.
///
/// By itself it reads on until its stream has nothing ready, and for as long as a part's headers have no end, and
/// keeps all of that: whoever sends fast, or headers only, would fill the memory.
pub(super) struct Paced {
    stream: ByteStream,
    had_one: bool,
    read: usize,
    head: Head,
}

/// Whether the content has begun, and not ended yet.
#[derive(Clone, Default)]
pub(super) struct Head(Arc<AtomicBool>);

impl Head {
    /// The most that may stand before the content, give or take a chunk: a boundary, and a part's headers.
    const MAX_BYTES: usize = 16 * 1024;

    /// What comes now is no content, but the head of what follows it.
    pub(super) fn begin(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Paced {
    pub(super) fn new(stream: ByteStream, head: Head) -> Self {
        Self { stream, had_one: false, read: 0, head }
    }
}

impl Stream for Paced {
    type Item = <ByteStream as Stream>::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let in_content = self.head.is_over();
        if in_content {
            self.read = 0;
        }
        if std::mem::take(&mut self.had_one) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.read > Head::MAX_BYTES {
            return Poll::Ready(Some(Err(HeadTooLarge.into())));
        }
        let polled = self.stream.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(chunk))) = &polled {
            self.had_one = true;
            if !in_content {
                self.read = self.read.saturating_add(chunk.len());
            }
        }
        polled
    }
}

/// What is told to whoever sent content that did not come to its end.
pub(super) fn refuse_content(error: &(dyn std::error::Error + Send + Sync + 'static)) -> ApiError {
    if error.is::<Stalled>() {
        let message = "The upload stopped in the middle. Try again.";
        return ApiError::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", message);
    }
    if error.is::<SecondFile>() {
        return ApiError::bad_request(
            "invalid_form",
            "Send one file in a form: there is a second one in it.",
        );
    }
    ApiError::bad_request("body_incomplete", "The file did not arrive whole.")
}
