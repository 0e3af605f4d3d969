//! `chatkitd serve`.

use std::path::Path;

use super::CommandResult;
use crate::serve::Server;
use crate::settings::Settings;

/// Run the server
#[derive(clap::Args)]
pub(super) struct ServeArgs {
    /// For trying it out: the built-in demo answers, / shows a page, .env.local and .env are read, logs are for people
    #[arg(long)]
    dev: bool,
}

pub(super) async fn run(config: Option<&Path>, args: &ServeArgs) -> CommandResult {
    Ok(Server::new(Settings::from_environment(config, args.dev)?).run().await?)
}
