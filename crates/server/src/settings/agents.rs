//! Which agent a table of the file asks for, and with what.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chatkitd_core::models::HostedTool;
use chatkitd_core::workflows::WorkflowCard;
use chatkitd_workflow::agent::ModelAgentSettings;
use jiff::SignedDuration;

use super::providers::{ProviderSettings, Providers};
use super::reader::Reader;
use super::workflows::{AgentKind, FileModels, FileWorkflow};
use super::{SettingsError, Source};

/// The most that `repeat` may be, and the longest `delay`.
const MAX_REPEAT: u32 = 10_000;
const MAX_DELAY: Duration = Duration::from_secs(60);

/// What answers for a workflow.
#[derive(Clone, Debug)]
pub enum AgentSettings {
    /// The visitor's own words, one delta a word.
    Echo {
        /// How often they are said. Default 1.
        repeat: u32,
        /// How long before each word. Default none.
        delay: Duration,
    },
    /// A file of turns.
    Script {
        /// The script.
        file: NamedFile,
    },
    /// A language model.
    Model {
        /// Where it is.
        provider: Arc<ProviderSettings>,
        /// What it is asked, and how.
        settings: Box<ModelAgentSettings>,
        /// A file that has the instructions.
        instructions_file: Option<NamedFile>,
    },
}

/// A file that the settings name.
#[derive(Clone, Debug)]
pub struct NamedFile {
    /// Where it is; what the settings say is relative to theirs.
    pub path: PathBuf,
    /// Where they name it.
    pub setting: Source,
}

/// A table of the file that says which agent answers.
pub(super) struct Table<'a, 'r> {
    pub(super) reader: &'a Reader<'r>,
    pub(super) providers: &'a Providers,
    /// Where it stands, such as `workflows.wf_support`.
    pub(super) key: String,
}

impl Table<'_, '_> {
    pub(super) fn agent_of_site(
        &self,
        id: &str,
        workflow: FileWorkflow,
    ) -> Result<AgentSettings, SettingsError> {
        let agent = self.agent(&workflow)?;
        let agent =
            agent.ok_or_else(|| self.error("agent", "it needs agent: \"model\", \"script\" or \"echo\""))?;
        if workflow.into_card() == WorkflowCard::default() {
            return Ok(agent);
        }
        let words = "name, description, capabilities, greeting and prompts";
        Err(self.error("", format!("{words} are the same on all sites; set them in [workflows.{id}]")))
    }

    pub(super) fn agent(&self, workflow: &FileWorkflow) -> Result<Option<AgentSettings>, SettingsError> {
        for (key, kind) in workflow.set_for() {
            if workflow.agent != Some(kind) {
                return Err(self.error(key, format!("{key} needs agent = \"{}\"", kind.word())));
            }
        }
        let Some(kind) = workflow.agent else { return Ok(None) };
        Ok(Some(match kind {
            AgentKind::Echo => {
                AgentSettings::Echo { repeat: self.repeat(workflow)?, delay: self.delay(workflow)? }
            }
            AgentKind::Script => match &workflow.file {
                Some(file) => AgentSettings::Script { file: self.named("file", file) },
                None => {
                    let reason = "agent = \"script\" needs file, the path of its script";
                    return Err(self.error("agent", reason));
                }
            },
            AgentKind::Model => self.model(workflow)?,
        }))
    }

    fn model(&self, workflow: &FileWorkflow) -> Result<AgentSettings, SettingsError> {
        let Some(model) = workflow.model.as_ref().filter(|model| !model.is_empty()) else {
            return Err(self.error("agent", "agent = \"model\" needs model, the model's name"));
        };
        if workflow.instructions.is_some() && workflow.instructions_file.is_some() {
            return Err(
                self.error("instructions_file", "there are instructions already; keep one of the two")
            );
        }
        let provider = self.providers.choose(workflow.provider.as_deref());
        let provider = provider.map_err(|reason| {
            self.error(if workflow.provider.is_some() { "provider" } else { "model" }, reason)
        })?;
        let defaults = ModelAgentSettings::new(model);
        let settings = ModelAgentSettings {
            models: choices(workflow.models.as_ref()),
            instructions: workflow.instructions.clone().unwrap_or_default(),
            tools: self.tools(workflow)?,
            reasoning_effort: workflow.reasoning_effort.clone(),
            max_output_tokens: self.positive("max_output_tokens", workflow.max_output_tokens)?,
            temperature: self.temperature(workflow)?,
            history_tokens: self
                .positive("history_tokens", workflow.history_tokens)?
                .unwrap_or(defaults.history_tokens),
            title_model: workflow.title_model.clone(),
            show_reasoning: workflow.show_reasoning.unwrap_or(defaults.show_reasoning),
            ..defaults
        };
        let instructions_file =
            workflow.instructions_file.as_ref().map(|file| self.named("instructions_file", file));
        Ok(AgentSettings::Model { provider, settings: Box::new(settings), instructions_file })
    }

    fn named(&self, field: &str, file: &Path) -> NamedFile {
        let setting = self.reader.key(&format!("{}.{field}", self.key));
        NamedFile { path: self.reader.folder().join(file), setting }
    }

    fn tools(&self, workflow: &FileWorkflow) -> Result<Vec<HostedTool>, SettingsError> {
        let tools = workflow.tools.iter().flatten().cloned().map(HostedTool);
        tools
            .map(|tool| match tool.kind() {
                "" => Err("a tool needs a type, such as { type = \"web_search\" }"),
                // Nothing here would run it.
                "function" | "custom" => Err("only tools that run at the provider can be used"),
                _ => Ok(tool),
            })
            .collect::<Result<_, _>>()
            .map_err(|reason| self.error("tools", reason))
    }

    fn temperature(&self, workflow: &FileWorkflow) -> Result<Option<f64>, SettingsError> {
        match workflow.temperature {
            Some(temperature) if !(0.0..=2.0).contains(&temperature) => {
                Err(self.error("temperature", "temperature is a number from 0 to 2"))
            }
            temperature => Ok(temperature),
        }
    }

    fn positive(&self, key: &str, tokens: Option<u32>) -> Result<Option<u32>, SettingsError> {
        match tokens {
            Some(0) => Err(self.error(key, format!("{key} is a number of tokens, at least 1"))),
            tokens => Ok(tokens),
        }
    }

    fn repeat(&self, workflow: &FileWorkflow) -> Result<u32, SettingsError> {
        let repeat = workflow.repeat.unwrap_or(1);
        if !(1..=MAX_REPEAT).contains(&repeat) {
            return Err(self.error("repeat", format!("repeat is a number from 1 to {MAX_REPEAT}")));
        }
        Ok(repeat)
    }

    fn delay(&self, workflow: &FileWorkflow) -> Result<Duration, SettingsError> {
        let Some(delay) = &workflow.delay else { return Ok(Duration::ZERO) };
        let parsed = delay.parse::<SignedDuration>().ok();
        let parsed = parsed.and_then(|delay| Duration::try_from(delay).ok());
        let valid = parsed.filter(|delay| *delay <= MAX_DELAY);
        valid.ok_or_else(|| self.error("delay", "delay is a time from 0s to 60s, such as \"20ms\""))
    }

    fn error(&self, field: &str, reason: impl Into<String>) -> SettingsError {
        let key = if field.is_empty() { self.key.clone() } else { format!("{}.{field}", self.key) };
        // The one workflow that the environment can set, too.
        let name = match key.as_str() {
            "workflows.wf_model.model" | "workflows.wf_model.agent" => "CHATKITD_MODEL",
            "workflows.wf_model.instructions" => "CHATKITD_INSTRUCTIONS",
            _ => "",
        };
        SettingsError::Refused { setting: self.reader.setting(name, &key), reason: reason.into() }
    }
}

fn choices(models: Option<&FileModels>) -> BTreeMap<String, String> {
    match models {
        None => BTreeMap::new(),
        Some(FileModels::Names(names)) => names.iter().map(|name| (name.clone(), name.clone())).collect(),
        Some(FileModels::ById(by_id)) => by_id.clone(),
    }
}
