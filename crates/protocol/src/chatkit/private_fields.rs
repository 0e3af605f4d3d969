//! Keeps `metadata` out of the unknown fields of threads and attachments, on the way in and on the way out: it is
//! for the integration only (rule 5 of the protocol) and would else be carried to a client as a field "not known here".

use serde::{Deserialize, Deserializer, Serializer, ser::SerializeMap};

use super::Extra;

const PRIVATE: &str = "metadata";

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Extra, D::Error> {
    let mut extra = Extra::deserialize(deserializer)?;
    extra.shift_remove(PRIVATE);
    Ok(extra)
}

pub(super) fn serialize<S: Serializer>(extra: &Extra, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(extra.iter().filter(|(name, _)| *name != PRIVATE))
}

/// The same for threads, of which the reference says `"metadata": {}` whatever they have.
pub(super) mod of_thread {
    use super::{Deserializer, Extra, PRIVATE, SerializeMap, Serializer};

    pub(in crate::chatkit) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Extra, D::Error> {
        super::deserialize(deserializer)
    }

    pub(in crate::chatkit) fn serialize<S: Serializer>(
        extra: &Extra,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(PRIVATE, &Extra::new())?;
        for (name, value) in extra.iter().filter(|(name, _)| *name != PRIVATE) {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
