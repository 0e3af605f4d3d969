//! The disk is full, S3 is away, the process dies, the sender is slow or gone.

use std::process::Command;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream;
use image::ImageFormat;
use rusqlite::Connection;
use serde_json::json;

use super::{Files, MIB, UPLOADS, message, pdf};
use crate::binary::Process;
use crate::chat::Events;
use crate::images::{encoded, two_colours};
use crate::moto::Moto;
use crate::server::send;
use crate::wait::until;

impl Files {
    /// The most memory that the server ever had, in bytes.
    pub(super) fn memory_peak(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.node.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    }

    /// A limit on the size of files is the full disk of whoever may not mount one.
    fn limit_file_size(&self, bytes: &str) {
        let limit = format!("--fsize={bytes}:unlimited");
        let pid = self.node.id().to_string();
        assert!(Command::new("prlimit").args(["--pid", &pid, &limit]).status().unwrap().success());
    }

    /// As if all that was announced had been a week ago.
    fn age(&self) {
        let database = Connection::open(self.folder.path().join("chatkitd.db")).unwrap();
        let week = 7 * 24 * 3600 * 1000;
        database.execute("UPDATE attachments SET created_at = created_at - ?1", [week]).unwrap();
    }

    async fn restart(&mut self) {
        self.node.kill();
        self.node = Process::serve_ignoring(self.folder.path(), &self.env, "XFSZ");
        self.chat = self.chat.at(&self.node.url);
    }
}

#[tokio::test]
async fn on_a_full_disk_an_upload_is_refused_leaves_nothing_and_works_once_there_is_room() {
    let files = Files::start().await;
    let announced = files.announce("a.pdf", "application/pdf", 7 * MIB).await;
    files.limit_file_size("6000000");
    let refused = send(files.upload(&announced, pdf(7 * MIB))).await;
    assert_eq!(refused.status, 503, "{refused:?} {}", files.node.log());
    assert!(refused.headers.contains_key("retry-after"));
    until("nothing is left", async || files.kept().is_empty()).await;
    let direct = send(files.file("a.pdf", "application/pdf", &pdf(7 * MIB))).await;
    assert_eq!(direct.status, 503, "{direct:?}");
    files.limit_file_size("unlimited");
    let again = send(files.upload(&announced, pdf(7 * MIB))).await;
    assert!(again.status < 300, "{again:?}");
}

#[tokio::test]
async fn files_in_s3_are_sent_shown_and_deleted() {
    let moto = Moto::start().await;
    let files = Files::start_with(UPLOADS, |env| moto.env(env)).await;
    let picture = encoded(two_colours(900, 300), ImageFormat::Png);
    let picture = files.sent("a.png", "image/png", &picture).await;
    let document = send(files.file("a.pdf", "application/pdf", &pdf(6 * MIB))).await;
    let content = files.http.get(document.text("upload_url")).send().await.unwrap().bytes().await.unwrap();
    assert!(content == pdf(6 * MIB));
    let input = message("look", &[&picture, &document.text("id")]);
    let mut events = Events::of(files.chat.request("threads.create", &json!({"input": input}))).await;
    let thread = events.thread().await;
    events.rest().await;
    assert_eq!(moto.left().await.0.len(), 3);
    assert!(files.kept().is_empty());
    assert_eq!(files.chat.ask("threads.delete", json!({"thread_id": thread})).await.status, 200);
    until("the objects are gone with their thread", async || moto.left().await == (vec![], 0)).await;
}

#[tokio::test]
async fn without_its_s3_a_server_says_so_and_chats_on() {
    let moto = Moto::start().await;
    let files = Files::start_with(UPLOADS, |env| moto.env(env)).await;
    let sent = send(files.file("a.pdf", "application/pdf", &pdf(100))).await;
    let announced = files.announce("a.pdf", "application/pdf", 100).await;
    moto.kill();
    let upload = send(files.upload(&announced, pdf(100))).await;
    let download = send(files.http.get(sent.text("upload_url"))).await;
    for refused in [upload, download] {
        assert_eq!(refused.status, 503, "{refused:?}");
        assert!(refused.headers.contains_key("retry-after"));
    }
    let mut events = files.chat.create("are you there?").await;
    events.thread().await;
    assert_eq!(events.rest().await.last().unwrap().kind(), "thread.item.done");
    assert!(!files.node.log().contains("a-secret-key-of-s3"));
}

#[tokio::test]
async fn what_was_never_sent_is_collected_after_a_day() {
    let mut files = Files::start().await;
    let kept = files.sent("a.png", "image/png", &encoded(two_colours(20, 20), ImageFormat::Png)).await;
    let input = message("look", &[&kept]);
    Events::of(files.chat.request("threads.create", &json!({"input": input}))).await.rest().await;
    let sent = files.kept();
    assert_eq!(sent.len(), 2);
    files.sent("b.pdf", "application/pdf", &pdf(10)).await;
    files.age();
    // It looks for orphans as soon as it is up.
    files.restart().await;
    until("the orphan is gone", async || files.kept().len() == 2).await;
    assert_eq!(files.kept(), sent);
}

#[tokio::test]
async fn what_a_dead_process_had_half_of_is_collected_with_its_attachment() {
    let mut files = Files::start().await;
    let announced = files.announce("a.pdf", "application/pdf", 8 * MIB).await;
    let half = stream::iter([Ok::<_, std::io::Error>(Bytes::from(pdf(6 * MIB)))]).chain(stream::pending());
    let uploading = tokio::spawn(files.upload(&announced, reqwest::Body::wrap_stream(half)).send());
    until("half of it is there", async || !files.kept().is_empty()).await;
    files.node.kill();
    assert!(uploading.await.unwrap().is_err());
    files.age();
    files.restart().await;
    until("nothing is left", async || files.kept().is_empty()).await;
}

#[tokio::test]
async fn a_sender_who_leaves_in_the_middle_leaves_nothing_and_may_come_back() {
    let files = Files::start().await;
    let announced = files.announce("a.pdf", "application/pdf", 8 * MIB).await;
    let half = stream::iter([Ok::<_, std::io::Error>(Bytes::from(pdf(6 * MIB)))]).chain(stream::pending());
    let uploading = tokio::spawn(files.upload(&announced, reqwest::Body::wrap_stream(half)).send());
    until("half of it is there", async || !files.kept().is_empty()).await;
    uploading.abort();
    until("nothing is left", async || files.kept().is_empty()).await;
    let again = async || send(files.upload(&announced, pdf(8 * MIB))).await.status;
    until("the first upload is over", async || again().await < 300).await;
}

/// Ten times what one part has.
#[tokio::test]
async fn an_upload_takes_no_more_memory_than_a_part_or_two() {
    let toml = UPLOADS.replace("max_file_size = 8", "max_file_size = 64");
    let files = Files::start_with(&toml, |env| env).await;
    files.sent("a.pdf", "application/pdf", &pdf(MIB)).await;
    let before = files.memory_peak();
    let large = pdf(50 * MIB);
    files.sent("large.pdf", "application/pdf", &large).await;
    let sent = send(files.file("large.pdf", "application/pdf", &large)).await;
    let mut download = files.http.get(sent.text("upload_url")).send().await.unwrap();
    let mut read = 0;
    while let Some(chunk) = download.chunk().await.unwrap() {
        read += chunk.len();
    }
    assert_eq!(read, large.len());
    let grown = files.memory_peak() - before;
    assert!(grown < 30 * MIB, "{} MiB", grown / MIB);
}
