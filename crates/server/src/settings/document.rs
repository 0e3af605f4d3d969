//! `chatkitd.toml` as it was read, so that whatever is wrong with a value can name its line.

use std::path::Path;

use toml::de::DeTable;

use super::{SettingsError, Source};

/// A settings file, parsed as far as every TOML file can be.
pub(super) struct Document<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    root: DeTable<'a>,
}

impl<'a> Document<'a> {
    pub(super) fn parse(path: &'a Path, text: &'a str) -> Result<Self, SettingsError> {
        let root = DeTable::parse(text).map_err(|error| not_valid(path, text, &error))?;
        Ok(Self { path, text, root: root.into_inner() })
    }

    /// Where the value of this key was set, such as `sites.shop.origins`.
    pub(super) fn source(&self, key: &str) -> Source {
        let line = line_of(self.text, find(&self.root, key).unwrap_or_default());
        Source::File { path: self.path.to_owned(), line, key: key.to_owned() }
    }
}

/// Where the key stands; where it is not set, where the innermost table around it begins.
fn find(table: &DeTable<'_>, key: &str) -> Option<usize> {
    // The longest name that fits: names may have dots in them.
    let rest_after =
        |name: &str| key.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with('.'));
    let fitting = table.iter().filter_map(|(name, value)| Some((name, value, rest_after(name.get_ref())?)));
    let (name, value, rest) = fitting.max_by_key(|(name, ..)| name.get_ref().len())?;
    let below = value.get_ref().as_table().zip(rest.strip_prefix('.'));
    below.and_then(|(table, key)| find(table, key)).or(Some(name.span().start))
}

/// The parser's own words, without the line that it would quote: there may be a secret in it.
pub(super) fn not_valid(path: &Path, text: &str, error: &toml::de::Error) -> SettingsError {
    let at = error.span().unwrap_or_default().start;
    SettingsError::File {
        path: path.to_owned(),
        line: line_of(text, at),
        message: error.message().to_owned(),
    }
}

/// Lines count from 1.
fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_key_has_its_line() {
        let text = "log = \"info\"\nroles.query = \"SELECT 1\"\n\n[sites.shop]\norigins = []\n\
                    limits = { user = 1,\n  site = 2 }\n\n[[sites.shop.verifiers]]\nissuer = \"a\"\n\
                    [workflows.\"wf.a.b\"]\nagent = \"echo\"\n[workflows.wf]\n";
        let document = Document::parse(Path::new("chatkitd.toml"), text).unwrap();
        for (key, line) in [
            ("log", 1),
            ("roles.query", 2),
            ("sites.shop.origins", 5),
            ("sites.shop.limits.site", 7),
            ("sites.shop.verifiers", 9),
            ("workflows.wf.a.b.agent", 12),
            ("workflows.wf.model", 13),
        ] {
            let Source::File { line: found, .. } = document.source(key) else { unreachable!() };
            assert_eq!(found, line, "{key}");
        }
    }
}
