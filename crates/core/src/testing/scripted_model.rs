use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};

use async_trait::async_trait;
use futures_channel::oneshot;
use futures_util::stream::Stream;
use futures_util::{FutureExt as _, StreamExt as _};

use crate::models::{EndReason, ModelError, ModelEvent, ModelRequest, ModelStream};
use crate::ports::Model;

/// A model that answers what it is told to, in the order of the requests.
#[derive(Default)]
pub struct ScriptedModel(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answers: VecDeque<Result<ModelScript, ModelError>>,
    requests: Vec<ModelRequest>,
    /// Streams that were dropped before their end.
    dropped: usize,
    waiting: Vec<Waker>,
}

/// One answer: what comes when.
#[derive(Default)]
pub struct ModelScript(VecDeque<Step>);

enum Step {
    Event(ModelEvent),
    Failure(ModelError),
    Wait(oneshot::Receiver<()>),
}

impl ScriptedModel {
    /// A model that has no answer yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The next request that has no answer yet is answered so.
    pub fn answers(&self, script: ModelScript) {
        self.state().answers.push_back(Ok(script));
    }

    /// The next request that has no answer yet is refused.
    pub fn refuses(&self, error: ModelError) {
        self.state().answers.push_back(Err(error));
    }

    /// What it was asked so far.
    pub fn requests(&self) -> Vec<ModelRequest> {
        self.state().requests.clone()
    }

    /// Once as many answers were dropped before their end.
    pub async fn dropped(&self, count: usize) {
        self.until(|state| state.dropped >= count).await;
    }

    /// Once it was asked so often.
    pub async fn asked(&self, count: usize) {
        self.until(|state| state.requests.len() >= count).await;
    }

    async fn until(&self, reached: impl Fn(&State) -> bool) {
        std::future::poll_fn(|context| {
            let mut state = self.state();
            if reached(&state) {
                return Poll::Ready(());
            }
            state.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics while it holds the model")
    }
}

impl State {
    fn wake(&mut self) {
        self.waiting.drain(..).for_each(Waker::wake);
    }
}

#[async_trait]
impl Model for ScriptedModel {
    async fn answer(&self, request: ModelRequest) -> Result<ModelStream, ModelError> {
        let mut state = self.state();
        state.requests.push(request);
        state.wake();
        let message = "nothing is scripted for this request".to_owned();
        let script = state.answers.pop_front().unwrap_or(Err(ModelError::Failed { message }))?;
        Ok(Playing { script, model: Arc::clone(&self.0), ended: false }.boxed())
    }
}

impl ModelScript {
    /// This comes next.
    #[must_use]
    pub fn event(mut self, event: ModelEvent) -> Self {
        self.0.push_back(Step::Event(event));
        self
    }

    /// A message of these pieces comes next.
    #[must_use]
    pub fn says(self, pieces: &[&str]) -> Self {
        let begun = self.event(ModelEvent::MessageBegan);
        let texts = pieces.iter().map(|piece| ModelEvent::Text((*piece).to_owned()));
        texts.fold(begun, Self::event).event(ModelEvent::MessageEnded)
    }

    /// A thought of these pieces comes next.
    #[must_use]
    pub fn thinks(self, pieces: &[&str]) -> Self {
        let begun = self.event(ModelEvent::ThoughtBegan);
        let texts = pieces.iter().map(|piece| ModelEvent::Thought((*piece).to_owned()));
        texts.fold(begun, Self::event).event(ModelEvent::ThoughtEnded)
    }

    /// It goes on once the sender has sent, or is dropped.
    #[must_use]
    pub fn waits(mut self, until: oneshot::Receiver<()>) -> Self {
        self.0.push_back(Step::Wait(until));
        self
    }

    /// It breaks here.
    #[must_use]
    pub fn fails(mut self, error: ModelError) -> Self {
        self.0.push_back(Step::Failure(error));
        self
    }

    /// It is complete here.
    #[must_use]
    pub fn ends(self) -> Self {
        self.event(ModelEvent::Ended { reason: EndReason::Complete, usage: None })
    }
}

/// An answer on its way. Its connection ends without another word where the script does.
struct Playing {
    script: ModelScript,
    model: Arc<Mutex<State>>,
    ended: bool,
}

impl Stream for Playing {
    type Item = Result<ModelEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(Step::Wait(until)) = self.script.0.front_mut() {
            // A sender that was dropped has the same meaning.
            let _ = ready!(until.poll_unpin(context));
            self.script.0.pop_front();
            return self.poll_next(context);
        }
        let next = self.script.0.pop_front();
        self.ended = !matches!(&next, Some(Step::Event(event)) if !matches!(event, ModelEvent::Ended { .. }));
        Poll::Ready(match next {
            Some(Step::Event(event)) => Some(Ok(event)),
            Some(Step::Failure(error)) => Some(Err(error)),
            Some(Step::Wait(_)) | None => None,
        })
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        if !self.ended
            && let Ok(mut state) = self.model.lock()
        {
            state.dropped += 1;
            state.wake();
        }
    }
}
