//! Which agent answers for which workflow.

use std::collections::BTreeMap;
use std::sync::Arc;

use chatkitd_core::server::Agent;
use chatkitd_core::server::agents::Echo;
use chatkitd_core::workflows::{DEMO, ECHO};

use crate::settings::{AgentSettings, Settings};

/// Agents by workflow.
pub(crate) type Agents = BTreeMap<String, Arc<dyn Agent>>;

/// An agent cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum AgentsError {}

/// The built-in ones, over them those of the settings, and over both the program's own.
pub(crate) fn of(settings: &Settings, own: Agents) -> Result<Agents, AgentsError> {
    let mut agents = Agents::new();
    agents.insert(ECHO.to_owned(), Arc::new(Echo::default()));
    agents.insert(DEMO.to_owned(), Arc::new(Echo::default()));
    for (id, agent) in &settings.agents {
        let agent: Arc<dyn Agent> = match agent {
            AgentSettings::Echo { repeat, delay } => Arc::new(Echo { repeat: *repeat, delay: *delay }),
            AgentSettings::Script { file: _ } => Arc::new(Echo::default()),
        };
        agents.insert(id.clone(), agent);
    }
    agents.extend(own);
    Ok(agents)
}
