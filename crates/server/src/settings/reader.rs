//! Looks values up in the environment, then in the file, and notes where each came from.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::SecretString;
use url::Url;

use super::SettingsError;
use super::choices::Choice;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The environment variable of this name.
    Environment(String),
    /// The key of this name in the file.
    File(PathBuf, String),
}

/// A value that is set. Secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The environment variable that sets it, or would.
    pub name: String,
    /// The value, or `set (masked)`.
    pub value: String,
    /// Where it came from.
    pub source: Source,
}

pub(super) struct Reader<'a> {
    env: &'a dyn Fn(&str) -> Option<String>,
    file: Option<&'a Path>,
    facts: Vec<Fact>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(env: &'a dyn Fn(&str) -> Option<String>, file: Option<&'a Path>) -> Self {
        Self { env, file, facts: Vec::new() }
    }

    pub(super) fn into_facts(self) -> Vec<Fact> {
        self.facts
    }

    /// A variable that is set to nothing counts as not set: that is how compose files and panels write it.
    fn find(&self, name: &str, key: &str, in_file: Option<String>) -> Option<(String, Source)> {
        let from_env = (self.env)(name).filter(|value| !value.trim().is_empty());
        from_env.map(|value| (value.trim().to_owned(), Source::Environment(name.to_owned()))).or_else(|| {
            let path = self.file.unwrap_or(Path::new("chatkitd.toml")).to_owned();
            in_file.map(|value| (value, Source::File(path, key.to_owned())))
        })
    }

    pub(super) fn text(&mut self, name: &str, key: &str, in_file: Option<String>) -> Option<String> {
        let (value, source) = self.find(name, key, in_file)?;
        self.facts.push(Fact { name: name.to_owned(), value: without_password(&value), source });
        Some(value)
    }

    /// The error about a value that was read: it names the variable, or the key and the file, that set it.
    pub(super) fn invalid(&self, name: &str, value: &str, expected: impl Into<String>) -> SettingsError {
        let set_in = self.facts.iter().rfind(|fact| fact.name == name).map(|fact| &fact.source);
        let name = match set_in {
            Some(Source::File(path, key)) => format!("{key} in {}", path.display()),
            Some(Source::Environment(_)) | None => name.to_owned(),
        };
        SettingsError::invalid(name, &without_password(value), expected)
    }

    pub(super) fn secret(&mut self, name: &str, key: &str, in_file: Option<String>) -> Option<SecretString> {
        let (value, source) = self.find(name, key, in_file)?;
        self.facts.push(Fact { name: name.to_owned(), value: "set (masked)".to_owned(), source });
        Some(value.into())
    }

    pub(super) fn parsed<T: FromStr>(
        &mut self,
        name: &str,
        key: &str,
        in_file: Option<String>,
        expected: &str,
    ) -> Result<Option<T>, SettingsError> {
        let Some(text) = self.text(name, key, in_file) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| self.invalid(name, &text, expected))
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
        chosen.map(Some).ok_or_else(|| self.invalid(name, &text, words()))
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
