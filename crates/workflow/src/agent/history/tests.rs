//! The budget, beside the plainest way to keep it: with the whole thread in memory.

use chatkitd_protocol::chatkit::{
    AssistantMessageContent, AssistantMessageItem, EndOfTurnItem, HiddenContextItem, UserMessageContent,
    UserMessageItem,
};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn items() -> impl Strategy<Value = Vec<ThreadItem>> {
    vec((0..4u8, 0..400usize), 0..40).prop_map(|items| {
        items.into_iter().enumerate().map(|(at, (kind, length))| item(at, kind, length)).collect()
    })
}

/// An item whose text begins with its number.
fn item(at: usize, kind: u8, length: usize) -> ThreadItem {
    let text = format!("{at} {}", "x".repeat(length));
    match kind {
        0 => user_message(&text),
        1 => {
            let content = vec![AssistantMessageContent::text(text)];
            AssistantMessageItem { content, ..AssistantMessageItem::default() }.into()
        }
        2 => HiddenContextItem { content: text.into(), ..HiddenContextItem::default() }.into(),
        _ => EndOfTurnItem::default().into(),
    }
}

fn user_message(text: &str) -> ThreadItem {
    let model = text.split(' ').next().map(str::to_owned);
    let inference_options = InferenceOptions { model, ..InferenceOptions::default() };
    let content = vec![UserMessageContent::text(text)];
    UserMessageItem { content, inference_options, ..UserMessageItem::default() }.into()
}

/// What [`History::read`] makes of a thread, and how many items it looks at.
fn read(thread: &[ThreadItem], budget: u32) -> (History, usize) {
    let mut window = Window::new(budget);
    for (read, item) in thread.iter().rev().enumerate() {
        if !window.take(item.clone()) {
            return (window.into_history(true), read + 1);
        }
    }
    (window.into_history(false), thread.len())
}

/// The same, newest first: whole turns as long as they fit.
fn expected(thread: &[ThreadItem], budget: u32) -> Vec<Entry> {
    let newest = thread.iter().rposition(is_message).unwrap_or(0);
    let (older, turn) = thread.split_at(newest);
    let mut left = u64::from(budget);
    let mut kept = newest_turn(turn, &mut left);
    let mut end = older.len();
    while end > 0 {
        let start = older[..end].iter().rposition(is_message).unwrap_or(0);
        let cost: u64 = older[start..end].iter().map(cost).sum();
        if cost > left || left == 0 {
            break;
        }
        left -= cost;
        kept.extend(older[start..end].iter().rev().filter_map(|item| entry(item.clone())));
        end = start;
    }
    kept
}

/// The message, the newest entry, and what fits between them, without gaps from the newest on.
fn newest_turn(turn: &[ThreadItem], left: &mut u64) -> Vec<Entry> {
    let mut kept = Vec::new();
    let mut gap = false;
    for item in turn.iter().rev() {
        if !is_message(item) && !kept.is_empty() {
            gap |= cost(item) > *left;
            if gap {
                continue;
            }
        }
        *left = left.saturating_sub(cost(item));
        kept.extend(entry(item.clone()));
    }
    kept
}

fn is_message(item: &ThreadItem) -> bool {
    matches!(item, ThreadItem::UserMessage(_))
}

fn cost(item: &ThreadItem) -> u64 {
    tokens(entry(item.clone()).as_ref())
}

proptest! {
    #[test]
    fn turns_are_kept_whole_from_the_newest_on_as_far_as_the_budget_goes(thread in items(), budget in 0..1_000u32) {
        let (history, _) = read(&thread, budget);
        prop_assert_eq!(&history.entries, &expected(&thread, budget));
    }

    #[test]
    fn the_newest_message_is_always_there_and_nothing_but_it_and_the_newest_item_is_over_the_budget(
        thread in items(),
        budget in 0..1_000u32,
    ) {
        let (history, _) = read(&thread, budget);
        let newest = thread.iter().rfind(|item| is_message(item)).cloned().and_then(entry);
        if let Some(newest) = &newest {
            prop_assert!(history.entries.contains(newest));
            let number = newest.texts[0].split(' ').next();
            prop_assert_eq!(history.chosen.model.as_deref(), number);
        }
        let others = history.entries.iter().skip(1).filter(|entry| Some(*entry) != newest.as_ref());
        let cost: u64 = others.map(|entry| tokens(Some(entry))).sum();
        prop_assert!(cost <= u64::from(budget), "{cost} of {budget}");
    }
}

#[test]
fn reading_ends_where_the_budget_does() {
    let thread: Vec<_> = (0..1_000).map(|at| user_message(&format!("{at} {}", "x".repeat(96)))).collect();
    // 4 for the item, 25 for its 100 bytes.
    let (history, read) = read(&thread, 10 * 29);
    assert_eq!((history.entries.len(), read), (10, 11));
}

#[test]
fn a_thread_without_a_message_of_the_visitors_is_not_read_to_its_end() {
    let thread: Vec<_> = (0..20_000).map(|at| item(at, 1, 94)).collect();
    let (history, read) = read(&thread, 10 * 29);
    assert_eq!((history.entries.len(), read), (10, MAX_ITEMS + 1));
}
