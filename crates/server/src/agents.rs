//! Which agent answers for which workflow.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chatkitd_core::server::Agent;
use chatkitd_core::server::agents::{Echo, Script};
use chatkitd_core::workflows::{DEMO, ECHO};

use crate::settings::{AgentSettings, Settings};

/// The guided tour.
const DEMO_SCRIPT: &str = include_str!("demo.yaml");

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
    #[error("the script {} of workflow {workflow:?} is not valid: {reason}", path.display())]
    Script {
        /// The workflow.
        workflow: String,
        /// The file.
        path: PathBuf,
        /// Where and why; not a source, since it is part of the words.
        reason: Box<serde_saphyr::Error>,
    },
}

/// The built-in ones, over them those of the settings, and over both the program's own.
pub(crate) fn of(settings: &Settings, own: Agents) -> Result<Agents, AgentsError> {
    let mut agents = Agents::new();
    agents.insert(ECHO.to_owned(), Arc::new(Echo::default()));
    agents.insert(DEMO.to_owned(), Arc::new(parse(DEMO, Path::new("demo.yaml"), DEMO_SCRIPT)?));
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
    let text = std::fs::read_to_string(path).map_err(|source| AgentsError::Read {
        workflow: workflow.to_owned(),
        path: path.to_owned(),
        source,
    })?;
    parse(workflow, path, &text)
}

fn parse(workflow: &str, path: &Path, text: &str) -> Result<Script, AgentsError> {
    // YAML 1.2, in which `no` is a text.
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|reason| AgentsError::Script {
        workflow: workflow.to_owned(),
        path: path.to_owned(),
        reason: Box::new(reason),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn refused(text: &str) -> String {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("support.yaml");
        std::fs::write(&path, text).unwrap();
        script("wf_support", &path).unwrap_err().to_string()
    }

    #[test]
    fn a_broken_script_is_refused_with_file_line_and_reason() {
        for (text, line, reason) in [
            ("turns:\n  - - say: Hello\n    - shout: Hello\n", 3, "there is no step `shout`"),
            ("turns:\n  - Hello\n  - 5\n", 3, "a text or a list of steps"),
            ("otherwise: Hello\nturnz: []\n", 2, "unknown field `turnz`"),
            ("turns:\n  - - say: [1\n", 2, "unclosed bracket"),
            ("turns:\n  - - say: a\n      say: b\n", 3, "duplicate mapping key"),
            ("messages:\n  a: Hello\n  b: [{pause: soon}]\n", 3, "`soon` is not a time"),
            ("allow_cancel: no\n", 1, "bool"),
        ] {
            let message = refused(text);
            assert!(message.contains("support.yaml of workflow \"wf_support\""), "{message}");
            assert!(message.contains(&format!("line {line} ")), "{message}");
            assert!(message.contains(reason), "{message}");
        }
    }

    #[test]
    fn the_guided_tour_is_a_script() {
        parse(DEMO, Path::new("demo.yaml"), DEMO_SCRIPT).unwrap();
    }

    #[test]
    fn a_script_that_is_not_there_is_refused_by_name() {
        let missing = script("wf_a", Path::new("nowhere/support.yaml")).unwrap_err();
        assert!(missing.to_string().contains("nowhere/support.yaml"), "{missing}");
    }
}
