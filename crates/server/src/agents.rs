//! Which agent answers for which workflow.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chatkitd_core::ports::Clock;
use chatkitd_core::server::{Agent, EchoAgent};
use chatkitd_core::workflows::{DEMO, ECHO};

use crate::settings::{AgentSettings, Settings};

/// Agents by workflow.
pub(crate) type Agents = BTreeMap<String, Arc<dyn Agent>>;

/// An agent cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum AgentsError {}

/// The built-in ones, over them those of the settings, and over both the program's own.
pub(crate) fn of(settings: &Settings, own: Agents, clock: &Arc<dyn Clock>) -> Result<Agents, AgentsError> {
    let echo = |repeat, delay| Arc::new(EchoAgent::new(repeat, delay, clock.clone())) as Arc<dyn Agent>;
    let mut agents = Agents::new();
    agents.insert(ECHO.to_owned(), echo(1, Duration::ZERO));
    agents.insert(DEMO.to_owned(), echo(1, Duration::ZERO));
    for (id, agent) in &settings.agents {
        let agent = match agent {
            AgentSettings::Echo { repeat, delay } => echo(*repeat, *delay),
            AgentSettings::Script { file: _ } => echo(1, Duration::ZERO),
        };
        agents.insert(id.clone(), agent);
    }
    agents.extend(own);
    Ok(agents)
}
