//! Thoughts within the words: `<think>…</think>` at their beginning, as open models write it and servers pass it on
//! that were not told which model they run.

use crate::providers::pieces::Pieces;

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";
/// How many blanks may stand before the tag.
const MAX_BLANKS: usize = 64;

/// The words of one answer, wherever they are cut into pieces.
#[derive(Debug, Default)]
pub(super) struct Words {
    place: Place,
    /// What may yet become a tag, or nothing.
    held: String,
}

#[derive(Clone, Copy, Debug, Default)]
enum Place {
    /// Nothing was said yet.
    #[default]
    Beginning,
    /// Between the tags.
    Thought,
    /// Behind them, before the first word.
    Gap,
    /// From the first word on a tag is a word like any other.
    Message,
}

impl Words {
    pub(super) fn read(&mut self, text: &str, pieces: &mut Pieces) {
        self.held.push_str(text);
        while let Some(next) = self.step(pieces) {
            self.place = next;
        }
    }

    /// No more comes: what was held back was no tag.
    pub(super) fn end(&mut self, pieces: &mut Pieces) {
        let rest = std::mem::take(&mut self.held);
        match self.place {
            Place::Thought => pieces.thought(rest),
            Place::Beginning | Place::Gap | Place::Message => say(rest, pieces),
        }
    }

    /// Passes on what can be told so far. `Some`: what is left of it stands in this place.
    fn step(&mut self, pieces: &mut Pieces) -> Option<Place> {
        match self.place {
            Place::Beginning => self.begin(),
            Place::Thought => self.think(pieces),
            Place::Gap => {
                self.held = self.held.trim_start().to_owned();
                (!self.held.is_empty()).then_some(Place::Message)
            }
            Place::Message => {
                say(std::mem::take(&mut self.held), pieces);
                None
            }
        }
    }

    fn begin(&mut self) -> Option<Place> {
        let begun = self.held.trim_start();
        if self.held.len() - begun.len() > MAX_BLANKS {
            return Some(Place::Message);
        }
        if let Some(thought) = begun.strip_prefix(OPEN) {
            self.held = thought.to_owned();
            return Some(Place::Thought);
        }
        (!OPEN.starts_with(begun)).then_some(Place::Message)
    }

    fn think(&mut self, pieces: &mut Pieces) -> Option<Place> {
        let (thought, rest, next) = match self.held.split_once(CLOSE) {
            Some((thought, rest)) => (thought, rest, Some(Place::Gap)),
            None => {
                let (thought, rest) = self.held.split_at(self.held.len() - begun_tag(&self.held));
                (thought, rest, None)
            }
        };
        // A model that was told not to think writes a thought of blanks, which is none.
        let thought = if pieces.is_thinking() { thought } else { thought.trim_start() };
        pieces.thought(thought.to_owned());
        if next.is_some() {
            pieces.end_thought();
        }
        self.held = rest.to_owned();
        next
    }
}

fn say(text: String, pieces: &mut Pieces) {
    if !text.is_empty() {
        pieces.end_thought();
        pieces.text(text);
    }
}

/// How many bytes at the end of a thought may be the beginning of its closing tag.
fn begun_tag(thought: &str) -> usize {
    (1..CLOSE.len()).rev().find(|length| thought.ends_with(&CLOSE[..*length])).unwrap_or(0)
}
