//! Reads server-sent events, of which a server may send as many, as long and as broken ones as it likes.
//!
//! The parser is `sse-stream`'s, which bounds nothing. What is added: bounds on an event and on all of them, and
//! that a last event counts without the empty line behind it, which some servers leave out, and errors that are a field
//! of their own.

use std::future::ready;

use bytes::Bytes;
use chatkitd_core::models::ModelError;
use futures_util::stream::once;
use futures_util::{Stream, StreamExt as _};
use sse_stream::{Error, SseByteStream};

/// How much is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// One event, in bytes without line ends: what is held in memory.
    pub event: usize,
    /// The whole stream, in bytes.
    pub stream: usize,
}

impl Bounds {
    /// For words. The Responses API repeats the whole text in its last events, and spends some 300 bytes on a
    /// token.
    pub const TEXT: Self = Self { event: 4 * 1024 * 1024, stream: 64 * 1024 * 1024 };
    /// For pictures: one of the largest is 5 MB in base64, the last event repeats all of an answer.
    pub const IMAGES: Self = Self { event: 24 * 1024 * 1024, stream: 160 * 1024 * 1024 };
}

/// The data of each event that has some. Ends after an error.
pub fn events<S>(bytes: S, bounds: Bounds) -> impl Stream<Item = Result<String, ModelError>> + Send
where
    S: Stream<Item = Result<Bytes, ModelError>> + Send,
{
    let (mut measure, mut fields) = (Measure::new(bounds), Fields::default());
    let bounded = bytes.map(move |piece| {
        let piece = piece?;
        measure.add(&piece)?;
        Ok(fields.rename(&piece))
    });
    let finished = bounded.chain(once(ready(Ok::<_, ModelError>(Bytes::from_static(b"\n\n")))));
    SseByteStream::new(finished).filter_map(|event| {
        ready(match event {
            // Some servers keep a connection alive with events that say nothing.
            Ok(event) => event.data.filter(|data| !data.trim().is_empty()).map(Ok),
            Err(error) => Some(Err(from_parser(error))),
        })
    })
}

fn from_parser(error: Error) -> ModelError {
    match error {
        Error::Body(error) => match error.downcast::<ModelError>() {
            Ok(error) => *error,
            Err(error) => ModelError::Broken(error),
        },
        Error::Utf8Parse(_) => ModelError::Malformed("an event is not UTF-8".to_owned()),
        other => ModelError::Malformed(other.to_string()),
    }
}

/// What llama.cpp called the field with an error until September 2025, and what events call it.
const ERROR: &[u8] = b"error:";
const DATA: &[u8] = b"data:";

/// Renames fields as they pass.
#[derive(Default)]
struct Fields {
    /// Whether the line is beyond its field's name.
    is_named: bool,
    /// How many bytes of [`ERROR`] it began with, which were held back.
    held: usize,
}

impl Fields {
    fn rename(&mut self, piece: &[u8]) -> Bytes {
        let mut renamed = Vec::with_capacity(piece.len() + ERROR.len());
        for &byte in piece {
            if !self.is_named && byte == ERROR[self.held] {
                self.held += 1;
                if self.held == ERROR.len() {
                    self.held = 0;
                    self.is_named = true;
                    renamed.extend_from_slice(DATA);
                }
                continue;
            }
            renamed.extend_from_slice(&ERROR[..std::mem::take(&mut self.held)]);
            renamed.push(byte);
            self.is_named = !matches!(byte, b'\n' | b'\r');
        }
        renamed.into()
    }
}

/// Measures events as they pass. An empty line ends one.
struct Measure {
    bounds: Bounds,
    line: usize,
    event: usize,
    stream: usize,
    after_cr: bool,
}

impl Measure {
    fn new(bounds: Bounds) -> Self {
        Self { bounds, line: 0, event: 0, stream: 0, after_cr: false }
    }

    fn add(&mut self, piece: &[u8]) -> Result<(), ModelError> {
        self.stream += piece.len();
        if self.stream > self.bounds.stream {
            return Err(ModelError::TooLong { limit: self.bounds.stream });
        }
        for &byte in piece {
            match byte {
                // The second half of one line end.
                b'\n' if self.after_cr => {}
                b'\n' | b'\r' => {
                    if self.line == 0 {
                        self.event = 0;
                    }
                    self.line = 0;
                }
                _ => {
                    self.line += 1;
                    self.event += 1;
                }
            }
            self.after_cr = byte == b'\r';
            if self.event > self.bounds.event {
                return Err(ModelError::TooLong { limit: self.bounds.event });
            }
        }
        Ok(())
    }
}
