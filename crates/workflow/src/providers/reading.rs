//! From the data of events to the pieces of an answer.

use std::collections::VecDeque;

use chatkitd_core::models::{ModelError, ModelEvent, ModelStream};
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, try_unfold};

use super::Decoder;

struct Reading {
    data: BoxStream<'static, Result<String, ModelError>>,
    decoder: Decoder,
    ready: VecDeque<ModelEvent>,
    ended: bool,
}

/// The stream ends behind [`ModelEvent::Ended`] or an error, whatever the server goes on to send.
pub(super) fn read(data: BoxStream<'static, Result<String, ModelError>>, decoder: Decoder) -> ModelStream {
    let reading = Reading { data, decoder, ready: VecDeque::new(), ended: false };
    try_unfold(reading, |mut reading| async move {
        let event = reading.next().await?;
        Ok(event.map(|event| (event, reading)))
    })
    .boxed()
}

impl Reading {
    async fn next(&mut self) -> Result<Option<ModelEvent>, ModelError> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.ended = matches!(event, ModelEvent::Ended { .. });
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            let events = match self.data.next().await {
                Some(Ok(data)) => self.decoder.read(&data)?,
                // A server that has said all may hang up, or forget to, as it likes.
                Some(Err(error)) => self.decoder.end().map_err(|_| error)?,
                None => self.decoder.end()?,
            };
            self.ready.extend(events);
        }
    }
}
