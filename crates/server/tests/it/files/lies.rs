//! Files that lie about their type, size or name, and files that are traps.

use std::fs;

use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress};
use futures_util::stream;
use image::ImageFormat;
use serde_json::json;

use super::{Files, MAX_FILE_SIZE, MIB, assert_refused, disposition, form, message, pdf};
use crate::chat::Events;
use crate::images::{encoded, png_bomb, two_colours};
use crate::server::send;

const REJECTED: &str = "chatkit.file_upload_type_rejected";
const SVG: &[u8] =
    b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"><script>alert(2)</script></svg>";
const HTML: &[u8] = b"<!doctype html><script>fetch('/chatkit')</script>";

#[tokio::test]
async fn content_that_is_something_else_than_it_says_is_refused_and_not_kept() {
    let files = Files::start().await;
    let png = encoded(two_colours(8, 8), ImageFormat::Png);
    for (name, mime_type, content) in [
        ("a.png", "image/png", HTML),
        ("a.png", "image/png", SVG),
        ("a.pdf", "application/pdf", &png),
        ("a.jpg", "image/jpeg", b"MZ\x90\0\x03\0\0\0 a program for Windows"),
        ("a.png", "image/png", b"\x7fELF\x02\x01\x01 a program for Linux"),
        ("a.gif", "image/gif", b""),
    ] {
        let announced = files.announce(name, mime_type, content.len()).await;
        if announced.status == 200 {
            let uploaded = send(files.upload(&announced, content.to_vec())).await;
            assert_eq!(uploaded.status, 400, "{mime_type}: {uploaded:?}");
        }
        let direct = send(files.file(name, mime_type, content)).await;
        assert_eq!(direct.status, 400, "{mime_type}: {direct:?}");
    }
    crate::wait::until("nothing is kept", async || files.kept().is_empty()).await;
}

#[tokio::test]
async fn types_that_a_browser_would_run_are_refused_by_name_and_by_content() {
    let files = Files::start().await;
    for (name, mime_type, content) in [("a.svg", "image/svg+xml", SVG), ("a.html", "text/html", HTML)] {
        let announced = files.announce(name, mime_type, content.len()).await;
        assert_refused(&announced, 400, REJECTED);
        assert_refused(&send(files.file(name, mime_type, content)).await, 400, REJECTED);
    }
    assert!(files.kept().is_empty());
}

#[tokio::test]
async fn more_or_fewer_bytes_than_announced_are_refused() {
    let files = Files::start().await;
    let whole = pdf(6 * MIB);
    for (announced, sent, status) in
        [(1000, 1001, 413), (1000, 999, 400), (1000, 6 * MIB, 413), (6 * MIB, 1000, 400)]
    {
        let descriptor = files.announce("a.pdf", "application/pdf", announced).await;
        let known = send(files.upload(&descriptor, whole[..sent].to_vec())).await;
        assert_eq!(known.status, status, "{announced} announced, {sent} sent: {known:?}");
        // Without a length the bytes themselves are counted.
        let chunks: Vec<_> = whole[..sent]
            .chunks(60_000)
            .map(|chunk| Ok::<_, std::io::Error>(Bytes::copy_from_slice(chunk)))
            .collect();
        let body = reqwest::Body::wrap_stream(stream::iter(chunks));
        let unknown = send(files.upload(&descriptor, body)).await;
        assert_eq!(unknown.status, status, "{announced} announced, {sent} sent in chunks: {unknown:?}");
    }
    crate::wait::until("nothing is kept", async || files.kept().is_empty()).await;
}

#[tokio::test]
async fn what_is_larger_than_the_site_allows_is_refused() {
    let files = Files::start().await;
    let too_large = MAX_FILE_SIZE * MIB + 1;
    let announced = files.announce("a.pdf", "application/pdf", too_large).await;
    assert!(matches!(announced.status, 400 | 413), "{announced:?}");
    let direct = send(files.file("a.pdf", "application/pdf", &pdf(too_large))).await;
    assert_eq!(direct.status, 413, "{direct:?}");
    crate::wait::until("nothing is kept", async || files.kept().is_empty()).await;
    files.sent("a.pdf", "application/pdf", &pdf(MAX_FILE_SIZE * MIB)).await;
}

#[tokio::test]
async fn a_name_is_a_name_and_never_a_path() {
    let files = Files::start().await;
    let long = "\u{1f600}".repeat(1024);
    for (name, shown) in [
        ("../../x", "x"),
        ("..\\..\\x", "x"),
        ("/etc/passwd", "passwd"),
        ("C:\\x", "x"),
        ("a\u{202e}gnp.exe", "agnp.exe"),
        // 255 bytes at most.
        (&long, &long[..252]),
        ("..", "file"),
        (".", "file"),
        ("", "file"),
    ] {
        let announced = files.announce(name, "application/pdf", 100).await;
        assert_eq!(announced.status, 200, "{name:?}: {announced:?}");
        assert_eq!(announced.text("name"), shown);
        assert!(send(files.upload(&announced, pdf(100))).await.status < 300);
        let below = files.folder.path().join("files");
        let escaped = super::files_below(files.folder.path()).into_iter().find(|path| {
            !path.starts_with(&below) && fs::read(path).is_ok_and(|content| content == pdf(100))
        });
        assert_eq!(escaped, None);
    }
    assert_refused(&files.announce("a\0.pdf", "application/pdf", 100).await, 400, "nul_character");
    // A form's file name does not pass through JSON.
    let url = format!("{}/v1/chatkit/files", files.node.url);
    for (name, shown) in [
        ("../../x.pdf", Ok("x.pdf")),
        ("../../x\0.pdf", Err("invalid_form")),
        ("a\u{7f}\u{1}.pdf", Err("invalid_form")),
    ] {
        let request = files.http.post(&url).bearer_auth(files.chat.secret());
        let sent = send(form(request, &disposition(name), "application/pdf", &pdf(100))).await;
        match shown {
            Ok(shown) => assert_eq!((sent.status, sent.text("name").as_str()), (200, shown), "{sent:?}"),
            Err(code) => assert_refused(&sent, 400, code),
        }
    }
}

/// A document is a zip, and a zip can hold more than any disk: it is kept as it is.
#[tokio::test]
async fn a_zip_bomb_is_kept_packed() {
    let files = Files::start().await;
    let before = files.memory_peak();
    let bomb = zip_bomb();
    let docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
    let sent = send(files.file("report.docx", docx, &bomb)).await;
    assert_eq!((sent.status, sent.text("mime_type")), (200, docx.to_owned()), "{sent:?}");
    assert!(fs::read(files.blob("content")).unwrap() == bomb);
    assert!(files.memory_peak() - before < 32 * MIB, "{} to {}", before, files.memory_peak());
}

/// A document of Word with 256 MiB of zeros in it.
fn zip_bomb() -> Vec<u8> {
    let zeros = vec![0; MIB];
    let mut megabyte = Vec::with_capacity(64 * 1024);
    let mut packer = Compress::new(Compression::best(), false);
    packer.compress_vec(&zeros, &mut megabyte, FlushCompress::Full).unwrap();
    let (mut packed, mut crc) = (Vec::new(), Crc::new());
    for _ in 0..256 {
        // After a full flush the same bytes unpack to the same once more.
        packed.extend_from_slice(&megabyte);
        crc.update(&zeros);
    }
    packed.extend(NOTHING_MORE);
    zip(&[("[Content_Types].xml", NOTHING_MORE, &Crc::new()), ("word/document.xml", &packed, &crc)])
}

/// The end of what is deflated.
const NOTHING_MORE: &[u8] = &[3, 0];

/// Of these entries: their names, what they have inside, deflated, and the sum of that when it is unpacked.
fn zip(entries: &[(&str, &[u8], &Crc)]) -> Vec<u8> {
    let short = |length: usize| u16::try_from(length).unwrap().to_le_bytes();
    let long = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for (name, packed, crc) in entries {
        let at = long(zip.len());
        let (sum, unpacked) = (crc.sum().to_le_bytes(), crc.amount().to_le_bytes());
        let head: [&[u8]; 6] =
            [b"\x14\0\0\0\x08\0\0\0\0\0", &sum, &long(packed.len()), &unpacked, &short(name.len()), b"\0\0"];
        let head = head.concat();
        let listed: [&[u8]; 5] = [b"PK\x01\x02\x14\0", &head, &[0; 10], &at, name.as_bytes()];
        directory.extend(listed.concat());
        let entry: [&[u8]; 4] = [b"PK\x03\x04", &head, name.as_bytes(), packed];
        zip.extend(entry.concat());
    }
    let (count, size, at) = (short(entries.len()), long(directory.len()), long(zip.len()));
    let end: [&[u8]; 6] = [b"PK\x05\x06\0\0\0\0", &count, &count, &size, &at, b"\0\0"];
    [zip, directory, end.concat()].concat()
}

/// It is a PNG, so it may be sent; a picture of it there is none.
#[tokio::test]
async fn a_pixel_bomb_is_never_decoded_and_is_sent_as_a_file() {
    let files = Files::start().await;
    let before = files.memory_peak();
    let bomb = png_bomb(60_000, 60_000, 8);
    let sent = send(files.file("a.png", "image/png", &bomb)).await;
    assert!(files.memory_peak() - before < 32 * MIB, "{} to {}", before, files.memory_peak());
    assert_eq!(
        (sent.status, sent.text("type"), sent.text("mime_type")),
        (200, "file".into(), "image/png".into())
    );
    assert!(fs::read(files.blob("content")).unwrap() == bomb);
    assert!(!files.kept().iter().any(|path| path.ends_with("preview")));

    // Of one that is announced nobody knows yet.
    let announced = files.announce("b.png", "image/png", bomb.len()).await;
    assert_eq!(announced.text("type"), "image");
    assert_eq!(send(files.upload(&announced, bomb)).await.status, 204);
    let input = json!({"input": message("look", &[&announced.text("id")])});
    let mut events = Events::of(files.chat.request("threads.create", &input)).await;
    let thread = events.thread().await;
    events.rest().await;
    assert_eq!(files.chat.items(&thread).await[0]["attachments"][0]["type"], "file");
}

#[tokio::test]
async fn an_address_that_was_changed_opens_nothing() {
    let files = Files::start().await;
    let sent = send(files.file("a.pdf", "application/pdf", &pdf(100))).await;
    let url = url::Url::parse(&sent.text("upload_url")).unwrap();
    let (path, query) = (url.path().to_owned(), url.query().unwrap().to_owned());
    let base = &files.node.url;
    let mut changed = vec![format!("{base}{path}"), format!("{base}{path}?{}", query.replace('=', "=1"))];
    for (name, value) in url.query_pairs() {
        let other: String = value.chars().map(|char| if char == '9' { '8' } else { '9' }).collect();
        changed.push(format!("{base}{path}?{}", query.replace(&*value, &other)));
        changed.push(format!("{base}{path}?{}", query.replace(&format!("{name}={value}"), "")));
    }
    changed.push(format!("{base}{}?{query}", path.replace("/content", "/preview")));
    for url in changed {
        let refused = send(files.http.get(&url)).await;
        assert!(matches!(refused.status, 400 | 403), "{url}: {refused:?}");
    }
    // What opens a download does not upload, and the reverse.
    let up = send(files.http.put(sent.text("upload_url")).body("x")).await;
    assert_eq!(up.status, 403, "{up:?}");
    let announced = files.announce("a.pdf", "application/pdf", 100).await;
    let down = files.http.get(announced.body["upload_descriptor"]["url"].as_str().unwrap());
    assert_eq!(send(down).await.status, 403);
}
