use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use chatkitd::pull::{self, Damage, PullError};
use serde_json::Value;

use super::Scene;
use crate::{binary::command, server::Env};

/// What a verification says after `change` was made to a file of a whole folder.
async fn after(path: &str, change: impl FnOnce(String) -> String) -> Vec<Damage> {
    let scene = Scene::new().await;
    scene.pull().await.unwrap();
    let file = scene.out().join(path);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, change(text)).unwrap();
    pull::verify(&scene.out()).unwrap().damage
}

async fn after_removing(path: &str) -> Vec<Damage> {
    let scene = Scene::new().await;
    scene.pull().await.unwrap();
    fs::remove_file(scene.out().join(path)).unwrap();
    pull::verify(&scene.out()).unwrap().damage
}

fn without_line(text: &str, line: usize) -> String {
    let keep = |(n, text): (usize, &str)| (n != line).then(|| format!("{text}\n"));
    text.lines().enumerate().filter_map(keep).collect()
}

fn with_line_twice(text: &str, line: usize) -> String {
    let twice = |(n, text): (usize, &str)| format!("{text}\n").repeat(if n == line { 2 } else { 1 });
    text.lines().enumerate().map(twice).collect()
}

fn has(damage: &[Damage], expected: impl Fn(&Damage) -> bool) -> bool {
    damage.iter().any(expected)
}

#[tokio::test]
async fn a_changed_byte_is_found_in_files_and_lines() {
    let changed = "files/cfile_a".to_owned();
    let damage = after(&changed, |text| text.replacen('a', "x", 1)).await;
    assert_eq!(damage, [Damage::Hash { path: changed.clone() }]);
    let damage = after(&changed, |text| text + "x").await;
    assert_eq!(damage, [Damage::Size { path: changed, expected: 50_000, found: 50_001 }]);
    let damage = after("items/000000.jsonl", |text| text.replacen("line", "lime", 1)).await;
    assert_eq!(damage, [Damage::Hash { path: "items/000000.jsonl".to_owned() }]);
}

#[tokio::test]
async fn a_missing_file_is_named() {
    for path in ["files/cfile_a", "items/000001.jsonl", "threads.jsonl", "ledger.jsonl", "files.jsonl"] {
        let damage = after_removing(path).await;
        let expected = Damage::Missing { path: path.to_owned() };
        assert!(damage.contains(&expected), "{path}: {damage:?}");
    }
    assert_eq!(after_removing("manifest.json").await, [Damage::Manifest]);
    assert_eq!(after_removing("state.json").await, [Damage::NoState]);
}

#[tokio::test]
async fn a_line_that_cannot_be_read_is_named() {
    for path in ["threads.jsonl", "ledger.jsonl", "files.jsonl", "items/000000.jsonl"] {
        let damage = after(path, |text| text.replacen("{\"", "[\"", 1)).await;
        let expected = Damage::Line { path: path.to_owned(), line: 1 };
        assert!(damage.contains(&expected), "{path}: {damage:?}");
    }
}

#[tokio::test]
async fn a_missing_item_is_named_with_its_thread() {
    // The second item of cthr_2, which comes after the two of cthr_0.
    let damage = after("items/000000.jsonl", |text| without_line(&text, 3)).await;
    let expected = Damage::Items { thread: "cthr_2".to_owned(), expected: 7, found: 6 };
    assert!(damage.contains(&expected), "{damage:?}");
    assert!(!has(&damage, |damage| matches!(damage, Damage::Stray { .. })));
}

#[tokio::test]
async fn a_second_copy_of_an_item_or_thread_is_named() {
    let damage = after("items/000000.jsonl", |text| with_line_twice(&text, 3)).await;
    let id = "cthr_2_item1".to_owned();
    let expected = Damage::Duplicate { path: "items/000000.jsonl".to_owned(), line: 5, id };
    assert!(damage.contains(&expected), "{damage:?}");
    let damage = after("threads.jsonl", |text| with_line_twice(&text, 0)).await;
    let id = "cthr_0".to_owned();
    let expected = Damage::Duplicate { path: "threads.jsonl".to_owned(), line: 2, id };
    assert!(damage.contains(&expected), "{damage:?}");
}

#[tokio::test]
async fn a_missing_thread_is_named() {
    let damage = after("threads.jsonl", |text| without_line(&text, 1)).await;
    let expected = Damage::Order { line: 2, expected: "cthr_1".to_owned(), found: "cthr_2".to_owned() };
    assert!(damage.contains(&expected), "{damage:?}");
    let expected = Damage::Count { what: "threads", expected: 8, found: 7 };
    assert!(damage.contains(&expected), "{damage:?}");
}

#[tokio::test]
async fn an_item_of_no_thread_is_named() {
    let stray = "{\"id\":\"x\",\"thread_id\":\"cthr_x\"}\n";
    for path in ["items/000001.jsonl", "items/000002.jsonl"] {
        let damage = after(path, |text| text + stray).await;
        let expected = Damage::Stray { path: path.to_owned(), line: 6 };
        assert!(damage.contains(&expected), "{damage:?}");
    }
}

#[tokio::test]
async fn a_missing_row_of_a_file_is_named_with_its_thread() {
    let damage = after("files.jsonl", |text| without_line(&text, 0)).await;
    let expected = Damage::Attachments { thread: "cthr_2".to_owned() };
    assert!(damage.contains(&expected), "{damage:?}");
}

#[tokio::test]
async fn a_path_that_leads_out_of_the_folder_is_not_followed() {
    let damage = after("files.jsonl", |text| text.replacen("files/cfile_a", "../../x", 1)).await;
    assert!(has(&damage, |damage| matches!(damage, Damage::Line { line: 1, .. })), "{damage:?}");
    assert!(!has(&damage, |damage| matches!(damage, Damage::Missing { .. })));
}

#[tokio::test]
async fn an_unfinished_pull_is_told_from_a_damaged_one() {
    let scene = Scene::new().await;
    scene.server.world(|world| world.dead_from = Some(3));
    scene.pull().await.unwrap_err();
    let report = pull::verify(&scene.out()).unwrap();
    assert_eq!(report.damage, [Damage::Unfinished { fetched: 0, listed: 8 }]);
}

#[tokio::test]
async fn a_manifest_that_contradicts_its_folder_is_found() {
    let numbers = [
        ("threads_gone", "deleted threads", 0),
        ("threads_skipped", "skipped threads", 0),
        ("files_failed", "failed files", 0),
        ("files_pending", "pending files", 0),
        ("files_without_url", "files without URL", 1),
    ];
    for (field, what, found) in numbers {
        let old = format!("\"{field}\": {found}");
        let damage = after("manifest.json", |text| text.replacen(&old, &format!("\"{field}\": 7"), 1)).await;
        assert_eq!(damage, [Damage::Count { what, expected: 7, found }]);
    }
    let damage = after("manifest.json", |text| text.replacen("\"format\": 1", "\"format\": 2", 1)).await;
    assert_eq!(damage, [Damage::Count { what: "format of manifest.json", expected: 1, found: 2 }]);
    let damage = after("manifest.json", |text| text.replacen("/v1\"", "/v2\"", 1)).await;
    assert!(matches!(damage[..], [Damage::BaseUrl { .. }]), "{damage:?}");
}

#[tokio::test]
async fn a_number_of_threads_for_each_file_that_no_pull_writes_is_named() {
    let zero = |text: String| text.replacen("\"threads_per_shard\": 3", "\"threads_per_shard\": 0", 1);
    let expected = Damage::Count { what: "threads_per_shard", expected: 3, found: 0 };
    assert_eq!(after("manifest.json", zero).await, [expected]);
    let scene = Scene::new().await;
    scene.pull().await.unwrap();
    let state = scene.out().join("state.json");
    let text = fs::read_to_string(&state).unwrap();
    fs::write(&state, text.replacen("\"threads_per_shard\":3", "\"threads_per_shard\":0", 1)).unwrap();
    assert_eq!(pull::verify(&scene.out()).unwrap().damage, [Damage::NoState]);
    let refused = scene.pull().await.unwrap_err();
    assert!(matches!(&refused, PullError::Folder { path, .. } if *path == state), "{refused}");
}

#[tokio::test]
async fn the_parts_of_a_manifest_are_exactly_the_files_of_lines() {
    let changes: [fn(&mut Vec<Value>); 3] = [
        |parts| drop(parts.pop()),
        |parts| parts.push(parts[0].clone()),
        |parts| parts[0]["path"] = "../undisturbed/threads.jsonl".into(),
    ];
    for change in changes {
        let changed = |text: String| {
            let mut manifest: Value = serde_json::from_str(&text).unwrap();
            change(manifest["parts"].as_array_mut().unwrap());
            manifest.to_string()
        };
        assert_eq!(after("manifest.json", changed).await, [Damage::Parts]);
    }
}

#[tokio::test]
async fn a_thread_with_another_status_is_found() {
    let damage = after("ledger.jsonl", |text| text.replacen("\"saved\"", "\"gone\"", 1)).await;
    let expected = Damage::Count { what: "deleted threads", expected: 0, found: 1 };
    assert!(damage.contains(&expected), "{damage:?}");
}

#[tokio::test]
async fn what_stands_in_place_of_a_file_or_beside_the_shards_is_named() {
    let scene = Scene::new().await;
    scene.pull().await.unwrap();
    for path in ["files/cfile_a", "items/000001.jsonl"] {
        fs::remove_file(scene.out().join(path)).unwrap();
        fs::create_dir(scene.out().join(path)).unwrap();
    }
    fs::write(scene.out().join("items/000003.jsonl"), "{}\n").unwrap();
    fs::write(scene.out().join("items/.DS_Store"), "a file manager's").unwrap();
    let damage = pull::verify(&scene.out()).unwrap().damage;
    for path in ["files/cfile_a", "items/000001.jsonl"] {
        assert!(damage.contains(&Damage::NoFile { path: path.to_owned() }), "{damage:?}");
    }
    let surplus: Vec<_> = damage.iter().filter(|damage| matches!(damage, Damage::Surplus { .. })).collect();
    assert_eq!(surplus, [&Damage::Surplus { path: "items/000003.jsonl".to_owned() }]);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_result_that_cannot_be_printed_is_an_error_and_not_a_panic() {
    let scene = Scene::new().await;
    scene.pull().await.unwrap();
    let verify = || {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let mut verify = command(scene.dir.path(), &Env::default(), &["pull", "--verify", "--out", "export"]);
        let output = verify.stdout(full).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, error) = verify();
    assert!(code == Some(1) && error.contains("cannot be printed"), "{error}");
    fs::remove_file(scene.out().join("threads.jsonl")).unwrap();
    assert_eq!(verify().0, Some(4), "what was found is still told by the exit code");
}

/// The state is a pipe that nobody writes into, so the verification has no end of its own.
#[test]
fn a_verification_can_be_stopped() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("export")).unwrap();
    let state = dir.path().join("export/state.json");
    assert!(Command::new("mkfifo").arg(&state).status().unwrap().success());
    let mut verify =
        command(dir.path(), &Env::default(), &["pull", "--verify", "--out", "export"]).spawn().unwrap();
    // Opened at both ends or not at all.
    let pipe = fs::File::options().write(true).open(state).unwrap();
    assert!(Command::new("kill").arg(verify.id().to_string()).status().unwrap().success());
    let (sender, ended) = channel();
    thread::spawn(move || sender.send(verify.wait().unwrap()));
    let ended = ended.recv_timeout(Duration::from_secs(20)).expect("it goes on");
    drop(pipe);
    assert_eq!(ended.signal(), Some(15), "{ended}");
}
