//! `schemathesis` reads the `OpenAPI` document and sends what it allows, and what it does not.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binary::{Process, run};
use crate::server::Env;

fn schemathesis() -> PathBuf {
    let python =
        std::env::var("CHATKITD_TEST_PYTHON").expect("CHATKITD_TEST_PYTHON is not set: run `make test`");
    Path::new(&python).with_file_name("schemathesis")
}

/// A server of everything that runs here, and nothing that limits a tester.
fn server(folder: &Path) -> (Process, Env) {
    let env = Env::default()
        .set("CHATKITD_ADMIN_LISTEN", "off")
        .set("CHATKIT_WORKFLOW_ID", "wf_echo,wf_demo")
        .set("CHATKITD_LIMIT_ANONYMOUS", "0")
        .set("CHATKITD_LIMIT_USER", "0")
        .set("CHATKITD_LIMIT_SESSION", "0");
    (Process::serve(folder, &env), env)
}

/// What it found, once that is nothing.
fn examine(folder: &Path, server: &Process, arguments: &[&str]) -> String {
    let found = Command::new(schemathesis())
        .current_dir(folder)
        .args(["run", &format!("{}/openapi.json", server.url), "--url", &server.url])
        // NULs are refused though no schema can say so.
        .args(["--mode", "all", "--continue-on-failure", "--seed", "1", "--generation-allow-x00", "false"])
        .args(["--warnings", "off"])
        .args(arguments)
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(found.status.success(), "{report}");
    report
}

#[test]
fn schemathesis_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (server, env) = server(folder.path());
    let key = run(folder.path(), &env, &["keys", "create"]).ok();
    let key = format!("Authorization: Bearer {}", key.trim());
    // The transcript path answers 501 on purpose.
    let transcript = ["--exclude-path", "/api/chatkit/transcript"];
    let report = examine(
        folder.path(),
        &server,
        &[&["--header", &key, "--max-examples", "50"], &transcript[..]].concat(),
    );
    assert!(report.contains("Selected: 31/32"), "{report}");
}

/// Service keys hold no conversations, so these are asked for as a visitor. Left out are the checks that the body is
/// taken or refused by its schema to the letter: null is as good as absent here, and `1.0` is no integer.
#[test]
fn schemathesis_finds_nothing_in_conversations() {
    let folder = tempfile::tempdir().unwrap();
    let (server, _) = server(folder.path());
    let config = "[checks]\nnot_a_server_error.expected-statuses = [\"2xx\", \"3xx\", \"4xx\", \"501\"]\n";
    std::fs::write(folder.path().join("schemathesis.toml"), config).unwrap();
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance";
    let report = examine(
        folder.path(),
        &server,
        &["--include-path", "/chatkit", "--max-examples", "20", "--checks", checks],
    );
    assert!(report.contains("Selected: 1/32"), "{report}");
}
