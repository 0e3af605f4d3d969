//! Transcription over HTTP.

use bytes::Bytes;
use chatkitd::models::{Deadlines, HttpTranscriber, TranscriptionServer};
use chatkitd_core::models::ModelError;
use chatkitd_core::ports::Transcriber as _;

use super::{KEY, client, impatient};
use crate::model_standin::{ModelStandin, Reply};

fn transcriber(base: &str, deadlines: Deadlines) -> HttpTranscriber {
    let server = TranscriptionServer {
        base: base.parse().unwrap(),
        key: Some(KEY.into()),
        model: "whisper-1".to_owned(),
    };
    HttpTranscriber::new(client(deadlines).0, server)
}

fn json(status: u16, body: &'static str) -> Reply {
    Reply::Other(status, "application/json", body.into())
}

#[tokio::test]
async fn a_recording_is_sent_as_a_form_and_comes_back_as_words() {
    let standin = ModelStandin::start().await;
    let transcriber = transcriber(&standin.base, Deadlines::default());
    for (mime_type, name) in [
        ("audio/webm", "recording.webm"),
        ("audio/mp4", "recording.m4a"),
        ("audio/x-unheard-of", "recording"),
    ] {
        standin.reply([json(200, r#"{"text":"Hello there.","usage":{"type":"duration"}}"#)]);
        let words = transcriber.transcribe(Bytes::from_static(b"\x1aRECORDED\xff"), mime_type).await.unwrap();
        assert_eq!(words, "Hello there.");
        let seen = standin.seen().pop().unwrap();
        assert_eq!(seen.path, "/v1/audio/transcriptions");
        assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
        let content_type = seen.headers["content-type"].to_str().unwrap();
        let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
        let form = [
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n")
                .into_bytes(),
            format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
            )
            .into_bytes(),
            b"\x1aRECORDED\xff".to_vec(),
            format!("\r\n--{boundary}--\r\n").into_bytes(),
        ];
        assert_eq!(seen.body, form.concat());
        assert_eq!(seen.headers["content-length"], seen.body.len().to_string());
    }
}

#[tokio::test]
async fn a_passing_failure_is_tried_again_with_the_whole_recording() {
    let standin = ModelStandin::start().await;
    standin.reply([json(503, "{}"), json(200, r#"{"text":"Hello"}"#)]);
    let transcriber = transcriber(&standin.base, Deadlines::default());
    assert_eq!(transcriber.transcribe(Bytes::from_static(b"REC"), "audio/ogg").await.unwrap(), "Hello");
    let lengths: Vec<_> = standin.seen().iter().map(|seen| seen.body.len()).collect();
    assert_eq!(lengths, [lengths[0]; 2]);
}

#[tokio::test]
async fn failures_are_told_apart() {
    let standin = ModelStandin::start().await;
    let transcriber = transcriber(&standin.base, Deadlines::default());
    type Expected = fn(&ModelError) -> bool;
    let cases: [(Reply, Expected); 5] = [
        (
            json(401, r#"{"error":{"message":"No."}}"#),
            |error| matches!(error, ModelError::Unauthorized { status: 401, message } if message == "No."),
        ),
        (json(400, "{}"), |error| matches!(error, ModelError::Refused { status: 400, .. })),
        (json(200, r#"{"words":[]}"#), |error| matches!(error, ModelError::Malformed(_))),
        (json(200, "words"), |error| matches!(error, ModelError::Malformed(_))),
        (Reply::Endless(vec![b' '; 64 * 1024].into()), |error| {
            matches!(error, ModelError::TooLong { limit: 1_048_576 })
        }),
    ];
    for (number, (reply, expected)) in cases.into_iter().enumerate() {
        standin.reply([reply]);
        let error = transcriber.transcribe(Bytes::from_static(b"REC"), "audio/webm").await.unwrap_err();
        assert!(expected(&error), "{number}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_stalls_is_given_up() {
    let standin = ModelStandin::start().await;
    standin.reply([Reply::Stall(Bytes::from_static(b"{\"text\""))]);
    let transcriber = transcriber(&standin.base, impatient());
    let error = transcriber.transcribe(Bytes::from_static(b"REC"), "audio/webm").await.unwrap_err();
    assert!(matches!(error, ModelError::Stalled { .. }), "{error:?}");
}
