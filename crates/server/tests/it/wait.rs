//! Waiting for the thing itself, for so long and no longer.

use std::time::Duration;

/// Longer than any machine stands still.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Until `condition` holds; fails after a while, saying what was waited for.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
}
