//! `input.transcribe`: recordings in, words out, and what is refused.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use chatkitd_core::models::ModelError;
use chatkitd_core::ports::Transcriber;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::app::{Setup, TestApp, send, token};

const MEBIBYTE: usize = 1024 * 1024;

/// Says how much it heard, or fails as it was told to.
#[derive(Default)]
struct Ear {
    fails: Mutex<Option<ModelError>>,
    /// It says nothing before this.
    waits: Mutex<Option<oneshot::Receiver<()>>>,
    types: Mutex<Vec<String>>,
    /// What it hears; how much it heard where that is empty.
    words: Mutex<String>,
}

#[async_trait]
impl Transcriber for Ear {
    async fn transcribe(&self, audio: Bytes, mime_type: &str) -> Result<String, ModelError> {
        self.types.lock().unwrap().push(mime_type.to_owned());
        let waits = self.waits.lock().unwrap().take();
        if let Some(waits) = waits {
            waits.await.unwrap();
        }
        match self.fails.lock().unwrap().take() {
            Some(error) => Err(error),
            None if self.words.lock().unwrap().is_empty() => Ok(format!("{} bytes", audio.len())),
            None => Ok(self.words.lock().unwrap().clone()),
        }
    }
}

async fn app() -> (TestApp, Arc<Ear>) {
    let ear = Arc::new(Ear::default());
    let setup = Setup { transcriber: Some(ear.clone()), ..Setup::default() };
    (setup.start().await, ear)
}

fn recording(audio: &[u8]) -> Value {
    let params = json!({"audio_base64": STANDARD.encode(audio), "mime_type": "audio/webm;codecs=opus"});
    json!({"type": "input.transcribe", "params": params})
}

#[tokio::test]
async fn a_nul_among_the_words_does_not_keep_them_from_being_sent() {
    let (app, ear) = app().await;
    "hi\0".clone_into(&mut ear.words.lock().unwrap());
    let heard = send(app.chat(&recording(b"sound")).bearer_auth(token("ann"))).await;
    assert_eq!(heard.json(), json!({"text": "hi\u{fffd}"}));
}

#[tokio::test]
async fn a_recording_comes_back_as_words() {
    let (app, ear) = app().await;
    let mut ask = recording(b"sound");
    for (mime_type, heard_as) in
        [("audio/webm;codecs=opus", "audio/webm"), ("Audio/MP4", "audio/mp4"), ("video/webm", "video/webm")]
    {
        ask["params"]["mime_type"] = json!(mime_type);
        let answer = send(app.chat(&ask).bearer_auth(token("ann"))).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"text": "5 bytes"})));
        assert_eq!(ear.types.lock().unwrap().pop().unwrap(), heard_as);
    }
    ask["params"]["audio_base64"] = json!(STANDARD_NO_PAD.encode(b"sound"));
    assert_eq!(
        send(app.chat(&ask).bearer_auth(token("ann"))).await.json()["text"],
        "5 bytes",
        "padding may be left away"
    );
}

#[tokio::test]
async fn a_recording_may_have_25_mebibytes_and_nothing_else_may() {
    let (app, _) = app().await;
    let ask = |body: &Value| app.chat(body).bearer_auth(token("ann"));
    let longest = send(ask(&recording(&vec![7; 25 * MEBIBYTE]))).await;
    assert_eq!(longest.json()["text"], format!("{} bytes", 25 * MEBIBYTE));
    let longer = send(ask(&recording(&vec![7; 25 * MEBIBYTE + 1]))).await;
    longer.is_openai_error(400, "invalid_value");
    assert_eq!(longer.param(), "params.audio_base64");
    send(ask(&recording(&vec![7; 26 * MEBIBYTE]))).await.is_openai_error(413, "body_too_large");

    let mut message = recording(&vec![7; MEBIBYTE]);
    message["type"] = json!("threads.create");
    send(ask(&message)).await.is_openai_error(413, "body_too_large");
    let hidden = format!("{{\"params\": {}, \"type\": \"input.transcribe\"}}", message["params"]);
    let hidden = app.post("/chatkit").bearer_auth(token("ann")).body(hidden);
    send(hidden).await.is_openai_error(413, "body_too_large");
}

#[tokio::test]
async fn what_is_no_recording_is_refused_with_the_field_that_is_at_fault() {
    let (app, ear) = app().await;
    for (audio, mime_type, param) in [
        ("c291bmQ=", "text/plain", "params.mime_type"),
        ("c291bmQ=", "video/mp4", "params.mime_type"),
        ("c291bmQ=", "audio/", "params.mime_type"),
        ("c291bmQ=", "audio/webm\r\nx: y", "params.mime_type"),
        ("c291bmQ=", "", "params.mime_type"),
        ("not base64!", "audio/webm", "params.audio_base64"),
        ("", "audio/webm", "params.audio_base64"),
    ] {
        let params = json!({"audio_base64": audio, "mime_type": mime_type});
        let answer =
            send(app.chat(&json!({"type": "input.transcribe", "params": params})).bearer_auth(token("ann")))
                .await;
        answer.is_openai_error(400, "invalid_value");
        assert_eq!(answer.param(), param, "{audio} {mime_type}");
    }
    assert!(ear.types.lock().unwrap().is_empty(), "nobody was asked");
}

#[tokio::test]
async fn what_the_server_of_the_words_says_is_for_the_operator() {
    let (app, ear) = app().await;
    let said = || "sk-secret".to_owned();
    for (error, status, code) in [
        (ModelError::Refused { status: 400, message: said() }, 400, "invalid_audio"),
        (ModelError::Refused { status: 451, message: said() }, 502, "transcription_failed"),
        (ModelError::Unauthorized { status: 401, message: said() }, 502, "transcription_failed"),
        (ModelError::Failed { message: said() }, 502, "transcription_failed"),
        (ModelError::CutOff, 502, "transcription_failed"),
        (ModelError::Stalled { after: Duration::from_secs(9) }, 504, "transcription_timeout"),
        (ModelError::RateLimited { message: said(), retry_after: None }, 503, "transcription_rate_limited"),
    ] {
        *ear.fails.lock().unwrap() = Some(error);
        let answer = send(app.chat(&recording(b"sound")).bearer_auth(token("ann"))).await;
        answer.is_openai_error(status, code);
        assert!(!answer.text.contains("sk-secret"), "{}", answer.text);
    }
}

#[tokio::test]
async fn without_somebody_to_ask_a_recording_is_not_even_read() {
    let app = Setup::default().start().await;
    send(app.chat(&recording(b"sound"))).await.is_openai_error(501, "not_configured");
    send(app.chat(&recording(&vec![7; MEBIBYTE]))).await.is_openai_error(501, "not_configured");
}

/// The server of the words has deadlines of its own, of minutes.
#[tokio::test]
async fn a_recording_may_take_longer_than_other_requests() {
    let (app, ear) = app().await;
    let (speak, waits) = oneshot::channel();
    *ear.waits.lock().unwrap() = Some(waits);
    let asking = tokio::spawn(send(app.chat(&recording(b"sound")).bearer_auth(token("ann"))));
    while ear.types.lock().unwrap().is_empty() {
        assert_eq!(send(app.get("/healthz")).await.status, 200);
    }
    app.clock.advance(Duration::from_secs(119));
    // While this is answered, the server sees how late it is.
    assert_eq!(send(app.get("/healthz")).await.status, 200);
    speak.send(()).unwrap();
    assert_eq!(asking.await.unwrap().json()["text"], "5 bytes");
}
