//! What is shown and not operated.

use super::{
    BadgeColor, BadgeVariant, Color, Editable, FontWeight, IconSize, ImageFit, ImagePosition, Inset, Length,
    Radius, Size, TextAlign, TextSize, TitleSize, declare::component,
};
use crate::chatkit;

component! {
    /// `Text`: plain text.
    pub struct Text {
        required {
            /// The text.
            value: String,
        }
        optional {
            /// Whether more is to come: it is then appended softly.
            streaming: bool,
            /// In italics.
            italic: bool,
            /// Struck through.
            line_through: bool,
            /// Its colour; tokens: `prose`, `primary`, `emphasis`, `secondary`, `tertiary`, `success`, `warning`,
            /// `danger`.
            color: Color,
            /// How bold it is.
            weight: FontWeight,
            /// The width that it has at most.
            width: Length,
            /// Its size.
            size: TextSize,
            /// Where it stands.
            text_align: TextAlign,
            /// Whether what is too long ends in an ellipsis.
            truncate: bool,
            /// For how many lines room is kept.
            min_lines: u32,
            /// How many lines it has at most.
            max_lines: u32,
            /// Whether and how the user can change it.
            editable: Editable,
        }
    }
}

component! {
    /// `Title`: a headline.
    pub struct Title {
        required {
            /// The text.
            value: String,
        }
        optional {
            /// Its colour; tokens as of [`Text`].
            color: Color,
            /// How bold it is.
            weight: FontWeight,
            /// Its size.
            size: TitleSize,
            /// Where it stands.
            text_align: TextAlign,
            /// Whether what is too long ends in an ellipsis.
            truncate: bool,
            /// How many lines it has at most.
            max_lines: u32,
        }
    }
}

component! {
    /// `Caption`: small text.
    pub struct Caption {
        required {
            /// The text.
            value: String,
        }
        optional {
            /// Its colour; tokens as of [`Text`].
            color: Color,
            /// How bold it is.
            weight: FontWeight,
            /// Its size.
            size: Size,
            /// Where it stands.
            text_align: TextAlign,
            /// Whether what is too long ends in an ellipsis.
            truncate: bool,
            /// How many lines it has at most.
            max_lines: u32,
        }
    }
}

component! {
    /// `Markdown`: formatted text.
    pub struct Markdown {
        required {
            /// The text, in Markdown.
            value: String,
        }
        optional {
            /// Whether more is to come: it is then appended softly.
            streaming: bool,
        }
    }
}

component! {
    /// `Badge`: a short label in colour.
    pub struct Badge {
        required {
            /// Its text.
            label: String,
        }
        optional {
            /// What it means.
            color: BadgeColor,
            /// How it is drawn.
            variant: BadgeVariant,
            /// Its size.
            size: Size,
            /// Whether its ends are round.
            pill: bool,
        }
    }
}

component! {
    /// `Divider`: a line between two parts.
    pub struct Divider {
        required {}
        optional {
            /// Its colour; tokens: `default`, `subtle`, `strong`.
            color: Color,
            /// How thick it is.
            size: Length,
            /// The space above and below, in units of spacing or as CSS.
            spacing: Length,
            /// Whether it reaches to the edges of its container, over the padding.
            flush: bool,
        }
    }
}

component! {
    /// `Spacer`: empty space that takes what is left.
    pub struct Spacer {
        required {}
        optional {
            /// How much it takes at least.
            min_size: Length,
        }
    }
}

component! {
    /// `Icon`: an icon.
    pub struct Icon {
        required {
            /// Which one.
            name: chatkit::IconName,
        }
        optional {
            /// Its colour; tokens as of [`Text`].
            color: Color,
            /// Its size.
            size: IconSize,
        }
    }
}

component! {
    /// `Image`: an image.
    pub struct Image {
        required {
            /// Where it is loaded from.
            src: String,
        }
        optional {
            /// What it shows, in words.
            alt: String,
            /// How it fills its frame.
            fit: ImageFit,
            /// Which part of it stays in sight.
            position: ImagePosition,
            /// How round its corners are.
            radius: Radius,
            /// Whether it has a thin line around it.
            frame: bool,
            /// Whether it reaches to the edges of its container, over the padding.
            flush: bool,
            /// How it grows and shrinks, as CSS's `flex` has it.
            flex: Length,
            /// Its height.
            height: Length,
            /// Its width.
            width: Length,
            /// Its height and width.
            size: Length,
            /// Its least height.
            min_height: Length,
            /// Its least width.
            min_width: Length,
            /// Its least height and width.
            min_size: Length,
            /// Its greatest height.
            max_height: Length,
            /// Its greatest width.
            max_width: Length,
            /// Its greatest height and width.
            max_size: Length,
            /// Space around it.
            margin: Inset,
            /// Its background; tokens: `surface`, `surface-secondary`, `surface-tertiary`, `surface-elevated`,
            /// `surface-elevated-secondary`.
            background: Color,
            /// Width to height, as a number or as CSS (`16/9`).
            aspect_ratio: Length,
        }
    }
}
