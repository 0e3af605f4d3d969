//! `chatkitd config check`: what `serve` would refuse, and what is in force.

use std::fs;

use tempfile::{TempDir, tempdir};

use crate::binary::{Done, run};
use crate::server::Env;

fn check_in(folder: &TempDir, env: &Env) -> Done {
    run(folder.path(), env, &["config", "check"])
}

fn check(env: &Env, file: &str) -> String {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("chatkitd.toml"), file).unwrap();
    check_in(&folder, env).ok()
}

/// By both commands, in the same words.
#[track_caller]
fn assert_both_refuse(folder: &TempDir, env: &Env, words: &str) {
    for command in [&["serve"][..], &["config", "check"]] {
        let refused = run(folder.path(), env, command);
        assert_eq!(refused.code, 1, "{command:?}: {refused:?}");
        assert!(refused.err.contains(words), "{command:?}: {refused:?}");
    }
}

#[test]
fn what_serve_refuses_is_refused() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder);
    fs::write(folder.path().join("file"), "").unwrap();
    let file = folder.path().join("file").display().to_string();
    for (name, value, words) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "foo", "OTEL_EXPORTER_OTLP_ENDPOINT"),
        ("CHATKITD_DATA_DIR", &file, "CHATKITD_DATA_DIR"),
        ("CHATKITD_DATA_DIR", &format!("{file}/below"), "CHATKITD_DATA_DIR"),
        ("CHATKITD_ATTACHMENTS_FOLDER", &file, "CHATKITD_ATTACHMENTS_FOLDER"),
        ("CHATKITD_DATABASE_URL", &format!("sqlite://{file}/chatkitd.db"), "CHATKITD_DATABASE_URL"),
        ("CHATKITD_DATABASE_URL", "postgres://app@db:port/chat", "CHATKITD_DATABASE_URL"),
    ] {
        assert_both_refuse(&folder, &env.clone().set(name, value), words);
    }
}

#[test]
fn a_folder_that_needs_not_be_made_is_not_asked_for() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let env = Env::sqlite(&folder)
        .set("CHATKITD_DATA_DIR", folder.path().join("file").display().to_string())
        .set("CHATKITD_DATABASE_URL", format!("sqlite://{}/elsewhere/chatkitd.db", folder.path().display()))
        .set("CHATKITD_ATTACHMENTS", "off");
    check_in(&folder, &env).ok();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was made");
}

#[test]
fn a_database_of_a_newer_server_is_refused_whether_one_has_it_open_or_not() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder);
    run(folder.path(), &env, &["migrate"]).ok();
    let path = folder.path().join("chatkitd.db");
    let before = fs::read(&path).unwrap();
    check_in(&folder, &env).ok();
    assert_eq!(fs::read(&path).unwrap(), before, "nothing was written");
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 9999).unwrap();
    assert!(folder.path().join("chatkitd.db-wal").exists(), "it stands in the log only");
    let refused = check_in(&folder, &env);
    assert!(refused.code == 1 && refused.err.contains("newer"), "{refused:?}");
    newer.close().unwrap();
    assert!(!folder.path().join("chatkitd.db-wal").exists());
    assert_both_refuse(&folder, &env, "newer");
}

#[test]
fn a_database_of_another_program_is_refused() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder);
    let path = folder.path().join("chatkitd.db");
    rusqlite::Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (n INTEGER)").unwrap();
    assert_both_refuse(&folder, &env, "another program");
    fs::write(&path, "This is a text of more than a hundred letters, ".repeat(5)).unwrap();
    assert_both_refuse(&folder, &env, "not a database");
}

#[test]
fn a_file_that_is_missing_or_damaged_is_named_with_its_line_and_site() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder).set("OPENAI_API_KEY", "sk-x").set("CHATKITD_LISTEN", "127.0.0.1:0");
    let file = folder.path().join("chatkitd.toml");
    let agent = "[sites.shop]\n[sites.shop.agents.wf_help]\nagent = \"model\"\nmodel = \"m\"\n\
                 instructions_file = \"help.md\"\n";
    fs::write(&file, agent).unwrap();
    let words =
        "chatkitd.toml, line 5: sites.shop.agents.wf_help.instructions_file: the instructions help.md";
    assert_both_refuse(&folder, &env, words);
    fs::write(&file, b"log = \"info\"\n# caf\xe9\n").unwrap();
    assert_both_refuse(&folder, &env, "chatkitd.toml, line 2: this is not UTF-8");
}

#[test]
fn a_key_or_password_that_was_pasted_anywhere_is_masked() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder).set("CHATKITD_LISTEN", "127.0.0.1:0").set("OPENAI_API_KEY", "sk-x");
    let model = "[workflows.wf_x]\nagent = \"model\"\nmodel = \"m\"\n";
    for (file, words) in [
        (format!("{model}history_tokens = \"sk-leak-1\"\n"), "line 4: invalid type"),
        (format!("{model}history_tokens = \"postgres://u:leak@h/db\"\n"), "line 4: invalid type"),
        (format!("{model}provider = \"sk-leak-1\"\n"), "there is no provider \"[masked]\""),
        ("[workflows.wf_x]\nagent = \"sk-leak-1\"\n".to_owned(), "unknown variant `[masked]`"),
        ("\"sk-leak-1\" = 1\n".to_owned(), "unknown field `[masked]`"),
        (format!("{model}instructions_file = \"sk-leak-1\"\n"), "instructions_file"),
        ("[workflows.wf_x]\nagent = \"script\"\nfile = \"sk-leak-1\"\n".to_owned(), "the script"),
    ] {
        fs::write(folder.path().join("chatkitd.toml"), file).unwrap();
        for command in [&["serve"][..], &["config", "check"]] {
            let refused = run(folder.path(), &env, command);
            assert!(refused.code == 1 && refused.err.contains(words), "{refused:?}");
            assert!(!format!("{refused:?}").contains("leak"), "{refused:?}");
        }
    }
    let refused = check_in(&folder, &env.set("CHATKITD_CONFIG", "sk-leak-1"));
    assert!(refused.code == 1 && !format!("{refused:?}").contains("leak"), "{refused:?}");
    let env = Env::default().set("CHATKIT_WORKFLOW_ID", "sk-leak-1");
    let text = check(&env, "[sites.sk-leak-2]\norigins = [\"https://a.example\"]\n");
    assert!(text.contains("[masked]") && !text.contains("leak"), "{text}");
}

/// A server that is away is the world's state and not a setting.
#[test]
fn a_postgresql_is_not_asked() {
    let env = Env::default().set("CHATKITD_DATABASE_URL", "postgres://app@127.0.0.1:1/chat");
    assert!(check(&env, "").contains("database: PostgreSQL"));
}

#[test]
fn advice_names_what_sets_it() {
    let text = check(&Env::default(), "[sites.shop]\n");
    for advice in [
        "site default offers no workflow; set CHATKIT_WORKFLOW_ID ",
        "site shop offers no workflow; set sites.shop.workflows in chatkitd.toml ",
        "site default lists no origins, so any page may use it; set CHATKIT_ALLOWED_ORIGINS",
        "site shop lists no origins, so any page may use it; set sites.shop.origins in chatkitd.toml",
    ] {
        assert!(text.contains(advice), "{advice}: {text}");
    }
}

#[test]
fn what_is_in_force_is_told_for_each_site_and_secrets_are_masked() {
    let hidden = "hidden-key-of-the-app-0123456789abcdef";
    let file = format!(
        r#"
        session_ttl = "2h"
        [[sites.default.verifiers]]
        preset = "clerk"
        issuer = "https://clerk.example.com"
        authorized_parties = ["https://a.example"]
        prefix = "clerk_"
        role_claim = "public_metadata.role"
        [[sites.default.verifiers]]
        hs256_secret = "{hidden}"
        prefix = "app_"
        leeway_seconds = 5
        [sites.default]
        allowed_roles = ["admin", "member"]
        [sites.shop]
        origins = ["https://shop.example", "https://*.shop.example"]
        workflows = ["wf_echo"]
        anonymous_session_ttl = "90s"
        secret_ttl = "10m"
        max_requests_per_1_minute = 7
        [sites.shop.limits]
        anonymous = 0
        user = 9
        "#
    );
    let text = check(&Env::default(), &file);
    for line in [
        "site default, sign-in: required",
        "site default, verifier 1: clerk, issuer https://clerk.example.com, authorized parties \
         [https://a.example], user clerk_{sub}, role {public_metadata.role}, clocks may differ by 30s",
        "site default, verifier 2: HS256 with a key of the app's own (masked), user app_{sub}, clocks may \
         differ by 5s",
        "site default, roles: by claim, allowed [admin, member]",
        "site default, lifetimes: session 2h, anonymous 2h, secret 1h",
        "site default, limits a minute: anonymous 5, user 60, session 120, site none",
        "site shop, workflows: [wf_echo]",
        "site shop, origins: [https://shop.example, https://*.shop.example]",
        "site shop, sign-in: not required",
        "site shop, roles: none",
        "site shop, lifetimes: session 2h, anonymous 90s, secret 10m",
        "site shop, limits a minute: anonymous none, user 9, session 120, site none; each session 7",
    ] {
        assert!(text.contains(&format!("  {line}\n")), "{line}: {text}");
    }
    assert!(!text.contains(hidden), "{text}");
}
