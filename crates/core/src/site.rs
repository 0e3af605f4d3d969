//! Sites: named front ends, with their origins, sign-in, limits and workflows.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::attachments::AllowedTypes;
use crate::id::SiteName;
use crate::limits::SiteLimits;

mod configuration;
mod origin;
mod setting;

pub use configuration::{
    ChatKitConfiguration, ConfigurationError, FileUpload, History, MAX_FILE_SIZE, MAX_FILES, MEGABYTE,
    Titling,
};
pub use origin::{Origin, OriginPattern, OriginPatternError};
pub use setting::SiteSetting;

/// How long sessions and secrets last on a site (design 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// A session of an anonymous user. Default one hour.
    pub anonymous_session: Duration,
    /// A session of a signed-in user. Default 24 hours.
    pub session: Duration,
    /// A client secret. Default one hour; a hosted one lasts at most 600 seconds, as `OpenAI` says.
    pub secret: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            anonymous_session: Duration::from_secs(3600),
            session: Duration::from_secs(24 * 3600),
            secret: Duration::from_secs(3600),
        }
    }
}

/// A named front end.
#[derive(Clone, Debug)]
pub struct Site {
    /// Its name; `default` when nothing is configured.
    pub name: SiteName,
    /// The origins whose pages may call. Empty: any, without credentials (design 4.5).
    pub origins: Vec<OriginPattern>,
    /// The workflows a browser may ask for; the first is the default.
    pub workflows: Vec<String>,
    /// Whether visitors may chat without signing in.
    pub anonymous: bool,
    /// How long sessions and secrets last.
    pub lifetimes: Lifetimes,
    /// How often somebody may do something.
    pub limits: SiteLimits,
    /// How often a minute a client secret may be used, as `OpenAI`'s `rate_limits` says it. Default: what
    /// the upstream does by itself (10).
    pub max_requests_per_1_minute: Option<NonZeroU32>,
    /// The most that a session's `chatkit_configuration` may allow (uploads off by default).
    pub configuration: ChatKitConfiguration,
    /// Which files are taken where uploads are allowed. Default: all types that can be told by their content.
    pub file_types: AllowedTypes,
}

impl Site {
    /// A site as it is when nothing is configured for it.
    pub fn new(name: SiteName) -> Self {
        Self {
            name,
            origins: Vec::new(),
            workflows: Vec::new(),
            anonymous: true,
            lifetimes: Lifetimes::default(),
            limits: SiteLimits::default(),
            max_requests_per_1_minute: None,
            configuration: ChatKitConfiguration::default(),
            file_types: AllowedTypes::default(),
        }
    }

    /// Whether the site says which pages may call it.
    pub fn lists_origins(&self) -> bool {
        !self.origins.is_empty()
    }

    /// Whether a page of this origin may call.
    pub fn allows(&self, origin: &Origin) -> bool {
        self.origins.is_empty() || self.origins.iter().any(|pattern| pattern.matches(origin))
    }
}

/// All sites of a server. There is always one named `default`.
#[derive(Clone, Debug)]
pub struct Sites {
    by_name: BTreeMap<SiteName, Arc<Site>>,
    default: Arc<Site>,
}

impl Sites {
    /// These sites, and an unconfigured `default` when none of them has that name.
    pub fn new(sites: impl IntoIterator<Item = Site>) -> Self {
        let mut by_name: BTreeMap<_, _> =
            sites.into_iter().map(|site| (site.name.clone(), Arc::new(site))).collect();
        let name = SiteName::default_site();
        let default = Arc::clone(by_name.entry(name.clone()).or_insert_with(|| Arc::new(Site::new(name))));
        Self { by_name, default }
    }

    /// The site that serves whoever names none.
    pub fn default_site(&self) -> &Arc<Site> {
        &self.default
    }

    /// The site of this name.
    pub fn get(&self, name: &SiteName) -> Option<&Arc<Site>> {
        self.by_name.get(name)
    }

    /// The site that alone lists this origin (design 4.5).
    pub fn only_site_of(&self, origin: &Origin) -> Option<&Arc<Site>> {
        let mut listing = self.by_name.values().filter(|site| site.lists_origins() && site.allows(origin));
        match (listing.next(), listing.next()) {
            (Some(site), None) => Some(site),
            _ => None,
        }
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Site>> {
        self.by_name.values()
    }
}
