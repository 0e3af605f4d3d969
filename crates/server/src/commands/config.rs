//! `chatkitd config check`.

use std::path::Path;

use super::CommandResult;
use super::operator::say;
use crate::agents::{self, Agents};
use crate::settings::{AgentSettings, Database, OpenAi, Settings, Source};

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
    agents::of(&settings, Agents::new())?;
    say("Set:")?;
    for fact in &settings.facts {
        let source = match &fact.source {
            Source::Environment(name) => format!("environment, {name}"),
            Source::File(path, key) => format!("{}, {key}", path.display()),
        };
        say(&format!("  {} = {}  ({source})", fact.name, fact.value))?;
    }
    if settings.facts.is_empty() {
        say("  nothing; every setting stands at its default")?;
    }
    say("In force:")?;
    for line in in_force(&settings) {
        say(&format!("  {line}"))?;
    }
    for (title, lines) in [("Missing:", missing(&settings)), ("Risky:", settings.warnings.clone())] {
        if !lines.is_empty() {
            say(title)?;
        }
        for line in lines {
            say(&format!("  {line}"))?;
        }
    }
    Ok(())
}

fn in_force(settings: &Settings) -> Vec<String> {
    let database = match &settings.database {
        Database::Sqlite(path) => format!("SQLite in {}", path.display()),
        Database::Postgres(_) => "PostgreSQL".to_owned(),
        Database::None => "none".to_owned(),
    };
    let admin = settings.admin_listen.map_or_else(|| "off".to_owned(), |address| address.to_string());
    let upstream = settings.openai.as_ref().map_or_else(|| "none".to_owned(), OpenAi::shown_base);
    let mut lines = vec![
        format!("listens on {}, operators on {admin}", settings.listen),
        format!("database: {database}"),
        format!("hosted upstream: {upstream}"),
        format!("attachments: {}", settings.attachments.storage.shown()),
        format!("limiter: {:?}", settings.limiter).to_lowercase(),
        format!("an answer may take {} seconds", settings.run_timeout.as_secs()),
    ];
    for site in &settings.sites {
        let sign_in = if site.anonymous { "not required" } else { "required" };
        lines.push(format!(
            "site {}: workflows [{}], {} origins, sign-in {sign_in}",
            site.name,
            site.workflows.join(", "),
            site.origins.len()
        ));
    }
    lines.extend(settings.agents.iter().map(|(id, agent)| format!("workflow {id}: {}", explain(agent))));
    lines
}

fn explain(agent: &AgentSettings) -> String {
    match agent {
        AgentSettings::Echo { repeat, delay } => {
            format!("agent echo, repeats {repeat}, {} ms before each word", delay.as_millis())
        }
        AgentSettings::Script { file } => format!("agent script, {}", file.display()),
    }
}

fn missing(settings: &Settings) -> Vec<String> {
    let mut lines: Vec<String> = settings
        .sites
        .iter()
        .filter(|site| site.workflows.is_empty())
        .map(|site| {
            format!("site {} offers no workflow; set CHATKIT_WORKFLOW_ID (wf_…, or wf_demo)", site.name)
        })
        .collect();
    if settings.openai.is_none() {
        lines.push("OPENAI_API_KEY is not set, so only workflows that run here can answer".to_owned());
    }
    lines
}
