//! What is clicked or chosen.

use super::{
    ActionConfig, ButtonColor, ButtonIconSize, ButtonStyle, ControlSize, ControlVariant, Direction, Side,
    TextAlign,
    declare::{component, object},
};
use crate::chatkit::{IconName, Time};

component! {
    /// `Button`: a button.
    pub struct Button {
        required {}
        optional {
            /// Whether it submits the form that it is in.
            submit: bool,
            /// Its text.
            label: String,
            /// What happens when it is clicked.
            on_click_action: ActionConfig,
            /// Before the text, or alone.
            icon_start: IconName,
            /// Behind the text.
            icon_end: IconName,
            /// A ready-made look.
            style: ButtonStyle,
            /// The size of its icons.
            icon_size: ButtonIconSize,
            /// What it means.
            color: ButtonColor,
            /// How it is drawn.
            variant: ControlVariant,
            /// Its size.
            size: ControlSize,
            /// Whether its ends are round.
            pill: bool,
            /// Whether it is as wide as it is high.
            uniform: bool,
            /// Whether it is as wide as its container.
            block: bool,
            /// Whether it is out of use.
            disabled: bool,
        }
    }
}

component! {
    /// `Select`: a choice from a menu.
    pub struct Select {
        required {
            /// The name that its value is submitted under.
            name: String,
            /// What to choose from.
            options: Vec<SelectOption>,
        }
        optional {
            /// What happens when something else is chosen.
            on_change_action: ActionConfig,
            /// Shown while nothing is chosen.
            placeholder: String,
            /// What is chosen at first.
            default_value: String,
            /// How it is drawn.
            variant: ControlVariant,
            /// Its size.
            size: ControlSize,
            /// Whether its ends are round.
            pill: bool,
            /// Whether it is as wide as its container.
            block: bool,
            /// Whether the choice can be taken back.
            clearable: bool,
            /// Whether it is out of use.
            disabled: bool,
            /// Whether the options can be searched. Absent: from 16 of them on.
            searchable: bool,
        }
    }
}

object! {
    /// An option of a [`Select`].
    pub struct SelectOption {
        required {
            /// What is submitted.
            value: String,
            /// What is shown.
            label: String,
        }
        optional {
            /// Whether it cannot be chosen.
            disabled: bool,
            /// Shown below the label.
            description: String,
        }
    }
}

component! {
    /// `DatePicker`: a choice of a date.
    pub struct DatePicker {
        required {
            /// The name that its value is submitted under.
            name: String,
        }
        optional {
            /// What happens when another date is chosen.
            on_change_action: ActionConfig,
            /// Shown while no date is chosen.
            placeholder: String,
            /// What is chosen at first.
            default_value: Time,
            /// The first date that can be chosen.
            min: Time,
            /// The last date that can be chosen.
            max: Time,
            /// How it is drawn.
            variant: ControlVariant,
            /// Its size.
            size: ControlSize,
            /// On which side the calendar opens, where there is room.
            side: Side,
            /// How the calendar stands to it.
            align: TextAlign,
            /// Whether its ends are round.
            pill: bool,
            /// Whether it is as wide as its container.
            block: bool,
            /// Whether the choice can be taken back.
            clearable: bool,
            /// Whether it is out of use.
            disabled: bool,
        }
    }
}

component! {
    /// `Checkbox`: a box to tick.
    pub struct Checkbox {
        required {
            /// The name that its value is submitted under.
            name: String,
        }
        optional {
            /// Its text.
            label: String,
            /// Whether it is ticked at first.
            default_checked: bool,
            /// What happens when it is ticked or cleared.
            on_change_action: ActionConfig,
            /// Whether it is out of use.
            disabled: bool,
            /// Whether the form needs it ticked.
            required: bool,
        }
    }
}

component! {
    /// `RadioGroup`: a choice from a few.
    pub struct RadioGroup {
        required {
            /// The name that its value is submitted under.
            name: String,
        }
        optional {
            /// What to choose from.
            options: Vec<RadioOption>,
            /// What it is called for those who do not see it. Absent: its name.
            aria_label: String,
            /// What happens when something else is chosen.
            on_change_action: ActionConfig,
            /// What is chosen at first.
            default_value: String,
            /// Which way the options are laid out.
            direction: Direction,
            /// Whether it is out of use.
            disabled: bool,
            /// Whether the form needs a choice.
            required: bool,
        }
    }
}

object! {
    /// An option of a [`RadioGroup`].
    pub struct RadioOption {
        required {
            /// What is shown.
            label: String,
            /// What is submitted.
            value: String,
        }
        optional {
            /// Whether it cannot be chosen.
            disabled: bool,
        }
    }
}
