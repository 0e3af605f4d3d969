//! The content of an upload, on its way in.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use chatkitd_core::ports::{ByteStream, Clock};
use futures_util::future::{Either, select};
use futures_util::{Stream, StreamExt as _, stream};
use http::StatusCode;

use crate::error::ApiError;

/// Nothing came for too long.
#[derive(Debug, thiserror::Error)]
#[error("the sender stopped sending")]
pub(super) struct Stalled;

/// A body as a stream that ends in [`Stalled`] once nothing came for `idle`: a slow upload may take its time, a dead
/// one may not.
pub(super) fn content(body: Body, clock: &Arc<dyn Clock>, idle: Duration) -> ByteStream {
    let clock = Arc::clone(clock);
    let read = move |body: Option<axum::body::BodyDataStream>| {
        let clock = Arc::clone(&clock);
        async move {
            let mut body = body?;
            let read = select(body.next(), clock.sleep(idle)).await;
            match read {
                Either::Left((None, _)) => None,
                Either::Left((Some(Ok(chunk)), _)) => Some((Ok(chunk), Some(body))),
                Either::Left((Some(Err(error)), _)) => Some((Err(error.into()), None)),
                Either::Right(_) => Some((Err(Stalled.into()), None)),
            }
        }
    };
    // Whoever looks at the beginning may ask again after the end.
    stream::unfold(Some(body.into_data_stream()), read).fuse().boxed()
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

/// Whether the content has begun.
#[derive(Clone, Default)]
pub(super) struct Head(Arc<AtomicBool>);

impl Head {
    /// The most that may stand before the content, give or take a chunk: a boundary, and a part's headers.
    const MAX_BYTES: usize = 16 * 1024;

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
        if std::mem::take(&mut self.had_one) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.read > Head::MAX_BYTES && !self.head.is_over() {
            return Poll::Ready(Some(Err(HeadTooLarge.into())));
        }
        let polled = self.stream.poll_next_unpin(context);
        if let Poll::Ready(Some(Ok(chunk))) = &polled {
            self.had_one = true;
            self.read = self.read.saturating_add(chunk.len());
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
    ApiError::bad_request("body_incomplete", "The file did not arrive whole.")
}
