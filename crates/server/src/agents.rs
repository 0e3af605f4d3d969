//! Which agent answers for which workflow.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chatkitd_core::server::Agent;
use chatkitd_core::server::agents::{Echo, Script};
use chatkitd_core::workflows::{DEMO, ECHO};

use crate::settings::{AgentSettings, Settings};

/// Agents by workflow.
pub(crate) type Agents = BTreeMap<String, Arc<dyn Agent>>;

/// An agent cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum AgentsError {
    /// The file of a script cannot be read.
    #[error("the script {} of workflow {workflow:?} cannot be read", path.display())]
    Read {
        /// The workflow.
        workflow: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file of a script is no script. The words name the line and show it.
    #[error("the script {} of workflow {workflow:?} is not valid: {source}", path.display())]
    Script {
        /// The workflow.
        workflow: String,
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: Box<serde_saphyr::Error>,
    },
}

/// The built-in ones, over them those of the settings, and over both the program's own.
pub(crate) fn of(settings: &Settings, own: Agents) -> Result<Agents, AgentsError> {
    let mut agents = Agents::new();
    agents.insert(ECHO.to_owned(), Arc::new(Echo::default()));
    agents.insert(DEMO.to_owned(), Arc::new(Echo::default()));
    for (id, agent) in &settings.agents {
        let agent: Arc<dyn Agent> = match agent {
            AgentSettings::Echo { repeat, delay } => Arc::new(Echo { repeat: *repeat, delay: *delay }),
            AgentSettings::Script { file } => Arc::new(script(id, file)?),
        };
        agents.insert(id.clone(), agent);
    }
    agents.extend(own);
    Ok(agents)
}

fn script(workflow: &str, path: &Path) -> Result<Script, AgentsError> {
    let (workflow, path) = (|| workflow.to_owned(), || path.to_owned());
    let text = std::fs::read_to_string(path()).map_err(|source| AgentsError::Read {
        workflow: workflow(),
        path: path(),
        source,
    })?;
    // YAML 1.2, in which `no` is a text.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(&text, options).map_err(|source| AgentsError::Script {
        workflow: workflow(),
        path: path(),
        source: Box::new(source),
    })
}
