//! What a visitor reads when a model did not answer. The operator reads the rest in the log.

use std::error::Error;

use chatkitd_core::models::ModelError;
use chatkitd_core::server::{AgentError, Turn};

/// Why an answer did not come to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The model's fault.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Anything else, in words for the visitor already.
    #[error(transparent)]
    Agent(#[from] AgentError),
}

impl Failure {
    /// Logs what happened, and says it to the visitor without a word of the provider's.
    pub(super) fn told(self, turn: &Turn, model: &str) -> AgentError {
        let error = match self {
            Self::Agent(error) => return error,
            Self::Model(error) => error,
        };
        let (run, workflow) = (turn.run(), &turn.context().workflow);
        tracing::error!(%run, workflow, model, error = &error as &dyn Error, "a model did not answer");
        AgentError::Custom { message: sentence(&error).to_owned(), allow_retry: error.is_retryable() }
    }
}

/// Plain words, and no reasons that help nobody who reads them.
fn sentence(error: &ModelError) -> &'static str {
    match error {
        ModelError::Unauthorized { .. } | ModelError::NotFound { .. } => {
            "The assistant is not set up correctly. The people who run this site have to look at it."
        }
        ModelError::Refused { .. } => "The assistant cannot answer this.",
        ModelError::RateLimited { .. } => "Too many questions at the moment. Please try again in a minute.",
        ModelError::TooLong { .. } => "The answer became too long. Please try again.",
        ModelError::Broken(_) | ModelError::CutOff | ModelError::Malformed(_) => {
            "The answer broke off. Please try again."
        }
        ModelError::Failed { .. } | ModelError::Connection(_) | ModelError::Stalled { .. } => {
            "The assistant cannot be reached at the moment. Please try again."
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn where_trying_again_is_offered_the_sentence_says_so() {
        let message = || "quota of org-1234 exceeded".to_owned();
        for error in [
            ModelError::Unauthorized { status: 401, message: message() },
            ModelError::NotFound { message: message() },
            ModelError::Refused { status: 400, message: message() },
            ModelError::RateLimited { message: message(), retry_after: None },
            ModelError::Failed { message: message() },
            ModelError::Connection("connection reset by 10.0.0.7".into()),
            ModelError::Broken("connection reset by 10.0.0.7".into()),
            ModelError::Stalled { after: Duration::from_secs(60) },
            ModelError::CutOff,
            ModelError::Malformed(message()),
            ModelError::TooLong { limit: 5 },
        ] {
            let sentence = sentence(&error);
            assert_eq!(sentence.contains("try again"), error.is_retryable(), "{sentence}");
            assert!(!sentence.contains("1234") && !sentence.contains("10.0"), "{sentence}");
        }
    }
}
