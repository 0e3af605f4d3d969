//! `chatkitd completions`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::operator::say;
use super::{Cli, CommandResult};

/// Print a completion script for a shell
#[derive(clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) -> CommandResult {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "chatkitd", &mut script);
    say(String::from_utf8(script)?.trim_end())?;
    Ok(())
}
