use std::{error::Error, fmt};

use super::{BodyFault, MAX_DEPTH};

/// Why a request cannot be read. The words are for people; [`param`](Self::param) is for the envelope.
#[derive(Debug)]
pub enum RequestError {
    /// The body is not JSON.
    Json(serde_json::Error),
    /// Arrays and objects lie deeper in one another than [`MAX_DEPTH`].
    TooDeep,
    /// A text has a NUL in it, which databases refuse.
    Nul,
    /// A field has a name that the parser gives a meaning of its own.
    ReservedName,
    /// There is no operation of that name.
    UnknownOperation(String),
    /// The object around the params is of the wrong shape.
    Envelope {
        /// Where, e.g. `type`. Empty: the body itself.
        param: String,
        /// What is wrong.
        message: String,
    },
    /// The params or the metadata are of the wrong shape.
    Params {
        /// The operation.
        operation: &'static str,
        /// Where, e.g. `params.input.content[0].text`.
        param: String,
        /// What is wrong.
        message: String,
    },
}

impl RequestError {
    /// The field that is at fault, as a path, e.g. `params.input.content[0].text`.
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::UnknownOperation(_) => Some("type"),
            Self::Envelope { param, .. } | Self::Params { param, .. } => {
                Some(param.as_str()).filter(|param| !param.is_empty())
            }
            Self::Json(_) | Self::TooDeep | Self::Nul | Self::ReservedName => None,
        }
    }
}

impl From<BodyFault> for RequestError {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::TooDeep => Self::TooDeep,
            BodyFault::Nul => Self::Nul,
            BodyFault::ReservedName => Self::ReservedName,
        }
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(formatter, "The body is not valid JSON: {error}."),
            Self::TooDeep => write!(
                formatter,
                "The body has arrays and objects more than {MAX_DEPTH} deep in one another: make it flatter."
            ),
            Self::Nul => formatter.write_str("A text in the body has a NUL character in it: leave it out."),
            Self::ReservedName => formatter.write_str(
                "No field in the body may have a name that begins with `$serde_json::private::`: rename it.",
            ),
            Self::UnknownOperation(name) => {
                write!(formatter, "There is no operation {name:?}: see the `type` of the request.")
            }
            Self::Envelope { param, message } if param.is_empty() => {
                write!(formatter, "The body must be an object with a `type`: {message}.")
            }
            Self::Envelope { param, message } => {
                write!(formatter, "`{param}` of the body is wrong: {message}.")
            }
            Self::Params { operation, param, message } => {
                write!(formatter, "`{param}` of {operation} is wrong: {message}.")
            }
        }
    }
}

impl Error for RequestError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Json(error) => Some(error),
            _ => None,
        }
    }
}
