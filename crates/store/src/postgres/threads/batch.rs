//! Writes of a run, sorted into as few statements as keep their order.

use std::collections::{HashMap, HashSet, VecDeque};

use chatkitd_core::ports::StoreError;
use chatkitd_core::threads::{ItemWrite, ThreadChange};

use super::is_storable;
use crate::thread_rows::ItemRow;

/// Writes that one statement can make.
#[expect(clippy::large_enum_variant, reason = "most batches are the large one, and there is mostly one")]
pub(super) enum Batch {
    Together(Together),
    RemoveAfter(String),
}

/// Writes whose order does not matter: no item is both put and removed.
#[derive(Default)]
pub(super) struct Together {
    pub removes: Vec<String>,
    pub puts: Puts,
    pub change: ThreadChange,
}

/// Items to put, column by column.
#[derive(Default)]
pub(super) struct Puts {
    pub ids: Vec<String>,
    pub hidden: Vec<bool>,
    pub bodies: Vec<String>,
}

impl Puts {
    pub(super) fn push(&mut self, row: ItemRow) {
        self.ids.push(row.id);
        self.hidden.push(row.hidden);
        self.bodies.push(row.body);
    }
}

/// The batches of `writes`; mostly one.
pub(super) fn batches(writes: &[ItemWrite]) -> Result<VecDeque<Batch>, StoreError> {
    let mut sorter = Sorter::default();
    for write in writes {
        sorter.add(write)?;
    }
    sorter.close();
    Ok(sorter.done)
}

#[derive(Default)]
struct Sorter<'a> {
    done: VecDeque<Batch>,
    open: Option<Together>,
    removed: HashSet<&'a str>,
    /// Where in the open batch an item is put.
    put: HashMap<&'a str, usize>,
}

impl<'a> Sorter<'a> {
    fn add(&mut self, write: &'a ItemWrite) -> Result<(), StoreError> {
        match write {
            ItemWrite::Put(item) => {
                if self.removed.contains(item.id()) {
                    self.close();
                }
                let row = ItemRow::to_put(item)?;
                let puts = &mut self.open.get_or_insert_default().puts;
                match self.put.get(item.id()) {
                    Some(&at) => (puts.hidden[at], puts.bodies[at]) = (row.hidden, row.body),
                    None => {
                        self.put.insert(item.id(), puts.ids.len());
                        puts.push(row);
                    }
                }
            }
            ItemWrite::Remove(id) => {
                if self.put.contains_key(id.as_str()) {
                    self.close();
                }
                self.removed.insert(id);
                let removes = &mut self.open.get_or_insert_default().removes;
                // What cannot be an id is not there.
                removes.extend(Some(id).filter(|id| is_storable(id)).cloned());
            }
            ItemWrite::RemoveAfter(id) => {
                self.close();
                self.done.push_back(Batch::RemoveAfter(id.clone()));
            }
            ItemWrite::Change(later) => self.open.get_or_insert_default().change.add(later),
        }
        Ok(())
    }

    fn close(&mut self) {
        self.done.extend(self.open.take().map(Batch::Together));
        self.removed.clear();
        self.put.clear();
    }
}

/// Takes the first batch off, an empty one where that is a removal: for the statement that begins a run.
pub(super) fn take_first(batches: &mut VecDeque<Batch>) -> Together {
    match batches.pop_front() {
        Some(Batch::Together(first)) => return first,
        Some(removal) => batches.push_front(removal),
        None => {}
    }
    Together::default()
}

/// The same at the other end: for the statement that ends a run.
pub(super) fn take_last(batches: &mut VecDeque<Batch>) -> Together {
    match batches.pop_back() {
        Some(Batch::Together(last)) => return last,
        Some(removal) => batches.push_back(removal),
        None => {}
    }
    Together::default()
}
