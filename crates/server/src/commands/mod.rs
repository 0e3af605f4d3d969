//! The command line.

mod audit;
mod completions;
mod config;
mod in_force;
mod init;
mod keys;
mod migrate;
mod openapi;
mod operator;
mod serve;
mod sessions;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::error_words::with_causes;
use crate::pull::{self, PullArgs};
use crate::serve::shutdown_signal;

/// For what still blocks a thread when a command is over (a name that is not resolved, a file that cannot be read to its
/// end). Nobody waits for it any more, and it must not keep the process.
const LEFT_BEHIND: Duration = Duration::from_secs(1);

/// What a command fails with: told in words on standard error, exit code 1.
type CommandResult = Result<(), Box<dyn Error + Send + Sync>>;

/// The ChatKit backend that you own.
///
/// Settings come from chatkitd.toml and from the environment, which wins. `chatkitd config check` explains them.
/// Exit codes: 0 done; 1 failed, with the reason on standard error; 2 wrong usage. `pull` has more of its own.
#[derive(Parser)]
#[command(name = "chatkitd", version, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// The settings file [default: chatkitd.toml, where there is one]
    #[arg(long, global = true, value_name = "FILE", env = "CHATKITD_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::ServeArgs),
    /// Write a settings file, or the migration for a Supabase project
    Init(init::InitArgs),
    /// Look at the settings
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Create, import, list and revoke service keys
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// List, show and revoke sessions
    #[command(subcommand)]
    Sessions(sessions::SessionsCommand),
    /// Read the audit log
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Bring the database's schema up to date, and do nothing else
    Migrate(operator::DevArg),
    /// Save every thread, item and file of an OpenAI project into a folder
    Pull(PullArgs),
    /// Print the OpenAPI description of the server
    Openapi,
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
}

/// Parses the arguments, runs the command and says how it went.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, 1),
    };
    let code = runtime.block_on(run(cli));
    runtime.shutdown_timeout(LEFT_BEHIND);
    code
}

async fn run(cli: Cli) -> ExitCode {
    let config = cli.config.as_deref();
    let result = match cli.command {
        Command::Pull(args) => return run_pull(args).await,
        Command::Serve(args) => serve::run(config, &args).await,
        Command::Init(args) => init::run(&args),
        Command::Config(command) => config::run(config, &command),
        Command::Keys(command) => keys::run(config, command).await,
        Command::Sessions(command) => sessions::run(config, command).await,
        Command::Audit(command) => audit::run(config, &command).await,
        Command::Migrate(args) => migrate::run(config, &args).await,
        Command::Openapi => openapi::run(),
        Command::Completions(args) => completions::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error.as_ref(), 1),
    }
}

async fn run_pull(args: PullArgs) -> ExitCode {
    match pull::run(args, shutdown_signal).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error, error.exit_code()),
    }
}

/// Says what went wrong, with every cause, and what to do is in the words of the error itself.
#[expect(clippy::print_stderr, reason = "this is what standard error is for")]
fn fail(error: &dyn Error, code: u8) -> ExitCode {
    eprintln!("chatkitd: {}", with_causes(error));
    ExitCode::from(code)
}
