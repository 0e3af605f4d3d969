//! What a visitor is told of hidden items: nothing but that what they saw is gone (protocol rule 4).

use chatkitd_protocol::chatkit::{ThreadEvent, ThreadItem};

use super::without_nul;
use crate::server::pending::Pending;

/// An agent may send a thread with its items.
pub(super) fn leave_out_of_thread(event: &mut ThreadEvent) {
    if let ThreadEvent::ThreadCreated { thread, .. } | ThreadEvent::ThreadUpdated { thread, .. } = event {
        thread.items.data.retain(|item| !item.is_hidden());
    }
}

/// The JSON to be sent for an event, whose own is `json`. `pending` is what was begun before it.
pub(super) fn told(event: &ThreadEvent, json: Option<Vec<u8>>, pending: &Pending) -> Option<Vec<u8>> {
    match event {
        // What it is written over may be of an earlier answer. To remove what nobody saw is no error.
        ThreadEvent::ItemReplaced { item, .. } if item.is_hidden() => removal(item.id()),
        ThreadEvent::ItemAdded { item, .. } | ThreadEvent::ItemDone { item, .. } if item.is_hidden() => {
            let is_seen = pending.find(item.id()).is_some_and(|begun| !begun.is_hidden());
            if is_seen { removal(item.id()) } else { None }
        }
        ThreadEvent::ItemUpdated { item_id, .. } => {
            json.filter(|_| !pending.find(item_id).is_some_and(ThreadItem::is_hidden))
        }
        _ => json,
    }
}

fn removal(id: &str) -> Option<Vec<u8>> {
    without_nul(ThreadEvent::item_removed(id.to_owned())).1
}
