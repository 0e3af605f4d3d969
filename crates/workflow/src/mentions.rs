//! What a model is told of a file that it is not shown.

/// That there is a file.
pub(crate) fn mention(name: &str, what: &str) -> String {
    format!("(The visitor attached {name:?}, {what}.)")
}

/// That there is a file of a type that the model, or its API, does not take.
pub(crate) fn unreadable(name: &str, mime_type: &str) -> String {
    mention(name, &format!("a file of the type {mime_type}, which you cannot read"))
}
