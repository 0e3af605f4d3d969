//! `[providers.<name>]` and `[transcription]`: where models are.

use std::collections::BTreeMap;
use std::sync::Arc;

use chatkitd_core::id::SiteName;
use chatkitd_workflow::providers::Api;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::SettingsError;
use super::choices::Choice;
use super::file::FileSettings;
use super::openai::OpenAiKeys;
use super::reader::{Reader, without_password};

/// The provider that the environment speaks of.
const OPENAI: &str = "openai";

impl Choice for Api {
    const WORDS: &'static [(&'static str, Self)] =
        &[("responses", Self::Responses), ("chat_completions", Self::ChatCompletions)];
}

/// `[providers.<name>]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileProvider {
    api: Option<String>,
    base_url: Option<String>,
    api_key: Option<SecretString>,
}

/// `[transcription]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileTranscription {
    provider: Option<String>,
    model: Option<String>,
}

/// A model server.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// Its name in the file; `openai` for that of the environment.
    pub name: String,
    /// What it speaks.
    pub api: Api,
    /// Its address without the API's path; for most servers it ends in `/v1`.
    pub base: Url,
    /// Its own key, else `OPENAI_API_KEY` where that is for this address.
    pub key: Option<SecretString>,
    /// The keys of sites that have their own for this address.
    pub site_keys: BTreeMap<SiteName, SecretString>,
}

impl ProviderSettings {
    /// The key with which it answers on a site; `None` on the site: for every site.
    pub fn key_of(&self, site: Option<&SiteName>) -> Option<&SecretString> {
        site.and_then(|site| self.site_keys.get(site)).or(self.key.as_ref())
    }

    /// The address, without a user and password that it may carry.
    pub fn shown_base(&self) -> String {
        without_password(self.base.as_str())
    }
}

/// Who writes down what was said.
#[derive(Clone, Debug)]
pub struct TranscriptionSettings {
    /// Where.
    pub provider: Arc<ProviderSettings>,
    /// The model's name as the provider knows it.
    pub model: String,
}

/// The model servers by name, and the one that answers where none is named.
#[derive(Clone, Debug, Default)]
pub struct Providers {
    /// All of them.
    pub by_name: BTreeMap<String, Arc<ProviderSettings>>,
    /// `None` where there is none, or several of which none is the obvious one.
    pub default: Option<Arc<ProviderSettings>>,
}

impl Providers {
    /// The provider of this name; `None`: the default one. The error says what to set.
    pub(super) fn choose(&self, name: Option<&str>) -> Result<Arc<ProviderSettings>, String> {
        let known = || self.by_name.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        match name {
            Some(OPENAI) if !self.by_name.contains_key(OPENAI) => {
                Err("there is no provider \"openai\"; set OPENAI_API_KEY".to_owned())
            }
            Some(name) => {
                let named = self.by_name.get(name).cloned();
                named.ok_or_else(|| format!("there is no provider {name:?}; add [providers.{name}]"))
            }
            None if self.by_name.is_empty() => Err("a model needs OPENAI_API_KEY, or a server of your own: \
                                                    CHATKITD_MODEL_BASE_URL or [providers.<name>]"
                .to_owned()),
            None => {
                self.default.clone().ok_or_else(|| format!("it needs provider, which is one of: {}", known()))
            }
        }
    }
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
    keys: &OpenAiKeys,
) -> Result<Providers, SettingsError> {
    let mut in_file = std::mem::take(&mut file.providers);
    let named: Vec<String> = in_file.keys().cloned().collect();
    let elsewhere = reader.in_environment("CHATKITD_MODEL_BASE_URL").is_some();
    if elsewhere || keys.any() || keys.is_elsewhere {
        in_file.entry(OPENAI.to_owned()).or_default();
    }
    let mut by_name = BTreeMap::new();
    for (name, provider) in in_file {
        by_name.insert(name.clone(), Arc::new(read_one(reader, &name, provider, keys)?));
    }
    // A key for hosted workflows must not turn the answers of somebody's own server over to OpenAI.
    let default = match named.as_slice() {
        [only] if !elsewhere => by_name.get(only),
        _ => by_name.get(OPENAI),
    };
    let default = default.cloned();
    Ok(Providers { by_name, default })
}

fn read_one(
    reader: &mut Reader<'_>,
    name: &str,
    provider: FileProvider,
    keys: &OpenAiKeys,
) -> Result<ProviderSettings, SettingsError> {
    let key = |field: &str| format!("providers.{name}.{field}");
    let variable = |variable: &'static str| if name == OPENAI { variable } else { "" };
    let base = reader.url(
        variable("CHATKITD_MODEL_BASE_URL"),
        &key("base_url"),
        provider.base_url,
        super::openai::OPENAI,
    )?;
    let base = match base {
        Some(base) => base,
        None if name == OPENAI => keys.base.clone(),
        None => {
            let reason = "a provider needs base_url, such as \"http://127.0.0.1:11434/v1\"".to_owned();
            return Err(SettingsError::Refused { setting: reader.key(&format!("providers.{name}")), reason });
        }
    };
    let own = reader.service_key(variable("CHATKITD_MODEL_API_KEY"), &key("api_key"), provider.api_key)?;
    let api = reader.choice(variable("CHATKITD_MODEL_API"), &key("api"), provider.api)?;
    let is_openai = base.host_str() == Some("api.openai.com");
    let for_openai = keys.are_for(&base);
    Ok(ProviderSettings {
        name: name.to_owned(),
        api: api.unwrap_or(if is_openai { Api::Responses } else { Api::ChatCompletions }),
        key: own.or_else(|| keys.key.clone().filter(|_| for_openai)),
        site_keys: if for_openai { keys.sites.clone() } else { BTreeMap::new() },
        base,
    })
}

pub(super) fn read_transcription(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
    providers: &Providers,
) -> Result<Option<TranscriptionSettings>, SettingsError> {
    const MODEL: (&str, &str) = ("CHATKITD_TRANSCRIPTION_MODEL", "transcription.model");
    let FileTranscription { provider, model } = std::mem::take(&mut file.transcription);
    let model = reader.text(MODEL.0, MODEL.1, model);
    let provider = reader.text("", "transcription.provider", provider);
    let refuse = |setting, reason| SettingsError::Refused { setting, reason };
    match (model, provider) {
        (None, None) => Ok(None),
        (None, Some(_)) => {
            let reason = "it needs transcription.model, such as \"gpt-4o-mini-transcribe\"".to_owned();
            Err(refuse(reader.key("transcription.provider"), reason))
        }
        (Some(model), provider) => {
            let setting = match &provider {
                Some(_) => reader.key("transcription.provider"),
                None => reader.setting(MODEL.0, MODEL.1),
            };
            let provider = providers.choose(provider.as_deref()).map_err(|reason| refuse(setting, reason))?;
            Ok(Some(TranscriptionSettings { provider, model }))
        }
    }
}
