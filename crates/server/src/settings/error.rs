use std::path::PathBuf;

use chatkitd_core::foreign_text::mask_keys;

use super::Source;
use super::reader::shown;

/// Settings that no server can start with. The words name where it was set and what it may be.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A value that is not what the setting takes.
    #[error("{setting} = {value:?} is not valid; set it to {expected}")]
    Invalid {
        /// The environment variable, or the place in the file.
        setting: Source,
        /// As it was set; `…` where it may be secret.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// A setting that does nothing, or the wrong thing, without another one.
    #[error("{setting} needs {needs}")]
    Needs {
        /// The setting.
        setting: Source,
        /// What else to set, and what for.
        needs: &'static str,
    },
    /// `chatkitd.toml` is no TOML, or has a key that nothing knows or a value of the wrong type.
    #[error("{}, line {line}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Where in it, from 1.
        line: usize,
        /// What the parser says.
        message: String,
    },
    /// A value, a workflow, a provider or the sign-in of a site cannot be used like this.
    #[error("{setting}: {reason}")]
    Refused {
        /// Where it was set.
        setting: Source,
        /// Why, and what to set.
        reason: String,
    },
    /// A base URL that would make the server call itself.
    #[error(
        "{setting} points at chatkitd itself ({url}); it must be the address of OpenAI or of another server"
    )]
    OwnAddress {
        /// The setting.
        setting: Source,
        /// The address.
        url: String,
    },
    /// The secret is the one that the documentation of seed 003 shows to everybody.
    #[error(
        "CHATKIT_SECRET is the placeholder from the documentation; set it to a long random text, such as the output of: openssl rand -hex 32"
    )]
    PlaceholderSecret,
}

impl SettingsError {
    pub(super) fn refused(setting: Source, reason: impl ToString) -> Self {
        // It may quote what was set.
        Self::Refused { setting, reason: mask_keys(&reason.to_string()) }
    }

    pub(super) fn invalid(setting: Source, value: &str, expected: impl Into<String>) -> Self {
        Self::Invalid { setting, value: shown(value), expected: expected.into() }
    }
}
