//! The command line of the built binary.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use crate::binary::{Done, Process, command, run, run_with_input};
use crate::databases::{self, postgres};
use crate::server::{Env, SESSION, send};

struct Desk {
    folder: TempDir,
    env: Env,
}

impl Desk {
    fn new() -> Self {
        let folder = tempdir().unwrap();
        let env = Env::sqlite(&folder);
        Self { folder, env }
    }

    fn run(&self, arguments: &[&str]) -> Done {
        run(self.folder.path(), &self.env, arguments)
    }

    fn serve(&self) -> Process {
        Process::serve(self.folder.path(), &self.env)
    }
}

/// Only a trusted server may say who the user is, so this tells whether a key counts.
async fn create_for(node: &Process, key: &str, user: &str) -> (u16, Value) {
    let request = Client::new().post(format!("{}{SESSION}", node.url)).bearer_auth(key);
    let answer = send(request.json(&json!({"userId": user}))).await;
    (answer.status, answer.body)
}

fn rows(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn a_key_works_from_its_creation_to_its_revocation() {
    let desk = Desk::new();
    let node = desk.serve();
    let created = desk.run(&["keys", "create", "--name", "shop"]);
    assert!(created.err.contains("shown once"), "{created:?}");
    let key = created.ok().trim().to_owned();
    let (status, body) = create_for(&node, &key, "ann").await;
    assert_eq!((status, &body["user_id"]), (200, &json!("ann")), "{body}");

    let listed = desk.run(&["keys", "list", "--json"]).ok();
    assert!(!listed.contains(&key));
    let listed = rows(&listed);
    assert_eq!(
        (listed.len(), &listed[0]["name"], &listed[0]["revoked_at"]),
        (1, &json!("shop"), &Value::Null)
    );
    desk.run(&["keys", "revoke", listed[0]["id"].as_str().unwrap()]).ok();
    assert_eq!(create_for(&node, &key, "ann").await.0, 401, "the running server knows at once");
    assert!(desk.run(&["keys", "list"]).ok().contains("revoked"));
}

#[test]
fn whoever_revokes_the_key_of_another_site_is_told_to_name_the_site() {
    let desk = Desk::new();
    fs::write(desk.folder.path().join("chatkitd.toml"), "[sites.shop]\nworkflows = [\"wf_echo\"]\n").unwrap();
    desk.run(&["keys", "create", "--site", "shop"]).ok();
    let listed = rows(&desk.run(&["keys", "list", "--json", "--site", "shop"]).ok());
    let id = listed[0]["id"].as_str().unwrap();
    let refused = desk.run(&["keys", "revoke", id]);
    assert!(refused.code == 1 && refused.err.contains("--site"), "{refused:?}");
    desk.run(&["keys", "revoke", id, "--site", "shop"]).ok();
}

#[tokio::test]
async fn a_key_that_servers_hold_already_is_imported_once() {
    let desk = Desk::new();
    let key = "a-key-that-our-servers-have-held-for-years-0123456789";
    let import = |text: &str| run_with_input(desk.folder.path(), &desk.env, &["keys", "import"], text);
    let id = import(&format!("{key}\n")).ok();
    assert!(id.starts_with("key_"), "{id}");
    let again = import(key);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("there already"), "{again:?}");
    for (refused, reason) in
        [("short", "--dev"), ("", "--dev"), ("eyJhbGciOiJub25lIn0.e30.c2lnbmVk", "token")]
    {
        let refused = import(refused);
        assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{refused:?}");
        assert!(refused.err.contains(reason), "{refused:?}");
    }
    assert!(!again.err.contains(key));
    let node = desk.serve();
    assert_eq!(create_for(&node, key, "ann").await.0, 200);
}

/// The key with which the test suites of OpenAI's SDKs are run (reference, section 7).
#[tokio::test]
async fn under_dev_a_key_that_can_be_guessed_is_taken_with_a_warning() {
    let desk = Desk::new();
    let import =
        |text: &str| run_with_input(desk.folder.path(), &desk.env, &["keys", "import", "--dev"], text);
    let taken = import("My API Key");
    assert!(taken.err.contains("could guess"), "{taken:?}");
    assert!(taken.ok().starts_with("key_"));
    let empty = import("");
    assert!(empty.code == 1 && empty.err.contains("empty"), "{empty:?}");
    let node = desk.serve();
    let threads = Client::new().get(format!("{}/v1/chatkit/threads", node.url));
    let answer = send(threads.header("authorization", "Bearer My API Key")).await;
    assert_eq!((answer.status, &answer.body["data"]), (200, &json!([])), "{answer:?}");
}

#[tokio::test]
async fn a_key_is_read_from_a_variable_that_is_named_when_it_is_missing() {
    let mut desk = Desk::new();
    let missing = desk.run(&["keys", "import", "--from-env", "OUR_KEY"]);
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("OUR_KEY"), "{missing:?}");
    desk.env = desk.env.set("OUR_KEY", "a-key-that-our-servers-have-held-for-years-0123456789");
    desk.run(&["keys", "import", "--from-env", "OUR_KEY"]).ok();
}

#[tokio::test]
async fn sessions_are_listed_shown_and_revoked_and_the_audit_log_tells() {
    let desk = Desk::new();
    let node = desk.serve();
    let key = desk.run(&["keys", "create"]).ok().trim().to_owned();
    let (_, ann) = create_for(&node, &key, "ann").await;
    let (_, bob) = create_for(&node, &key, "bob").await;
    let (ann_id, bob_id) = (ann["session_id"].as_str().unwrap(), bob["session_id"].as_str().unwrap());

    let listed = rows(&desk.run(&["sessions", "list", "--json"]).ok());
    assert_eq!(listed.iter().map(|row| row["user"].as_str().unwrap()).collect::<Vec<_>>(), ["bob", "ann"]);
    assert_eq!(rows(&desk.run(&["sessions", "list", "--json", "--limit", "1"]).ok()).len(), 1);
    let shown = desk.run(&["sessions", "show", ann_id]).ok();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["user"], &shown["status"]), (&json!("ann"), &json!("active")));

    desk.run(&["sessions", "revoke", ann_id]).ok();
    let secret = ann["client_secret"].as_str().unwrap();
    let url = format!("{}{}", node.url, crate::server::REFRESH);
    let refused = send(Client::new().post(url).json(&json!({"currentClientSecret": secret}))).await;
    refused.assert_error(401, "secret_revoked");
    assert!(desk.run(&["sessions", "list"]).ok().contains("revoked"));
    fs::write(desk.folder.path().join("chatkitd.toml"), "[sites.shop]\n").unwrap();
    let other_site = desk.run(&["sessions", "show", bob_id, "--site", "shop"]);
    assert_eq!(other_site.code, 1);
    assert!(other_site.err.contains("has no session"), "{other_site:?}");

    let audit = rows(&desk.run(&["audit", "list", "--json"]).ok());
    let actions: Vec<_> = audit.iter().map(|row| (&row["actor"], &row["target"])).collect();
    assert_eq!(actions[0], (&json!("operator"), &json!(ann_id)));
    assert_eq!(actions.len(), 2, "the key's creation and the revocation");
    let keys_only = rows(&desk.run(&["audit", "list", "--json", "--action", "key_created"]).ok());
    assert_eq!(keys_only, audit[1..]);
    assert_eq!(desk.run(&["audit", "list", "--action", "key_lost"]).code, 2);
}

#[test]
fn init_writes_a_file_that_is_valid_and_is_not_written_over() {
    let desk = Desk::new();
    desk.run(&["init"]).ok();
    desk.run(&["config", "check"]).ok();
    let path = desk.folder.path().join("chatkitd.toml");
    fs::write(&path, "# mine").unwrap();
    let refused = desk.run(&["init"]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("--force"), "{refused:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "# mine");
    desk.run(&["init", "--force"]).ok();
    assert_ne!(fs::read_to_string(&path).unwrap(), "# mine");
}

#[test]
fn init_names_what_it_cannot_write_and_the_way_out() {
    let desk = Desk::new();
    // To root a mode is no obstacle.
    fs::create_dir(desk.folder.path().join("chatkitd.toml")).unwrap();
    fs::write(desk.folder.path().join("supabase"), "").unwrap();
    for (arguments, path) in
        [(&["init", "--force"], "chatkitd.toml"), (&["init", "supabase"], "supabase/migrations")]
    {
        let refused = desk.run(arguments);
        assert_eq!(refused.code, 1);
        let words = format!("{path} cannot be written; run this in a folder where you may write: ");
        assert!(refused.err.contains(&words), "{refused:?}");
    }
}

/// The migration is applied as `supabase db push` does; chatkitd then finds nothing left to do.
#[tokio::test]
async fn init_supabase_writes_a_migration_that_chatkitd_is_content_with() {
    let mut desk = Desk::new();
    desk.run(&["init", "supabase"]).ok();
    let again = desk.run(&["init", "supabase"]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("there already"), "{again:?}");
    let folder = desk.folder.path().join("supabase/migrations");
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    let name = files[0].file_name().unwrap().to_str().unwrap();
    let (time, rest) = name.split_at(14);
    assert!(time.bytes().all(|byte| byte.is_ascii_digit()), "{name}");
    assert_eq!(rest, "_create_chatkit_sessions.sql");

    let url = postgres().await;
    databases::run(&url, fs::read_to_string(&files[0]).unwrap()).await;
    desk.env = desk.env.set("CHATKITD_DATABASE_URL", &url);
    let node = desk.serve();
    let made = send(Client::new().post(format!("{}{SESSION}", node.url))).await;
    assert_eq!(made.status, 200, "{made:?}");
}

/// What was meant to be a secret, saved as Latin-1: it must not count as not set.
#[test]
fn a_variable_that_is_not_utf_8_is_refused_by_its_name() {
    let desk = Desk::new();
    let value = OsStr::from_bytes(b"geheim-f\xfcr-alle-0123456789-0123456789");
    let refused = |name: &str, arguments: &[&str]| {
        let mut command = command(desk.folder.path(), &desk.env, arguments);
        let output = command.env(name, value).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(&format!("{name} is not UTF-8")) && !error.contains("geheim"), "{error}");
        output.status.code()
    };
    for name in ["CHATKITD_AUTH_HS256_SECRET", "OPENAI_API_KEY", "CHATKITD_LISTEN"] {
        assert_eq!(refused(name, &["config", "check"]), Some(1));
        assert_eq!(refused(name, &["serve"]), Some(1));
    }
    assert_eq!(refused("OUR_KEY", &["keys", "import", "--from-env", "OUR_KEY"]), Some(1));
    assert_eq!(refused("OPENAI_API_KEY", &["pull"]), Some(2));
    let with_key = desk.env.clone().set("OPENAI_API_KEY", "sk-1");
    let mut pull = command(desk.folder.path(), &with_key, &["pull"]);
    let output = pull.env("OPENAI_BASE_URL", value).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "the key is not sent to somebody else");
}

/// As `serve` does at its start.
#[test]
fn config_check_reads_the_scripts_of_agents() {
    let mut desk = Desk::new();
    desk.env = Env::sqlite(&desk.folder).set("CHATKIT_WORKFLOW_ID", "wf_support");
    let write = |name: &str, text: &str| fs::write(desk.folder.path().join(name), text).unwrap();
    write("chatkitd.toml", "[workflows.wf_support]\nagent = \"script\"\nfile = \"support.yaml\"\n");
    let missing = desk.run(&["config", "check"]);
    assert_eq!(missing.code, 1, "{missing:?}");
    assert!(missing.err.contains("support.yaml of workflow \"wf_support\" cannot be read"), "{missing:?}");
    write("support.yaml", "turns:\n  - - say: Hello\n    - shout: Hello\n");
    for command in [&["config", "check"][..], &["serve"]] {
        let broken = desk.run(command);
        assert_eq!(broken.code, 1, "{broken:?}");
        for part in ["support.yaml of workflow \"wf_support\"", "line 3 ", "there is no step `shout`"] {
            assert!(broken.err.contains(part), "{part}: {broken:?}");
        }
    }
    write("support.yaml", "turns:\n  - - say: Hello\n");
    assert!(desk.run(&["config", "check"]).ok().contains("site default, workflow wf_support: agent script"));
}

#[test]
fn config_check_names_sources_and_masks_secrets() {
    let mut desk = Desk::new();
    let hidden = ["sk-hidden-openai-key", "hidden-signing-secret-0123456789abcdef", "hidden-password"];
    desk.env = desk
        .env
        .set("OPENAI_API_KEY", hidden[0])
        .set("CHATKIT_SECRET", hidden[1])
        .set("CHATKITD_DATABASE_URL", format!("postgres://app:{}@db.example/chat", hidden[2]));
    fs::write(desk.folder.path().join("chatkitd.toml"), "log = \"warn\"\n").unwrap();
    let text = desk.run(&["config", "check"]).ok();
    for expected in ["environment, OPENAI_API_KEY", "chatkitd.toml, log", "database: PostgreSQL", "Risky:"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    for secret in hidden {
        assert!(!text.contains(secret), "{text}");
    }
    desk.env = Env::default();
    let text = desk.run(&["config", "check"]).ok();
    assert!(text.contains("CHATKIT_WORKFLOW_ID") && text.contains("OPENAI_API_KEY"), "{text}");
}

#[test]
fn what_cannot_start_says_which_variable_to_set_and_how() {
    let base = Desk::new();
    for (name, value, words) in [
        ("CHATKITD_LISTEN", "8787", "127.0.0.1:8787"),
        ("CHATKITD_DATABASE_URL", "mysql://root:hidden@db", "postgres://"),
        ("CHATKIT_SECRET", "your-secret-key-here", "openssl rand"),
        ("CHATKITD_LIMITER", "disk", "redis"),
        ("CHATKITD_TRUSTED_PROXIES", "proxy", "CHATKITD_TRUSTED_PROXIES"),
        ("CHATKITD_LOG", "info,=,", "CHATKITD_LOG"),
        ("CHATKITD_REDIS_URL", "http://:hidden@redis:6379", "redis://host:6379"),
        ("CHATKITD_ROLES_DATABASE_URL", "mysql://root:hidden@db", "postgres://"),
    ] {
        let env = base.env.clone().set(name, value).set("CHATKITD_ROLES_QUERY", "SELECT 'user'");
        for command in [&["serve"][..], &["config", "check"]] {
            let failed = run(base.folder.path(), &env, command);
            assert_eq!(failed.code, 1, "{failed:?}");
            assert!(failed.err.contains(name) && failed.err.contains(words), "{failed:?}");
            assert!(!failed.err.contains("hidden"), "{failed:?}");
        }
    }
    let own =
        base.env.set("CHATKITD_LISTEN", "127.0.0.1:8787").set("CHATKIT_API_BASE", "http://localhost:8787/v1");
    let failed = run(base.folder.path(), &own.set("OPENAI_API_KEY", "sk-x"), &["serve"]);
    assert!(
        failed.code == 1 && failed.err.contains("CHATKIT_API_BASE points at chatkitd itself"),
        "{failed:?}"
    );
}

#[test]
fn an_address_that_is_taken_names_its_variable() {
    let desk = Desk::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for name in ["CHATKITD_LISTEN", "CHATKITD_ADMIN_LISTEN"] {
        let env = desk.env.clone().set(name, &address);
        let failed = run(desk.folder.path(), &env, &["serve"]);
        assert_eq!(failed.code, 1, "{failed:?}");
        assert!(failed.err.contains(name) && failed.err.contains(&address), "{failed:?}");
    }
}

#[test]
fn wrong_usage_is_told_apart_from_failure() {
    let desk = Desk::new();
    desk.run(&["migrate"]).ok();
    for arguments in [&["nonsense"][..], &["keys"], &["sessions", "show"], &["completions", "tcsh"], &[]] {
        assert_eq!(desk.run(arguments).code, 2, "{arguments:?}");
    }
    for arguments in [&["keys", "revoke", "key_nonsense"][..], &["sessions", "show", "cksess_nonsense"]] {
        let failed = desk.run(arguments);
        assert_eq!(failed.code, 1, "{failed:?}");
        assert!(failed.err.contains("list shows them") || failed.err.contains("has no"), "{failed:?}");
    }
    let nothing_kept =
        run(desk.folder.path(), &desk.env.clone().set("CHATKITD_DATABASE_URL", "none"), &["keys", "list"]);
    assert!(nothing_kept.code == 1 && nothing_kept.err.contains("CHATKITD_DATABASE_URL"), "{nothing_kept:?}");
    let no_file = desk.run(&["--config", "absent.toml", "config", "check"]);
    assert!(no_file.code == 1 && no_file.err.contains("absent.toml"), "{no_file:?}");
}

#[test]
fn where_the_server_has_another_database_nothing_is_made_and_the_file_is_named() {
    let desk = Desk::new();
    let file = desk.folder.path().join("chatkitd.db");
    for arguments in [
        &["keys", "list"][..],
        &["keys", "revoke", "key_1"],
        &["sessions", "list"],
        &["sessions", "show", "cksess_1"],
        &["sessions", "revoke", "cksess_1"],
        &["audit", "list"],
    ] {
        let refused = desk.run(arguments);
        assert_eq!(refused.code, 1, "{arguments:?}: {refused:?}");
        for words in [file.to_str().unwrap(), "CHATKITD_DATA_DIR", "--dev"] {
            assert!(refused.err.contains(words), "{arguments:?}: {refused:?}");
        }
        assert!(!file.exists(), "{arguments:?}");
    }
    // Before the first start: the key is there when the server is.
    desk.run(&["keys", "create"]).ok();
    assert!(desk.run(&["keys", "list"]).ok().starts_with("key_"));
}

#[test]
fn under_dev_commands_work_on_the_database_that_env_local_names() {
    let folder = tempdir().unwrap();
    fs::write(folder.path().join(".env.local"), "CHATKITD_DATA_DIR=of-the-server\n").unwrap();
    let desk = Desk { folder, env: Env::default() };
    desk.run(&["migrate", "--dev"]).ok();
    assert!(desk.folder.path().join("of-the-server/chatkitd.db").exists());
    desk.run(&["keys", "create", "--dev"]).ok();
    assert!(desk.run(&["keys", "list", "--dev"]).ok().starts_with("key_"));
    assert!(desk.run(&["audit", "list", "--dev"]).ok().contains("key_created"));
    assert_eq!(desk.run(&["sessions", "list", "--dev"]).ok(), "");
    assert!(!desk.folder.path().join("chatkitd-data").exists());
}

#[test]
fn a_site_that_nobody_knows_is_refused_and_the_others_are_named() {
    let desk = Desk::new();
    fs::write(desk.folder.path().join("chatkitd.toml"), "[sites.shop]\n").unwrap();
    let refused = desk.run(&["keys", "create", "--site", "shpo"]);
    assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{refused:?}");
    assert!(refused.err.contains("no site shpo") && refused.err.contains("default, shop"), "{refused:?}");
    desk.run(&["keys", "create", "--site", "shop"]).ok();
    assert_eq!(desk.run(&["keys", "list"]).ok(), "", "that of the other site is not listed");
    assert_eq!(desk.run(&["keys", "list", "--site", "blog"]).code, 1);
}

#[test]
fn openapi_prints_what_docs_has() {
    let text = Desk::new().run(&["openapi"]).ok();
    let written = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    assert_eq!(text, fs::read_to_string(written).unwrap(), "run: make generate");
}

#[test]
fn completions_name_the_commands() {
    let script = Desk::new().run(&["completions", "bash"]).ok();
    for word in ["serve", "sessions", "keys", "pull"] {
        assert!(script.contains(word), "{word}");
    }
}

#[test]
fn a_command_whose_output_nobody_reads_ends_quietly() {
    let desk = Desk::new();
    for arguments in [&["completions", "bash"][..], &["openapi"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child =
            command(desk.folder.path(), &desk.env, arguments).stdout(writer).stderr(Stdio::piped()).spawn();
        let ended = child.unwrap().wait_with_output().unwrap();
        assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
    }
}

#[test]
fn a_database_that_is_away_is_named_once_and_with_its_variable() {
    let desk = Desk::new();
    let env = desk.env.clone().set("CHATKITD_DATABASE_URL", "postgres://app@127.0.0.1:1/chat");
    for arguments in [&["serve"][..], &["migrate"]] {
        let refused = run(desk.folder.path(), &env, arguments);
        assert!(refused.err.starts_with("chatkitd: CHATKITD_DATABASE_URL: the database"), "{refused:?}");
        assert_eq!(refused.err.matches("cannot be opened").count(), 1, "{refused:?}");
    }
}

#[test]
fn to_migrate_no_database_is_an_error_and_not_silence() {
    let desk = Desk::new();
    let env = desk.env.clone().set("CHATKITD_DATABASE_URL", "none");
    let refused = run(desk.folder.path(), &env, &["migrate"]);
    assert!(refused.code == 1 && refused.err.contains("CHATKITD_DATABASE_URL=none"), "{refused:?}");
}

#[test]
fn the_name_of_a_key_cannot_write_lines_or_colours() {
    let desk = Desk::new();
    desk.run(&["keys", "create", "--name", "a\u{1b}[2J\nkey_b  active"]).ok();
    let listed = desk.run(&["keys", "list"]).ok();
    assert_eq!(listed.lines().count(), 1, "{listed:?}");
    assert!(listed.contains("a\\u{1b}[2J\\nkey_b"), "{listed:?}");
    let json = rows(&desk.run(&["keys", "list", "--json"]).ok());
    assert_eq!(json[0]["name"], json!("a\u{1b}[2J\nkey_b  active"), "the name itself is as it was given");
}

fn assert_newer_is_refused(desk: &Desk) {
    for arguments in [&["serve"][..], &["migrate"], &["keys", "list"]] {
        let refused = desk.run(arguments);
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(refused.err.contains("newer"), "{refused:?}");
    }
}

#[tokio::test]
async fn a_newer_schema_in_postgresql_is_refused_in_words() {
    let mut desk = Desk::new();
    let url = postgres().await;
    desk.env = desk.env.set("CHATKITD_DATABASE_URL", &url);
    desk.run(&["migrate"]).ok();
    desk.run(&["migrate"]).ok();
    databases::run(
        &url,
        r"INSERT INTO chatkitd._sqlx_migrations (version, description, success, checksum, execution_time)
          VALUES (9999, 'from the future', TRUE, '\x00', 0)",
    )
    .await;
    assert_newer_is_refused(&desk);
}

#[test]
fn a_newer_schema_in_sqlite_is_refused_in_words() {
    let desk = Desk::new();
    desk.run(&["migrate"]).ok();
    let file = rusqlite::Connection::open(desk.folder.path().join("chatkitd.db")).unwrap();
    file.pragma_update(None, "user_version", 9999).unwrap();
    file.close().unwrap();
    assert_newer_is_refused(&desk);
}
