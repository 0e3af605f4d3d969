//! `input.transcribe`: recordings in, words out, and what is refused.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bytes::Bytes;
use chatkitd_core::models::ModelError;
use chatkitd_core::ports::Transcriber;
use chatkitd_http::UPLOAD_IDLE;
use futures_util::StreamExt as _;
use futures_util::stream::{self, FuturesUnordered};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::app::{Setup, TestApp, send, site_of, token};
use crate::chatkit::client::TOO_LONG;

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

/// The least of a recording that needs a place, with no end.
fn endless() -> reqwest::Body {
    let mut beginning = br#"{"type":"input.transcribe","params":{"audio_base64":""#.to_vec();
    beginning.resize(MEBIBYTE + 1, b'A');
    let sent = stream::iter([Ok::<_, std::io::Error>(beginning)]);
    reqwest::Body::wrap_stream(sent.chain(stream::pending()))
}

fn free_places(app: &TestApp) -> usize {
    let chat = app.chat.as_ref().unwrap();
    std::iter::from_fn(|| chat.recording_place()).collect::<Vec<_>>().len()
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(TOO_LONG, future).await.expect("it is answered")
}

#[tokio::test]
async fn who_may_not_converse_takes_no_place_for_a_recording() {
    let setup = Setup { transcriber: Some(Arc::new(Ear::default())), ..Setup::default() };
    let app = Setup { sites: vec![site_of("default", &["https://shop.example"])], ..setup }.start().await;
    for _ in 0..2 {
        let refused = in_time(send(app.post("/chatkit").body(endless()))).await;
        refused.is_openai_error(403, "origin_required");
    }
    assert_eq!(free_places(&app), 8);
}

/// Five a minute: the places are more than one address can take.
#[tokio::test]
async fn strangers_leave_places_for_recordings_to_others() {
    let (app, _) = app().await;
    let mut strangers: FuturesUnordered<_> =
        (0..9).map(|_| send(app.post("/chatkit").body(endless()))).collect();
    for _ in 0..4 {
        let refused = in_time(strangers.next()).await.unwrap();
        refused.is_openai_error(429, "rate_limited");
    }
    let ask = app.chat(&recording(&vec![7; MEBIBYTE])).bearer_auth(token("ann"));
    assert_eq!(send(ask).await.json()["text"], format!("{MEBIBYTE} bytes"));
}

#[tokio::test]
async fn a_recording_that_stops_coming_gives_its_place_back() {
    let (app, _) = app().await;
    let sending = tokio::spawn(send(app.post("/chatkit").bearer_auth(token("ann")).body(endless())));
    in_time(async {
        while free_places(&app) == 8 {
            assert_eq!(send(app.get("/healthz")).await.status, 200);
        }
    })
    .await;
    app.clock.advance(UPLOAD_IDLE);
    in_time(sending).await.unwrap().is_openai_error(408, "request_timeout");
    assert_eq!(free_places(&app), 8);
}

/// They were counted as new, and are known from then on.
#[tokio::test]
async fn a_newcomer_who_finds_no_place_for_a_recording_is_introduced() {
    let (app, _) = app().await;
    let chat = app.chat.as_ref().unwrap();
    let taken: Vec<_> = std::iter::from_fn(|| chat.recording_place()).collect();
    let refused = in_time(send(app.post("/chatkit").body(endless()))).await;
    refused.is_openai_error(503, "too_many_recordings");
    assert!(refused.cookie().starts_with("chatkit_device="), "{refused:?}");
    drop(taken);
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
