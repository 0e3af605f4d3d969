//! `tests/oracle/server.py`: the reference SDK, playing the scripts.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::client::{Settled, Visitor};
use super::exchange::fixtures;
use crate::server::required;

/// Serves until its standard input ends, so that it never outlives the test.
pub struct Reference {
    url: String,
    process: Child,
}

impl Reference {
    pub fn start() -> Self {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oracle/server.py");
        let mut process = Command::new(required("CHATKITD_TEST_PYTHON"))
            .arg(program)
            .arg(fixtures().join("scripts"))
            // What it would log of broken requests is expected; set it to see why a script does not play.
            .stderr(if std::env::var_os("ORACLE_LOG").is_some() { Stdio::inherit() } else { Stdio::null() })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("CHATKITD_TEST_PYTHON is a Python; run `make test`, which sets it");
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let port = port.trim();
        assert!(!port.is_empty(), "the oracle did not start; run `make test`, which installs its packages");
        Self { url: format!("http://127.0.0.1:{port}"), process }
    }

    /// A visitor of this script, with a database of its own.
    pub fn visitor(&self, database: &str, script: &str) -> Visitor {
        let url = format!("{}/{database}/{script}/chatkit", self.url);
        Visitor::new(url, Settled::Count(format!("{}/running", self.url)))
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // Nobody is left to hear of an error here.
        let _ = self.process.wait();
    }
}
