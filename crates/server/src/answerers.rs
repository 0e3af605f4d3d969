//! Says what answers for a workflow, for operators: on the page and in `config check`.

use chatkitd_core::id::SiteName;
use chatkitd_core::workflows::{DEMO, ECHO};

use crate::settings::{AgentSettings, ProviderSettings, Settings};

/// What answers, in words; the error says what is missing.
pub(crate) fn who_answers(
    settings: &Settings,
    own: &[String],
    site: &SiteName,
    workflow: &str,
) -> Result<String, String> {
    if own.iter().any(|id| id == workflow) {
        return Ok("an agent of this program".to_owned());
    }
    let of_site = settings.site_agents.get(site).and_then(|agents| agents.get(workflow));
    if let Some(agent) = of_site.or_else(|| settings.agents.get(workflow)) {
        return Ok(explain(site, agent));
    }
    if workflow == DEMO || workflow == ECHO {
        return Ok("built in".to_owned());
    }
    match settings.openai.as_ref().filter(|openai| openai.key_of(site).is_some()) {
        Some(openai) => Ok(format!("hosted at {}", openai.shown_base())),
        None => Err("nothing; set OPENAI_API_KEY, or an agent in chatkitd.toml".to_owned()),
    }
}

/// Who writes down what was said.
pub(crate) fn who_transcribes(settings: &Settings) -> Option<String> {
    let transcription = settings.transcription.as_ref()?;
    Some(format!("{} at {}", transcription.model, place(&transcription.provider, None)))
}

fn explain(site: &SiteName, agent: &AgentSettings) -> String {
    match agent {
        AgentSettings::Echo { repeat, delay } => {
            format!("agent echo, repeats {repeat}, {} ms before each word", delay.as_millis())
        }
        AgentSettings::Script { file } => format!("agent script, {}", file.path.display()),
        AgentSettings::Model { provider, settings: asked, instructions_file } => {
            let at = place(provider, Some(site));
            let instructions = match instructions_file {
                Some(file) => format!("instructions in {}", file.path.display()),
                None if asked.instructions.is_empty() => "no instructions".to_owned(),
                None => format!("instructions of {} characters", asked.instructions.chars().count()),
            };
            format!("model {} at {at}, {instructions}", asked.model)
        }
    }
}

fn place(provider: &ProviderSettings, site: Option<&SiteName>) -> String {
    let key = match (site.and_then(|site| provider.site_keys.get(site)), &provider.key) {
        (Some(_), _) => "the site's key",
        (None, Some(_)) => "key set",
        (None, None) => "no key",
    };
    format!("{} ({}, {key})", provider.name, provider.shown_base())
}
