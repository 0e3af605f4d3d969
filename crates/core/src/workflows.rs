//! What can answer: workflows by id, and where each of them runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::SiteName;

/// The built-in workflow that streams the visitor's words back.
pub const ECHO: &str = "wf_echo";
/// The built-in guided demonstration.
pub const DEMO: &str = "wf_demo";
/// The workflow that the settings of one model make (`CHATKITD_MODEL`).
pub const MODEL: &str = "wf_model";

/// The longest workflow id, in bytes. Ids are opaque; the bound keeps them storable.
pub const MAX_ID_BYTES: usize = 256;

/// Where a workflow runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// Here.
    Local,
    /// At `OpenAI`, while it lasts.
    Hosted,
}

/// What a front end may know of a workflow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowCard {
    /// A name for people. Default: the id.
    #[serde(default)]
    pub name: Option<String>,
    /// One or two sentences.
    #[serde(default)]
    pub description: Option<String>,
    /// Words such as `streaming`, `attachments`.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// The first line of an empty chat.
    #[serde(default)]
    pub greeting: Option<String>,
    /// What a visitor may click instead of typing.
    #[serde(default)]
    pub prompts: Vec<String>,
}

/// The workflows that this server knows by itself, and where it has a key for the hosted ones.
#[derive(Clone, Debug)]
pub struct Workflows {
    local: BTreeMap<String, WorkflowCard>,
    local_on: BTreeSet<(SiteName, String)>,
    described: BTreeMap<String, WorkflowCard>,
    hosted_key: bool,
    hosted_key_of: BTreeSet<SiteName>,
}

impl Workflows {
    /// The built-in workflows, the operator's descriptions of others, and whether an `OpenAI` key
    /// is set for all sites.
    pub fn new(described: BTreeMap<String, WorkflowCard>, hosted_key: bool) -> Self {
        let local = [(ECHO.to_owned(), echo_card()), (DEMO.to_owned(), demo_card())].into();
        Self { local, local_on: BTreeSet::new(), described, hosted_key, hosted_key_of: BTreeSet::new() }
    }

    /// The same, and these run here, too.
    #[must_use]
    pub fn with_local(mut self, ids: impl IntoIterator<Item = String>) -> Self {
        for id in ids {
            self.local.entry(id).or_default();
        }
        self
    }

    /// The same, and this one runs here on this site.
    #[must_use]
    pub fn with_local_on(mut self, site: SiteName, id: String) -> Self {
        self.local_on.insert((site, id));
        self
    }

    /// The same, and this site has an `OpenAI` key of its own.
    #[must_use]
    pub fn with_hosted_key_of(mut self, site: SiteName) -> Self {
        self.hosted_key_of.insert(site);
        self
    }

    /// Where `id` runs on the site: local when defined here, else hosted when a key is set, else nowhere
    /// (design 4.1).
    pub fn placement(&self, site: &SiteName, id: &str) -> Option<Placement> {
        if self.local.contains_key(id) || self.local_on.contains(&(site.clone(), id.to_owned())) {
            Some(Placement::Local)
        } else {
            (self.hosted_key || self.hosted_key_of.contains(site)).then_some(Placement::Hosted)
        }
    }

    /// What a front end may know of `id`; an empty card when nothing is known.
    pub fn card(&self, id: &str) -> WorkflowCard {
        self.described.get(id).or_else(|| self.local.get(id)).cloned().unwrap_or_default()
    }
}

fn echo_card() -> WorkflowCard {
    WorkflowCard {
        name: Some("Echo".to_owned()),
        description: Some("Says your own words back to you.".to_owned()),
        capabilities: vec!["streaming".to_owned()],
        ..WorkflowCard::default()
    }
}

fn demo_card() -> WorkflowCard {
    WorkflowCard {
        name: Some("Demo".to_owned()),
        description: Some("A guided tour of what the chat can do.".to_owned()),
        capabilities: vec!["streaming".to_owned()],
        greeting: Some("What would you like to see?".to_owned()),
        ..WorkflowCard::default()
    }
}
