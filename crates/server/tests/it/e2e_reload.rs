//! SIGHUP: new settings for a server that goes on.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use reqwest::Client;
use serde_json::json;
use tempfile::tempdir;

use crate::binary::Process;
use crate::chat::{Chat, Event};
use crate::e2e_models::{answer, bare};
use crate::e2e_roles::{HS256_SECRET, USERS, token, with_roles};
use crate::local_model::LocalModel;
use crate::server::{SESSION, send};
use crate::wait::until;

const DONE: &str = "the settings were read again and are in force";
const REFUSED: &str = "the settings were not read again";

fn write(folder: &Path, text: &str) {
    fs::write(folder.join("chatkitd.toml"), text).unwrap();
}

fn settings(model: &LocalModel, instructions: &str) -> String {
    format!(
        "[providers.here]\nbase_url = \"{}\"\n[workflows.wf_a]\nagent = \"model\"\nmodel = \"m\"\n\
         instructions = \"{instructions}\"\n",
        model.base
    )
}

/// Tells the server, and waits until its log has said so once more.
async fn reload(server: &Process, outcome: &str) {
    let said = |log: &str| log.matches(outcome).count();
    let before = said(&server.log());
    server.signal("HUP");
    until(outcome, async || said(&server.log()) > before).await;
}

async fn status_for(server: &Process, site: &str, origin: &str) -> u16 {
    let request = Client::new().post(format!("{}/s/{site}{SESSION}", server.url)).header("origin", origin);
    send(request).await.status
}

fn text(events: &[Event]) -> String {
    events.iter().filter_map(Event::delta).collect()
}

#[tokio::test]
async fn an_answer_goes_on_through_a_reload_and_the_next_one_is_given_anew() {
    let (folder, model) = (tempdir().unwrap(), LocalModel::start().await);
    let sites = "[sites.default]\nworkflows = [\"wf_a\"]\norigins = [\"https://old.example\"]\n";
    write(folder.path(), &format!("{}{sites}", settings(&model, "Old.")));
    let server = Process::serve(folder.path(), &bare(folder.path()));
    assert_eq!(status_for(&server, "default", "https://old.example").await, 200);
    assert_eq!(status_for(&server, "default", "https://new.example").await, 403);

    // Holds the origin of the page, as a widget does.
    let key = crate::binary::run(folder.path(), &bare(folder.path()), &["keys", "create"]).ok();
    let chat = Chat::with_key(&server.url, "wf_a", key.trim()).await;
    let mut stream = chat.create("please wait").await;
    let first = stream.deltas(1).await;
    let sites = "[sites.default]\nworkflows = [\"wf_a\", \"wf_b\"]\norigins = [\"https://new.example\"]\n\
                 [sites.shop]\nworkflows = [\"wf_b\"]\n[workflows.wf_b]\nagent = \"model\"\nmodel = \"n\"\n";
    write(folder.path(), &format!("{}{sites}", settings(&model, "New.")));
    reload(&server, DONE).await;

    assert_eq!(status_for(&server, "default", "https://old.example").await, 403);
    assert_eq!(status_for(&server, "default", "https://new.example").await, 200);
    assert!(answer(&format!("{}/s/shop", server.url), "wf_b").await.starts_with("n, told "));
    let anew = Chat::with_key(&server.url, "wf_a", key.trim()).await;
    let anew = text(&anew.create("hello").await.rest().await);
    assert!(anew.starts_with("m, told \"New.\""), "{anew}");
    // The run is found by who comes back to it, and its lease is kept.
    let mut again = chat.resume(&stream.run, 0).await;
    again.deltas(1).await;
    model.open_gate();
    let told = format!("{}{}", first.delta().unwrap(), text(&stream.rest().await));
    assert_eq!(told, "m, told \"Old.\", with \"\"");
    assert!(again.rest().await.iter().any(|event| event.delta().is_some()));
}

#[tokio::test]
async fn a_file_that_is_broken_changes_nothing_and_the_log_names_its_line() {
    let (folder, model) = (tempdir().unwrap(), LocalModel::start().await);
    let env = bare(folder.path()).set("CHATKITD_ADMIN_LISTEN", "127.0.0.1:0");
    let right = format!("{}[sites.default]\nworkflows = [\"wf_a\"]\n", settings(&model, "Old."));
    write(folder.path(), &right);
    let server = Process::serve(folder.path(), &env);
    let broken = [
        (format!("{right}[sites.shop]\nworkflow = []\n"), "line 10: unknown field `workflow`"),
        (format!("{right}[sites.shop\n"), "line 9: "),
        (right.replace("\"m\"", "5"), "line 5: "),
        (right.replace("agent = \"model\"", "agent = \"echo\""), "line 5: workflows.wf_a.model: "),
        (right.replace("instructions = \"Old.\"", "instructions_file = \"a.md\""), "a.md"),
        (format!("run_timeout = \"soon\"\n{right}"), "line 1: run_timeout"),
    ];
    for (file, reason) in &broken {
        write(folder.path(), file);
        reload(&server, REFUSED).await;
        let log = server.log();
        let last = log.lines().rfind(|line| line.contains(REFUSED)).unwrap().replace("\\\"", "\"");
        assert!(last.contains(reason), "{reason}: {last}");
        assert!(last.contains("chatkitd.toml") || *reason == "a.md", "{last}");
    }
    fs::remove_file(folder.path().join("chatkitd.toml")).unwrap();
    reload(&server, REFUSED).await;
    assert!(server.log().contains("chatkitd.toml cannot be read"), "{}", server.log());
    assert!(answer(&server.url, "wf_a").await.starts_with("m, told \"Old.\""));
    write(folder.path(), &right.replace("Old.", "New."));
    reload(&server, DONE).await;
    assert!(answer(&server.url, "wf_a").await.starts_with("m, told \"New.\""));

    let metrics = Client::new().get(format!("{}/metrics", server.operators())).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for (outcome, times) in [("refused", broken.len() + 1), ("reloaded", 1)] {
        let line = format!("chatkitd_reloads_total{{outcome=\"{outcome}\"}} {times}");
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
}

#[tokio::test]
async fn what_needs_a_restart_stays_and_is_named_and_counts_are_kept() {
    let folder = tempdir().unwrap();
    let env = bare(folder.path()).unset("CHATKITD_LIMIT_ANONYMOUS").unset("CHATKIT_SECRET");
    let right = "[limits]\nanonymous = 1\n[sites.default]\nworkflows = [\"wf_echo\"]\n";
    write(folder.path(), right);
    let server = Process::serve(folder.path(), &env);
    let create = async || send(Client::new().post(format!("{}{SESSION}", server.url))).await;
    let made = create().await;
    assert_eq!(made.status, 200, "{made:?}");
    create().await.assert_error(429, "rate_limited");

    let top = "database_url = \"postgres://me:hunter2@nowhere.example/name\"\nlog = \"debug\"\nsecret = \"another-secret-of-forty-bytes-0123456789\"\n";
    write(folder.path(), &format!("{top}{right}"));
    reload(&server, DONE).await;
    create().await.assert_error(429, "rate_limited");
    let session = format!("{}{SESSION}/{}/validate", server.url, made.text("session_id"));
    let valid = send(Client::new().get(session).bearer_auth(made.text("client_secret"))).await;
    assert_eq!(valid.body["valid"], true, "the same database, the same secret: {valid:?}");
    let log = server.log();
    for name in ["CHATKITD_DATABASE_URL", "CHATKITD_LOG", "CHATKIT_SECRET"] {
        assert!(log.contains(&format!("{name} was changed and needs a restart")), "{name}: {log}");
    }
    assert!(!log.contains("hunter2") && !log.contains("CHATKITD_LISTEN was changed"), "{log}");
}

#[tokio::test]
async fn roles_are_looked_up_in_the_database_that_is_in_force() {
    let folder = tempdir().unwrap();
    let env = with_roles(bare(folder.path()));
    let right = "[sites.default]\nworkflows = [\"wf_echo\"]\n";
    write(folder.path(), right);
    let server = Process::serve(folder.path(), &env);
    let own = rusqlite::Connection::open(folder.path().join("chatkitd.db")).unwrap();
    own.execute_batch(USERS).unwrap();
    let create = async || {
        let request = Client::new().post(format!("{}{SESSION}", server.url));
        send(request.bearer_auth(token("user_admin"))).await.status
    };
    assert_eq!(create().await, 200);
    write(folder.path(), &format!("database_url = \"sqlite://{}/new.db\"\n{right}", folder.path().display()));
    reload(&server, DONE).await;
    assert_eq!(create().await, 200);
}

#[tokio::test]
async fn roles_in_a_database_that_comes_with_the_restart_are_refused_until_then() {
    let folder = tempdir().unwrap();
    let env = bare(folder.path()).set("CHATKITD_AUTH_HS256_SECRET", HS256_SECRET);
    write(folder.path(), "database_url = \"none\"\n");
    let server = Process::serve(folder.path(), &env);
    let database = format!("database_url = \"sqlite://{}/new.db\"\n", folder.path().display());
    write(folder.path(), &format!("{database}[roles]\nquery = \"SELECT role FROM users WHERE id = $1\"\n"));
    reload(&server, REFUSED).await;
    let log = server.log();
    assert!(log.contains("there is none until a restart"), "{log}");
}

#[tokio::test]
async fn a_new_key_of_openai_that_signs_too_is_named_with_what_a_restart_costs() {
    let folder = tempdir().unwrap();
    let env = bare(folder.path()).unset("CHATKIT_SECRET").set("CHATKITD_DATABASE_URL", "none");
    let with_key = |key: &str| {
        let site = "[sites.default]\nworkflows = [\"wf_hosted\"]\n";
        write(
            folder.path(),
            &format!("openai_api_key = \"sk-{key}-0123456789-0123456789-0123456789\"\n{site}"),
        );
    };
    with_key("one");
    let server = Process::serve(folder.path(), &env);
    for key in ["two", "three"] {
        with_key(key);
        reload(&server, DONE).await;
    }
    let log = server.log();
    let told = log.matches("OPENAI_API_KEY was changed").count();
    assert!(
        told == 2 && log.contains("device cookies") && !log.contains("CHATKIT_SECRET was changed"),
        "{log}"
    );
}

#[tokio::test]
async fn what_was_said_to_a_workflow_that_was_removed_can_still_be_read_and_deleted() {
    let folder = tempdir().unwrap();
    let site = "[sites.default]\nworkflows = [\"wf_echo\", \"wf_old\"]\n";
    write(folder.path(), &format!("{site}[workflows.wf_old]\nagent = \"echo\"\n"));
    let server = Process::serve(folder.path(), &bare(folder.path()));
    let chat = Chat::open(&server.url, "wf_old").await;
    let mut stream = chat.create("hello").await;
    let (run, thread) = (stream.run.clone(), stream.thread().await);
    let told = stream.rest().await;
    write(folder.path(), "[sites.default]\nworkflows = [\"wf_echo\"]\n");
    reload(&server, DONE).await;

    let named = json!({"thread_id": thread});
    for (operation, params) in
        [("threads.list", &json!({})), ("threads.get_by_id", &named), ("items.list", &named)]
    {
        let answer = chat.ask(operation, params.clone()).await;
        assert_eq!(answer.status, 200, "{operation}: {answer:?}");
    }
    assert_eq!(chat.resume(&run, 1).await.rest().await, told);
    assert_eq!(chat.cancel(&run).await.status, 200);
    let refused = send(chat.saying(&thread, "and now?")).await;
    assert_eq!(
        (refused.status, refused.body["error"]["code"].as_str()),
        (500, Some("no_agent")),
        "{refused:?}"
    );
    assert_eq!(chat.ask("threads.delete", named).await.status, 200);
}

#[tokio::test]
async fn settings_that_cannot_be_read_to_their_end_do_not_keep_the_server_from_stopping() {
    let (folder, model) = (tempdir().unwrap(), LocalModel::start().await);
    write(folder.path(), &settings(&model, "Old."));
    let env = bare(folder.path()).set("CHATKITD_SHUTDOWN_GRACE", "1s");
    let mut server = Process::serve(folder.path(), &env);
    let file = folder.path().join("chatkitd.toml");
    fs::remove_file(&file).unwrap();
    assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
    server.signal("HUP");
    // Opened once the server reads it, which goes on for as long as this is open.
    let _writer = fs::OpenOptions::new().write(true).open(&file).unwrap();
    let (ended, end) = std::sync::mpsc::channel();
    std::thread::spawn(move || ended.send(server.terminate()));
    assert_eq!(end.recv_timeout(Duration::from_secs(20)), Ok(0));
}
