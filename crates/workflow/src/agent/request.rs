//! What the model is asked.

use chatkitd_core::models::{ModelMessage, ModelPart, ModelRequest, Role};
use chatkitd_core::server::{AgentError, Turn};

use super::history::{BYTES_PER_TOKEN, History};
use super::media::Allowance;
use super::render::Entry;
use super::settings::ModelAgentSettings;

/// Reads the conversation, and what it is to be answered with.
pub(super) async fn request(turn: &Turn, settings: &ModelAgentSettings) -> Result<ModelRequest, AgentError> {
    let history = History::read(turn, settings.history_tokens).await?;
    let model = model(settings, history.chosen.model.as_deref())?;
    let tool_choice = tool_choice(settings, turn)?;
    let text = settings.history_tokens as usize * BYTES_PER_TOKEN;
    let messages = messages(turn, history.entries, Allowance::new(text)).await?;
    // A message without words behind an answer: models that are shown it last go on with it, or refuse.
    if messages.last().is_none_or(|last| last.role == Role::Assistant) {
        return Err(AgentError::custom("There is nothing to answer."));
    }
    Ok(ModelRequest {
        model,
        instructions: instructions(&settings.instructions, turn.context().locale.as_deref()),
        messages,
        tools: settings.tools.clone(),
        tool_choice,
        reasoning_effort: settings.reasoning_effort.clone(),
        max_output_tokens: settings.max_output_tokens,
        temperature: settings.temperature,
    })
}

/// The model that the visitor chose, of those that may be chosen.
fn model(settings: &ModelAgentSettings, chosen: Option<&str>) -> Result<String, AgentError> {
    let Some(chosen) = chosen.filter(|chosen| *chosen != settings.model) else {
        return Ok(settings.model.clone());
    };
    let model = settings.models.get(chosen).cloned();
    model.ok_or_else(|| AgentError::custom("This model is not available here. Please choose another one."))
}

/// The tool that the visitor chose. Only for the message it was chosen for: an answer that goes on would
/// have to use it again and again.
fn tool_choice(settings: &ModelAgentSettings, turn: &Turn) -> Result<Option<String>, AgentError> {
    let Some(chosen) = turn.tool_choice() else { return Ok(None) };
    if !settings.tools.iter().any(|tool| tool.kind() == chosen.id) {
        return Err(AgentError::custom("This tool is not available here. Please choose another one."));
    }
    Ok(Some(chosen.id.clone()))
}

fn instructions(instructions: &str, locale: Option<&str>) -> String {
    let locale = locale.map(|locale| format!("The visitor's language is {locale}."));
    let parts = [Some(instructions.trim().to_owned()).filter(|text| !text.is_empty()), locale];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}

/// `entries`, which are newest first, in the order in which they were said. What one side says in a row is
/// one message: the templates of several open models want the sides to alternate.
async fn messages(
    turn: &Turn,
    entries: Vec<Entry>,
    mut allowance: Allowance,
) -> Result<Vec<ModelMessage>, AgentError> {
    let mut messages: Vec<ModelMessage> = Vec::new();
    for entry in entries {
        let role = entry.role;
        let mut parts = parts(turn, entry, &mut allowance).await?;
        match messages.last_mut().filter(|last| last.role == role) {
            Some(last) => {
                parts.append(&mut last.parts);
                last.parts = parts;
            }
            None if parts.is_empty() => {}
            None => messages.push(ModelMessage { role, parts }),
        }
    }
    messages.reverse();
    Ok(messages)
}

async fn parts(turn: &Turn, entry: Entry, allowance: &mut Allowance) -> Result<Vec<ModelPart>, AgentError> {
    let mut parts: Vec<_> = entry.texts.into_iter().map(ModelPart::Text).collect();
    for attachment in &entry.attachments {
        parts.push(allowance.attachment(turn, attachment).await?);
    }
    parts.extend(entry.picture.and_then(|url| allowance.picture(&url)));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_stands_below_the_instructions() {
        assert_eq!(instructions("", None), "");
        assert_eq!(instructions(" Be brief.\n", None), "Be brief.");
        assert_eq!(instructions("", Some("de-DE")), "The visitor's language is de-DE.");
        assert_eq!(instructions("Be brief.", Some("de")), "Be brief.\n\nThe visitor's language is de.");
    }
}
