//! `chatkitd migrate`.

use std::path::Path;

use super::CommandResult;
use super::operator::{DevArg, OperatorError};
use crate::settings::{Database, Settings};
use crate::stores::Stores;

/// Opening a store migrates it; this does just that, for deployments that want it as a step of its own.
pub(super) async fn run(config: Option<&Path>, args: &DevArg) -> CommandResult {
    let settings = Settings::from_environment(config, args.dev)?;
    if matches!(settings.database, Database::None) {
        return Err(OperatorError::NoDatabase.into());
    }
    Stores::open(&settings).await?.close().await;
    Ok(())
}
