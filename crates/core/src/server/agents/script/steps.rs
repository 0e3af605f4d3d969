use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::step::Step;

/// One answer: its steps, or a text, which is said.
///
/// No untagged enum, which would say of a mistake in a step only that nothing fits.
#[derive(Debug)]
pub(super) struct Steps(pub(super) Vec<Step>);

impl<'de> Deserialize<'de> for Steps {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StepsVisitor)
    }
}

struct StepsVisitor;

impl<'de> Visitor<'de> for StepsVisitor {
    type Value = Steps;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an answer, which is a text or a list of steps")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Steps, E> {
        Ok(Steps(vec![Step::say(text)]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Steps, A::Error> {
        let mut steps = Vec::new();
        while let Some(step) = list.next_element()? {
            steps.push(step);
        }
        Ok(Steps(steps))
    }
}
