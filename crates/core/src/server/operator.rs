//! What the operator's own back end does to conversations, over REST (design 4.7).

use super::engine::ChatServer;
use super::error::ServerError;
use crate::id::ThreadId;
use crate::ports::Scope;
use crate::sessions::{AuditAction, AuditEntry};
use crate::threads::{ItemPage, ItemQuery, ThreadPage, ThreadQuery, ThreadRecord};

impl ChatServer {
    /// One thread of the scope.
    pub async fn thread(&self, scope: &Scope, id: &ThreadId) -> Result<ThreadRecord, ServerError> {
        self.threads.thread(scope, id).await?.ok_or(ServerError::ThreadNotFound)
    }

    /// Threads of the scope.
    pub async fn threads(&self, scope: &Scope, query: &ThreadQuery) -> Result<ThreadPage, ServerError> {
        Ok(self.threads.threads(scope, query).await?)
    }

    /// A thread's items.
    pub async fn items(
        &self,
        scope: &Scope,
        id: &ThreadId,
        query: &ItemQuery,
    ) -> Result<ItemPage, ServerError> {
        self.threads.items(scope, id, query).await?.ok_or(ServerError::ThreadNotFound)
    }

    /// Stops the answer that is given on a thread, if there is one, and deletes the thread. The audit log keeps
    /// which one and that it was `actor`, and nothing of what was on it.
    pub async fn delete(&self, scope: &Scope, id: &ThreadId, actor: String) -> Result<(), ServerError> {
        self.clear(scope, id).await?;
        let audit = AuditEntry {
            at: self.clock.now(),
            site: scope.site().clone(),
            actor,
            action: AuditAction::ThreadDeleted,
            target: id.to_string(),
        };
        Ok(self.threads.delete_thread(scope, id, &audit).await?)
    }
}
