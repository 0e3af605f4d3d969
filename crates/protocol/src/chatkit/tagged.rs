//! Unions that are told apart by `type`, kept open for kinds that a later version adds.
//!
//! Serde's own internally tagged enums with an untagged last variant do most of this, but a *known* kind with a
//! mistake in it would silently become an unknown one, and every object is buffered before it is read. Here a known
//! kind that does not fit is an error that says what is wrong, and an object that begins with `type`, as ours and
//! the reference's all do, is read in one pass.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, MapAccess, Visitor, value::MapDeserializer},
};

use super::Extra;

/// An object of a kind that this version does not know, kept whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnknownObject {
    /// Its `type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// All other fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A union that is read by its `type`.
pub(super) trait Tagged<'de>: Sized {
    /// What it is, for error messages.
    const EXPECTING: &'static str;

    /// Reads the variant that `kind` names from the other fields of the object.
    fn read<A: MapAccess<'de>>(kind: &str, fields: A) -> Result<Self, A::Error>;
}

/// `Deserialize` for every [`Tagged`] union.
pub(super) fn deserialize<'de, T: Tagged<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_map(TaggedVisitor(PhantomData))
}

/// All that is left of an object, with its `type` put back in front.
pub(super) fn whole<'de, A: MapAccess<'de>>(kind: &str, mut fields: A) -> Result<Extra, A::Error> {
    let mut whole = Extra::new();
    whole.insert("type".into(), kind.into());
    while let Some((key, value)) = fields.next_entry::<String, _>()? {
        if key != "type" {
            whole.insert(key, value);
        }
    }
    Ok(whole)
}

struct TaggedVisitor<T>(PhantomData<T>);

impl<'de, T: Tagged<'de>> Visitor<'de> for TaggedVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}, an object with a `type`", T::EXPECTING)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut before = Extra::new();
        let kind = loop {
            match map.next_key::<String>()? {
                Some(key) if key == "type" => break map.next_value::<String>()?,
                Some(key) => before.insert(key, map.next_value()?),
                None => return Err(A::Error::missing_field("type")),
            };
        };
        if before.is_empty() {
            return T::read(&kind, map);
        }
        while let Some((key, value)) = map.next_entry()? {
            before.insert(key, value);
        }
        T::read(&kind, MapDeserializer::new(before.into_iter())).map_err(reworded)
    }
}

/// Carries an error of the buffered object over into the one of the deserializer that is read from.
fn reworded<E: Error>(error: serde_json::Error) -> E {
    E::custom(error)
}

/// A union whose variants each hold a struct of their own.
///
/// `Unknown` holds what its type keeps of an unknown kind; that type has a field `kind`.
macro_rules! tagged_union {
    (
        $(#[$doc:meta])*
        pub enum $name:ident, else $unknown:ty {
            $( $(#[$variant_doc:meta])* $tag:literal => $variant:ident($payload:ty), )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
        #[serde(tag = "type")]
        pub enum $name {
            $(
                $(#[$variant_doc])*
                #[serde(rename = $tag)]
                $variant($payload),
            )*
            /// A kind that this version does not know, kept whole.
            #[serde(untagged)]
            #[cfg_attr(feature = "schema", schemars(skip), ts(skip))]
            Unknown($unknown),
        }

        impl $name {
            /// The `type` on the wire.
            pub fn kind(&self) -> &str {
                match self {
                    $( Self::$variant(_) => $tag, )*
                    Self::Unknown(unknown) => &unknown.kind,
                }
            }
        }

        $(
            impl From<$payload> for $name {
                fn from(payload: $payload) -> Self {
                    Self::$variant(payload)
                }
            }
        )*

        impl<'de> crate::chatkit::tagged::Tagged<'de> for $name {
            const EXPECTING: &'static str = stringify!($name);

            fn read<A: serde::de::MapAccess<'de>>(kind: &str, fields: A) -> Result<Self, A::Error> {
                use serde::{Deserialize, de::{Error, value::MapAccessDeserializer}};
                match kind {
                    $(
                        $tag => {
                            let mut payload = <$payload>::deserialize(MapAccessDeserializer::new(fields))?;
                            // A second `type` in the same object would be written beside the first.
                            payload.extra.shift_remove("type");
                            Ok(Self::$variant(payload))
                        }
                    )*
                    unknown => {
                        let whole = crate::chatkit::tagged::whole(unknown, fields)?;
                        let unknown = serde_json::from_value(whole.into()).map_err(A::Error::custom)?;
                        Ok(Self::Unknown(unknown))
                    }
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::chatkit::tagged::deserialize(deserializer)
            }
        }
    };
}

/// A union whose variants hold their fields themselves. Each variant also keeps the fields that are not known here,
/// in `extra`, and has a constructor that leaves that empty.
macro_rules! tagged_variants {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $(
                $(#[$variant_doc:meta])*
                $tag:literal => $variant:ident as $constructor:ident {
                    $( $(#[$field_meta:meta])* $field:ident: $type:ty, )*
                },
            )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
        #[serde(tag = "type")]
        pub enum $name {
            $(
                $(#[$variant_doc])*
                #[serde(rename = $tag)]
                #[cfg_attr(feature = "schema", ts(optional_fields))]
                $variant {
                    $( $(#[$field_meta])* $field: $type, )*
                    /// Fields that this version does not know.
                    #[serde(flatten)]
                    #[cfg_attr(feature = "schema", ts(skip))]
                    extra: crate::chatkit::Extra,
                },
            )*
            /// A kind that this version does not know, kept whole.
            #[serde(untagged)]
            #[cfg_attr(feature = "schema", schemars(skip), ts(skip))]
            Unknown(crate::chatkit::UnknownObject),
        }

        impl $name {
            $(
                #[doc = concat!("`", $tag, "`")]
                pub fn $constructor($($field: $type),*) -> Self {
                    Self::$variant { $($field,)* extra: crate::chatkit::Extra::new() }
                }
            )*

            /// The `type` on the wire.
            pub fn kind(&self) -> &str {
                match self {
                    $( Self::$variant { .. } => $tag, )*
                    Self::Unknown(unknown) => &unknown.kind,
                }
            }
        }

        impl<'de> crate::chatkit::tagged::Tagged<'de> for $name {
            const EXPECTING: &'static str = stringify!($name);

            fn read<A: serde::de::MapAccess<'de>>(kind: &str, fields: A) -> Result<Self, A::Error> {
                use serde::{Deserialize, de::{Error, value::MapAccessDeserializer}};
                match kind {
                    $(
                        $tag => {
                            #[derive(Deserialize)]
                            struct Fields {
                                $( $(#[$field_meta])* $field: $type, )*
                                #[serde(flatten)]
                                extra: crate::chatkit::Extra,
                            }
                            let Fields { $($field,)* mut extra } =
                                Fields::deserialize(MapAccessDeserializer::new(fields))?;
                            // A second `type` in the same object would be written beside the first.
                            extra.shift_remove("type");
                            Ok(Self::$variant { $($field,)* extra })
                        }
                    )*
                    unknown => {
                        let whole = crate::chatkit::tagged::whole(unknown, fields)?;
                        let unknown = serde_json::from_value(whole.into()).map_err(A::Error::custom)?;
                        Ok(Self::Unknown(unknown))
                    }
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::chatkit::tagged::deserialize(deserializer)
            }
        }
    };
}

/// An enum of words that a later version may add to: a word that is not known here is kept in `Other`.
macro_rules! words {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $( $(#[$variant_meta:meta])* $word:literal => $variant:ident, )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
        pub enum $name {
            $(
                #[doc = concat!("`", $word, "`")]
                $(#[$variant_meta])*
                #[serde(rename = $word)]
                $variant,
            )*
            /// A word that this version does not know.
            #[serde(untagged)]
            #[cfg_attr(feature = "schema", schemars(skip), ts(skip))]
            Other(String),
        }

        impl $name {
            /// The word on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )*
                    Self::Other(word) => word,
                }
            }
        }
    };
}

pub(super) use {tagged_union, tagged_variants, words};
