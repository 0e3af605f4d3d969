//! Which agent answers for which workflow.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chatkitd_core::id::SiteName;
use chatkitd_core::ports::Transcriber;
use chatkitd_core::server::Agent;
use chatkitd_core::server::agents::{Agents, Echo, Script};
use chatkitd_core::workflows::{DEMO, ECHO};
use chatkitd_workflow::agent::{ModelAgent, ModelAgentSettings};

use crate::models::{HttpModel, HttpTranscriber, ModelClient, ModelServer, TranscriptionServer};
use crate::settings::{AgentSettings, NamedFile, ProviderSettings, Settings};

/// The guided tour.
const DEMO_SCRIPT: &str = include_str!("demo.yaml");

/// Agents that do not come from the settings.
pub(crate) type OwnAgents = Vec<(String, Arc<dyn Agent>)>;

/// An agent cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum AgentsError {
    /// A file that the settings name cannot be read.
    #[error("{}: the {what} {} of workflow {workflow:?} cannot be read", file.setting, file.path.display())]
    Read {
        /// What it holds.
        what: &'static str,
        /// The workflow.
        workflow: String,
        /// The file.
        file: Box<NamedFile>,
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
pub(crate) fn of(settings: &Settings, own: &OwnAgents, client: &ModelClient) -> Result<Agents, AgentsError> {
    let mut agents = Agents::default();
    agents.insert(ECHO, Arc::new(Echo::default()));
    agents.insert(DEMO, Arc::new(parse(DEMO, Path::new("demo.yaml"), DEMO_SCRIPT)?));
    let make = |site: Option<&SiteName>, id: &str, agent: &AgentSettings| -> Result<_, AgentsError> {
        Ok(match agent {
            AgentSettings::Echo { repeat, delay } => {
                Arc::new(Echo { repeat: *repeat, delay: *delay }) as Arc<dyn Agent>
            }
            AgentSettings::Script { file } => Arc::new(script(id, file)?),
            AgentSettings::Model { provider, settings: asked, instructions_file } => {
                let asked = with_instructions(id, asked, instructions_file.as_ref())?;
                let server = server(provider, site);
                Arc::new(ModelAgent::new(Arc::new(HttpModel::new(client.clone(), server)), asked))
            }
        })
    };
    for (id, agent) in &settings.agents {
        agents.insert(id, make(None, id, agent)?);
    }
    for site in &settings.sites {
        for (id, agent) in agents_of_site(settings, &site.name) {
            if !own.iter().any(|(own, _)| own == id) {
                agents.insert_on(site.name.clone(), id, make(Some(&site.name), id, agent)?);
            }
        }
    }
    for (id, agent) in own {
        agents.insert(id, Arc::clone(agent));
    }
    Ok(agents)
}

/// What answers on this site otherwise than everywhere: its own agents, and those for every site whose models it
/// asks with a key of its own.
fn agents_of_site<'a>(
    settings: &'a Settings,
    site: &'a SiteName,
) -> impl Iterator<Item = (&'a String, &'a AgentSettings)> {
    let with_own_key = settings.agents.iter().filter(move |(_, agent)| match agent {
        AgentSettings::Model { provider, .. } => provider.site_keys.contains_key(site),
        AgentSettings::Echo { .. } | AgentSettings::Script { .. } => false,
    });
    // The site's own come last: they replace those of the same id.
    with_own_key.chain(settings.site_agents.get(site).into_iter().flatten())
}

/// Who writes down what was said, if anybody.
pub(crate) fn transcriber(settings: &Settings, client: &ModelClient) -> Option<Arc<dyn Transcriber>> {
    let transcription = settings.transcription.as_ref()?;
    let ModelServer { base, key, .. } = server(&transcription.provider, None);
    let server = TranscriptionServer { base, key, model: transcription.model.clone() };
    Some(Arc::new(HttpTranscriber::new(client.clone(), server)))
}

fn server(provider: &ProviderSettings, site: Option<&SiteName>) -> ModelServer {
    ModelServer { base: provider.base.clone(), key: provider.key_of(site).cloned(), api: provider.api }
}

fn with_instructions(
    workflow: &str,
    settings: &ModelAgentSettings,
    file: Option<&NamedFile>,
) -> Result<ModelAgentSettings, AgentsError> {
    let mut settings = settings.clone();
    if let Some(file) = file {
        settings.instructions = read("instructions", workflow, file)?;
    }
    Ok(settings)
}

fn script(workflow: &str, file: &NamedFile) -> Result<Script, AgentsError> {
    parse(workflow, &file.path, &read("script", workflow, file)?)
}

fn read(what: &'static str, workflow: &str, file: &NamedFile) -> Result<String, AgentsError> {
    std::fs::read_to_string(&file.path).map_err(|source| AgentsError::Read {
        what,
        workflow: workflow.to_owned(),
        file: Box::new(file.clone()),
        source,
    })
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
    use super::*;
    use crate::settings::Source;

    fn refused(text: &str) -> String {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("support.yaml");
        std::fs::write(&path, text).unwrap();
        script("wf_support", &named(path)).unwrap_err().to_string()
    }

    fn named(path: PathBuf) -> NamedFile {
        let key = "workflows.wf_support.file".to_owned();
        NamedFile { path, setting: Source::File { path: "chatkitd.toml".into(), line: 3, key } }
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
        let missing = script("wf_support", &named("nowhere/support.yaml".into())).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "chatkitd.toml, line 3: workflows.wf_support.file: the script nowhere/support.yaml of workflow \
             \"wf_support\" cannot be read"
        );
    }
}
