//! Fields for text.

use serde::{Deserialize, Serialize};

use super::{
    Color, ControlSize, FieldVariant, FontWeight, GutterSize, InputType, TextAlign, TextSize,
    declare::{component, object},
};

component! {
    /// `Input`: a field for one line.
    pub struct Input {
        required {
            /// The name that its value is submitted under.
            name: String,
        }
        optional {
            /// What it takes.
            input_type: InputType,
            /// What is in it at first.
            default_value: String,
            /// Whether the form needs a value.
            required: bool,
            /// A regular expression that the value must match.
            pattern: String,
            /// Shown while it is empty.
            placeholder: String,
            /// Whether extensions of the browser may fill it in.
            allow_autofill_extensions: bool,
            /// Whether its text is selected when it appears.
            auto_select: bool,
            /// Whether it takes the focus when it appears.
            auto_focus: bool,
            /// Whether it is out of use.
            disabled: bool,
            /// How it is drawn.
            variant: FieldVariant,
            /// Its size.
            size: ControlSize,
            /// The space within its edges, instead of what its size says.
            gutter_size: GutterSize,
            /// Whether its ends are round.
            pill: bool,
        }
    }
}

component! {
    /// `Textarea`: a field for several lines.
    pub struct Textarea {
        required {
            /// The name that its value is submitted under.
            name: String,
        }
        optional {
            /// What is in it at first.
            default_value: String,
            /// Whether the form needs a value.
            required: bool,
            /// A regular expression that the value must match.
            pattern: String,
            /// Shown while it is empty.
            placeholder: String,
            /// Whether its text is selected when it appears.
            auto_select: bool,
            /// Whether it takes the focus when it appears.
            auto_focus: bool,
            /// Whether it is out of use.
            disabled: bool,
            /// How it is drawn.
            variant: FieldVariant,
            /// Its size.
            size: ControlSize,
            /// The space within its edges, instead of what its size says.
            gutter_size: GutterSize,
            /// How many lines are in sight at first.
            rows: u32,
            /// Whether it grows and shrinks with its text.
            auto_resize: bool,
            /// How many lines it grows to.
            max_rows: u32,
            /// Whether extensions of the browser may fill it in.
            allow_autofill_extensions: bool,
        }
    }
}

component! {
    /// `Label`: the caption of a field.
    pub struct Label {
        required {
            /// The text.
            value: String,
            /// The name of the field.
            field_name: String,
        }
        optional {
            /// Its size.
            size: TextSize,
            /// How bold it is.
            weight: FontWeight,
            /// Where it stands.
            text_align: TextAlign,
            /// Its colour; tokens as of [`Text`](super::Text).
            color: Color,
        }
    }
}

/// Whether and how the user can change a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
#[serde(untagged)]
pub enum Editable {
    /// `false`: the user cannot.
    Off(bool),
    /// The user can.
    On(Box<EditableProps>),
}

object! {
    /// How the user can change a text.
    pub struct EditableProps {
        required {
            /// The name that its value is submitted under.
            name: String,
        }
        optional {
            /// Whether it takes the focus when it appears.
            auto_focus: bool,
            /// Whether its text is selected when it has the focus.
            auto_select: bool,
            /// What the browser may fill in, as HTML's `autocomplete` has it.
            auto_complete: String,
            /// Whether extensions of the browser may fill it in.
            allow_autofill_extensions: bool,
            /// A regular expression that the value must match.
            pattern: String,
            /// Shown while it is empty.
            placeholder: String,
            /// Whether the form needs a value.
            required: bool,
        }
    }
}
