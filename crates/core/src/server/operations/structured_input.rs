//! What a visitor's answers make of the questions (protocol rule 8).

use chatkitd_protocol::chatkit::{
    StructuredInput, StructuredInputAnswer, StructuredInputItem, StructuredInputStatus,
    StructuredInputSubmission, SubmissionStatus,
};

/// Fills in the answers. Unknown question ids are ignored, missing answers count as skipped, and a single
/// choice keeps its first value. `None` when the questions are not pending.
pub(super) fn submit(
    mut item: StructuredInputItem,
    submission: StructuredInputSubmission,
) -> Option<StructuredInputItem> {
    if item.status != StructuredInputStatus::Pending {
        return None;
    }
    let skipped = submission.status == SubmissionStatus::Skipped;
    for question in &mut item.inputs {
        // Not taken out: two questions may have one id, and have the answer in common.
        let answer = question.id().and_then(|id| submission.answers.get(id)).cloned();
        let values = answer.filter(|answer| !skipped && !answer.skipped).map(|answer| answer.values);
        let mut values = values.unwrap_or_default();
        if let StructuredInput::MultipleChoice(choice) = question
            && !choice.multiple
        {
            values.truncate(1);
        }
        let skipped = values.is_empty();
        question.set_answer(StructuredInputAnswer { values, skipped, ..StructuredInputAnswer::default() });
    }
    item.status = if skipped { StructuredInputStatus::Skipped } else { StructuredInputStatus::Answered };
    Some(item)
}
