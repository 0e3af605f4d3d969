use std::path::PathBuf;

/// Settings that no server can start with. The words name the setting and what it may be.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A value that is not what the setting takes.
    #[error("{name} = {value:?} is not valid; set it to {expected}")]
    Invalid {
        /// The environment variable, or the key in the file.
        name: String,
        /// As it was set; `…` where it may be secret.
        value: String,
        /// What it may be.
        expected: String,
    },
    /// A setting that does nothing, or the wrong thing, without another one.
    #[error("{name} needs {needs}")]
    Needs {
        /// The setting.
        name: &'static str,
        /// What else to set, and what for.
        needs: &'static str,
    },
    /// `chatkitd.toml` cannot be read.
    #[error("{} is not valid: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the parser says, with line and column.
        message: String,
    },
    /// An agent cannot be set up as the file says.
    #[error("{}, line {line}: workflow {workflow:?}: {reason}", path.display())]
    Workflow {
        /// The file.
        path: PathBuf,
        /// Where in it, from 1.
        line: usize,
        /// The workflow.
        workflow: String,
        /// Why, and what to set.
        reason: String,
    },
    /// A base URL that would make the server call itself.
    #[error(
        "{name} points at chatkitd itself ({url}); it must be the address of OpenAI or of another server"
    )]
    OwnAddress {
        /// The setting.
        name: &'static str,
        /// The address.
        url: String,
    },
    /// The secret is the one that the documentation of seed 003 shows to everybody.
    #[error(
        "CHATKIT_SECRET is the placeholder from the documentation; set it to a long random text, such as the output of: openssl rand -hex 32"
    )]
    PlaceholderSecret,
    /// A site's sign-in cannot be set up.
    #[error("the sign-in of site {site:?} is not valid: {reason}")]
    SignIn {
        /// The site.
        site: String,
        /// Why, and what to set.
        reason: String,
    },
}

impl SettingsError {
    pub(super) fn invalid(name: impl Into<String>, value: &str, expected: impl Into<String>) -> Self {
        Self::Invalid { name: name.into(), value: value.to_owned(), expected: expected.into() }
    }
}
