//! What a client asks for: one JSON object, `{"type": OP, "params": {…}, "metadata": {…}}`.

mod error;
mod locate;
mod object;
mod operation;
mod params;
mod parse;
mod peek;
mod scan;

use serde::Serialize;

pub use error::RequestError;
pub use operation::Operation;
pub use params::{
    Action, AttachmentsCreateParams, AttachmentsDeleteParams, CustomActionParams, FeedbackKind,
    InputTranscribeParams, ItemsFeedbackParams, ItemsListParams, StructuredInputAnswerSubmission,
    StructuredInputSubmission, SubmissionStatus, ThreadsAddClientToolOutputParams,
    ThreadsAddStructuredInputParams, ThreadsAddUserMessageParams, ThreadsCreateParams, ThreadsDeleteParams,
    ThreadsGetByIdParams, ThreadsListParams, ThreadsRetryAfterItemParams, ThreadsUpdateParams,
};
pub use scan::{BodyFault, MAX_DEPTH, check_body};

use super::Extra;

/// What a client asks for. Written with [`serde`], read with [`Request::parse`] only.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, ts_rs::TS))]
pub struct Request {
    /// The operation (`type`) and its `params`.
    #[serde(flatten)]
    pub operation: Operation,
    /// Free; for the integration.
    #[serde(default)]
    #[cfg_attr(feature = "schema", ts(as = "Option<Extra>", optional))]
    pub metadata: Extra,
}

impl From<Operation> for Request {
    /// A request without metadata.
    fn from(operation: Operation) -> Self {
        Self { operation, metadata: Extra::new() }
    }
}
