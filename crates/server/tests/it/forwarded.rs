//! What the log says of proxies whose words on their clients do not count (design 4.5).

use reqwest::Client;
use tempfile::tempdir;

use crate::binary::Process;
use crate::server::{Env, SESSION, send};
use crate::wait::until;

const UNTRUSTED: &str = "its sender is not in CHATKITD_TRUSTED_PROXIES";
const WITHOUT_ADDRESS: &str = "and no X-Forwarded-For";

/// A creation with each of these headers, one after another.
async fn create_with(server: &Process, headers: &[(&str, &str)]) {
    for (name, value) in headers {
        let request = Client::new().post(format!("{}{SESSION}", server.url)).header(*name, *value);
        assert_eq!(send(request).await.status, 200);
    }
}

/// The only line of the log that says this, once there is one and another request was answered.
async fn only_line(server: &Process, said: &str) -> String {
    until(said, async || server.log().contains(said)).await;
    create_with(server, &[("x-real-ip", "203.0.113.9")]).await;
    let log = server.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains(said)).collect();
    assert_eq!(lines.len(), 1, "{log}");
    lines[0].to_owned()
}

#[tokio::test]
async fn each_header_of_a_proxy_that_is_not_trusted_is_warned_of_once() {
    for (name, value, shown) in [
        ("x-forwarded-for", "203.0.113.7", "X-Forwarded-For"),
        ("forwarded", "for=203.0.113.7", "Forwarded"),
        ("x-real-ip", "203.0.113.7", "X-Real-IP"),
        ("x-forwarded-proto", "https", "X-Forwarded-Proto"),
        ("x-forwarded-host", "chat.example", "X-Forwarded-Host"),
    ] {
        let folder = tempdir().unwrap();
        let server = Process::serve(folder.path(), &Env::sqlite(&folder));
        create_with(&server, &[(name, value), (name, value)]).await;
        let line = only_line(&server, UNTRUSTED).await;
        assert!(line.contains(&format!("carried {shown},")), "{line}");
        assert!(!server.log().contains(WITHOUT_ADDRESS), "{}", server.log());
    }
}

#[tokio::test]
async fn a_trusted_proxy_that_does_not_tell_visitors_apart_is_warned_of_once() {
    let folder = tempdir().unwrap();
    let env = Env::sqlite(&folder).set("CHATKITD_TRUSTED_PROXIES", "127.0.0.1/32");
    let server = Process::serve(folder.path(), &env);
    create_with(&server, &[("x-forwarded-for", "203.0.113.7"), ("x-real-ip", "203.0.113.7")]).await;
    let line = only_line(&server, WITHOUT_ADDRESS).await;
    assert!(line.contains("sent X-Real-IP and no X-Forwarded-For"), "{line}");
    assert!(!server.log().contains(UNTRUSTED), "{}", server.log());
}
