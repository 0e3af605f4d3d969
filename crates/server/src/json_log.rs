//! Log lines as JSON, with the causes of errors and without keys.

use std::error::Error;
use std::fmt::{Debug, Result};

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use chatkitd_core::foreign_text::mask_keys;

/// Adds `"<field>.sources": [...]` to the lines of events with errors that have causes, outermost first: the name
/// that the text format uses. The JSON format of tracing-subscriber says the error itself and drops what
/// [`Error::source`] names.
///
/// Errors and their causes come from libraries and services, which may quote what they were given: what looks like a
/// key is masked in all of the line.
pub(crate) struct WithSources<F>(pub(crate) F);

impl<S, N, F> FormatEvent<S, N> for WithSources<F>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> Result {
        let mut sources = Sources::default();
        event.record(&mut sources);
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        match line.trim_end().strip_suffix('}') {
            Some(object) => writeln!(writer, "{}{}}}", masked(object), masked(&sources.0)),
            None => writer.write_str(&masked(&line)),
        }
    }
}

/// A word that follows an escape of JSON (`\n`, `\u001b`) does not begin with its letters.
fn masked(json: &str) -> String {
    let mut parts = json.split('\\');
    let mut shown = parts.next().map(mask_keys).unwrap_or_default();
    // After `\\` what follows are words.
    let mut is_escaped = false;
    for part in parts {
        let escape = match part.chars().next() {
            _ if is_escaped => 0,
            Some('b' | 'f' | 'n' | 'r' | 't') => 1,
            Some('u') => 5,
            _ => 0,
        };
        is_escaped = part.is_empty() && !is_escaped;
        let (escape, words) = part.split_at_checked(escape).unwrap_or(("", part));
        shown.extend(["\\", escape, &mask_keys(words)]);
    }
    shown
}

/// Members of a JSON object, each with a comma before it.
#[derive(Default)]
struct Sources(String);

impl Visit for Sources {
    fn record_error(&mut self, field: &Field, error: &(dyn Error + 'static)) {
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        if !causes.is_empty() {
            let name = serde_json::Value::from(format!("{}.sources", field.name()));
            self.0.push_str(&format!(",{name}:{}", serde_json::Value::from(causes)));
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use chatkitd_core::server::AgentError;
    use serde_json::{Value, json};
    use tracing_subscriber::fmt;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Failure(&'static str, #[source] Option<Box<Failure>>);

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce()) -> Value {
        let kept = Kept::default();
        let writer = kept.clone();
        let layer = fmt::layer()
            .json()
            .flatten_event(true)
            .map_event_format(WithSources)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        let line = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert!(line.ends_with("}\n") && line.lines().count() == 1, "{line:?}");
        serde_json::from_str(&line).unwrap()
    }

    fn log(error: &(dyn Error + 'static)) -> Value {
        logged(|| tracing::error!(error, "it failed"))
    }

    #[test]
    fn an_error_is_logged_with_all_that_led_to_it() {
        let innermost = Failure("a \"quoted\"\nline", None);
        let error =
            Failure("the store failed", Some(Box::new(Failure("no answer", Some(Box::new(innermost))))));
        let line = log(&error);
        assert_eq!((&line["message"], &line["error"]), (&json!("it failed"), &json!("the store failed")));
        assert_eq!(line["error.sources"], json!(["no answer", "a \"quoted\"\nline"]));
    }

    #[test]
    fn an_error_without_a_cause_is_logged_as_before() {
        let line = log(&Failure("the store failed", None));
        assert_eq!(line["error"], "the store failed");
        assert!(line.get("error.sources").is_none(), "{line}");
    }

    #[test]
    fn what_looks_like_a_key_is_taken_out_of_errors_and_causes() {
        let causes = Failure("\tsk-d at C:\\u/sk-e", Some(Box::new(Failure("\u{1b}sk-f", None))));
        let error =
            AgentError::failed(Failure("at https://a.example/?key=sk-abc:\nsk-b", Some(Box::new(causes))));
        let line = log(&error);
        assert_eq!(line["error"], "at https://a.example/?key=[masked]:\n[masked]");
        assert_eq!(line["error.sources"], json!(["\t[masked] at C:\\u/[masked]", "\u{1b}[masked]"]));
    }

    #[test]
    fn what_looks_like_a_key_is_taken_out_of_other_fields() {
        let line = logged(|| tracing::warn!(url = "https://a.example/sk-abc", "sk-b is refused"));
        assert_eq!(
            (&line["message"], &line["url"]),
            (&json!("[masked] is refused"), &json!("https://a.example/[masked]"))
        );
    }
}
