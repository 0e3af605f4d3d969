//! `chatkitd config check`.

use std::path::Path;
use std::sync::Arc;

use chatkitd_core::site::SiteSetting;

use super::operator::say;
use super::{CommandResult, in_force};
use crate::agents::{self, OwnAgents};
use crate::answerers::who_answers;
use crate::app::Foundation;
use crate::clock::SystemClock;
use crate::masking::masked;
use crate::models::{Deadlines, ModelClient};
use crate::rng::SystemRng;
use crate::settings::{Settings, Source};

/// Look at the settings
#[derive(clap::Subcommand)]
pub(super) enum ConfigCommand {
    /// Explain what is set, from where, and what is missing or risky; secrets are masked
    Check {
        /// As `serve --dev` would see it
        #[arg(long)]
        dev: bool,
    },
}

pub(super) fn run(config: Option<&Path>, command: &ConfigCommand) -> CommandResult {
    let ConfigCommand::Check { dev } = command;
    let settings = Settings::from_environment(config, *dev)?;
    // A script with a mistake in it is found here and not at the start.
    let client =
        ModelClient::new(Deadlines::default(), Arc::new(SystemClock), Arc::new(SystemRng::default()))?;
    agents::of(&settings, &OwnAgents::new(), &client)?;
    Foundation::check(&settings)?;
    say("Set:")?;
    for fact in &settings.facts {
        let source = match &fact.source {
            Source::Environment(name) => format!("environment, {name}"),
            Source::DevFile { file, name } => format!("{file}, {name}"),
            Source::File { path, line, key } => format!("{}, {key}, line {line}", path.display()),
        };
        tell(&format!("  {} = {}  ({source})", fact.name, fact.value))?;
    }
    if settings.facts.is_empty() {
        say("  nothing; every setting stands at its default")?;
    }
    say("In force:")?;
    let (answered, unanswered) = answers(&settings);
    for line in in_force::lines(&settings).iter().chain(&answered) {
        tell(&format!("  {line}"))?;
    }
    let missing = missing(&settings).into_iter().chain(unanswered).collect();
    for (title, lines) in [("Missing:", missing), ("Risky:", settings.warnings.clone())] {
        if !lines.is_empty() {
            say(title)?;
        }
        for line in lines {
            tell(&format!("  {line}"))?;
        }
    }
    Ok(())
}

/// Prints a line that quotes what was set.
fn tell(line: &str) -> std::io::Result<()> {
    say(&masked(line))
}

/// What answers for the workflows that sites offer; the second list is what is missing.
fn answers(settings: &Settings) -> (Vec<String>, Vec<String>) {
    let (mut answered, mut missing) = (Vec::new(), Vec::new());
    for site in &settings.sites {
        for workflow in &site.workflows {
            let about = format!("site {}, workflow {workflow}", site.name);
            match who_answers(settings, &[], &site.name, workflow) {
                Ok(words) => answered.push(format!("{about}: {words}")),
                Err(words) => missing.push(format!("{about}: {words}")),
            }
        }
    }
    (answered, missing)
}

fn missing(settings: &Settings) -> Vec<String> {
    let mut lines: Vec<String> = settings
        .sites
        .iter()
        .filter(|site| site.workflows.is_empty())
        .map(|site| {
            let setting = SiteSetting::Workflows.of(&site.name);
            format!("site {} offers no workflow; set {setting} (wf_…, or wf_demo)", site.name)
        })
        .collect();
    if settings.openai.is_none() {
        lines.push("OPENAI_API_KEY is not set, so only workflows that run here can answer".to_owned());
    }
    lines
}
