mod cursors;
mod faults;
mod files;
mod resume;
mod update;
mod verify;

use std::{
    collections::BTreeMap,
    fs,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    time::Duration,
};

use chatkitd::pull::{self, Patience, PullError, Settings, Summary, Tuning};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::openai_standin::Standin;

/// A server and a folder to pull into.
struct Scene {
    server: Standin,
    dir: TempDir,
}

impl Scene {
    async fn empty() -> Self {
        Self { server: Standin::start().await, dir: TempDir::new().unwrap() }
    }

    /// Eight threads, three to a page and to a shard; threads without items, with several pages of them, of the same
    /// second, with files.
    async fn new() -> Self {
        let scene = Self::empty().await;
        let file = |name: &str| Some(format!("{}/raw/{name}", scene.server.origin()));
        scene.server.world(|world| {
            world.add_thread("cthr_0", 10, 2, &[]);
            world.add_thread("cthr_1", 11, 0, &[]);
            world.add_thread("cthr_2", 11, 7, &[("cfile_a", file("a")), ("cfile_none", None)]);
            world.add_thread("cthr_3", 12, 1, &[]);
            world.add_thread("cthr_4", 13, 3, &[("../../cfile_b", file("b"))]);
            world.add_thread("cthr_5", 14, 1, &[]);
            world.add_thread("cthr_6", 15, 4, &[]);
            world.add_thread("cthr_7", 15, 1, &[("cfile_c", file("c"))]);
            for name in ["a", "b", "c"] {
                world.files.insert(format!("/raw/{name}"), name.repeat(50_000).into());
            }
        });
        scene
    }

    fn out(&self) -> PathBuf {
        self.dir.path().join("export")
    }

    fn settings(&self) -> Settings {
        self.settings_for(self.out())
    }

    fn settings_for(&self, out: PathBuf) -> Settings {
        Settings {
            out,
            base_url: self.server.base_url.clone(),
            key: SecretString::from("sk-secret"),
            max_file_size: 1_000_000,
            concurrency: NonZeroUsize::new(2).unwrap(),
            skip_threads: Vec::new(),
            allow_private_file_hosts: false,
            update: false,
            quiet: true,
            tuning: Tuning {
                patience: Patience {
                    tries: 3,
                    base: Duration::from_millis(1),
                    longest: Duration::from_millis(2),
                    longest_asked: Duration::from_secs(60),
                },
                page_limit: 3,
                threads_per_shard: 3,
                commit_every: Duration::ZERO,
                ..Tuning::default()
            },
            now: || Timestamp::UNIX_EPOCH,
            jitter: || 0.0,
        }
    }

    async fn pull(&self) -> Result<Summary, PullError> {
        pull::pull(self.settings(), CancellationToken::new()).await
    }

    /// What an undisturbed pull makes of the same server.
    async fn undisturbed(&self) -> BTreeMap<String, Vec<u8>> {
        let out = self.dir.path().join("undisturbed");
        self.server.calm();
        let settings = self.settings_for(out.clone());
        pull::pull(settings, CancellationToken::new()).await.unwrap();
        contents(&out)
    }

    fn requests(&self) -> Vec<String> {
        let show = |seen: &crate::openai_standin::Seen| match seen.query.get("after") {
            Some(after) => format!("{}?after={after}", seen.path),
            None => seen.path.clone(),
        };
        self.server.world(|world| world.seen.iter().map(show).collect())
    }

    fn lines(&self, path: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.out().join(path)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn thread_ids(&self) -> Vec<String> {
        self.lines("threads.jsonl").iter().map(|thread| thread["id"].as_str().unwrap().to_owned()).collect()
    }

    fn assert_whole(&self) {
        let report = pull::verify(&self.out()).unwrap();
        assert_eq!(report.damage, []);
    }
}

/// Every file of a folder but the lock.
fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![dir.to_owned()];
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found.remove(".lock");
    found
}

#[tokio::test]
async fn a_pull_saves_every_thread_item_and_file() {
    let scene = Scene::new().await;
    let summary = scene.pull().await.unwrap();
    assert_eq!((summary.threads, summary.items, summary.files_saved), (8, 19, 3));
    assert_eq!((summary.files_without_url, summary.files_failed, summary.was_complete), (1, 0, false));
    let (threads, items) = scene.server.world(|world| (world.threads.clone(), world.items.clone()));
    assert_eq!(scene.lines("threads.jsonl"), threads);
    let shards = ["items/000000.jsonl", "items/000001.jsonl", "items/000002.jsonl"];
    let saved: Vec<Value> = shards.iter().flat_map(|shard| scene.lines(shard)).collect();
    assert_eq!(saved, items.into_values().flatten().collect::<Vec<_>>());
    let file = scene.out().join("files/%2E%2E%2F%2E%2E%2Fcfile_b");
    assert_eq!(fs::read(file).unwrap(), "b".repeat(50_000).into_bytes());
    scene.assert_whole();
}

#[tokio::test]
async fn every_list_request_carries_the_key_and_the_beta_header() {
    let scene = Scene::new().await;
    scene.pull().await.unwrap();
    scene.server.world(|world| {
        assert!(world.seen.len() > 12);
        for seen in world.seen.iter().filter(|seen| !seen.path.starts_with("/raw/")) {
            assert_eq!(seen.headers["authorization"], "Bearer sk-secret");
            assert_eq!(seen.headers["openai-beta"], "chatkit_beta=v1");
        }
    });
}

#[tokio::test]
async fn an_empty_project_is_a_whole_folder() {
    let scene = Scene::empty().await;
    assert_eq!(scene.pull().await.unwrap().threads, 0);
    scene.assert_whole();
}
