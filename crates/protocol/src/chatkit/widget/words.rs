//! The words that properties of components are chosen from.

use crate::chatkit::tagged::words;

words! {
    /// How round corners are.
    pub enum Radius {
        "none" => None,
        "2xs" => Xxs,
        "xs" => Xs,
        "sm" => Sm,
        "md" => Md,
        "lg" => Lg,
        "xl" => Xl,
        "2xl" => Xl2,
        "3xl" => Xl3,
        "4xl" => Xl4,
        "full" => Full,
        "100%" => Whole,
    }
}

words! {
    /// Where text, or a calendar, stands from left to right.
    pub enum TextAlign {
        "start" => Start,
        "center" => Center,
        "end" => End,
    }
}

words! {
    /// Where the content of a cell stands from top to bottom.
    pub enum VerticalAlign {
        "start" => Start,
        "center" => Center,
        "end" => End,
    }
}

words! {
    /// How wide a column of a table is.
    pub enum ColumnSize {
        "xs" => Xs,
        "sm" => Sm,
        "md" => Md,
        "lg" => Lg,
        "xl" => Xl,
    }
}

words! {
    /// The size of text.
    pub enum TextSize {
        "xs" => Xs,
        "sm" => Sm,
        "md" => Md,
        "lg" => Lg,
        "xl" => Xl,
    }
}

words! {
    /// The size of an icon.
    pub enum IconSize {
        "xs" => Xs,
        "sm" => Sm,
        "md" => Md,
        "lg" => Lg,
        "xl" => Xl,
        "2xl" => Xl2,
        "3xl" => Xl3,
    }
}

words! {
    /// The size of a headline.
    pub enum TitleSize {
        "sm" => Sm,
        "md" => Md,
        "lg" => Lg,
        "xl" => Xl,
        "2xl" => Xl2,
        "3xl" => Xl3,
        "4xl" => Xl4,
        "5xl" => Xl5,
    }
}

words! {
    /// A size of three: that of small text and of badges.
    pub enum Size {
        "sm" => Sm,
        "md" => Md,
        "lg" => Lg,
    }
}

words! {
    /// How wide a card is.
    pub enum CardSize {
        "sm" => Sm,
        "md" => Md,
        "lg" => Lg,
        "full" => Full,
    }
}

words! {
    /// How bold text is.
    pub enum FontWeight {
        "normal" => Normal,
        "medium" => Medium,
        "semibold" => Semibold,
        "bold" => Bold,
    }
}

words! {
    /// How children stand across the direction of their container.
    pub enum Alignment {
        "start" => Start,
        "center" => Center,
        "end" => End,
        "baseline" => Baseline,
        "stretch" => Stretch,
    }
}

words! {
    /// How children are spread along the direction of their container.
    pub enum Justification {
        "start" => Start,
        "center" => Center,
        "end" => End,
        "between" => Between,
        "around" => Around,
        "evenly" => Evenly,
        "stretch" => Stretch,
    }
}

words! {
    /// Whether children go on in a further row when there is no room.
    pub enum Wrap {
        "nowrap" => Nowrap,
        "wrap" => Wrap,
        "wrap-reverse" => WrapReverse,
    }
}

words! {
    /// Which way children are laid out.
    pub enum Direction {
        "row" => Row,
        "col" => Col,
    }
}

words! {
    /// How a line is drawn.
    pub enum BorderStyle {
        "solid" => Solid,
        "dashed" => Dashed,
        "dotted" => Dotted,
        "double" => Double,
        "groove" => Groove,
        "ridge" => Ridge,
        "inset" => Inset,
        "outset" => Outset,
    }
}

words! {
    /// Colours that are forced on what lies below, whatever the page has.
    pub enum Theme {
        "light" => Light,
        "dark" => Dark,
    }
}

words! {
    /// How a button or menu is drawn.
    pub enum ControlVariant {
        "solid" => Solid,
        "soft" => Soft,
        "outline" => Outline,
        "ghost" => Ghost,
    }
}

words! {
    /// The size of a control.
    pub enum ControlSize {
        "3xs" => Xxxs,
        "2xs" => Xxs,
        "xs" => Xs,
        "sm" => Sm,
        "md" => Md,
        "lg" => Lg,
        "xl" => Xl,
        "2xl" => Xl2,
        "3xl" => Xl3,
    }
}

words! {
    /// How a text field is drawn.
    pub enum FieldVariant {
        "soft" => Soft,
        "outline" => Outline,
    }
}

words! {
    /// The space within the edges of a text field.
    pub enum GutterSize {
        "2xs" => Xxs,
        "xs" => Xs,
        "sm" => Sm,
        "md" => Md,
        "lg" => Lg,
        "xl" => Xl,
    }
}

words! {
    /// What a text field takes.
    pub enum InputType {
        "text" => Text,
        "number" => Number,
        "email" => Email,
        "password" => Password,
        "tel" => Tel,
        "url" => Url,
    }
}

words! {
    /// What a badge means.
    pub enum BadgeColor {
        "secondary" => Secondary,
        "success" => Success,
        "danger" => Danger,
        "warning" => Warning,
        "info" => Info,
        "discovery" => Discovery,
    }
}

words! {
    /// How a badge is drawn.
    pub enum BadgeVariant {
        "solid" => Solid,
        "soft" => Soft,
        "outline" => Outline,
    }
}

words! {
    /// How an image fills its frame.
    pub enum ImageFit {
        "cover" => Cover,
        "contain" => Contain,
        "fill" => Fill,
        "scale-down" => ScaleDown,
        "none" => None,
    }
}

words! {
    /// Which part of an image stays in sight.
    pub enum ImagePosition {
        "top left" => TopLeft,
        "top" => Top,
        "top right" => TopRight,
        "left" => Left,
        "center" => Center,
        "right" => Right,
        "bottom left" => BottomLeft,
        "bottom" => Bottom,
        "bottom right" => BottomRight,
    }
}

words! {
    /// A ready-made look of a button.
    pub enum ButtonStyle {
        "primary" => Primary,
        "secondary" => Secondary,
    }
}

words! {
    /// The size of the icons in a button.
    pub enum ButtonIconSize {
        "sm" => Sm,
        "md" => Md,
        "lg" => Lg,
        "xl" => Xl,
        "2xl" => Xl2,
    }
}

words! {
    /// What a button means.
    pub enum ButtonColor {
        "primary" => Primary,
        "secondary" => Secondary,
        "info" => Info,
        "discovery" => Discovery,
        "success" => Success,
        "caution" => Caution,
        "warning" => Warning,
        "danger" => Danger,
    }
}

words! {
    /// A side of a control.
    pub enum Side {
        "top" => Top,
        "bottom" => Bottom,
        "left" => Left,
        "right" => Right,
    }
}
