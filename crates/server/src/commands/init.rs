//! `chatkitd init`: files to start from.

use std::fs;
use std::io::Write as _;
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
    let mut file = options.open(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            "chatkitd.toml is there already; --force writes over it".to_owned()
        }
        _ => format!("chatkitd.toml cannot be written: {error}"),
    })?;
    file.write_all(TEMPLATE.as_bytes())?;
    say("Wrote chatkitd.toml. Look at it, then: chatkitd config check")?;
    Ok(())
}

fn supabase() -> CommandResult {
    let folder = PathBuf::from("supabase/migrations");
    fs::create_dir_all(&folder)?;
    let already = fs::read_dir(&folder)?
        .filter_map(Result::ok)
        .find(|entry| entry.file_name().to_string_lossy().ends_with("_create_chatkit_sessions.sql"));
    if let Some(entry) = already {
        return Err(format!(
            "{} is there already; remove it to have it written anew",
            entry.path().display()
        )
        .into());
    }
    let time = SystemClock.now().strftime("%Y%m%d%H%M%S").to_string();
    let path = folder.join(format!("{time}_create_chatkit_sessions.sql"));
    fs::write(&path, chatkitd_store::supabase_migration())?;
    say(&format!("Wrote {}. Next: npx supabase db push", path.display()))?;
    Ok(())
}
