//! `chatkitd openapi`.

use super::CommandResult;
use super::operator::say;

pub(super) fn run() -> CommandResult {
    say(&serde_json::to_string_pretty(&chatkitd_http::openapi())?)?;
    Ok(())
}
