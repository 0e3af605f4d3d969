//! How the parts of a widget are declared: two lists of fields instead of two attributes on each of 300 fields.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// An object of the wire: fields that must be there, fields that may, and those that are not known here.
macro_rules! object {
    (
        $(#[$doc:meta])*
        pub struct $name:ident {
            required { $( $(#[$required_meta:meta])* $required:ident: $required_type:ty, )* }
            optional { $( $(#[$optional_meta:meta])* $optional:ident: $optional_type:ty, )* }
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS), ts(optional_fields))]
        #[serde(rename_all = "camelCase")]
        pub struct $name {
            $( $(#[$required_meta])* pub $required: $required_type, )*
            $(
                $(#[$optional_meta])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $optional: Option<$optional_type>,
            )*
            /// Fields that this version does not know.
            #[serde(flatten, deserialize_with = "crate::chatkit::widget::without_nulls")]
            #[cfg_attr(feature = "schema", schemars(with = "crate::chatkit::Extra"), ts(skip))]
            pub extra: crate::chatkit::Extra,
        }
    };
}

/// A component: an [`object!`] with an id and a key.
macro_rules! component {
    (
        $(#[$doc:meta])*
        pub struct $name:ident {
            required { $($required:tt)* }
            optional { $($optional:tt)* }
        }
    ) => {
        crate::chatkit::widget::declare::object! {
            $(#[$doc])*
            pub struct $name {
                required { $($required)* }
                optional {
                    /// Names it within the widget. A text that streams needs one.
                    id: String,
                    /// Tells it from its siblings when they move.
                    key: String,
                    $($optional)*
                }
            }
        }
    };
}

/// The component, if `whole` is one of that type. Not inlined: with two dozen types in one stack frame, a widget as
/// deep as serde_json reads would not fit on a thread's stack.
#[inline(never)]
pub(super) fn known<C: DeserializeOwned>(whole: &Value) -> Option<Box<C>> {
    C::deserialize(whole).ok().map(Box::new)
}

/// Puts others in the place of the children that there are, if there are any.
pub(super) fn swap_children(whole: &mut Value, others: Value) -> Option<Value> {
    whole.get_mut("children").map(|children| std::mem::replace(children, others))
}

/// A union of components. One of a known type that does not fit is kept whole in `Dynamic`, as one of an unknown
/// type is: the reference does so, and templates rely on it.
macro_rules! component_union {
    (
        $(#[$doc:meta])*
        pub enum $name:ident { $( $(#[$variant_doc:meta])* $tag:literal => $component:ident, )* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
        #[serde(tag = "type")]
        pub enum $name {
            $(
                $(#[$variant_doc])*
                #[serde(rename = $tag)]
                $component(Box<$component>),
            )*
            /// Anything else, kept whole.
            #[serde(untagged)]
            #[cfg_attr(feature = "schema", schemars(skip), ts(skip))]
            Dynamic(Box<crate::chatkit::widget::DynamicComponent>),
        }

        impl $name {
            /// The `type` on the wire.
            pub fn kind(&self) -> &str {
                match self {
                    $( Self::$component(_) => $tag, )*
                    Self::Dynamic(component) => &component.kind,
                }
            }

            /// Names it within the widget.
            pub fn id(&self) -> Option<&str> {
                match self {
                    $( Self::$component(component) => component.id.as_deref(), )*
                    Self::Dynamic(component) => component.id.as_deref(),
                }
            }

            /// Tells it from its siblings when they move.
            pub fn key(&self) -> Option<&str> {
                match self {
                    $( Self::$component(component) => component.key.as_deref(), )*
                    Self::Dynamic(component) => component.key.as_deref(),
                }
            }
        }

        $(
            impl From<$component> for $name {
                fn from(component: $component) -> Self {
                    Self::$component(Box::new(component))
                }
            }
        )*

        impl<'de> crate::chatkit::tagged::Tagged<'de> for $name {
            const EXPECTING: &'static str = stringify!($name);

            fn read<A: serde::de::MapAccess<'de>>(kind: &str, fields: A) -> Result<Self, A::Error> {
                let whole = crate::chatkit::tagged::whole(kind, fields)?;
                Self::known_or_dynamic(whole.into()).map_err(serde::de::Error::custom)
            }
        }

        impl $name {
            /// Children are read once and no more, or each level would take twice as long as the one below it: whether
            /// all else fits shows without them.
            fn known_or_dynamic(mut whole: serde_json::Value) -> Result<Self, serde_json::Error> {
                use crate::chatkit::widget::{DynamicComponent, declare::swap_children};
                let children = swap_children(&mut whole, serde_json::json!([]));
                let without_children = Self::known(&whole);
                let Some(children) = children else {
                    return without_children.map_or_else(|| serde_json::from_value(whole).map(Self::Dynamic), Ok);
                };
                swap_children(&mut whole, children);
                if without_children.is_none() {
                    return serde_json::from_value(whole).map(Self::Dynamic);
                }
                match Self::known(&whole) {
                    Some(known) => Ok(known),
                    None => DynamicComponent::of_unfit_children(whole).map(Box::new).map(Self::Dynamic),
                }
            }

            fn known(whole: &serde_json::Value) -> Option<Self> {
                match whole["type"].as_str() {
                    $(
                        Some($tag) => crate::chatkit::widget::declare::known::<$component>(whole).map(|mut component| {
                            component.extra.shift_remove("type");
                            Self::$component(component)
                        }),
                    )*
                    _ => None,
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

pub(super) use {component, component_union, object};
