//! `chatkitd init`: files to start from.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use chatkitd_core::ports::Clock as _;

use super::CommandResult;
use super::operator::say;
use crate::clock::SystemClock;

const TEMPLATE: &str = include_str!("chatkitd.toml");

/// Write a settings file, or the migration for a Supabase project
#[derive(clap::Args)]
pub(super) struct InitArgs {
    #[command(subcommand)]
    what: Option<What>,
    /// Write over a chatkitd.toml that is there
    #[arg(long)]
    force: bool,
}

#[derive(clap::Subcommand)]
enum What {
    /// Write supabase/migrations/TIME_create_chatkit_sessions.sql for `npx supabase db push`
    Supabase,
}

/// A file cannot be looked at or written.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written; run this in a folder where you may write", path.display())]
struct NotWritten {
    path: PathBuf,
    source: io::Error,
}

impl NotWritten {
    fn at(path: &Path) -> impl Fn(io::Error) -> Self {
        move |source| Self { path: path.to_owned(), source }
    }
}

pub(super) fn run(args: &InitArgs) -> CommandResult {
    match args.what {
        Some(What::Supabase) => supabase(),
        None => settings_file(args.force),
    }
}

fn settings_file(force: bool) -> CommandResult {
    let path = Path::new("chatkitd.toml");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(force).truncate(force).create_new(!force);
    let not_written = NotWritten::at(path);
    let mut file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err("chatkitd.toml is there already; --force writes over it".into());
        }
        opened => opened.map_err(&not_written)?,
    };
    file.write_all(TEMPLATE.as_bytes()).map_err(not_written)?;
    say("Wrote chatkitd.toml. Look at it, then: chatkitd config check")?;
    Ok(())
}

fn supabase() -> CommandResult {
    let folder = PathBuf::from("supabase/migrations");
    let not_written = NotWritten::at(&folder);
    fs::create_dir_all(&folder).map_err(&not_written)?;
    for entry in fs::read_dir(&folder).map_err(&not_written)? {
        let path = entry.map_err(&not_written)?.path();
        if path.to_string_lossy().ends_with("_create_chatkit_sessions.sql") {
            let message = format!("{} is there already; remove it to have it written anew", path.display());
            return Err(message.into());
        }
    }
    let time = SystemClock.now().strftime("%Y%m%d%H%M%S").to_string();
    let path = folder.join(format!("{time}_create_chatkit_sessions.sql"));
    fs::write(&path, chatkitd_store::supabase_migration()).map_err(NotWritten::at(&path))?;
    say(&format!("Wrote {}. Next: npx supabase db push", path.display()))?;
    Ok(())
}
