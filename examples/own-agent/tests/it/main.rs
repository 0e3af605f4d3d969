//! The example as its README says: started as a program, asked over HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

const UP: &str = "chatkitd is up at ";

/// The example as a process of its own; it goes away with the test.
struct Program {
    child: Child,
    url: String,
}

impl Program {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_own-agent"))
            .current_dir(folder)
            .env_clear()
            .env("CHATKITD_LISTEN", "127.0.0.1:0")
            .env("CHATKITD_ADMIN_LISTEN", "off")
            .env("CHATKITD_DATA_DIR", folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let up = address(child.stderr.take().unwrap());
        let url = up.recv_timeout(Duration::from_secs(20)).unwrap();
        Self { child, url }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the log to its end, and sends the address once it is there.
fn address(stderr: std::process::ChildStderr) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            let url = line.split_once(UP).and_then(|(_, rest)| rest.split(' ').next());
            if let Some(url) = url {
                // The test may have given up waiting.
                let _ = sender.send(url.to_owned());
            }
        }
    });
    receiver
}

/// The body that the README sends.
fn body_in_readme() -> &'static str {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("-d '").unwrap();
    rest.split_once('\'').unwrap().0
}

/// The first code that the documentation shows below this heading.
fn documented(heading: &str) -> &'static str {
    let (_, section) = include_str!("../../../../docs/AGENTS.md").split_once(heading).unwrap();
    let (_, code) = section.split_once("```rust\n").unwrap();
    code.split_once("```\n").unwrap().0
}

#[test]
fn the_documentation_shows_this_program_and_its_test() {
    let (program, test) = (documented("\n## The whole program\n"), documented("\n## Testing an agent\n"));
    assert!(include_str!("../../src/main.rs").ends_with(program), "docs/AGENTS.md and src/main.rs differ");
    assert!(program.contains("impl Agent for"));
    assert!(include_str!("../../src/tests.rs").ends_with(test), "docs/AGENTS.md and src/tests.rs differ");
    assert!(test.contains("#[tokio::test]"));
}

#[tokio::test]
async fn the_agent_answers_what_the_readme_asks() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    let asked = reqwest::Client::new()
        .post(format!("{}/chatkit", program.url))
        .header("content-type", "application/json")
        .body(body_in_readme())
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status(), 200);
    let stream = asked.text().await.unwrap();
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = data.map(|data| serde_json::from_str(data).unwrap()).collect();

    let of = |kind: &str| events.iter().rfind(|event| event["type"] == kind).unwrap();
    let answer = &of("thread.item.done")["item"]["content"][0]["text"];
    assert_eq!(answer, "On Monday we are open from **9:00 to 18:00**.");
    assert_eq!(of("thread.updated")["thread"]["title"], "Opening hours");
}
