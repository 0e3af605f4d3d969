//! Streams of a model server.

use std::collections::HashSet;

use bytes::Bytes;
use chatkitd_core::models::{ModelError, ModelEvent};
use chatkitd_workflow::providers::Api;
use chatkitd_workflow::providers::sse::{Bounds, events};
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};

const SMALL: Bounds = Bounds { event: 4096, stream: 65_536 };

/// Cuts bytes: the first says how long the pieces are.
fn pieces(bytes: &[u8]) -> impl Stream<Item = Result<Bytes, ModelError>> + Send + 'static {
    let (length, bytes) =
        bytes.split_first().map_or((1, bytes), |(first, rest)| (usize::from(*first) + 1, rest));
    let pieces: Vec<_> = bytes.chunks(length).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces)
}

/// Any bytes: where they are cut makes no difference, and no event is longer than the bound.
pub fn sse(bytes: &[u8]) {
    let rest = bytes.get(1..).unwrap_or_default();
    let whole = stream::iter([Ok(Bytes::copy_from_slice(rest))]);
    let (cut, whole) = (all(events(pieces(bytes), SMALL)), all(events(whole, SMALL)));
    assert!(cut.iter().flatten().all(|data| data.len() <= SMALL.event));
    // A piece that breaks a bound is refused with all that is in it, so only the cut stream may have more.
    if whole.iter().all(Result::is_ok) {
        assert_eq!(
            cut.into_iter().map(Result::ok).collect::<Vec<_>>(),
            whole.into_iter().map(Result::ok).collect::<Vec<_>>()
        );
    }
}

/// Any bytes, as each API: the pieces keep what `ModelEvent` promises.
pub fn model_answer(bytes: &[u8]) {
    [Api::Responses, Api::ChatCompletions].into_iter().for_each(|api| answer_of(api, bytes));
}

fn answer_of(api: Api, bytes: &[u8]) {
    let mut open = Open::default();
    let mut ended = false;
    for event in all(api.read(pieces(bytes), SMALL)) {
        assert!(!ended, "something comes behind the end");
        match event {
            Ok(event) => ended = open.take(&event),
            Err(_) => ended = true,
        }
    }
    assert!(ended, "an answer has an end or an error");
}

/// Nothing here waits, so that no runtime is needed.
fn all<T>(stream: impl Stream<Item = T>) -> Vec<T> {
    stream.collect::<Vec<T>>().now_or_never().expect("all the pieces are there")
}

#[derive(Default)]
struct Open {
    message: bool,
    thought: bool,
    /// Pictures that were begun, and those that are there.
    begun: HashSet<String>,
    made: HashSet<String>,
}

impl Open {
    /// Whether that was the end.
    fn take(&mut self, event: &ModelEvent) -> bool {
        match event {
            ModelEvent::MessageBegan => assert!(!std::mem::replace(&mut self.message, true)),
            ModelEvent::Text(text) => assert!(self.message && !text.is_empty()),
            ModelEvent::Citation { .. } => assert!(self.message),
            ModelEvent::MessageEnded => assert!(std::mem::replace(&mut self.message, false)),
            ModelEvent::ThoughtBegan => assert!(!std::mem::replace(&mut self.thought, true)),
            ModelEvent::Thought(text) => assert!(self.thought && !text.is_empty()),
            ModelEvent::ThoughtEnded => assert!(std::mem::replace(&mut self.thought, false)),
            ModelEvent::ImageBegan { id } => assert!(self.begun.insert(id.clone())),
            ModelEvent::ImagePartial { id, .. } => {
                assert!(self.begun.contains(id) && !self.made.contains(id));
            }
            ModelEvent::ImageDone { id, .. } => {
                assert!(self.begun.contains(id) && self.made.insert(id.clone()));
            }
            ModelEvent::Ended { .. } => {
                assert!(!self.message && !self.thought);
                return true;
            }
        }
        false
    }
}
