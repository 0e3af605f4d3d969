//! The agent behind a server of the test's own.

use chatkitd::Server;
use chatkitd::settings::Settings;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::OpeningHours;

#[tokio::test]
async fn on_sundays_the_shop_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let env = |name: &str| (name == "CHATKITD_DATA_DIR").then(|| folder.path().display().to_string());
    let server = Server::new(Settings::load(&env, None, true).unwrap()).agent("wf_hours", OpeningHours);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/chatkit", listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(server.launch(listener, shutdown.clone()));

    let content = json!([{"type": "input_text", "text": "And on Sunday?"}]);
    let input = json!({"content": content, "attachments": [], "inference_options": {}});
    let body = json!({"type": "threads.create", "params": {"input": input}});
    let events = reqwest::Client::new().post(url).json(&body).send().await.unwrap().text().await.unwrap();
    assert!(events.contains("On Sunday we are closed."), "{events}");

    shutdown.cancel();
    serving.await.unwrap().unwrap();
}
