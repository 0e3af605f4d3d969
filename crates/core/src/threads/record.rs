//! A thread, and pages of threads and items.

use std::time::Duration;

use chatkitd_protocol::chatkit::{Extra, Order, Page, Thread, ThreadItem, ThreadStatus, Time};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::id::{SiteName, ThreadId, UserId};

/// A conversation without its items.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadRecord {
    /// `cthr_…`, or the id it had where it came from.
    pub id: ThreadId,
    /// The site it is on.
    pub site: SiteName,
    /// Whose it is.
    pub user: UserId,
    /// When it was begun. Lists are ordered by it.
    pub created_at: Timestamp,
    /// What lists call it; `None` until somebody names it.
    pub title: Option<String>,
    /// Whether it takes messages.
    pub status: ThreadStatus,
    /// Where images in messages may come from; `None`: anywhere the page allows.
    pub allowed_image_domains: Option<Vec<String>>,
    /// The agent's own notes. Never sent to a client (protocol rule 5).
    pub metadata: Map<String, Value>,
}

impl ThreadRecord {
    /// A thread that begins at `now`: active, without a title.
    pub fn new(id: ThreadId, site: SiteName, user: UserId, now: Timestamp) -> Self {
        Self {
            id,
            site,
            user,
            created_at: now,
            title: None,
            status: ThreadStatus::default(),
            allowed_image_domains: None,
            metadata: Map::new(),
        }
    }

    /// The thread as a client sees it, with `items`.
    pub fn to_wire(&self, items: Page<ThreadItem>) -> Thread {
        Thread {
            id: self.id.as_str().to_owned(),
            title: self.title.clone(),
            created_at: wire_time(self.created_at),
            status: self.status.clone(),
            allowed_image_domains: self.allowed_image_domains.clone(),
            items,
            extra: Extra::new(),
        }
    }
}

/// A time as the wire writes it: RFC 3339 in UTC, whole milliseconds.
pub fn wire_time(at: Timestamp) -> Time {
    Time::new(format!("{at:.3}"))
}

/// What to change of a thread; `None` leaves as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThreadChange {
    /// The new title; `Some(None)` takes it away.
    pub title: Option<Option<String>>,
    /// The new status.
    pub status: Option<ThreadStatus>,
    /// The new domains; `Some(None)` lifts the restriction.
    pub allowed_image_domains: Option<Option<Vec<String>>>,
    /// The new metadata, whole.
    pub metadata: Option<Map<String, Value>>,
}

impl ThreadChange {
    /// The change that makes any thread like this one.
    pub fn to(thread: &ThreadRecord) -> Self {
        Self {
            title: Some(thread.title.clone()),
            status: Some(thread.status.clone()),
            allowed_image_domains: Some(thread.allowed_image_domains.clone()),
            metadata: Some(thread.metadata.clone()),
        }
    }

    /// Makes a later change after this one.
    pub fn add(&mut self, later: &Self) {
        let Self { title, status, allowed_image_domains, metadata } = later.clone();
        self.title = title.or(self.title.take());
        self.status = status.or(self.status.take());
        self.allowed_image_domains = allowed_image_domains.or(self.allowed_image_domains.take());
        self.metadata = metadata.or(self.metadata.take());
    }

    /// Makes the change to a record.
    pub fn apply(self, thread: &mut ThreadRecord) {
        let Self { title, status, allowed_image_domains, metadata } = self;
        if let Some(title) = title {
            thread.title = title.as_deref().map(storable_title);
        }
        if let Some(status) = status {
            thread.status = status;
        }
        if let Some(domains) = allowed_image_domains {
            thread.allowed_image_domains = domains;
        }
        if let Some(metadata) = metadata {
            thread.metadata = metadata;
        }
    }
}

/// How long it is kept where a deleted thread stood in its lists.
pub const DELETED_THREADS_KEPT: Duration = Duration::from_secs(24 * 3600);

/// Which page of a list. Paging is by key: `after` is the id of the last element of the page before this one,
/// `before` that of the first element of the page that follows; both are meant in the order that is asked for.
/// `before` alone gives the page that ends right before it; with both, the page begins right after `after` and
/// ends before `before` at the latest. A thread that was deleted less than [`DELETED_THREADS_KEPT`] ago still bounds
/// the page. Any other id that is not in the list gives an empty last page (design 4.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// At most so many elements. 0 only asks whether there are any.
    pub limit: u32,
    /// By time (threads) or by position (items).
    pub order: Order,
    /// The last element of the page before; `None` for the first page.
    pub after: Option<String>,
    /// The first element of the page that follows; `None` where the list's end bounds the page.
    pub before: Option<String>,
}

/// How a list is walked to get a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk<'a> {
    /// The direction.
    pub order: Order,
    /// Where it begins, itself left out; `None`: at the list's end.
    pub from: Option<&'a str>,
    /// Where it ends, itself left out; `None`: at the list's other end.
    pub until: Option<&'a str>,
    /// Whether that is against the order that was asked for, so that what is found has to be turned round.
    pub backwards: bool,
}

impl PageQuery {
    /// How to get the page: backwards from `before` where nothing else says where it begins.
    pub fn walk(&self) -> Walk<'_> {
        let (after, before) = (self.after.as_deref(), self.before.as_deref());
        if after.is_none() && before.is_some() {
            let order = if self.order == Order::Asc { Order::Desc } else { Order::Asc };
            return Walk { order, from: before, until: None, backwards: true };
        }
        Walk { order: self.order, from: after, until: before, backwards: false }
    }

    /// The page, and whether more follow in the direction of the walk, from what a walk of one more than the
    /// limit found.
    pub fn cut<T>(&self, mut found: Vec<T>) -> (Vec<T>, bool) {
        let limit = self.limit as usize;
        let has_more = found.len() > limit;
        found.truncate(limit);
        if self.walk().backwards {
            found.reverse();
        }
        (found, has_more)
    }
}

/// Which threads of a scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadQuery {
    /// The page.
    pub page: PageQuery,
    /// Only among so many of the newest; `None`: all. The others are not in the list.
    pub newest: Option<u32>,
}

impl From<PageQuery> for ThreadQuery {
    fn from(page: PageQuery) -> Self {
        Self { page, newest: None }
    }
}

/// Which items of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemQuery {
    /// The page.
    pub page: PageQuery,
    /// Whether hidden items count. Never for a client (protocol rule 4); always for an agent.
    pub hidden: bool,
    /// Only items of these kinds (`type` on the wire); `None`: of all. The others are not in the list.
    pub kinds: Option<&'static [&'static str]>,
}

impl ItemQuery {
    /// Whether an item is in the list.
    pub fn lists(&self, item: &ThreadItem) -> bool {
        (self.hidden || !item.is_hidden()) && self.kinds.is_none_or(|kinds| kinds.contains(&item.kind()))
    }
}

/// A page of threads.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadPage {
    /// In the order that was asked for.
    pub threads: Vec<ThreadRecord>,
    /// Whether more follow.
    pub has_more: bool,
}

/// A page of items.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemPage {
    /// In the order that was asked for.
    pub items: Vec<ThreadItem>,
    /// Whether more follow.
    pub has_more: bool,
}

impl ItemPage {
    /// The page as a client sees it: `after` is the last id when more follow.
    pub fn into_wire(self) -> Page<ThreadItem> {
        let last = self.items.last().filter(|_| self.has_more).map(|item| item.id().to_owned());
        Page { data: self.items, has_more: self.has_more, after: last }
    }
}

/// A title as every store keeps it: U+FFFD for each NUL, which PostgreSQL's TEXT does not have (design section 3).
pub fn storable_title(title: &str) -> String {
    title.replace('\0', "\u{fffd}")
}

/// An item's id has a NUL in it. Agents' events lose theirs before they are stored, so this is a defect.
#[derive(Debug, thiserror::Error)]
#[error("an item's id has a NUL character in it")]
pub struct NulInId;

/// An item as it is stored, which is how a client gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemText {
    /// Its id.
    pub id: String,
    /// Its JSON.
    pub json: String,
}

/// A page of items that nobody here has to understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemTextPage {
    /// In the order that was asked for.
    pub items: Vec<ItemText>,
    /// Whether more follow.
    pub has_more: bool,
}

impl ItemTextPage {
    /// The page as a client sees it: what [`ItemPage::into_wire`] becomes as JSON.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let after = self.items.last().filter(|_| self.has_more).map(|item| item.id.clone());
        let rest = serde_json::to_vec(&Page::<()> { data: Vec::new(), has_more: self.has_more, after })?;
        let length: usize = self.items.iter().map(|item| item.json.len() + 1).sum();
        let mut json = Vec::with_capacity(rest.len() + length);
        // The items are spliced in: to be understood and written anew is most of what such a page would cost.
        let (head, tail) = rest.split_at(EMPTY_DATA.len());
        json.extend_from_slice(head);
        for (index, item) in self.items.iter().enumerate() {
            if index > 0 {
                json.push(b',');
            }
            json.extend_from_slice(item.json.as_bytes());
        }
        json.extend_from_slice(tail);
        Ok(json)
    }
}

/// How a page begins, up to its first element.
const EMPTY_DATA: &str = r#"{"data":["#;

#[cfg(test)]
mod tests {
    use chatkitd_protocol::chatkit::EndOfTurnItem;

    use super::*;

    #[test]
    fn a_page_of_texts_is_the_page_of_the_items_byte_for_byte() {
        let items: Vec<ThreadItem> = ["cti_1", "\"2"]
            .map(|id| EndOfTurnItem { id: id.to_owned(), ..Default::default() }.into())
            .into();
        for (count, has_more) in [(0, false), (1, false), (1, true), (2, true)] {
            let page = ItemPage { items: items[..count].to_vec(), has_more };
            let texts = ItemTextPage::from(&page).to_json().unwrap();
            let wire = serde_json::to_string(&page.into_wire()).unwrap();
            assert_eq!(String::from_utf8(texts).unwrap(), wire);
        }
    }
}
