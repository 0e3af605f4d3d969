//! What the page at `/` says of the settings.

use chatkitd_core::site::{MAX_FILE_SIZE, MAX_FILES, Site, SiteSetting};
use chatkitd_http::page::{Fact, FactState, Page};

use crate::answerers::{who_answers, who_transcribes};
use crate::secret_file;
use crate::settings::{AttachmentStorage, Database, PageSetting, Settings};

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
    let mut facts = vec![database(settings), openai(settings), secret(settings)];
    facts.extend(who_transcribes(settings).map(|words| fact("Transcription", words, FactState::Ok)));
    facts.extend(settings.sites.iter().flat_map(|site| of_site(settings, own, site)));
    facts
}

fn fact(name: &str, value: String, state: FactState) -> Fact {
    Fact { name: name.to_owned(), value, state }
}

fn database(settings: &Settings) -> Fact {
    match &settings.database {
        Database::Sqlite(path) => fact("Database", format!("SQLite in {}", path.display()), FactState::Ok),
        Database::Postgres(_) => fact("Database", "PostgreSQL".to_owned(), FactState::Ok),
        Database::None => {
            fact("Database", "none: hosted workflows only, nothing is kept".to_owned(), FactState::Risky)
        }
    }
}

fn openai(settings: &Settings) -> Fact {
    match &settings.openai {
        Some(openai) => {
            let whose = if openai.key.is_some() { "set" } else { "set for some sites only" };
            fact("OpenAI key", format!("{whose}; hosted workflows at {}", openai.shown_base()), FactState::Ok)
        }
        None => fact(
            "OpenAI key",
            "not set (OPENAI_API_KEY): workflows that run here only".to_owned(),
            FactState::Missing,
        ),
    }
}

fn secret(settings: &Settings) -> Fact {
    if settings.secrets.is_empty() {
        let file = secret_file::path(&settings.data_dir);
        fact("Signing secret", format!("made by chatkitd, in {}", file.display()), FactState::Risky)
    } else {
        fact("Signing secret", "set".to_owned(), FactState::Ok)
    }
}

fn of_site(settings: &Settings, own: &[String], site: &Site) -> Vec<Fact> {
    let about = |what: &str, value, state| fact(&format!("{what} of site {}", site.name), value, state);
    let mut facts = vec![match site.workflows.as_slice() {
        [] => {
            let none = format!("none ({})", SiteSetting::Workflows.of(&site.name));
            about("Workflows", none, FactState::Missing)
        }
        workflows => about("Workflows", workflows.join(", "), FactState::Ok),
    }];
    facts.extend(site.workflows.iter().map(|workflow| {
        let what = format!("Answers of {workflow}");
        match who_answers(settings, own, &site.name, workflow) {
            Ok(answers) => about(&what, answers, FactState::Ok),
            Err(missing) => about(&what, missing, FactState::Missing),
        }
    }));
    let origins: Vec<_> = site.origins.iter().map(ToString::to_string).collect();
    facts.push(if origins.is_empty() {
        let any = format!("any page may call ({})", SiteSetting::Origins.of(&site.name));
        about("Origins", any, FactState::Risky)
    } else {
        about("Origins", origins.join(", "), FactState::Ok)
    });
    let sign_in = if site.anonymous { "visitors may chat without signing in" } else { "required" };
    facts.push(about("Sign-in", sign_in.to_owned(), FactState::Ok));
    facts.push(about("Files", who_sends_files(settings, site), FactState::Ok));
    facts
}

fn who_sends_files(settings: &Settings, site: &Site) -> String {
    let upload = site.configuration.file_upload.as_ref().filter(|upload| upload.enabled == Some(true));
    match (upload, &settings.attachments.storage) {
        (None, _) => "cannot be sent (configuration.file_upload)".to_owned(),
        (Some(_), AttachmentStorage::Off) => "cannot be sent (CHATKITD_ATTACHMENTS is off)".to_owned(),
        (Some(upload), AttachmentStorage::Folder(_) | AttachmentStorage::S3(_)) => {
            let [size, files] =
                [upload.max_file_size.unwrap_or(MAX_FILE_SIZE), upload.max_files.unwrap_or(MAX_FILES)];
            format!("visitors may send {files} with a message, of up to {size} MB each")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(env: &[(&str, &str)], dev: bool) -> Settings {
        let look_up =
            |name: &str| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Settings::load(&look_up, None, dev).unwrap()
    }

    #[test]
    fn one_setting_switches_the_page_off() {
        assert!(page(&settings(&[("CHATKITD_PAGE", "off")], true), &[]).is_none());
        assert!(page(&settings(&[], false), &[]).is_none(), "it is off outside --dev anyway");
        assert!(!page(&settings(&[], true), &[]).unwrap().public);
        assert!(page(&settings(&[("CHATKITD_PAGE", "on")], false), &[]).unwrap().public);
    }

    #[test]
    fn it_says_whether_files_can_be_sent() {
        let said = |env: &[(&str, &str)], dev| {
            let facts = page(&settings(env, dev), &[]).unwrap().facts;
            facts.into_iter().find(|fact| fact.name == "Files of site default").unwrap().value
        };
        assert_eq!(said(&[], true), "visitors may send 5 with a message, of up to 20 MB each");
        assert_eq!(
            said(&[("CHATKITD_ATTACHMENTS", "off")], true),
            "cannot be sent (CHATKITD_ATTACHMENTS is off)"
        );
        assert_eq!(said(&[("CHATKITD_PAGE", "on")], false), "cannot be sent (configuration.file_upload)");
    }
}
