//! One thread with what belongs to it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use chatkitd_protocol::chatkit::{FeedbackKind, Order, ThreadItem};

use crate::id::RunId;
use crate::ports::{Scope, StoreError};
use crate::threads::{ItemPage, ItemQuery, ItemWrite, NulInId, ThreadRecord};

/// A thread, its items by their places, and its runs.
pub(super) struct Conversation {
    pub(super) record: ThreadRecord,
    /// The run that holds the lease, whether or not that ran out.
    pub(super) run: Option<RunId>,
    /// Every run whose row is kept: they are deleted with the thread.
    pub(super) runs: Vec<RunId>,
    items: BTreeMap<u64, Stored>,
    places: HashMap<String, u64>,
    last_place: u64,
}

struct Stored {
    item: ThreadItem,
    feedback: Option<FeedbackKind>,
}

/// How to take a write back.
enum Undo {
    /// What was at a place.
    Place(u64, Option<Box<Stored>>),
    Record(Box<ThreadRecord>),
}

impl Conversation {
    pub(super) fn new(record: ThreadRecord) -> Self {
        Self {
            record,
            run: None,
            runs: Vec::new(),
            items: BTreeMap::new(),
            places: HashMap::new(),
            last_place: 0,
        }
    }

    pub(super) fn is_in(&self, scope: &Scope) -> bool {
        scope.holds(&self.record.site, &self.record.user)
    }

    pub(super) fn item(&self, id: &str) -> Option<&ThreadItem> {
        let place = self.places.get(id)?;
        self.items.get(place).map(|stored| &stored.item)
    }

    pub(super) fn page(&self, query: &ItemQuery) -> ItemPage {
        let listed = |stored: &&Stored| query.lists(&stored.item);
        let place = |id: &str| {
            let place = *self.places.get(id)?;
            self.items.get(&place).filter(listed).map(|_| place)
        };
        let walk = query.page.walk();
        let (low, high) = match walk.order {
            Order::Asc => (walk.from, walk.until),
            Order::Desc => (walk.until, walk.from),
        };
        let (low, high) = (low.map_or(Some(0), place), high.map_or(Some(u64::MAX), place));
        let within: Box<dyn DoubleEndedIterator<Item = &Stored>> = match (low, high) {
            (Some(low), Some(high)) if low < high => {
                let range = (Bound::Excluded(low), Bound::Excluded(high));
                Box::new(self.items.range(range).map(|(_, stored)| stored))
            }
            _ => Box::new(std::iter::empty()),
        };
        let one_more = query.page.limit as usize + 1;
        let found = match walk.order {
            Order::Asc => within.filter(listed).take(one_more).collect(),
            Order::Desc => within.rev().filter(listed).take(one_more).collect(),
        };
        let (page, has_more): (Vec<&Stored>, bool) = query.page.cut(found);
        ItemPage { items: page.into_iter().map(|stored| stored.item.clone()).collect(), has_more }
    }

    /// All of `writes`, or none of them.
    pub(super) fn write<'a>(
        &mut self,
        writes: impl IntoIterator<Item = &'a ItemWrite>,
    ) -> Result<(), StoreError> {
        self.append_then_write(Vec::new(), writes)
    }

    /// Appends what a run that was cut off left, as far as it is not there, and then writes.
    pub(super) fn append_then_write<'a>(
        &mut self,
        left: Vec<ThreadItem>,
        writes: impl IntoIterator<Item = &'a ItemWrite>,
    ) -> Result<(), StoreError> {
        let mut undo = Vec::new();
        for item in left {
            if !self.places.contains_key(item.id()) {
                undo.push(self.put(item));
            }
        }
        for write in writes {
            if let Err(error) = self.apply(write, &mut undo) {
                undo.into_iter().rev().for_each(|step| self.take_back(step));
                return Err(error);
            }
        }
        Ok(())
    }

    fn apply(&mut self, write: &ItemWrite, undo: &mut Vec<Undo>) -> Result<(), StoreError> {
        match write {
            ItemWrite::Put(item) if item.id().contains('\0') => {
                return Err(StoreError::Other(Box::new(NulInId)));
            }
            ItemWrite::Put(item) => undo.push(self.put(item.clone())),
            ItemWrite::Remove(id) => undo.extend(self.places.get(id).copied().map(|at| self.clear(at))),
            ItemWrite::RemoveAfter(id) => {
                let kept = *self.places.get(id).ok_or(StoreError::NotFound)?;
                let after: Vec<u64> = self.items.range(kept + 1..).map(|(place, _)| *place).collect();
                undo.extend(after.into_iter().map(|place| self.clear(place)));
            }
            ItemWrite::Change(change) => {
                undo.push(Undo::Record(Box::new(self.record.clone())));
                change.as_ref().clone().apply(&mut self.record);
            }
        }
        Ok(())
    }

    fn put(&mut self, item: ThreadItem) -> Undo {
        let place = match self.places.get(item.id()) {
            Some(place) => *place,
            None => {
                self.last_place += 1;
                self.places.insert(item.id().to_owned(), self.last_place);
                self.last_place
            }
        };
        let feedback = self.items.get(&place).and_then(|stored| stored.feedback);
        Undo::Place(place, self.items.insert(place, Stored { item, feedback }).map(Box::new))
    }

    fn clear(&mut self, place: u64) -> Undo {
        let removed = self.items.remove(&place);
        if let Some(stored) = &removed {
            self.places.remove(stored.item.id());
        }
        Undo::Place(place, removed.map(Box::new))
    }

    fn take_back(&mut self, step: Undo) {
        match step {
            Undo::Record(record) => self.record = *record,
            Undo::Place(place, before) => {
                self.clear(place);
                if let Some(stored) = before {
                    self.places.insert(stored.item.id().to_owned(), place);
                    self.items.insert(place, *stored);
                }
            }
        }
    }

    /// Writes an item in place of the one with its id.
    pub(super) fn replace(&mut self, item: &ThreadItem) -> Result<(), StoreError> {
        let place = self.places.get(item.id()).ok_or(StoreError::NotFound)?;
        let stored = self.items.get_mut(place).ok_or(StoreError::NotFound)?;
        stored.item = item.clone();
        Ok(())
    }

    pub(super) fn add_feedback(&mut self, ids: &[String], kind: FeedbackKind) -> Result<(), StoreError> {
        let places: Option<Vec<u64>> = ids.iter().map(|id| self.places.get(id).copied()).collect();
        for place in places.ok_or(StoreError::NotFound)? {
            if let Some(stored) = self.items.get_mut(&place) {
                stored.feedback = Some(kind);
            }
        }
        Ok(())
    }

    /// Opinions by item id.
    pub(super) fn feedback(&self) -> Vec<(String, FeedbackKind)> {
        let opinion = |stored: &Stored| Some((stored.item.id().to_owned(), stored.feedback?));
        let mut all: Vec<(String, FeedbackKind)> = self.items.values().filter_map(opinion).collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all
    }
}
