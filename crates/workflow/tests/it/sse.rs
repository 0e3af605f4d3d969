//! The reader of server-sent events: what it bounds and what it adds.

use bytes::Bytes;
use chatkitd_core::models::ModelError;
use chatkitd_workflow::providers::sse::{Bounds, events};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

const SMALL: Bounds = Bounds { event: 32, stream: 1024 };

async fn read(pieces: &[&[u8]], bounds: Bounds) -> (Vec<String>, Option<ModelError>) {
    let pieces: Vec<_> = pieces.iter().map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    let mut read = Vec::new();
    let mut events = std::pin::pin!(events(stream::iter(pieces), bounds));
    while let Some(event) = events.next().await {
        match event {
            Ok(data) => read.push(data),
            Err(error) => {
                assert!(events.next().await.is_none(), "nothing comes behind an error");
                return (read, Some(error));
            }
        }
    }
    (read, None)
}

#[tokio::test]
async fn events_are_read_with_each_line_end_and_over_any_cut() {
    for line_end in ["\n", "\r\n", "\r"] {
        let stream = "\u{feff}: a comment\nevent: x\ndata: één\ndata:two\nid: 1\n\n\n\ndata\n\nevent: y\n\ndata: 3\n\n"
            .replace('\n', line_end);
        for cut in 0..stream.len() {
            let (first, second) = stream.as_bytes().split_at(cut);
            let (data, error) = read(&[first, second], Bounds::TEXT).await;
            assert!(error.is_none(), "{error:?}");
            assert_eq!(data, ["één\ntwo", "3"], "cut at {cut}, {line_end:?}");
        }
    }
}

#[tokio::test]
async fn the_last_event_needs_no_empty_line() {
    for stream in ["data: 1\n\ndata: 2", "data: 1\n\ndata: 2\n", "data: 1\r\rdata: 2\r"] {
        assert_eq!(read(&[stream.as_bytes()], SMALL).await.0, ["1", "2"], "{stream:?}");
    }
}

#[tokio::test]
async fn a_field_named_error_is_data_wherever_it_is_cut() {
    let stream = b"data: 1\r\n\r\nerror: 2\n\nerr: 3\n\ndata: error: 4\n\nerror:5\n\nerror";
    for cut in 0..stream.len() {
        let (first, second) = stream.split_at(cut);
        let (data, error) = read(&[first, second], SMALL).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(data, ["1", "2", "error: 4", "5"], "cut at {cut}");
    }
}

#[tokio::test]
async fn what_is_not_utf_8_is_an_error_wherever_it_is_cut() {
    for pieces in [[&b"data: \xc3"[..], &b"\x28\n\n"[..]], [b"data: \xff\xfe\n", b"\n"]] {
        let (data, error) = read(&pieces, SMALL).await;
        assert!(data.is_empty());
        assert!(matches!(error, Some(ModelError::Malformed(_))), "{error:?}");
    }
}

#[tokio::test]
async fn an_event_beyond_the_bound_is_an_error_however_its_lines_are_cut() {
    let line = format!("data: {}", "x".repeat(27));
    let lines = "data: 1234\n".repeat(4);
    for stream in [line.as_str(), lines.as_str(), &format!(":{}", "x".repeat(40))] {
        let pieces: Vec<&[u8]> = stream.as_bytes().chunks(3).collect();
        let (data, error) = read(&pieces, SMALL).await;
        assert!(data.is_empty());
        assert!(matches!(error, Some(ModelError::TooLong { limit: 32 })), "{error:?}");
    }
    let (data, error) = read(&["data: 1234\n\n".repeat(4).as_bytes()], SMALL).await;
    assert_eq!((data.len(), error.is_none()), (4, true), "each is one of its own");
}

#[tokio::test]
async fn all_events_together_are_bounded() {
    let endless = stream::repeat_with(|| Ok(Bytes::from_static(b": still here\n\ndata: 1\n\n")));
    let read: Result<Vec<_>, _> = events(endless, SMALL).try_collect().await;
    assert!(matches!(read, Err(ModelError::TooLong { limit: 1024 })));
}

#[tokio::test]
async fn an_error_of_the_connection_is_passed_on_as_it_is() {
    let pieces = [
        Ok(Bytes::from_static(b"data: 1\n\nda")),
        Err(ModelError::Stalled { after: std::time::Duration::from_secs(7) }),
    ];
    let read: Vec<_> = events(stream::iter(pieces), SMALL).collect().await;
    assert!(matches!(read.as_slice(), [Ok(_), Err(ModelError::Stalled { after })] if after.as_secs() == 7));
}
