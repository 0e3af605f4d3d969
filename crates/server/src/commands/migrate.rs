//! `chatkitd migrate`.

use std::path::Path;

use super::{CommandResult, source};
use crate::stores::Stores;

/// Opening a store migrates it; this does just that, for deployments that want it as a step of its own.
pub(super) async fn run(config: Option<&Path>) -> CommandResult {
    let settings = source::load(config, false)?;
    Stores::open(&settings).await?.close().await;
    Ok(())
}
