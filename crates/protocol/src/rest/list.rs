use serde::{Deserialize, Serialize};

/// One page of a list. A client asks for the next page with `after` set to `last_id`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct List<T> {
    /// Always `list`.
    pub object: ListObject,
    /// The entries, in the order that was asked for.
    pub data: Vec<T>,
    /// Id of the first entry; `None` on an empty page.
    pub first_id: Option<String>,
    /// Id of the last entry, the cursor of the next page; `None` on an empty page.
    pub last_id: Option<String>,
    /// Whether entries follow. Clients disagree about what an absent one means, so it is required.
    pub has_more: bool,
}

/// The `object` of a [`List`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListObject {
    /// `list`
    #[default]
    #[serde(rename = "list")]
    List,
}
