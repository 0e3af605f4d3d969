//! `OpenAI`'s keys, which addresses they are for, and the hosted upstream.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use chatkitd_core::id::SiteName;
use secrecy::SecretString;
use url::{Origin, Url};

use super::file::FileSettings;
use super::reader::{Reader, without_password};
use super::{SettingsError, sites};

/// Where `OpenAI` is when nothing else is said.
pub(super) const OPENAI: &str = "https://api.openai.com/v1";

/// The keys, and what they may be sent to.
#[derive(Clone, Debug)]
pub(super) struct OpenAiKeys {
    /// `OPENAI_API_KEY`.
    pub(super) key: Option<SecretString>,
    /// The sites' own.
    pub(super) sites: BTreeMap<SiteName, SecretString>,
    /// `OPENAI_BASE_URL`, else `OpenAI`: the address that whoever set a key had in mind.
    pub(super) base: Url,
    /// Whether `OPENAI_BASE_URL` is set.
    pub(super) is_elsewhere: bool,
}

impl OpenAiKeys {
    pub(super) fn read(reader: &mut Reader<'_>, file: &mut FileSettings) -> Result<Self, SettingsError> {
        let key = reader.service_key("OPENAI_API_KEY", "openai_api_key", file.openai_api_key.take())?;
        let base = reader.url("OPENAI_BASE_URL", "", None, OPENAI)?;
        let is_elsewhere = base.is_some();
        let base = base.map_or_else(|| default_base(reader), Ok)?;
        let mut of_sites = BTreeMap::new();
        for (name, site) in &mut file.sites {
            let place = format!("sites.{name}.openai_api_key");
            if let Some(key) = reader.service_key("", &place, site.openai_api_key.take())? {
                of_sites.insert(sites::site_name(reader, name)?, key);
            }
        }
        Ok(Self { key, sites: of_sites, base, is_elsewhere })
    }

    pub(super) fn any(&self) -> bool {
        self.key.is_some() || !self.sites.is_empty()
    }

    /// Whether the keys may be sent there: to no other scheme, host and port than those they were set for.
    pub(super) fn are_for(&self, url: &Url) -> bool {
        let origin: Origin = self.base.origin();
        origin == url.origin()
    }
}

fn default_base(reader: &Reader<'_>) -> Result<Url, SettingsError> {
    Url::parse(OPENAI).map_err(|_| reader.invalid("OPENAI_BASE_URL", "", OPENAI, "an address"))
}

/// The hosted upstream.
#[derive(Clone, Debug)]
pub struct OpenAi {
    /// `OPENAI_API_KEY`; `None` where only sites have keys.
    pub key: Option<SecretString>,
    /// The keys of sites that have their own, which count more.
    pub site_keys: BTreeMap<SiteName, SecretString>,
    /// `CHATKIT_API_BASE`, else `OPENAI_BASE_URL`, else `OpenAI`; ends in `/v1`.
    pub base: Url,
    /// How many requests are under way at once. Default 64.
    pub concurrency: usize,
}

impl OpenAi {
    /// The key that opens sessions of this site.
    pub fn key_of(&self, site: &SiteName) -> Option<&SecretString> {
        self.site_keys.get(site).or(self.key.as_ref())
    }

    /// The address, without a user and password that it may carry.
    pub fn shown_base(&self) -> String {
        without_password(self.base.as_str())
    }
}

/// `None` without any key.
pub(super) fn read_hosted(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
    keys: &OpenAiKeys,
) -> Result<Option<OpenAi>, SettingsError> {
    let base = reader.url("CHATKIT_API_BASE", "api_base", file.api_base.take(), OPENAI)?;
    let concurrency = reader
        .parsed::<NonZeroUsize>(
            "CHATKITD_UPSTREAM_CONCURRENCY",
            "upstream_concurrency",
            file.upstream_concurrency.map(|n| n.to_string()),
            "a number of requests, at least 1",
        )?
        .map_or(64, NonZeroUsize::get);
    let openai = OpenAi {
        key: keys.key.clone(),
        site_keys: keys.sites.clone(),
        base: base.unwrap_or_else(|| keys.base.clone()),
        concurrency,
    };
    Ok(keys.any().then_some(openai))
}

/// Whether other calls of `OpenAI`'s API are forwarded. Default: no.
pub(super) fn read_passthrough(reader: &mut Reader<'_>, file: &FileSettings) -> Result<bool, SettingsError> {
    let in_file = file.passthrough.map(|on| on.to_string());
    Ok(reader.choice("CHATKITD_PASSTHROUGH", "passthrough", in_file)?.unwrap_or(false))
}
