//! Announced, uploaded, sent, shown, deleted.

use std::time::Duration;

use chatkitd_core::id::AttachmentId;
use image::ImageFormat;
use reqwest::Client;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Files, MIB, assert_refused, message, pdf};
use crate::chat::{Chat, Events};
use crate::images::{encoded, photo, two_colours};
use crate::server::send;
use crate::wait::until;

#[tokio::test]
async fn a_picture_and_a_document_are_uploaded_sent_shown_and_deleted_with_their_thread() {
    let files = Files::start().await;
    let picture = photo(&two_colours(1200, 600), 6, "Camera of 10 Downing Street");
    let picture = files.sent("holiday.jpg", "image/jpeg", &picture).await;
    let document = files.sent("Gr\u{fc}\u{df}e.pdf", "application/pdf", &pdf(3 * MIB)).await;
    let input = message("look", &[&picture, &document]);
    let mut events = Events::of(files.chat.request("threads.create", &json!({"input": input}))).await;
    let thread = events.thread().await;
    events.rest().await;

    let items = files.chat.items(&thread).await;
    let [shown, file] = items[0]["attachments"].as_array().unwrap().as_slice() else { panic!("{items:?}") };
    assert_eq!((&shown["type"], &shown["id"]), (&json!("image"), &json!(picture)));
    assert_eq!((&file["type"], &file["name"]), (&json!("file"), &json!("Gr\u{fc}\u{df}e.pdf")));
    for attachment in [shown, file] {
        assert_eq!(attachment["thread_id"], json!(thread));
        assert!(attachment.get("upload_descriptor").is_none() && attachment.get("metadata").is_none());
    }
    let preview = files.http.get(shown["preview_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(
        (preview.status().as_u16(), &preview.headers()["content-type"]),
        (200, &"image/jpeg".parse().unwrap())
    );
    let preview = image::load_from_memory(&preview.bytes().await.unwrap()).unwrap();
    assert_eq!((preview.width(), preview.height()), (256, 512), "upright");

    assert_eq!(files.kept().len(), 3);
    let deleted = files.chat.ask("threads.delete", json!({"thread_id": thread})).await;
    assert_eq!(deleted.status, 200, "{deleted:?}");
    until("the files are gone with their thread", async || files.kept().is_empty()).await;
    let gone = files.http.get(shown["preview_url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(gone.status(), 404);
}

#[tokio::test]
async fn an_attachment_that_is_deleted_before_it_is_sent_leaves_no_file() {
    let files = Files::start().await;
    let picture = files.sent("a.png", "image/png", &encoded(two_colours(20, 20), ImageFormat::Png)).await;
    let deleted = files.chat.ask("attachments.delete", json!({"attachment_id": picture})).await;
    assert_eq!((deleted.status, &deleted.body), (200, &json!({})));
    until("the files are gone", async || files.kept().is_empty()).await;
    let sending = files.chat.request("threads.create", &json!({"input": message("look", &[&picture])}));
    assert_eq!(send(sending).await.status, 404);
}

#[tokio::test]
async fn what_nobody_allows_cannot_be_sent() {
    for (toml, attachments) in [("", "folder"), (super::UPLOADS, "off")] {
        let files = Files::start_with(toml, |env| env.set("CHATKITD_ATTACHMENTS", attachments)).await;
        let announced = files.announce("a.pdf", "application/pdf", 10).await;
        let direct = send(files.file("a.pdf", "application/pdf", &pdf(10))).await;
        for refused in [announced, direct] {
            let code = &refused.body["error"]["code"];
            assert!(refused.status >= 400 && *code != json!(null), "{refused:?}");
            if attachments == "folder" {
                assert_refused(&refused, 403, "chatkit.file_upload_disabled");
            }
        }
        assert!(files.kept().is_empty());
    }
}

#[tokio::test]
async fn nobody_sends_deletes_or_uploads_what_is_somebody_elses() {
    let files = Files::start().await;
    let picture = encoded(two_colours(20, 20), ImageFormat::Png);
    let id = files.sent("a.png", "image/png", &picture).await;
    let stranger = Chat::open(&files.node.url, super::ECHO).await;
    let sending = stranger.request("threads.create", &json!({"input": message("mine?", &[&id])}));
    let never = AttachmentId::parse("cfile_000000000000000000000000000000000000000000000000").unwrap();
    let unknown = stranger.request("threads.create", &json!({"input": message("mine?", &[never.as_str()])}));
    let (sending, unknown) = (send(sending).await, send(unknown).await);
    assert_eq!(sending.status, 404, "{sending:?}");
    assert_eq!(sending.body["error"]["code"], unknown.body["error"]["code"], "told apart by nothing");
    let deleting = stranger.ask("attachments.delete", json!({"attachment_id": id})).await;
    assert_eq!(deleting.status, 404, "{deleting:?}");

    // An upload's address is for one attachment: nothing of it can be changed to name another.
    let own = super::announce(&stranger, "b.png", "image/png", picture.len()).await;
    let url = own.body["upload_descriptor"]["url"].as_str().unwrap();
    let forged = url.replace(&own.text("id"), &id);
    assert_ne!(forged, url);
    let forged = send(files.http.put(forged).body(picture.clone())).await;
    assert_eq!(forged.status, 403, "{forged:?}");
    assert_eq!(std::fs::read(files.blob("content")).unwrap(), picture);
}

#[tokio::test]
async fn what_a_browser_knows_no_type_of_is_taken_by_its_content() {
    let files = Files::start().await;
    let picture = encoded(two_colours(20, 20), ImageFormat::Png);
    let id = files.sent("a", "", &picture).await;
    let input = message("look", &[&id]);
    let mut events = Events::of(files.chat.request("threads.create", &json!({"input": input}))).await;
    let thread = events.thread().await;
    events.rest().await;
    let items = files.chat.items(&thread).await;
    let shown = &items[0]["attachments"][0];
    assert_eq!((&shown["type"], &shown["mime_type"]), (&json!("image"), &json!("image/png")));
}

#[tokio::test]
async fn the_same_file_stands_once_in_a_message() {
    let files = Files::start().await;
    let id = files.sent("a.pdf", "application/pdf", &pdf(10)).await;
    let sending = files.chat.request("threads.create", &json!({"input": message("look", &[&id, &id])}));
    let refused = send(sending).await;
    assert_refused(&refused, 400, "duplicate_attachment");
}

#[tokio::test]
async fn an_upload_that_says_it_is_far_too_long_is_refused_before_it_comes() {
    let files = Files::start().await;
    let announced = files.announce("a.pdf", "application/pdf", 1000).await;
    let url: reqwest::Url = announced.body["upload_descriptor"]["url"].as_str().unwrap().parse().unwrap();
    let mut connection = TcpStream::connect(("127.0.0.1", url.port().unwrap())).await.unwrap();
    let target = format!("{}?{}", url.path(), url.query().unwrap());
    let head = format!(
        "PUT {target} HTTP/1.1\r\nHost: {}\r\nContent-Length: 1000000000\r\n\r\n%PDF",
        url.authority()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    let read = connection.read_exact(&mut answer);
    tokio::time::timeout(Duration::from_secs(4), read).await.expect("at once").unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn an_upload_happens_once() {
    let files = Files::start().await;
    let (first, second) = (pdf(1000), vec![b'y'; 1000]);
    let announced = files.announce("a.pdf", "application/pdf", 1000).await;
    let uploaded = send(files.upload(&announced, first.clone())).await;
    assert!(uploaded.status < 300, "{uploaded:?}");
    let again = send(files.upload(&announced, second)).await;
    assert_eq!(again.status, 409, "{again:?}");
    assert_eq!(std::fs::read(files.blob("content")).unwrap(), first);
}

/// Two at the same moment: one is the upload, and what is kept is what that one sent.
#[tokio::test]
async fn of_two_uploads_at_once_one_counts() {
    let files = Files::start().await;
    let announced = files.announce("a.pdf", "application/pdf", 6 * MIB).await;
    let contents = [b'1', b'2'].map(|mark| {
        let mut content = pdf(6 * MIB);
        content[100..].fill(mark);
        content
    });
    let [one, two] = contents.clone().map(|content| send(files.upload(&announced, content)));
    let (one, two) = tokio::join!(one, two);
    let (winner, loser) = if one.status < 300 { (&contents[0], two) } else { (&contents[1], one) };
    assert_eq!(loser.status, 409, "{loser:?}");
    assert!(std::fs::read(files.blob("content")).unwrap() == *winner);
}

#[tokio::test]
async fn addresses_are_those_by_which_the_server_is_reached() {
    let files = Files::start().await;
    let port = files.node.url.rsplit(':').next().unwrap();
    let of =
        |answer: &crate::server::Answer| answer.body["upload_descriptor"]["url"].as_str().unwrap().to_owned();
    let url = of(&files.announce("a.pdf", "application/pdf", 10).await);
    assert!(url.starts_with(&format!("http://127.0.0.1:{port}/chatkit/attachments/")), "{url}");
    let below = files.chat.at(&format!("{}/s/default", files.node.url));
    let url = of(&super::announce(&below, "a.pdf", "application/pdf", 10).await);
    assert!(url.starts_with(&format!("http://127.0.0.1:{port}/s/default/chatkit/attachments/")), "{url}");
    let uploaded = send(Client::builder().no_proxy().build().unwrap().put(url).body(pdf(10))).await;
    assert!(uploaded.status < 300, "{uploaded:?}");

    let forwarded = json!({"name": "a.pdf", "mime_type": "application/pdf", "size": 10});
    let forwarded =
        files.chat.request("attachments.create", &forwarded).header("x-forwarded-host", "evil.example");
    let url = of(&send(forwarded).await);
    assert!(!url.contains("evil"), "only trusted proxies are believed: {url}");

    let files = Files::start_with(super::UPLOADS, |env| {
        env.set("CHATKITD_PUBLIC_URL", "https://chat.example.com/base/")
    });
    let url = of(&files.await.announce("a.pdf", "application/pdf", 10).await);
    assert!(url.starts_with("https://chat.example.com/base/chatkit/attachments/"), "{url}");
}
