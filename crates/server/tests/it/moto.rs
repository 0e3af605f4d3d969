//! An S3 that nobody here wrote: moto, in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use reqwest::{Client, Method};

use crate::server::{Env, required};

pub const BUCKET: &str = "chat-files";

/// Serves until its standard input ends, so that it never outlives the test.
const SERVE: &str = "import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address='127.0.0.1', port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()";

/// The settings of a server that keeps its files in an S3 at `url`.
pub fn at_s3(env: Env, url: &str) -> Env {
    env.set("CHATKITD_ATTACHMENTS", format!("s3://{BUCKET}/chats"))
        .set("AWS_ENDPOINT_URL_S3", url)
        .set("AWS_ACCESS_KEY_ID", "AKIATEST")
        .set("AWS_SECRET_ACCESS_KEY", "a-secret-key-of-s3")
}

pub struct Moto {
    pub url: String,
    process: Child,
    client: Client,
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // Nobody is left to hear of an error here.
        let _ = self.process.wait();
    }
}

impl Moto {
    /// With an empty bucket named [`BUCKET`].
    pub async fn start() -> Self {
        let mut process = Command::new(required("CHATKITD_TEST_PYTHON"))
            .args(["-c", SERVE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("CHATKITD_TEST_PYTHON is a Python; run `make test`, which sets it");
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let port = port.trim();
        assert!(!port.is_empty(), "moto did not start; run `make test`, which installs it");
        let url = format!("http://127.0.0.1:{port}");
        let moto = Self { url, process, client: Client::builder().no_proxy().build().unwrap() };
        moto.ask(Method::PUT, "").await;
        moto
    }

    /// The settings of a server that keeps its files there.
    pub fn env(&self, env: Env) -> Env {
        at_s3(env, &self.url)
    }

    /// The names of all objects, and how many uploads were begun and neither completed nor aborted.
    pub async fn left(&self) -> (Vec<String>, usize) {
        let objects = self.ask(Method::GET, "?list-type=2").await;
        let names = objects.split("<Key>").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned());
        let uploads = self.ask(Method::GET, "?uploads").await;
        (names.collect(), uploads.matches("<UploadId>").count())
    }

    pub fn kill(mut self) {
        self.process.kill().unwrap();
    }

    async fn ask(&self, method: Method, query: &str) -> String {
        let response = self.client.request(method, format!("{}/{BUCKET}{query}", self.url)).send().await;
        let response = response.unwrap();
        assert!(response.status().is_success(), "{}", response.status());
        response.text().await.unwrap()
    }
}
