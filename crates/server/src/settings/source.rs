//! Where a process's settings come from: the file, the environment, and under `--dev` the `.env` files.

use std::cell::Cell;
use std::collections::HashMap;
use std::env::{self, VarError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;

use chatkitd_core::id::SiteName;

use super::{Settings, SettingsError, Variable};

/// Read in this order; the first one that has a variable wins, and the environment wins over both.
const DEV_FILES: [&str; 2] = [".env.local", ".env"];

/// Where settings were read from.
#[derive(Clone, Debug)]
pub(crate) struct SettingsOrigin {
    config: Option<PathBuf>,
}

/// The settings cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The settings file.
    #[error("{} cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A `.env` file. Never quotes the line, as the parser's own error does: it may hold a secret.
    #[error("{file} is not valid {place}; write NAME=value, with quotes around a value that has blanks")]
    DevFile {
        /// The file.
        file: &'static str,
        /// After which variable.
        place: String,
    },
    /// A `.env` file that is there.
    #[error("{file} cannot be read")]
    UnreadableDevFile {
        /// The file.
        file: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// A variable that cannot be read, which must not count as not set.
    #[error("{0} is not UTF-8; set it to a text in UTF-8")]
    NotUtf8(String),
    /// What they say.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

impl Settings {
    /// Reads the settings as every command sees them: the file `config` (by default `chatkitd.toml`, where
    /// there is one), and the environment, which wins; under `dev` also `.env.local` and `.env`.
    pub fn from_environment(config: Option<&Path>, dev: bool) -> Result<Self, SourceError> {
        let file = read_file(config)?;
        let dev_values = if dev { read_dev_files()? } else { HashMap::new() };
        let in_dev_file = |name: &str| {
            let (value, file) = dev_values.get(name)?;
            Some(Variable { value: value.clone(), file: Some(file) })
        };
        let not_utf8 = Cell::new(None);
        let look_up = |name: &str| match env::var(name) {
            Ok(value) => Some(Variable::of_environment(value)),
            Err(VarError::NotPresent) => in_dev_file(name),
            Err(VarError::NotUnicode(_)) => {
                not_utf8.set(Some(name.to_owned()));
                None
            }
        };
        let file = file.as_ref().map(|(path, text)| (path.as_path(), text.as_str()));
        // A file that was there has to be there when it is read again, whether it was asked for or not.
        let found = file.map(|(path, _)| path);
        let origin = SettingsOrigin { config: found.or(config).map(Path::to_owned) };
        let settings = Self::look_up(&look_up, file, dev);
        // First, because what else is wrong may come of it.
        if let Some(name) = not_utf8.take() {
            return Err(SourceError::NotUtf8(name));
        }
        Ok(Self { origin: Some(origin), ..settings? })
    }

    /// The settings as they are now where these came from.
    pub(crate) fn read_again(&self) -> Result<Self, SourceError> {
        let config = self.origin.as_ref().and_then(|origin| origin.config.as_deref());
        Self::from_environment(config, self.dev)
    }

    /// Who adds an agent wants to talk to it: where nobody chose the default site's workflows, it offers these.
    pub(crate) fn offer<'a>(&mut self, own: impl Iterator<Item = &'a String>) {
        let chosen = self.facts.iter().any(|fact| fact.name == "CHATKIT_WORKFLOW_ID");
        let default = self.sites.iter_mut().find(|site| site.name == SiteName::default_site());
        if let Some(site) = default.filter(|_| !chosen) {
            site.workflows.splice(0..0, own.cloned());
        }
    }
}

fn read_file(config: Option<&Path>) -> Result<Option<(PathBuf, String)>, SourceError> {
    // A variable that is set to nothing counts as not set, here as everywhere.
    let config = config.filter(|path| !path.as_os_str().is_empty());
    let path = config.unwrap_or(Path::new("chatkitd.toml")).to_owned();
    match std::fs::read(&path) {
        Ok(bytes) => {
            let text = String::from_utf8(bytes).map_err(|error| not_utf8(&path, &error))?;
            Ok(Some((path, text)))
        }
        // A file that was asked for has to be there; the one in the folder may be absent.
        Err(error) if error.kind() == ErrorKind::NotFound && config.is_none() => Ok(None),
        Err(source) => Err(SourceError::File { path, source }),
    }
}

fn not_utf8(path: &Path, error: &FromUtf8Error) -> SettingsError {
    let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
    SettingsError::File {
        path: path.to_owned(),
        line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
        message: "this is not UTF-8; save the file as UTF-8".to_owned(),
    }
}

/// By its name, the value of a variable and the file that it stands in.
type DevValues = HashMap<String, (String, &'static str)>;

fn read_dev_files() -> Result<DevValues, SourceError> {
    let mut values = HashMap::new();
    for file in DEV_FILES {
        if !Path::new(file).exists() {
            continue;
        }
        read_dev_file(file, &mut values)?;
    }
    Ok(values)
}

fn read_dev_file(file: &'static str, values: &mut DevValues) -> Result<(), SourceError> {
    let mut place = "in its first variable".to_owned();
    let refuse = |error, place: &str| match error {
        dotenvy::Error::Io(source) => SourceError::UnreadableDevFile { file, source },
        _ => SourceError::DevFile { file, place: place.to_owned() },
    };
    for pair in dotenvy::from_path_iter(file).map_err(|error| refuse(error, &place))? {
        let (name, value) = pair.map_err(|error| refuse(error, &place))?;
        place = format!("after {name}");
        values.entry(name).or_insert((value, file));
    }
    Ok(())
}
