//! Titles that threads get by themselves.

use chatkitd_core::models::{ModelError, ModelEvent, ModelMessage, ModelPart, ModelRequest, Role};
use chatkitd_core::ports::Model;
use chatkitd_protocol::chatkit::UserMessageItem;
use futures_util::StreamExt as _;

use super::blank::is_blank;

/// The longest title, in characters.
const MAX_CHARS: usize = 80;
/// What of the visitor's message the model reads for it.
const MAX_MESSAGE_BYTES: usize = 2_000;
/// What is read of the model's answer. A model that thinks aloud comes to its title behind its thoughts.
const MAX_ANSWER_BYTES: usize = 16 * 1024;

const INSTRUCTIONS: &str = "Write a title for a conversation that begins with the message below. \
    At most six words, in the language of the message, on one line, without quotation marks. \
    Answer with the title and nothing else.";

/// What is asked; `None`: the message has no words that a title could be made of.
pub(super) fn request(model: &str, message: &UserMessageItem) -> Option<ModelRequest> {
    let text = message.text();
    let text = text[..text.floor_char_boundary(MAX_MESSAGE_BYTES)].trim();
    if text.is_empty() {
        return None;
    }
    Some(ModelRequest {
        model: model.to_owned(),
        instructions: INSTRUCTIONS.to_owned(),
        messages: vec![ModelMessage { role: Role::User, parts: vec![ModelPart::Text(text.to_owned())] }],
        // No bound on the tokens: models that think would spend it before the title.
        ..ModelRequest::default()
    })
}

/// Asks for a title; `None`: what the model said is none.
pub(super) async fn ask(model: &dyn Model, request: ModelRequest) -> Result<Option<String>, ModelError> {
    let mut stream = model.answer(request).await?;
    let mut text = String::new();
    while text.len() < MAX_ANSWER_BYTES {
        match stream.next().await.unwrap_or(Err(ModelError::CutOff))? {
            ModelEvent::Text(delta) => text.push_str(&delta),
            ModelEvent::Ended { .. } => break,
            _ => {}
        }
    }
    Ok(title(&text))
}

/// The first line that is not a thought, without what models like to put around a title.
fn title(answer: &str) -> Option<String> {
    let answer = answer.trim_start();
    let answer = match answer.strip_prefix("<think>") {
        Some(thinking) => thinking.split_once("</think>")?.1,
        None => answer,
    };
    let line = answer.lines().map(str::trim).find(|line| !line.is_empty())?;
    let line: String = line.chars().filter(|letter| !letter.is_control() && !turns_text(*letter)).collect();
    let line = line.replace("**", "");
    let line = bare(line.trim_start_matches('#'));
    let line = bare(line.strip_prefix("Title:").unwrap_or(line));
    let is_one = !line.chars().all(|letter| is_blank(letter) || ORNAMENTS.contains(letter));
    is_one.then(|| shortened(line))
}

const ORNAMENTS: &str = "\"'`*#_.“”„‘’‚«»‹›「」『』";

/// What stands around a whole title.
const PAIRS: [(char, char); 15] = [
    ('"', '"'),
    ('\'', '\''),
    ('`', '`'),
    ('*', '*'),
    ('_', '_'),
    ('“', '”'),
    ('„', '“'),
    ('„', '”'),
    ('‘', '’'),
    ('‚', '‘'),
    ('«', '»'),
    ('»', '«'),
    ('‹', '›'),
    ('「', '」'),
    ('『', '』'),
];

/// Without the full stop, and without quotation marks that belong to all of it: those within stay.
fn bare(line: &str) -> &str {
    let mut line = line;
    loop {
        let shorter = line.trim_matches(is_blank).trim_end_matches('.');
        let shorter = PAIRS.iter().find_map(|pair| between(shorter, *pair)).unwrap_or(shorter);
        if shorter == line {
            return line;
        }
        line = shorter;
    }
}

fn between(line: &str, (open, close): (char, char)) -> Option<&str> {
    let inner = line.strip_prefix(open)?.strip_suffix(close)?;
    (!inner.contains([open, close])).then_some(inner)
}

/// Whether a character makes what follows run the other way, beyond the title too.
fn turns_text(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn shortened(line: &str) -> String {
    if line.chars().count() <= MAX_CHARS {
        return line.to_owned();
    }
    let cut: String = line.chars().take(MAX_CHARS - 1).collect();
    let whole_words = cut.rsplit_once(char::is_whitespace).map_or(cut.as_str(), |(words, _)| words);
    format!("{}…", whole_words.trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_title_is_one_line_without_ornaments() {
        for (answer, expected) in [
            ("Opening hours", Some("Opening hours")),
            ("\n\"Opening hours.\"\nI hope this helps!", Some("Opening hours")),
            ("**Title**", Some("Title")),
            ("# „Öffnungszeiten am Montag“", Some("Öffnungszeiten am Montag")),
            ("Title: Opening hours", Some("Opening hours")),
            ("<think>They ask\nabout</think>\n\nOpening hours", Some("Opening hours")),
            ("<think>They ask", None),
            ("Opening\u{0}\u{7} hours", Some("Opening hours")),
            ("\"Hello\" and \"bye\"", Some("\"Hello\" and \"bye\"")),
            ("What \"Brot\" means", Some("What \"Brot\" means")),
            ("The word \"Brot\"", Some("The word \"Brot\"")),
            ("My **Title**", Some("My Title")),
            ("\"Brot\".", Some("Brot")),
            ("**\"Brot\"**", Some("Brot")),
            ("Title: \"Brot\"", Some("Brot")),
            ("It's John's", Some("It's John's")),
            ("evil\u{202e}gnp.exe", Some("evilgnp.exe")),
            ("\u{200b}", None),
            ("\"", None),
            ("\"\"", None),
            (" \n ", None),
        ] {
            assert_eq!(title(answer).as_deref(), expected, "{answer}");
        }
    }

    #[test]
    fn a_long_title_ends_between_words() {
        let long = title(&"word ".repeat(40)).unwrap();
        assert!(long.ends_with("word…"), "{long}");
        assert_eq!(title(&"w".repeat(200)).unwrap().chars().count(), MAX_CHARS);
    }

    proptest! {
        #[test]
        fn whatever_the_model_says_a_title_is_short_and_one_line(answer in ".{0,300}") {
            if let Some(title) = title(&answer) {
                prop_assert!((1..=MAX_CHARS).contains(&title.chars().count()));
                prop_assert!(!title.chars().any(char::is_control));
            }
        }
    }
}
