//! `[workflows.<id>]`: what front ends may know of a workflow, and which agent answers for it; and
//! `[sites.<name>.agents.<id>]`: which agent answers for it on one site.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chatkitd_core::id::SiteName;
use chatkitd_core::workflows::{MAX_ID_BYTES, MODEL, WorkflowCard};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::agents::{AgentSettings, Table};
use super::file::FileSettings;
use super::providers::Providers;
use super::reader::Reader;
use super::{SettingsError, Source, sites};

/// One table. What belongs to one agent only is refused for another one.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileWorkflow {
    pub(super) name: Option<String>,
    pub(super) description: Option<String>,
    pub(super) capabilities: Vec<String>,
    pub(super) greeting: Option<String>,
    pub(super) prompts: Vec<String>,
    pub(super) agent: Option<AgentKind>,
    pub(super) repeat: Option<u32>,
    pub(super) delay: Option<String>,
    pub(super) file: Option<PathBuf>,
    pub(super) provider: Option<String>,
    pub(super) model: Option<String>,
    pub(super) models: Option<FileModels>,
    pub(super) instructions: Option<String>,
    pub(super) instructions_file: Option<PathBuf>,
    pub(super) tools: Option<Vec<Map<String, Value>>>,
    pub(super) reasoning_effort: Option<String>,
    pub(super) max_output_tokens: Option<u32>,
    pub(super) temperature: Option<f64>,
    pub(super) history_tokens: Option<u32>,
    pub(super) title_model: Option<String>,
    pub(super) show_reasoning: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AgentKind {
    Echo,
    Script,
    Model,
}

impl AgentKind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Script => "script",
            Self::Model => "model",
        }
    }
}

/// What a composer may choose: names of models, or ids of the composer's own with the models they mean.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "models is a list of models, or a table of ids and their models")]
pub(super) enum FileModels {
    Names(Vec<String>),
    ById(BTreeMap<String, String>),
}

/// The cards and agents of workflows, by id.
#[derive(Debug, Default)]
pub(super) struct WorkflowSettings {
    pub(super) cards: BTreeMap<String, WorkflowCard>,
    pub(super) agents: BTreeMap<String, AgentSettings>,
    pub(super) site_agents: BTreeMap<SiteName, BTreeMap<String, AgentSettings>>,
}

pub(super) fn read(
    reader: &mut Reader<'_>,
    file: &mut FileSettings,
    providers: &Providers,
) -> Result<WorkflowSettings, SettingsError> {
    let mut workflows = std::mem::take(&mut file.workflows);
    from_environment(reader, &mut workflows);
    let mut read = WorkflowSettings::default();
    for (id, workflow) in workflows {
        let table = Table { reader, providers, key: format!("workflows.{id}") };
        check_id(reader.key(&table.key), &id)?;
        if let Some(agent) = table.agent(&workflow)? {
            read.agents.insert(id.clone(), agent);
        }
        let card = workflow.into_card();
        // Who only says what answers leaves a built-in workflow its own card.
        if card != WorkflowCard::default() {
            read.cards.insert(id, card);
        }
    }
    for (name, site) in &mut file.sites {
        let mut agents = BTreeMap::new();
        for (id, workflow) in std::mem::take(&mut site.agents) {
            let table = Table { reader, providers, key: format!("sites.{name}.agents.{id}") };
            check_id(reader.key(&table.key), &id)?;
            agents.insert(id.clone(), table.agent_of_site(&id, workflow)?);
        }
        if !agents.is_empty() {
            read.site_agents.insert(sites::site_name(reader, name)?, agents);
        }
    }
    Ok(read)
}

/// Refuses what cannot be, or was not meant to be, the id of a workflow.
pub(super) fn check_id(setting: Source, id: &str) -> Result<(), SettingsError> {
    let blank = |c: char| c.is_whitespace() || c.is_control();
    if (1..=MAX_ID_BYTES).contains(&id.len()) && !id.contains(blank) {
        return Ok(());
    }
    let reason =
        format!("{id:?} is not the id of a workflow: it has 1 to {MAX_ID_BYTES} bytes, and no blanks");
    Err(SettingsError::refused(setting, reason))
}

/// `CHATKITD_MODEL` and `CHATKITD_INSTRUCTIONS`: a workflow without a file.
fn from_environment(reader: &mut Reader<'_>, workflows: &mut BTreeMap<String, FileWorkflow>) {
    let mut workflow = workflows.remove(MODEL);
    let in_file = |field: fn(&mut FileWorkflow) -> &mut Option<String>,
                   workflow: &mut Option<FileWorkflow>| {
        workflow.as_mut().and_then(|workflow| field(workflow).take())
    };
    let model = in_file(|workflow| &mut workflow.model, &mut workflow);
    let model = reader.text("CHATKITD_MODEL", "workflows.wf_model.model", model);
    let instructions = in_file(|workflow| &mut workflow.instructions, &mut workflow);
    let instructions = reader.text("CHATKITD_INSTRUCTIONS", "workflows.wf_model.instructions", instructions);
    if workflow.is_none() && model.is_none() && instructions.is_none() {
        return;
    }
    let mut workflow = workflow.unwrap_or_default();
    if reader.in_environment("CHATKITD_INSTRUCTIONS").is_some() {
        workflow.instructions_file = None;
    }
    if model.is_some() || instructions.is_some() {
        workflow.agent.get_or_insert(AgentKind::Model);
    }
    workflows.insert(MODEL.to_owned(), FileWorkflow { model, instructions, ..workflow });
}

impl FileWorkflow {
    pub(super) fn into_card(self) -> WorkflowCard {
        let Self { name, description, capabilities, greeting, prompts, .. } = self;
        WorkflowCard { name, description, capabilities, greeting, prompts }
    }

    /// The keys that are set and that only this agent takes.
    pub(super) fn set_for(&self) -> impl Iterator<Item = (&'static str, AgentKind)> {
        [
            ("repeat", AgentKind::Echo, self.repeat.is_some()),
            ("delay", AgentKind::Echo, self.delay.is_some()),
            ("file", AgentKind::Script, self.file.is_some()),
            ("provider", AgentKind::Model, self.provider.is_some()),
            ("model", AgentKind::Model, self.model.is_some()),
            ("models", AgentKind::Model, self.models.is_some()),
            ("instructions", AgentKind::Model, self.instructions.is_some()),
            ("instructions_file", AgentKind::Model, self.instructions_file.is_some()),
            ("tools", AgentKind::Model, self.tools.is_some()),
            ("reasoning_effort", AgentKind::Model, self.reasoning_effort.is_some()),
            ("max_output_tokens", AgentKind::Model, self.max_output_tokens.is_some()),
            ("temperature", AgentKind::Model, self.temperature.is_some()),
            ("history_tokens", AgentKind::Model, self.history_tokens.is_some()),
            ("title_model", AgentKind::Model, self.title_model.is_some()),
            ("show_reasoning", AgentKind::Model, self.show_reasoning.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, kind, is_set)| is_set.then_some((key, kind)))
    }
}
