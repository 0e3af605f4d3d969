//! Answers over HTTP/2 of which the client takes nothing.
//!
//! Many answers share a connection, and hyper asks for the next piece of one once its client has room for it. Where
//! there is none, nothing is written that could take too long, as it is over HTTP/1.1: so the wait is measured here.
//! Hyper lets go of a piece, however large, as soon as there is room for some of it, so pieces are small.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use hyper::rt::Executor;
use tokio::time::{Instant, sleep};

tokio::task_local! {
    /// Of the answer that the task gives.
    static WAITING: Waiting;
}

/// Since when a piece of an answer has waited for its client; `None` while the client waits for the answer.
#[derive(Clone, Default)]
struct Waiting(Arc<Mutex<Option<Instant>>>);

impl Waiting {
    fn set(&self, since: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    fn since(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives each answer in a task of its own, which ends when a piece of it waits for its client that long.
#[derive(Clone)]
pub(super) struct Answers {
    pub(super) stalled: Duration,
}

impl<F: Future + Send + 'static> Executor<F> for Answers {
    fn execute(&self, answer: F) {
        let stalled = self.stalled;
        tokio::spawn(async move {
            let waiting = Waiting::default();
            let mut answer = pin!(WAITING.scope(waiting.clone(), answer));
            let mut patience = pin!(sleep(stalled));
            std::future::poll_fn(|context| {
                if answer.as_mut().poll(context).is_ready() {
                    return Poll::Ready(());
                }
                let Some(since) = waiting.since() else { return Poll::Pending };
                patience.as_mut().reset(since + stalled);
                let over = patience.as_mut().poll(context);
                over.map(|()| tracing::debug!("an answer was given up: its client takes nothing of it"))
            })
            .await;
        });
    }
}

/// The answer, which notes when it waits for its client. For the routes of what [`Answers`] gives.
pub(super) fn noting(answer: Response) -> Response {
    answer.map(|body| {
        note(Some(Instant::now()));
        Body::new(Noting { body, rest: Bytes::new() })
    })
}

/// A connection may turn out to be HTTP/1.1, whose answers are no tasks of their own.
fn note(since: Option<Instant>) {
    let _ = WAITING.try_with(|waiting| waiting.set(since));
}

/// The most of an answer that is handed over at once: what HTTP/2 sends in one frame unless it was told otherwise.
const PIECE: usize = 16 * 1024;

struct Noting {
    body: Body,
    /// Of a piece of the body what was not handed over yet.
    rest: Bytes,
}

impl Noting {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if self.rest.is_empty() {
            let frame = match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => frame,
                ended => return Poll::Ready(ended),
            };
            match frame.into_data() {
                Ok(data) => self.rest = data,
                Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
            }
        }
        let piece = self.rest.split_to(self.rest.len().min(PIECE));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }
}

impl HttpBody for Noting {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let piece = self.poll_piece(context);
        note(piece.is_ready().then(Instant::now));
        piece
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (body, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut whole = SizeHint::new();
        whole.set_lower(body.lower() + rest);
        if let Some(upper) = body.upper() {
            whole.set_upper(upper + rest);
        }
        whole
    }
}
