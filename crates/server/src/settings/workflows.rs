//! `[workflows.<id>]`: what front ends may know of a workflow, and which agent answers for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chatkitd_core::workflows::{MAX_ID_BYTES, WorkflowCard};
use jiff::SignedDuration;
use serde::Deserialize;
use toml::Spanned;

use super::SettingsError;

/// The most that `repeat` may be, and the longest `delay`.
const MAX_REPEAT: u32 = 10_000;
const MAX_DELAY: Duration = Duration::from_secs(60);

/// What answers for a workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        /// Relative to the settings file.
        file: PathBuf,
    },
}

/// One table.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FileWorkflow {
    name: Option<String>,
    description: Option<String>,
    capabilities: Vec<String>,
    greeting: Option<String>,
    prompts: Vec<String>,
    agent: Option<Spanned<AgentKind>>,
    repeat: Option<Spanned<u32>>,
    delay: Option<Spanned<String>>,
    file: Option<Spanned<PathBuf>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AgentKind {
    Echo,
    Script,
}

/// The cards and agents of workflows, by id.
#[derive(Debug, Default)]
pub(super) struct WorkflowSettings {
    pub(super) cards: BTreeMap<String, WorkflowCard>,
    pub(super) agents: BTreeMap<String, AgentSettings>,
}

/// `source`: the path and the text of the file, for errors that name a line.
pub(super) fn read(
    workflows: BTreeMap<String, FileWorkflow>,
    source: Option<(&Path, &str)>,
) -> Result<WorkflowSettings, SettingsError> {
    let mut read = WorkflowSettings::default();
    for (id, workflow) in workflows {
        let table = Table { id: &id, source };
        if id.is_empty() || id.len() > MAX_ID_BYTES {
            return Err(SettingsError::invalid(
                "workflows",
                &id,
                format!("ids of 1 to {MAX_ID_BYTES} bytes"),
            ));
        }
        if let Some(agent) = table.agent(&workflow)? {
            read.agents.insert(id.clone(), agent);
        }
        let FileWorkflow { name, description, capabilities, greeting, prompts, .. } = workflow;
        let card = WorkflowCard { name, description, capabilities, greeting, prompts };
        // Who only says what answers leaves a built-in workflow its own card.
        if card != WorkflowCard::default() {
            read.cards.insert(id, card);
        }
    }
    Ok(read)
}

struct Table<'a> {
    id: &'a str,
    source: Option<(&'a Path, &'a str)>,
}

impl Table<'_> {
    fn agent(&self, workflow: &FileWorkflow) -> Result<Option<AgentSettings>, SettingsError> {
        match workflow.agent.as_ref().map(|kind| (*kind.get_ref(), kind)) {
            None => {
                self.refuse(workflow.repeat.as_ref(), "repeat needs agent = \"echo\"")?;
                self.refuse(workflow.delay.as_ref(), "delay needs agent = \"echo\"")?;
                self.refuse(workflow.file.as_ref(), "file needs agent = \"script\"")?;
                Ok(None)
            }
            Some((AgentKind::Echo, _)) => {
                self.refuse(workflow.file.as_ref(), "file needs agent = \"script\"")?;
                let (repeat, delay) = (self.repeat(workflow)?, self.delay(workflow)?);
                Ok(Some(AgentSettings::Echo { repeat, delay }))
            }
            Some((AgentKind::Script, kind)) => {
                self.refuse(workflow.repeat.as_ref(), "repeat needs agent = \"echo\"")?;
                self.refuse(workflow.delay.as_ref(), "delay needs agent = \"echo\"")?;
                let Some(file) = &workflow.file else {
                    return Err(self.error(kind, "agent = \"script\" needs file, the path of its script"));
                };
                let folder = self.source.and_then(|(path, _)| path.parent()).unwrap_or(Path::new(""));
                Ok(Some(AgentSettings::Script { file: folder.join(file.get_ref()) }))
            }
        }
    }

    fn repeat(&self, workflow: &FileWorkflow) -> Result<u32, SettingsError> {
        let Some(repeat) = &workflow.repeat else { return Ok(1) };
        if !(1..=MAX_REPEAT).contains(repeat.get_ref()) {
            return Err(self.error(repeat, format!("repeat is a number from 1 to {MAX_REPEAT}")));
        }
        Ok(*repeat.get_ref())
    }

    fn delay(&self, workflow: &FileWorkflow) -> Result<Duration, SettingsError> {
        let Some(delay) = &workflow.delay else { return Ok(Duration::ZERO) };
        let parsed = delay.get_ref().parse::<SignedDuration>().ok();
        let parsed = parsed.and_then(|delay| Duration::try_from(delay).ok());
        let valid = parsed.filter(|delay| *delay <= MAX_DELAY);
        valid.ok_or_else(|| self.error(delay, "delay is a time from 0s to 60s, such as \"20ms\""))
    }

    fn refuse<T>(&self, set: Option<&Spanned<T>>, reason: &str) -> Result<(), SettingsError> {
        set.map_or(Ok(()), |at| Err(self.error(at, reason)))
    }

    fn error<T>(&self, at: &Spanned<T>, reason: impl Into<String>) -> SettingsError {
        let (path, text) = self.source.unwrap_or((Path::new("chatkitd.toml"), ""));
        let before = text.get(..at.span().start).unwrap_or_default();
        SettingsError::Workflow {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            workflow: self.id.to_owned(),
            reason: reason.into(),
        }
    }
}
