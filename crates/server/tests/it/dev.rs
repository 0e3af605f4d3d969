//! `--dev`: what is different for somebody who tries chatkitd out.

use std::fs;

use tempfile::tempdir;

use crate::binary::run;
use crate::server::Env;

fn checked(env: &Env, arguments: &[&str]) -> String {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join(".env.local"), "CHATKIT_WORKFLOW_ID=wf_local\nCHATKITD_LOG=debug\n")
        .unwrap();
    let dot_env = "CHATKIT_WORKFLOW_ID=wf_dot\nCHATKITD_LOG=error\nCHATKITD_PAGE=off # quiet\n\
                   OPENAI_API_KEY=\"sk-hidden in a file\"\n";
    fs::write(folder.path().join(".env"), dot_env).unwrap();
    run(folder.path(), env, arguments).ok()
}

#[test]
fn the_environment_wins_over_env_local_and_that_over_env() {
    let env = Env::default().set("CHATKITD_LOG", "warn");
    let text = checked(&env, &["config", "check", "--dev"]);
    for expected in ["CHATKITD_LOG = warn", "CHATKIT_WORKFLOW_ID = wf_local", "CHATKITD_PAGE = off "] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(text.contains("OPENAI_API_KEY = set") && !text.contains("sk-hidden"), "{text}");
}

#[test]
fn what_comes_from_an_env_file_names_it() {
    let env = Env::default().set("CHATKITD_LOG", "warn");
    let text = checked(&env, &["config", "check", "--dev"]);
    for expected in [
        "CHATKITD_LOG = warn  (environment, CHATKITD_LOG)",
        "CHATKIT_WORKFLOW_ID = wf_local  (.env.local, CHATKIT_WORKFLOW_ID)",
        "CHATKITD_PAGE = off  (.env, CHATKITD_PAGE)",
        "OPENAI_API_KEY = set (masked)  (.env, OPENAI_API_KEY)",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn what_is_not_valid_in_an_env_file_names_it() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join(".env"), "CHATKITD_LISTEN=8787\n").unwrap();
    let failed = run(folder.path(), &Env::default(), &["config", "check", "--dev"]);
    assert!(failed.code == 1 && failed.err.contains(".env: CHATKITD_LISTEN = \"8787\""), "{failed:?}");
}

#[test]
fn env_files_are_not_read_outside_dev() {
    let text = checked(&Env::default(), &["config", "check"]);
    assert!(!text.contains("wf_local") && text.contains("every setting stands at its default"), "{text}");
}

#[test]
fn a_broken_env_file_is_named_and_its_values_are_not_shown() {
    for (text, place) in [
        ("CHATKITD_PAGE=off\nCHATKIT_SECRET=words=with blanks\n", "after CHATKITD_PAGE"),
        ("words with blanks\n", "in its first variable"),
    ] {
        let folder = tempdir().unwrap();
        fs::write(folder.path().join(".env"), text).unwrap();
        let failed = run(folder.path(), &Env::default(), &["config", "check", "--dev"]);
        assert!(failed.code == 1 && failed.err.contains(".env"), "{failed:?}");
        assert!(failed.err.contains(place), "{failed:?}");
        assert!(!failed.err.contains("words"), "a line may hold a secret: {failed:?}");
    }
}
