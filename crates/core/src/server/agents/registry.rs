//! Which agent answers for which workflow.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::id::SiteName;
use crate::server::Agent;

/// Agents by workflow: some for every site, some for one, where the same id may have another agent.
#[derive(Clone, Default)]
pub struct Agents {
    everywhere: BTreeMap<String, Arc<dyn Agent>>,
    on_sites: BTreeMap<SiteName, BTreeMap<String, Arc<dyn Agent>>>,
}

impl Agents {
    /// Lets `agent` answer for the workflow on every site that has none of its own for it.
    pub fn insert(&mut self, workflow: impl Into<String>, agent: Arc<dyn Agent>) {
        self.everywhere.insert(workflow.into(), agent);
    }

    /// Lets `agent` answer for the workflow on this site only.
    pub fn insert_on(&mut self, site: SiteName, workflow: impl Into<String>, agent: Arc<dyn Agent>) {
        self.on_sites.entry(site).or_default().insert(workflow.into(), agent);
    }

    /// Who answers for the workflow on the site: its own agent, else the one for every site.
    pub fn find(&self, site: &SiteName, workflow: &str) -> Option<&Arc<dyn Agent>> {
        let own = self.on_sites.get(site).and_then(|agents| agents.get(workflow));
        own.or_else(|| self.everywhere.get(workflow))
    }

    /// The workflows that are answered on every site.
    pub fn everywhere(&self) -> impl Iterator<Item = &str> {
        self.everywhere.keys().map(String::as_str)
    }

    /// The workflows that a site has agents of its own for.
    pub fn on_sites(&self) -> impl Iterator<Item = (&SiteName, &str)> {
        self.on_sites.iter().flat_map(|(site, agents)| agents.keys().map(move |id| (site, id.as_str())))
    }
}

impl<Id: Into<String>> FromIterator<(Id, Arc<dyn Agent>)> for Agents {
    fn from_iter<T: IntoIterator<Item = (Id, Arc<dyn Agent>)>>(agents: T) -> Self {
        let everywhere = agents.into_iter().map(|(id, agent)| (id.into(), agent)).collect();
        Self { everywhere, on_sites: BTreeMap::new() }
    }
}
