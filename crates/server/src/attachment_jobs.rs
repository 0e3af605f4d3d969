//! What attachments need beside the requests: what nobody waits for is deleted, and so are the blobs of what was.

use std::sync::Arc;
use std::time::Duration;

use chatkitd_core::id::AttachmentId;
use chatkitd_core::ports::{AttachmentSweep, BlobError, BlobKey, Blobs, Clock, StoreError};
use tokio_util::sync::CancellationToken;

/// How often orphans are looked for: they are an hour old at the least.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);
const EXPIRE_AT_ONCE: u32 = 1000;
/// How often blobs are looked for that are due: who deletes a thread may want to see that its files are gone.
const DELETE_EVERY: Duration = Duration::from_secs(1);
const BATCH: u32 = 16;
/// Longer than a batch may take, so that no second node takes the same blobs meanwhile; and how long a blob waits that
/// could not be deleted.
const LEASE: Duration = Duration::from_secs(60);

#[derive(Clone)]
pub(crate) struct AttachmentJobs {
    pub(crate) sweep: Arc<dyn AttachmentSweep>,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl AttachmentJobs {
    /// Runs until `shutdown`.
    pub(crate) async fn run(self, shutdown: CancellationToken) {
        let orphans = async {
            loop {
                note(self.sweep.expire_attachments(self.clock.now(), EXPIRE_AT_ONCE).await);
                self.clock.sleep(EXPIRE_EVERY).await;
            }
        };
        let blobs = async {
            loop {
                note(self.delete_due().await);
                self.clock.sleep(DELETE_EVERY).await;
            }
        };
        shutdown.run_until_cancelled(async { tokio::join!(orphans, blobs) }).await;
    }

    /// Batch after batch, until nothing is due.
    async fn delete_due(&self) -> Result<(), StoreError> {
        loop {
            let due = self.sweep.take_blob_deletions(self.clock.now(), LEASE, BATCH).await?;
            for id in &due {
                match self.delete(id).await {
                    Ok(()) => self.sweep.finish_blob_deletion(id).await?,
                    Err(error) => {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(error, attachment = %id, "a file was not deleted; it is tried again");
                    }
                }
            }
            if due.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    async fn delete(&self, id: &AttachmentId) -> Result<(), BlobError> {
        self.blobs.delete(&BlobKey::content(id)).await?;
        self.blobs.delete(&BlobKey::preview(id)).await
    }
}

fn note(result: Result<(), StoreError>) {
    if let Err(error) = result {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "files that nobody needs were not looked for; the next try is soon");
    }
}
