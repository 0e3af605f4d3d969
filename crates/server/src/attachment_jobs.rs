//! What attachments need beside the requests: what nobody waits for is deleted, and so are the blobs of what was.

use std::sync::Arc;
use std::time::Duration;

use chatkitd_core::id::AttachmentId;
use chatkitd_core::ports::{AttachmentSweep, BlobError, BlobKey, Blobs, Clock, StoreError};
use futures_util::future::try_join_all;
use tokio_util::sync::CancellationToken;

/// How often orphans are looked for: they are an hour old at the least.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);
const EXPIRE_AT_ONCE: u32 = 1000;
/// How often blobs are looked for that are due: who deletes a thread may want to see that its files are gone.
const DELETE_EVERY: Duration = Duration::from_secs(1);
const BATCH: u32 = 16;
/// Longer than a batch may take, so that no second node takes the same blobs meanwhile; and how long a blob waits that
/// could not be deleted. Those of a batch are deleted at once, each with two requests, one after the other: to S3 that
/// is forty seconds each at the most, the last try included.
const LEASE: Duration = Duration::from_secs(120);

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
            try_join_all(due.iter().map(|id| self.delete_one(id))).await?;
            if due.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    async fn delete_one(&self, id: &AttachmentId) -> Result<(), StoreError> {
        if let Err(error) = self.delete(id).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, attachment = %id, "a file was not deleted; it is tried again");
            return Ok(());
        }
        self.sweep.finish_blob_deletion(id).await
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;
    use chatkitd_core::ports::{Blob, ByteStream};
    use chatkitd_core::testing::{ManualClock, SeededRng};
    use futures_util::FutureExt as _;
    use jiff::Timestamp;

    use super::*;

    /// Has more blobs to delete than one batch.
    struct Due(Vec<AttachmentId>);

    #[async_trait]
    impl AttachmentSweep for Due {
        async fn expire_attachments(&self, _: Timestamp, _: u32) -> Result<(), StoreError> {
            Ok(())
        }

        async fn take_blob_deletions(
            &self,
            _: Timestamp,
            _: Duration,
            limit: u32,
        ) -> Result<Vec<AttachmentId>, StoreError> {
            Ok(self.0.iter().take(limit as usize).cloned().collect())
        }

        async fn finish_blob_deletion(&self, _: &AttachmentId) -> Result<(), StoreError> {
            Ok(())
        }
    }

    /// Never answers, and counts what it is asked.
    #[derive(Default)]
    struct Silent(AtomicU32);

    #[async_trait]
    impl Blobs for Silent {
        async fn put(&self, _: &BlobKey, _: ByteStream) -> Result<u64, BlobError> {
            std::future::pending().await
        }

        async fn get(&self, _: &BlobKey) -> Result<Option<Blob>, BlobError> {
            std::future::pending().await
        }

        async fn delete(&self, _: &BlobKey) -> Result<(), BlobError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            std::future::pending().await
        }
    }

    #[test]
    fn no_blob_of_a_batch_waits_for_another_one() {
        let clock = Arc::new(ManualClock::at_second(1_767_225_600));
        let rng = SeededRng::new(1);
        let due = (0..20).map(|_| AttachmentId::mint(clock.now(), &rng)).collect();
        let blobs = Arc::new(Silent::default());
        let jobs = AttachmentJobs { sweep: Arc::new(Due(due)), blobs: blobs.clone(), clock };
        assert!(jobs.delete_due().now_or_never().is_none());
        assert_eq!(blobs.0.load(Ordering::SeqCst), BATCH);
    }
}
