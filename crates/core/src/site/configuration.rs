//! `chatkit_configuration`: what a chat may do, in the shape of `OpenAI`'s REST API (1.1 of the
//! reference). A browser can only narrow what its site allows (design 4.1); the operator's own back end may switch
//! on what the site leaves open, and goes no further than what the site says.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a chat may do. An absent field stands at `OpenAI`'s default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatKitConfiguration {
    /// Whether threads get their titles by themselves. Default: yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automatic_thread_titling: Option<Titling>,
    /// Whether and how much a visitor may upload. Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_upload: Option<FileUpload>,
    /// Whether and how far back a visitor sees old threads. Default: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
}

/// Automatic titles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Titling {
    /// Default `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Uploads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileUpload {
    /// Default `false`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Megabytes, 1 to 512.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_file_size: Option<u32>,
    /// At least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_files: Option<u32>,
}

/// Old threads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// Default `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// At least 1; absent: no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recent_threads: Option<u32>,
}

/// Bytes of what `max_file_size` counts.
pub const MEGABYTE: u64 = 1024 * 1024;
/// Megabytes that one file may have where nobody says otherwise (`OpenAI`'s default).
pub const MAX_FILE_SIZE: u32 = 512;
/// Files that may be uploaded where nobody says otherwise (`OpenAI`'s default).
pub const MAX_FILES: u32 = 10;

/// A number in a configuration that is outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("chatkit_configuration.{field} must be {range}")]
pub struct ConfigurationError {
    /// Which number.
    pub field: &'static str,
    /// What it may be.
    pub range: &'static str,
}

impl ChatKitConfiguration {
    /// Whether every number is in the range that `OpenAI` documents.
    pub fn check(&self) -> Result<(), ConfigurationError> {
        let upload = self.file_upload.clone().unwrap_or_default();
        let numbers = [
            ("file_upload.max_file_size", upload.max_file_size, 1..=MAX_FILE_SIZE, "1 to 512"),
            ("file_upload.max_files", upload.max_files, 1..=u32::MAX, "at least 1"),
            ("history.recent_threads", self.recent_threads(), 1..=u32::MAX, "at least 1"),
        ];
        for (field, number, allowed, range) in numbers {
            if number.is_some_and(|number| !allowed.contains(&number)) {
                return Err(ConfigurationError { field, range });
            }
        }
        Ok(())
    }

    /// What counts of it when a browser asks on a site that says `site`: it can switch off and bound, and neither
    /// switch on nor raise a default. Whoever [resolves](Self::resolve) that on the site gets what it allows, or less.
    #[must_use]
    pub fn narrowing(self, site: &Self) -> Self {
        let off = |switch: Option<bool>| switch.filter(|on| !on);
        let most_files = site.file_upload.as_ref().and_then(|upload| upload.max_files).unwrap_or(MAX_FILES);
        Self {
            automatic_thread_titling: self
                .automatic_thread_titling
                .map(|titling| Titling { enabled: off(titling.enabled) }),
            file_upload: self.file_upload.map(|upload| FileUpload {
                enabled: off(upload.enabled),
                max_files: upload.max_files.map(|files| files.min(most_files)),
                ..upload
            }),
            history: self.history.map(|history| History { enabled: off(history.enabled), ..history }),
        }
    }

    /// What holds for a session that was promised `asked`, or for which it was asked, on a site that says `self`. A
    /// switch that the site sets to off stays off, and of two bounds the smaller one holds; what the site leaves open is
    /// as it was asked for.
    #[must_use]
    pub fn resolve(&self, asked: &Self) -> Self {
        Self {
            automatic_thread_titling: both(
                self.automatic_thread_titling.as_ref(),
                asked.automatic_thread_titling.as_ref(),
                |site, asked| Titling { enabled: within(site.enabled, asked.enabled) },
            ),
            file_upload: both(self.file_upload.as_ref(), asked.file_upload.as_ref(), |site, asked| {
                FileUpload {
                    enabled: within(site.enabled, asked.enabled),
                    max_file_size: smaller(site.max_file_size, asked.max_file_size),
                    max_files: smaller(site.max_files, asked.max_files),
                }
            }),
            history: both(self.history.as_ref(), asked.history.as_ref(), |site, asked| History {
                enabled: within(site.enabled, asked.enabled),
                recent_threads: smaller(site.recent_threads, asked.recent_threads),
            }),
        }
    }

    /// The same with `OpenAI`'s defaults written out, as its API returns it.
    #[must_use]
    pub fn with_defaults(&self) -> Self {
        let (titling, upload, history) = (
            self.automatic_thread_titling.clone().unwrap_or_default(),
            self.file_upload.clone().unwrap_or_default(),
            self.history.clone().unwrap_or_default(),
        );
        Self {
            automatic_thread_titling: Some(Titling { enabled: titling.enabled.or(Some(true)) }),
            file_upload: Some(FileUpload {
                enabled: upload.enabled.or(Some(false)),
                max_file_size: upload.max_file_size.or(Some(MAX_FILE_SIZE)),
                max_files: upload.max_files.or(Some(MAX_FILES)),
            }),
            history: Some(History { enabled: history.enabled.or(Some(true)), ..history }),
        }
    }

    /// Whether a visitor sees threads of before. Default: yes.
    pub fn shows_history(&self) -> bool {
        self.history.as_ref().and_then(|history| history.enabled).unwrap_or(true)
    }

    /// How many threads a visitor sees; `None`: all.
    pub fn recent_threads(&self) -> Option<u32> {
        self.history.as_ref().and_then(|history| history.recent_threads)
    }

    /// The configuration as a JSON object; empty when nothing is set.
    pub fn to_map(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(map)) => map,
            _ => Map::new(),
        }
    }
}

fn both<T: Clone + Default>(
    allowed: Option<&T>,
    asked: Option<&T>,
    narrow: impl Fn(&T, &T) -> T,
) -> Option<T> {
    match (allowed, asked) {
        (None, None) => None,
        (allowed, None) => allowed.cloned(),
        (allowed, Some(asked)) => Some(narrow(allowed.unwrap_or(&T::default()), asked)),
    }
}

/// A switch: what the site says bounds it, and nothing else does.
fn within(site: Option<bool>, asked: Option<bool>) -> Option<bool> {
    match (site, asked) {
        (Some(site), Some(asked)) => Some(site && asked),
        (said, None) | (None, said) => said,
    }
}

fn smaller(allowed: Option<u32>, asked: Option<u32>) -> Option<u32> {
    match (allowed, asked) {
        (Some(allowed), Some(asked)) => Some(allowed.min(asked)),
        (bound, None) | (None, bound) => bound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn configuration(value: Value) -> ChatKitConfiguration {
        serde_json::from_value(value).unwrap()
    }

    fn narrowed(allowed: Value, asked: Value) -> Value {
        let allowed = configuration(allowed);
        Value::Object(allowed.resolve(&configuration(asked).narrowing(&allowed)).to_map())
    }

    #[test]
    fn a_browser_cannot_switch_uploads_on() {
        let asked = json!({"file_upload": {"enabled": true, "max_files": 3}});
        assert_eq!(narrowed(json!({}), asked.clone()), json!({"file_upload": {"max_files": 3}}));
        let off = json!({"file_upload": {"enabled": false}});
        let bounded = json!({"file_upload": {"enabled": false, "max_files": 3}});
        assert_eq!(narrowed(off, asked), bounded);
    }

    #[test]
    fn a_browser_cannot_raise_a_default() {
        let asked = json!({"file_upload": {"max_files": 1_000}});
        assert_eq!(narrowed(json!({}), asked.clone()), json!({"file_upload": {"max_files": 10}}));
        let more = json!({"file_upload": {"max_files": 20}});
        assert_eq!(narrowed(more.clone(), asked), more);
    }

    fn resolved(site: Value, asked: Value) -> Value {
        Value::Object(configuration(site).resolve(&configuration(asked)).to_map())
    }

    #[test]
    fn a_service_key_switches_on_what_the_site_leaves_open_and_nothing_that_it_forbids() {
        let asked = json!({"file_upload": {"enabled": true, "max_file_size": 100}});
        assert_eq!(resolved(json!({}), asked.clone()), asked);
        assert_eq!(
            resolved(json!({"file_upload": {"enabled": false}}), asked.clone()),
            json!({"file_upload": {"enabled": false, "max_file_size": 100}})
        );
        assert_eq!(
            resolved(json!({"file_upload": {"max_file_size": 5}, "history": {"enabled": false}}), asked),
            json!({"file_upload": {"enabled": true, "max_file_size": 5}, "history": {"enabled": false}})
        );
    }

    #[test]
    fn nothing_asked_and_nothing_said_is_what_openai_does_by_itself() {
        let written_out = json!({
            "automatic_thread_titling": {"enabled": true},
            "file_upload": {"enabled": false, "max_file_size": 512, "max_files": 10},
            "history": {"enabled": true},
        });
        assert_eq!(Value::Object(configuration(json!({})).with_defaults().to_map()), written_out);
    }

    #[test]
    fn of_two_bounds_the_smaller_holds() {
        let allowed =
            json!({"file_upload": {"enabled": true, "max_file_size": 10}, "history": {"recent_threads": 5}});
        let asked =
            json!({"file_upload": {"enabled": true, "max_file_size": 500}, "history": {"enabled": false}});
        let left = json!({
            "file_upload": {"enabled": true, "max_file_size": 10},
            "history": {"enabled": false, "recent_threads": 5}
        });
        assert_eq!(narrowed(allowed, asked), left);
    }

    #[test]
    fn nothing_asked_leaves_what_the_site_says() {
        let allowed = json!({"history": {"enabled": true}});
        assert_eq!(narrowed(allowed.clone(), json!({})), allowed);
        assert_eq!(narrowed(json!({}), json!({})), json!({}));
    }

    #[test]
    fn numbers_out_of_range_are_named() {
        let error = configuration(json!({"file_upload": {"max_file_size": 513}})).check().unwrap_err();
        assert_eq!(error.to_string(), "chatkit_configuration.file_upload.max_file_size must be 1 to 512");
    }
}
