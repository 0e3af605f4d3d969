//! The binary with a model behind it: from the environment alone, and from a file with several sites.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;
use serde_json::json;
use tempfile::tempdir;

use crate::binary::{Process, run};
use crate::chat::{Chat, text_of};
use crate::local_model::LocalModel;
use crate::server::{Env, REFRESH, SECRET, SESSION, send};
use crate::upstream_standin::UpstreamStandin;
use crate::wait::until;

/// Nothing but a place for the database.
pub fn bare(folder: &Path) -> Env {
    Env::default()
        .set("CHATKITD_DATA_DIR", folder.to_str().unwrap())
        .set("CHATKIT_SECRET", SECRET)
        .set("CHATKITD_LIMIT_ANONYMOUS", "0")
        .set("CHATKITD_ADMIN_LISTEN", "off")
}

/// What the workflow answers to "hello" at this address, such as `http://…/s/shop`.
pub async fn answer(url: &str, workflow: &str) -> String {
    let mut events = Chat::open(url, workflow).await.create("hello").await;
    let message = loop {
        let event = events.until("thread.item.done").await;
        if event.data["item"]["type"] == "assistant_message" {
            break event;
        }
    };
    text_of(&message.data["item"])
}

#[tokio::test]
async fn three_variables_make_a_model_answer_and_openais_key_stays_here() {
    let (folder, model) = (tempdir().unwrap(), LocalModel::start().await);
    let env = bare(folder.path())
        .set("CHATKITD_MODEL_BASE_URL", &model.base)
        .set("CHATKITD_MODEL", "llama3.2")
        .set("CHATKITD_INSTRUCTIONS", "Be brief.")
        .set("CHATKITD_TRANSCRIPTION_MODEL", "whisper-1")
        .set("OPENAI_API_KEY", "sk-not-for-this-server");
    let checked = run(folder.path(), &env, &["config", "check"]).ok();
    let place = format!("openai ({}, no key)", model.base);
    for line in [
        format!("site default, workflow wf_model: model llama3.2 at {place}, instructions of 9 characters"),
        format!("transcription: whisper-1 at {place}"),
    ] {
        assert!(checked.contains(&line), "{line}: {checked}");
    }
    assert!(!checked.contains("sk-not"), "{checked}");

    let server = Process::serve(folder.path(), &env);
    assert_eq!(answer(&server.url, "wf_model").await, r#"llama3.2, told "Be brief.", with """#);
    let recording =
        json!({"audio_base64": STANDARD.encode("sound of words"), "mime_type": "audio/webm;codecs=opus"});
    let heard = Chat::open(&server.url, "wf_model").await.ask("input.transcribe", recording).await;
    assert_eq!((heard.status, heard.body), (200, json!({"text": "words"})));

    let asked = model.asked();
    assert!(asked.iter().all(|asked| asked.key.is_empty()));
    assert!(asked.iter().any(|asked| asked.path == "/v1/audio/transcriptions"));
    assert!(!server.log().contains("sk-not"), "{}", server.log());
}

#[tokio::test]
async fn each_site_has_its_own_model_instructions_and_key() {
    let (folder, model) = (tempdir().unwrap(), LocalModel::start().await);
    fs::write(folder.path().join("shop.md"), "You sell shoes.").unwrap();
    fs::write(
        folder.path().join("chatkitd.toml"),
        "[workflows.wf_support]\nagent = \"model\"\nmodel = \"small\"\ninstructions = \"Help.\"\n\
         [sites.default]\nworkflows = [\"wf_support\"]\n\
         [sites.shop]\nworkflows = [\"wf_support\"]\nopenai_api_key = \"sk-of-the-shop\"\n\
         [sites.shop.agents.wf_support]\nagent = \"model\"\nmodel = \"large\"\ninstructions_file = \"shop.md\"\n\
         [sites.club]\nworkflows = [\"wf_support\"]\nopenai_api_key = \"sk-of-the-club\"\n",
    )
    .unwrap();
    let env =
        bare(folder.path()).set("OPENAI_BASE_URL", &model.base).set("OPENAI_API_KEY", "sk-of-the-server");
    let server = Process::serve(folder.path(), &env);
    for (site, expected) in [
        ("default", r#"small, told "Help.", with "Bearer sk-of-the-server""#),
        ("shop", r#"large, told "You sell shoes.", with "Bearer sk-of-the-shop""#),
        ("club", r#"small, told "Help.", with "Bearer sk-of-the-club""#),
    ] {
        assert_eq!(answer(&format!("{}/s/{site}", server.url), "wf_support").await, expected, "{site}");
    }
}

#[tokio::test]
async fn hosted_sessions_are_opened_and_cancelled_with_the_key_of_their_site() {
    let (folder, upstream) = (tempdir().unwrap(), UpstreamStandin::start().await);
    fs::write(
        folder.path().join("chatkitd.toml"),
        "[sites.default]\nworkflows = [\"wf_hosted\"]\n\
         [sites.shop]\nworkflows = [\"wf_hosted\"]\nopenai_api_key = \"sk-of-the-shop\"\n",
    )
    .unwrap();
    let env = bare(folder.path()).set("CHATKIT_API_BASE", &upstream.base);
    let server = Process::serve(folder.path(), &env);
    let open = async |site: &str| send(Client::new().post(format!("{}/s/{site}{SESSION}", server.url))).await;
    open("default").await.assert_error(500, "openai_key_not_configured");
    let made = open("shop").await;
    assert_eq!(made.status, 200, "{made:?}");
    let refresh = Client::new().post(format!("{}/s/shop{REFRESH}", server.url));
    let refreshed = send(refresh.json(&json!({"currentClientSecret": made.text("client_secret")}))).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let session = format!("{}/s/shop{SESSION}/{}", server.url, made.text("session_id"));
    let secret = refreshed.text("client_secret");
    assert_eq!(send(Client::new().delete(session).bearer_auth(secret)).await.status, 204);
    until("the upstream session is cancelled", async || !upstream.cancels().is_empty()).await;
    for seen in upstream.seen() {
        assert_eq!(seen.headers["authorization"], "Bearer sk-of-the-shop", "{}", seen.path);
    }
}

#[tokio::test]
async fn the_example_of_a_local_model_goes_as_it_says() {
    let (folder, model) = (tempdir().unwrap(), LocalModel::start().await);
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/local-model/chatkitd.toml");
    let checked = run(
        folder.path(),
        &bare(folder.path()).set("CHATKITD_CONFIG", example.to_str().unwrap()),
        &["config", "check"],
    );
    assert!(checked.ok().contains("wf_local: model llama3.2 at ollama (http://127.0.0.1:11434/v1, no key)"));
    // The file as it is, but for the port that Ollama has.
    let settings = fs::read_to_string(example).unwrap().replace("http://127.0.0.1:11434/v1", &model.base);
    fs::write(folder.path().join("chatkitd.toml"), settings).unwrap();
    let server =
        Process::serve(folder.path(), &bare(folder.path()).set("OPENAI_API_KEY", "sk-not-for-this-server"));
    let said = answer(&server.url, "wf_local").await;
    assert!(said.starts_with("llama3.2, told \"You are") && said.ends_with("with \"\""), "{said}");
}
