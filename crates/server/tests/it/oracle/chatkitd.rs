//! chatkitd, playing the same scripts: a server of its own for each exchange, with settings as an operator
//! writes them.

use std::path::Path;

use chatkitd::Server;
use chatkitd::settings::Settings;
use tempfile::TempDir;

use super::client::{Settled, Visitor};
use super::exchange::fixtures;
use crate::server::{Env, Node};

pub struct Chatkitd {
    node: Node,
    _folder: TempDir,
}

impl Chatkitd {
    pub async fn start(script: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let env = Env::sqlite(&folder).set("CHATKIT_WORKFLOW_ID", "wf_script");
        let file = fixtures().join(format!("scripts/{script}.yaml")).canonicalize().unwrap();
        let file =
            format!("[workflows.wf_script]\nagent = \"script\"\nfile = {:?}\n", file.to_str().unwrap());
        let settings = (Path::new("chatkitd.toml"), file.as_str());
        let settings = Settings::load(&|name| env.0.get(name).cloned(), Some(settings), false).unwrap();
        let node = Node::start_with(&env, |_| Server::new(settings)).await;
        if reqwest::get(format!("{}/healthz", node.url)).await.is_err() {
            // It did not start, and says why.
            node.stop().await;
            panic!("the server of {script} is gone");
        }
        Self { node, _folder: folder }
    }

    pub fn visitor(&self) -> Visitor {
        Visitor::new(format!("{}/chatkit", self.node.url), Settled::RunHeader)
    }

    pub async fn stop(self) {
        self.node.stop().await;
    }
}
