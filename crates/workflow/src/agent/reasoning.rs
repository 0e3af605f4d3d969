//! What a model thinks, as a workflow that the visitor can open.

use chatkitd_core::server::{AgentError, Answer, WorkflowStream};
use chatkitd_protocol::chatkit::{Task, ThoughtTask, WorkflowKind};

/// How many bytes of thoughts a visitor sees of one answer. Open models think in novels.
pub(super) const MAX_BYTES: usize = 64 * 1024;
/// What a thought takes of that beside its words, so that no number of short ones is free.
const THOUGHT_BYTES: usize = 64;
/// A thought is sent whole whenever it changes, so a long one is sent again only when it has grown by so
/// much: what is sent stays in proportion to its length, and not to its square.
const GROWTH: usize = 8;
/// A short one at least so often.
const MIN_DELTA: usize = 32;

/// A stretch of thinking.
pub(super) struct Reasoning {
    workflow: WorkflowStream,
    thought: Option<Thought>,
    left: usize,
}

/// The thought that goes on.
struct Thought {
    text: String,
    /// Whether the rest of it is left out.
    is_cut: bool,
    /// Its task, once it has words.
    task: Option<usize>,
    /// How much of it was sent.
    sent: usize,
}

impl Reasoning {
    /// `left`: how many bytes of thoughts may be shown.
    pub(super) async fn begin(answer: &Answer, left: usize) -> Self {
        let workflow = answer.workflow(WorkflowKind::Reasoning).await;
        Self { workflow, thought: None, left }
    }

    /// A thought begins; the one before it has ended.
    pub(super) async fn begin_thought(&mut self) -> Result<(), AgentError> {
        self.end_thought().await?;
        self.left = self.left.saturating_sub(THOUGHT_BYTES);
        let thought = Thought { text: String::new(), is_cut: false, task: None, sent: 0 };
        self.thought = Some(thought).filter(|_| self.left > 0);
        Ok(())
    }

    pub(super) async fn push(&mut self, delta: &str) -> Result<(), AgentError> {
        let Some(thought) = &mut self.thought else { return Ok(()) };
        let kept = &delta[..delta.floor_char_boundary(self.left)];
        thought.text.push_str(kept);
        self.left -= kept.len();
        if kept.len() < delta.len() && !thought.is_cut {
            thought.text.push('…');
            thought.is_cut = true;
            self.left = 0;
        }
        let grown = thought.text.len() - thought.sent;
        if thought.sent == 0 || grown >= MIN_DELTA.max(thought.sent / GROWTH) {
            self.show().await?;
        }
        Ok(())
    }

    pub(super) async fn end_thought(&mut self) -> Result<(), AgentError> {
        self.show().await?;
        self.thought = None;
        Ok(())
    }

    /// The thinking is over: the visitor sees how long it took. Returns how many bytes are left.
    pub(super) async fn done(mut self) -> Result<usize, AgentError> {
        self.end_thought().await?;
        self.workflow.done().await;
        Ok(self.left)
    }

    /// Sends the thought as far as it is.
    async fn show(&mut self) -> Result<(), AgentError> {
        let Some(thought) = &mut self.thought else { return Ok(()) };
        if thought.text.trim().is_empty() || thought.sent == thought.text.len() {
            return Ok(());
        }
        thought.sent = thought.text.len();
        let task = ThoughtTask { content: thought.text.clone(), ..ThoughtTask::default() };
        match thought.task {
            Some(index) => self.workflow.update_task(index, Task::Thought(task)).await?,
            None => thought.task = Some(self.workflow.add_task(Task::Thought(task)).await),
        }
        Ok(())
    }
}
