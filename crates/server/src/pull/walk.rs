//! Walking a list page by page, past the traps of cursors.
//!
//! A cursor may vanish (its thread was deleted): the API then answers 404 or 400, or an empty page that
//! looks like the end. So an end is only believed from a page that held something, or after going back
//! to the cursor before, and then to the start of the list, found nothing new either. A server that repeats
//! itself is noticed by its cursors going round (Brent's algorithm: two cursors of memory, any length of cycle).

use http::StatusCode;

use super::{
    api::{Api, ListOf},
    error::PullError,
    page::Page,
};

/// How often a page without anything new is asked for again before the walk gives up.
const MAX_STALLS: u32 = 5;
/// How often in a row the walk goes back because a cursor leads nowhere.
const MAX_STEPS_BACK: u32 = 4;

/// A walk over a list in the order of creation.
pub(super) struct Walk {
    list: ListOf,
    cursor: Option<String>,
    previous: Option<String>,
    done: bool,
    /// The page before this one said that more follows.
    promised: bool,
    /// After a step back, the cursor in use has been handed out by the server again.
    confirmed: bool,
    steps_back: u32,
    stalls: u32,
    anchor: Option<String>,
    steps: u32,
    power: u32,
}

impl Walk {
    /// Starts after `cursor`, or at the beginning; `previous` is the cursor to fall back to.
    pub(super) fn new(list: ListOf, cursor: Option<String>, previous: Option<String>) -> Self {
        Self {
            list,
            anchor: cursor.clone(),
            cursor,
            previous,
            done: false,
            promised: false,
            confirmed: false,
            steps_back: 0,
            stalls: 0,
            steps: 0,
            power: 1,
        }
    }

    /// Whether the page to come is the first of the list.
    pub(super) fn is_at_start(&self) -> bool {
        self.cursor.is_none()
    }

    /// The next page, never an empty one; `None` at the end.
    pub(super) async fn next(&mut self, api: &Api) -> Result<Option<Page>, PullError> {
        while !self.done {
            match api.page(&self.list, self.cursor.as_deref()).await {
                Ok(page) if !page.entries.is_empty() => return Ok(Some(page)),
                Ok(page) => self.met_nothing(api, &page).await?,
                Err(error) if self.is_lost_cursor(&error) => self.step_back(),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Moves on after `page`, of which `fresh` entries were not known.
    pub(super) async fn took(&mut self, api: &Api, page: &Page, fresh: usize) -> Result<(), PullError> {
        self.done = page.has_more == Some(false);
        self.promised = page.has_more == Some(true);
        let next = page.next_cursor().map(ToOwned::to_owned);
        if fresh > 0 {
            (self.stalls, self.steps_back, self.confirmed) = (0, 0, false);
            (self.steps, self.power) = (0, 1);
            self.anchor.clone_from(&next);
        } else {
            self.confirmed = self.steps_back > 0;
            if !self.done {
                self.watch_for_a_circle(api, next.as_deref()).await?;
            }
        }
        if next != self.cursor {
            self.previous = std::mem::replace(&mut self.cursor, next);
        }
        Ok(())
    }

    async fn met_nothing(&mut self, api: &Api, page: &Page) -> Result<(), PullError> {
        let believed = self.confirmed && !self.promised;
        if page.has_more == Some(true) {
            self.stall(api).await?;
        } else if self.cursor.is_none() || believed || self.steps_back >= MAX_STEPS_BACK {
            self.done = true;
        } else {
            self.step_back();
        }
        Ok(())
    }

    /// Waits before a page is asked for again that should have held something.
    async fn stall(&mut self, api: &Api) -> Result<(), PullError> {
        self.stalls += 1;
        if self.stalls >= MAX_STALLS {
            return Err(PullError::CursorLoop { list: self.list.path(), tries: self.stalls });
        }
        api.pause(self.stalls).await;
        Ok(())
    }

    fn is_lost_cursor(&self, error: &PullError) -> bool {
        let refused = matches!(
            error.status(),
            Some(StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST | StatusCode::GONE)
        );
        refused && self.cursor.is_some() && self.steps_back < 2 * MAX_STEPS_BACK
    }

    /// To the cursor before, or to the start. Ends in an answer or an error at the start of the list.
    fn step_back(&mut self) {
        self.steps_back += 1;
        self.confirmed = false;
        self.promised = false;
        let previous = self.previous.take();
        self.cursor = previous.filter(|_| self.steps_back < MAX_STEPS_BACK);
        self.anchor.clone_from(&self.cursor);
        (self.steps, self.power) = (0, 1);
    }

    async fn watch_for_a_circle(&mut self, api: &Api, next: Option<&str>) -> Result<(), PullError> {
        if next == self.anchor.as_deref() {
            return self.stall(api).await;
        }
        self.steps += 1;
        if self.steps == self.power {
            self.anchor = next.map(ToOwned::to_owned);
            self.power = self.power.saturating_mul(2);
            self.steps = 0;
        }
        Ok(())
    }
}
