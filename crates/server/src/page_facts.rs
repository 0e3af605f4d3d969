//! What the page at `/` says of the settings.

use chatkitd_http::page::{Fact, FactState, Page};

use crate::answerers::{who_answers, who_transcribes};
use crate::settings::{Database, PageSetting, Settings};

/// `own`: the workflows that the program's own agents answer for.
pub(crate) fn page(settings: &Settings, own: &[String]) -> Option<Page> {
    let public = match settings.page {
        PageSetting::Off => return None,
        PageSetting::Auto if !settings.dev => return None,
        PageSetting::Auto => false,
        PageSetting::On => true,
    };
    Some(Page { public, facts: facts(settings, own) })
}

fn facts(settings: &Settings, own: &[String]) -> Vec<Fact> {
    let fact = |name: &str, value: String, state| Fact { name: name.to_owned(), value, state };
    let database = match &settings.database {
        Database::Sqlite(path) => fact("Database", format!("SQLite in {}", path.display()), FactState::Ok),
        Database::Postgres(_) => fact("Database", "PostgreSQL".to_owned(), FactState::Ok),
        Database::None => {
            fact("Database", "none: hosted workflows only, nothing is kept".to_owned(), FactState::Risky)
        }
    };
    let openai = match &settings.openai {
        Some(openai) => {
            let whose = if openai.key.is_some() { "set" } else { "set for some sites only" };
            fact("OpenAI key", format!("{whose}; hosted workflows at {}", openai.shown_base()), FactState::Ok)
        }
        None => fact(
            "OpenAI key",
            "not set (OPENAI_API_KEY): workflows that run here only".to_owned(),
            FactState::Missing,
        ),
    };
    let secret = if settings.secrets.is_empty() {
        let file = settings.data_dir.join("secret");
        fact("Signing secret", format!("made by chatkitd, in {}", file.display()), FactState::Risky)
    } else {
        fact("Signing secret", "set".to_owned(), FactState::Ok)
    };
    let mut facts = vec![database, openai, secret];
    facts.extend(who_transcribes(settings).map(|words| fact("Transcription", words, FactState::Ok)));
    for site in &settings.sites {
        let about = |what: &str| format!("{what} of site {}", site.name);
        facts.push(match site.workflows.as_slice() {
            [] => fact(&about("Workflows"), "none (CHATKIT_WORKFLOW_ID)".to_owned(), FactState::Missing),
            workflows => fact(&about("Workflows"), workflows.join(", "), FactState::Ok),
        });
        for workflow in &site.workflows {
            facts.push(match who_answers(settings, own, &site.name, workflow) {
                Ok(answers) => fact(&about(&format!("Answers of {workflow}")), answers, FactState::Ok),
                Err(missing) => fact(&about(&format!("Answers of {workflow}")), missing, FactState::Missing),
            });
        }
        let origins: Vec<_> = site.origins.iter().map(ToString::to_string).collect();
        facts.push(match origins.as_slice() {
            [] => fact(
                &about("Origins"),
                "any page may call (CHATKIT_ALLOWED_ORIGINS)".to_owned(),
                FactState::Risky,
            ),
            origins => fact(&about("Origins"), origins.join(", "), FactState::Ok),
        });
        let sign_in = if site.anonymous { "visitors may chat without signing in" } else { "required" };
        facts.push(fact(&about("Sign-in"), sign_in.to_owned(), FactState::Ok));
    }
    facts
}
