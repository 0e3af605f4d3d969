//! Looks values up in the environment, then in the file, and notes where each came from.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use chatkitd_core::foreign_text::mask_keys;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::SettingsError;
use super::choices::Choice;
use super::document::Document;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The environment variable of this name.
    Environment(String),
    /// The same, in one of the files that `--dev` reads.
    DevFile {
        /// The file.
        file: &'static str,
        /// The variable.
        name: String,
    },
    /// A key in the file.
    File {
        /// The file.
        path: PathBuf,
        /// Where in it, from 1.
        line: usize,
        /// The key, such as `sites.shop.origins`.
        key: String,
    },
}

/// As errors name it.
impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => formatter.write_str(name),
            Self::DevFile { file, name } => write!(formatter, "{file}: {name}"),
            Self::File { path, line, key } => write!(formatter, "{}, line {line}: {key}", path.display()),
        }
    }
}

/// A value that is set. Secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The environment variable that sets it, or would; the key in the file where there is none.
    pub name: String,
    /// The value, or `set (masked)`.
    pub value: String,
    /// Where it came from.
    pub source: Source,
}

/// A variable that is set.
pub(super) struct Variable {
    pub(super) value: String,
    /// In which of the files that `--dev` reads; `None`: in the environment itself.
    pub(super) file: Option<&'static str>,
}

impl Variable {
    pub(super) fn of_environment(value: String) -> Self {
        Self { value, file: None }
    }
}

/// Looks a variable up.
pub(super) type LookUp<'a> = &'a dyn Fn(&str) -> Option<Variable>;

pub(super) struct Reader<'a> {
    env: LookUp<'a>,
    document: Option<Document<'a>>,
    facts: Vec<Fact>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(env: LookUp<'a>, document: Option<Document<'a>>) -> Self {
        Self { env, document, facts: Vec::new() }
    }

    pub(super) fn into_facts(self) -> Vec<Fact> {
        self.facts
    }

    pub(super) fn in_environment(&self, name: &str) -> Option<String> {
        self.variable(name).map(|variable| variable.value.trim().to_owned())
    }

    /// A variable that is set to nothing counts as not set: that is how compose files and panels write it.
    fn variable(&self, name: &str) -> Option<Variable> {
        (self.env)(name).filter(|variable| !variable.value.trim().is_empty())
    }

    pub(super) fn is_set_to_nothing(&self, name: &str) -> bool {
        (self.env)(name).is_some_and(|variable| variable.value.trim().is_empty())
    }

    /// Where a setting was set that a variable of this name, or the key in the file, sets.
    pub(super) fn setting(&self, name: &str, key: &str) -> Source {
        match (self.variable(name).map(|variable| variable.file), &self.document) {
            (Some(Some(file)), _) => Source::DevFile { file, name: name.to_owned() },
            (None, Some(document)) if !key.is_empty() => document.source(key),
            _ if name.is_empty() => Source::Environment(key.to_owned()),
            _ => Source::Environment(name.to_owned()),
        }
    }

    /// The same for what only the file sets.
    pub(super) fn key(&self, key: &str) -> Source {
        self.setting("", key)
    }

    /// The folder that paths in the file start from.
    pub(super) fn folder(&self) -> PathBuf {
        let folder = self.document.as_ref().and_then(|document| document.path.parent());
        folder.unwrap_or(std::path::Path::new("")).to_owned()
    }

    fn note(&mut self, name: &str, key: &str, value: String) {
        let name = if name.is_empty() { key } else { name };
        self.facts.push(Fact { name: name.to_owned(), value, source: self.setting(name, key) });
    }

    /// `name`: the environment variable, which wins, or nothing where there is none; `key`: the key in the file.
    pub(super) fn text(&mut self, name: &str, key: &str, in_file: Option<String>) -> Option<String> {
        let value = self.in_environment(name).or(in_file)?;
        self.note(name, key, shown(&value));
        Some(value)
    }

    pub(super) fn secret(
        &mut self,
        name: &str,
        key: &str,
        in_file: Option<SecretString>,
    ) -> Option<SecretString> {
        let value = self.in_environment(name).map(SecretString::from).or(in_file)?;
        self.note(name, key, "set (masked)".to_owned());
        Some(value)
    }

    /// A key that another service gave. In the file it is read as in the environment: without the blanks around it,
    /// and one of nothing is none.
    pub(super) fn service_key(
        &mut self,
        name: &str,
        key: &str,
        in_file: Option<SecretString>,
    ) -> Result<Option<SecretString>, SettingsError> {
        let in_file = in_file.filter(|value| !value.expose_secret().trim().is_empty());
        let Some(value) = self.secret(name, key, in_file) else { return Ok(None) };
        let value = value.expose_secret().trim();
        if value.contains(char::is_control) {
            // No header carries it.
            return Err(self.invalid(name, key, "…", "the key alone, on one line"));
        }
        Ok(Some(value.into()))
    }

    /// The error about a value that was read.
    pub(super) fn invalid(
        &self,
        name: &str,
        key: &str,
        value: &str,
        expected: impl Into<String>,
    ) -> SettingsError {
        SettingsError::invalid(self.setting(name, key), value, expected)
    }

    pub(super) fn parsed<T: FromStr>(
        &mut self,
        name: &str,
        key: &str,
        in_file: Option<String>,
        expected: &str,
    ) -> Result<Option<T>, SettingsError> {
        let Some(text) = self.text(name, key, in_file) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| self.invalid(name, key, &text, expected))
    }

    pub(super) fn choice<T: Choice>(
        &mut self,
        name: &str,
        key: &str,
        in_file: Option<String>,
    ) -> Result<Option<T>, SettingsError> {
        let Some(text) = self.text(name, key, in_file) else { return Ok(None) };
        let chosen = T::WORDS.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        let words = || T::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(" or ");
        chosen.map(Some).ok_or_else(|| self.invalid(name, key, &text, words()))
    }

    /// An address of an HTTP API.
    pub(super) fn url(
        &mut self,
        name: &str,
        key: &str,
        in_file: Option<String>,
        example: &str,
    ) -> Result<Option<Url>, SettingsError> {
        let Some(text) = self.text(name, key, in_file) else { return Ok(None) };
        let valid = Url::parse(&text).ok();
        let valid = valid.filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
        let expected = format!("an address such as {example}");
        valid.map(Some).ok_or_else(|| self.invalid(name, key, &text, expected))
    }

    /// A comma list.
    pub(super) fn list(
        &mut self,
        name: &str,
        key: &str,
        in_file: Option<Vec<String>>,
    ) -> Option<Vec<String>> {
        let text = self.text(name, key, in_file.map(|list| list.join(",")))?;
        Some(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
    }
}

/// A value fit to be shown: a password in an address is not, nor what looks like a key, which may have been pasted
/// where something else belongs.
pub(crate) fn shown(value: &str) -> String {
    mask_keys(&without_password(value))
}

/// An address may carry a user and a password; neither is shown.
pub(super) fn without_password(text: &str) -> String {
    match Url::parse(text) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            // Fails only for addresses without a host, and those carry no password.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            format!("{url} (user and password masked)")
        }
        _ => text.to_owned(),
    }
}
