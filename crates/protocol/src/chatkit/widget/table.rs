//! Tables: known to the front end (`@openai/chatkit`), and not to the reference.

use super::{ColumnSize, Length, Spacing, TextAlign, VerticalAlign, WidgetComponent, declare::component};

component! {
    /// `Table`: rows of cells.
    pub struct Table {
        required {}
        optional {
            /// Its rows, each a `Table.Row`.
            children: Vec<WidgetComponent>,
        }
    }
}

component! {
    /// `Table.Row`: a row of a `Table`.
    pub struct TableRow {
        required {}
        optional {
            /// Its cells, each a `Table.Cell`.
            children: Vec<WidgetComponent>,
            /// Whether its cells are headings.
            header: bool,
        }
    }
}

component! {
    /// `Table.Cell`: a cell of a `Table.Row`.
    pub struct TableCell {
        required {}
        optional {
            /// What is in it.
            children: Vec<WidgetComponent>,
            /// The width of its column.
            width: Length,
            /// Space within its edges.
            padding: Spacing,
            /// How many columns it covers.
            col_span: u32,
            /// How many rows it covers.
            row_span: u32,
            /// Where its content stands from left to right.
            align: TextAlign,
            /// Where its content stands from top to bottom.
            v_align: VerticalAlign,
            /// The width of its column, in words.
            col_size: ColumnSize,
        }
    }
}
