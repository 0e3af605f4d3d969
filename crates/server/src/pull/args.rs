//! The command line of `chatkitd pull`.

use std::{
    env::{self, VarError},
    num::NonZeroUsize,
    path::{Path, PathBuf},
};

use secrecy::SecretString;
use url::Url;

use chatkitd_core::ports::Clock as _;

use crate::clock::SystemClock;

use super::{PullError, Settings, Summary, Tuning};

const OPENAI: &str = "https://api.openai.com/v1";

/// Save every thread, item and file of an OpenAI project into a folder.
///
/// The API key is read from OPENAI_API_KEY. Run the same command again after any interruption: it goes on where it
/// stopped. Exit codes: 0 everything is saved; 1 stopped by a fault, run again; 2 wrong usage; 3 the key was refused;
/// 4 --verify found damage; 5 saved except files worth another run; 130 stopped by Ctrl-C, run again.
#[derive(Clone, Debug, clap::Args)]
pub struct PullArgs {
    /// The folder to save into, or to verify
    #[arg(long, value_name = "DIR", default_value = "chatkit-export")]
    pub out: PathBuf,
    /// The API to read from [default: OPENAI_BASE_URL, else https://api.openai.com/v1]
    #[arg(long, value_name = "URL", env = "CHATKIT_API_BASE")]
    pub base_url: Option<String>,
    /// Check the folder against its manifest instead, without the network
    #[arg(long)]
    pub verify: bool,
    /// Also read those threads again that were written to since they were saved
    #[arg(long, conflicts_with = "verify")]
    pub update: bool,
    /// The largest file to save, in MB (10^6 bytes)
    #[arg(long, value_name = "MB", default_value_t = 512, value_parser = clap::value_parser!(u64).range(1..))]
    pub max_file_size: u64,
    /// How many threads to fetch at a time (1 to 64)
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub concurrency: u16,
    /// Leave out the items of this thread, for one that the API cannot deliver (may be repeated)
    #[arg(long = "skip-thread", value_name = "ID")]
    pub skip_threads: Vec<String>,
    /// Also fetch files from private addresses, and through the system's proxy
    #[arg(long)]
    pub allow_private_file_hosts: bool,
    /// Show no progress
    #[arg(long, short)]
    pub quiet: bool,
}

impl PullArgs {
    pub(super) fn into_settings(self) -> Result<Settings, PullError> {
        let key = variable("OPENAI_API_KEY")?.ok_or(PullError::NoKey)?;
        let base = self.base_url.filter(|url| !url.trim().is_empty());
        let base = match base {
            Some(base) => base,
            None => variable("OPENAI_BASE_URL")?.unwrap_or_else(|| OPENAI.to_owned()),
        };
        Ok(Settings {
            out: self.out,
            base_url: parse_base(&base)?,
            key: SecretString::from(key.trim()),
            max_file_size: self.max_file_size.saturating_mul(1_000_000),
            concurrency: NonZeroUsize::new(self.concurrency.into()).unwrap_or(NonZeroUsize::MIN),
            skip_threads: self.skip_threads,
            allow_private_file_hosts: self.allow_private_file_hosts,
            update: self.update,
            quiet: self.quiet,
            tuning: Tuning::default(),
            now: || SystemClock.now(),
            jitter,
        })
    }
}

/// What was saved, and what to know about it.
pub(super) fn in_words(summary: &Summary, out: &Path) -> String {
    let mut text = format!(
        "Saved in {}: {} threads, {} items, {} files.\n",
        out.display(),
        summary.threads,
        summary.items,
        summary.files_saved,
    );
    let mut say = |count: u64, what: &str| {
        if count > 0 {
            text.push_str(&format!("{count} {what}\n"));
        }
    };
    say(
        summary.threads_gone,
        "thread(s) were deleted at OpenAI while they were fetched (status `gone` in ledger.jsonl).",
    );
    say(summary.threads_skipped, "thread(s) were left out with --skip-thread.");
    say(summary.files_failed, "file(s) could not be had (see files.jsonl).");
    say(summary.files_without_url, "attachment(s) have no URL at OpenAI.");
    if let Some(updated) = summary.threads_updated {
        text.push_str(&format!(
            "{updated} thread(s) had changed since they were saved, and were read again.\n"
        ));
    } else if summary.was_complete {
        text.push_str(
            "This folder was complete before: only threads newer than those in it were fetched. Messages written since to \
             the older ones are not in it; for those, add --update.\n",
        );
    }
    text
}

fn parse_base(value: &str) -> Result<Url, PullError> {
    // What stands before an @ may be a password.
    let shown = value.rsplit('@').next().unwrap_or_default();
    let bad = || PullError::BadBaseUrl { value: shown.to_owned() };
    let mut url = Url::parse(value.trim()).map_err(|_| bad())?;
    if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() || url.password().is_some() {
        return Err(bad());
    }
    url.set_query(None);
    url.set_fragment(None);
    // With and without a slash at its end it is the same API.
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// One that is set to nothing counts as not set; one that cannot be read does not: requests would go elsewhere.
fn variable(name: &'static str) -> Result<Option<String>, PullError> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.trim().is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(PullError::NotUtf8(name)),
    }
}

/// From the TLS provider's generator, which is linked anyway. If that fails, pauses go without jitter.
fn jitter() -> f64 {
    let mut bytes = [0; 4];
    let random = rustls::crypto::aws_lc_rs::default_provider().secure_random;
    match random.fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0),
        Err(_) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        args: PullArgs,
    }

    #[test]
    fn the_key_is_not_taken_from_the_command_line() {
        assert!(Cli::try_parse_from(["pull", "--key", "sk-1"]).is_err());
        for option in ["--concurrency", "--max-file-size"] {
            assert!(Cli::try_parse_from(["pull", option, "0"]).is_err(), "{option}");
        }
        let args = Cli::try_parse_from(["pull"]).map(|cli| cli.args).unwrap();
        assert_eq!(args.out, Path::new("chatkit-export"));
        assert_eq!((args.concurrency, args.max_file_size), (4, 512));
    }

    #[test]
    fn a_base_url_is_http_and_carries_no_password() {
        assert_eq!(parse_base("http://x.test/v1/").unwrap(), parse_base(" http://x.test/v1").unwrap());
        for bad in ["api.openai.com", "ftp://x.test", "https://u:p@x.test/v1", "file:///etc"] {
            assert!(parse_base(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn jitter_stays_in_its_range() {
        assert!((0..100).all(|_| (0.0..1.0).contains(&jitter())));
    }
}
