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

#[test]
fn schemathesis_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let env = Env::default()
        .set("CHATKITD_ADMIN_LISTEN", "off")
        .set("CHATKIT_WORKFLOW_ID", "wf_demo,wf_echo")
        .set("CHATKITD_LIMIT_ANONYMOUS", "0")
        .set("CHATKITD_LIMIT_USER", "0")
        .set("CHATKITD_LIMIT_SESSION", "0");
    let server = Process::serve(folder.path(), &env);
    let key = run(folder.path(), &env, &["keys", "create"]).ok();
    let found = Command::new(schemathesis())
        .current_dir(folder.path())
        .args(["run", &format!("{}/openapi.json", server.url), "--url", &server.url])
        .args(["--header", &format!("Authorization: Bearer {}", key.trim())])
        // The transcript path answers 501 on purpose; NULs are refused though no schema can say so.
        .args(["--exclude-path", "/api/chatkit/transcript", "--generation-allow-x00", "false"])
        .args([
            "--mode",
            "all",
            "--continue-on-failure",
            "--seed",
            "1",
            "--max-examples",
            "50",
            "--warnings",
            "off",
        ])
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&found.stdout);
    assert!(found.status.success(), "{report}");
    assert!(report.contains("Selected: 21/22"), "{report}");
}
