//! Runs as tasks of tokio.

use chatkitd_core::ports::Spawner;
use futures_util::future::BoxFuture;
use tokio_util::task::TaskTracker;

/// Starts tasks and knows when all of them are over.
#[derive(Clone, Default)]
pub(crate) struct TokioSpawner(TaskTracker);

impl TokioSpawner {
    /// Returns once every task is over.
    pub(crate) async fn finished(&self) {
        self.0.close();
        self.0.wait().await;
    }
}

impl Spawner for TokioSpawner {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.0.spawn(task);
    }
}
