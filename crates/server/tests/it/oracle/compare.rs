//! Whether two servers answered the same, but for the improvements.

use serde_json::{Value, json};

use super::exchange::{Differs, Outcome, Request};
use super::improvements::{
    Improvement, Shown, take_local_times, take_payloads, take_thread_changes, take_utc_times,
};
use super::wire::{Answer, Body};

/// Compares what the servers answered to one request of an exchange.
pub fn compare(
    request: &Request,
    mut reference: Vec<Answer>,
    mut here: Vec<Answer>,
    shown: &mut Shown,
) -> Result<(), String> {
    for answer in &mut reference {
        each_document(answer, |document| {
            take_local_times(document);
        });
    }
    for answer in &mut here {
        each_document(answer, |document| take_utc_times(document, shown));
    }
    for (reference, here) in reference.iter_mut().zip(&here) {
        make_comparable(reference, here, shown);
    }
    if let Some(differs) = &request.differs {
        return compare_different(differs, &reference, &here, shown);
    }
    for answer in &reference {
        let error = answer.events().iter().any(|event| event["type"] == "error");
        if answer.status != 200 || error != request.error || outcome(answer) == Outcome::Broken {
            return Err(format!("the reference itself did not answer as the exchange says: {answer:#?}"));
        }
    }
    if reference.len() != here.len() {
        return Err(format!("{} answers there, {} here", reference.len(), here.len()));
    }
    reference.iter().zip(&here).try_for_each(|(reference, here)| equal(reference, here))
}

fn each_document(answer: &mut Answer, does: impl FnMut(&mut Value)) {
    match &mut answer.body {
        Body::Json(json) => std::slice::from_mut(json),
        Body::Stream { events, .. } => events,
    }
    .iter_mut()
    .for_each(does);
}

fn make_comparable(reference: &mut Answer, here: &Answer, shown: &mut Shown) {
    match (&mut reference.body, &here.body) {
        (Body::Json(reference), Body::Json(here)) => take_payloads(reference, here, shown),
        (
            Body::Stream { events: reference, hidden, .. },
            Body::Stream { events: here, hidden: sent_here, .. },
        ) => {
            if *hidden > 0 && *sent_here == 0 {
                shown.insert(Improvement::HiddenItemsAreNeverSent);
            }
            take_thread_changes(reference, here, shown);
            for (reference, here) in reference.iter_mut().zip(here) {
                take_payloads(reference, here, shown);
            }
        }
        _ => {}
    }
}

/// Status, kind of body, and each event or the whole document.
fn equal(reference: &Answer, here: &Answer) -> Result<(), String> {
    if reference.status != here.status {
        return Err(format!("status {} there, here {here:#?}", reference.status));
    }
    match (&reference.body, &here.body) {
        (Body::Json(reference), Body::Json(here)) => equal_json("", reference, here),
        (Body::Stream { events: reference, .. }, Body::Stream { events: here, whole, hidden }) => {
            if *hidden > 0 {
                return Err("a hidden item was sent here".to_owned());
            }
            if !whole {
                return Err(format!("the stream breaks off here after {here:#?}"));
            }
            equal_events(reference, here)
        }
        _ => Err(format!("there: {reference:#?}\nhere:  {here:#?}")),
    }
}

fn equal_events(reference: &[Value], here: &[Value]) -> Result<(), String> {
    for (number, (reference, here)) in (1..).zip(reference.iter().zip(here)) {
        equal_json("", reference, here).map_err(|difference| {
            format!("event {number}, {difference}\n  there: {reference}\n  here:  {here}")
        })?;
    }
    if reference.len() != here.len() {
        let rest = |events: &[Value]| json!(events.get(reference.len().min(here.len())..));
        return Err(format!("more events\n  there: {}\n  here:  {}", rest(reference), rest(here)));
    }
    Ok(())
}

/// Names the first place in which two documents differ. The order of keys is none of JSON's business.
fn equal_json(at: &str, reference: &Value, here: &Value) -> Result<(), String> {
    match (reference, here) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let names = theirs.keys().chain(ours.keys().filter(|name| !theirs.contains_key(*name)));
            for name in names {
                match (theirs.get(name), ours.get(name)) {
                    (Some(theirs), Some(ours)) => equal_json(&format!("{at}/{name}"), theirs, ours)?,
                    (Some(theirs), None) => return Err(format!("{at}/{name}: only there, {theirs}")),
                    (None, ours) => return Err(format!("{at}/{name}: only here, {}", json!(ours))),
                }
            }
            Ok(())
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            let mut elements = theirs.iter().zip(ours).enumerate();
            elements
                .try_for_each(|(index, (theirs, ours))| equal_json(&format!("{at}/{index}"), theirs, ours))
        }
        // The reference writes 1 as 1.0 where it knows that a number may have a fraction.
        (Value::Number(theirs), Value::Number(ours)) if theirs.as_f64() == ours.as_f64() => Ok(()),
        _ if reference == here => Ok(()),
        _ => Err(format!("{at}: there {reference}, here {here}")),
    }
}

fn compare_different(
    differs: &Differs,
    reference: &[Answer],
    here: &[Answer],
    shown: &mut Shown,
) -> Result<(), String> {
    match differs.improvement {
        Improvement::FullPages => full_pages(reference, here)?,
        Improvement::TextsWithoutIdAreSent => more_updates(reference, here)?,
        Improvement::ToolOutputsPassNotes => answered(here)?,
        _ => {}
    }
    if let Some(expected) = differs.reference {
        let found: Vec<_> = reference.iter().map(outcome).collect();
        if found != [expected] {
            return Err(format!("the reference was to be {expected:?}, and is {reference:#?}"));
        }
    }
    if let Some(status) = differs.status {
        refused(status, here)?;
    }
    shown.insert(differs.improvement);
    Ok(())
}

/// The same elements, on fewer pages.
fn full_pages(reference: &[Answer], here: &[Answer]) -> Result<(), String> {
    let elements = |pages: &[Answer]| -> Value {
        let data = pages.iter().map(|page| match &page.body {
            Body::Json(page) => page["data"].as_array().expect("a page has data").clone(),
            Body::Stream { .. } => panic!("a page is JSON: {page:?}"),
        });
        data.flatten().collect()
    };
    equal_json("", &elements(reference), &elements(here))?;
    if here.len() >= reference.len() {
        return Err(format!("{} pages here, {} there", here.len(), reference.len()));
    }
    Ok(())
}

/// The same events, but for widgets that are sent again here and not there.
fn more_updates(reference: &[Answer], here: &[Answer]) -> Result<(), String> {
    let is_update = |event: &&Value| event["update"]["type"] == "widget.root.updated";
    let ([reference], [here]) = (reference, here) else { return Err("more than one answer".to_owned()) };
    let rest: Vec<_> = here.events().iter().filter(|event| !is_update(event)).cloned().collect();
    equal_events(reference.events(), &rest)?;
    if rest.len() == here.events().len() {
        return Err("no more was sent here than there".to_owned());
    }
    Ok(())
}

/// A stream without an error.
fn answered(here: &[Answer]) -> Result<(), String> {
    let is_error = |event: &Value| event["type"] == "error";
    match here {
        [answer] if outcome(answer) == Outcome::Answered && !answer.events().iter().any(is_error) => Ok(()),
        _ => Err(format!("to be answered, and is {here:#?}")),
    }
}

/// The status, and OpenAI's envelope.
fn refused(status: u16, here: &[Answer]) -> Result<(), String> {
    match here {
        [Answer { status: found, body: Body::Json(body) }]
            if *found == status
                && body["error"]["message"].is_string()
                && body["error"]["code"].is_string() =>
        {
            Ok(())
        }
        _ => Err(format!("to be refused with {status}, and is {here:#?}")),
    }
}

fn outcome(answer: &Answer) -> Outcome {
    match &answer.body {
        _ if answer.status != 200 => Outcome::Failed,
        Body::Stream { whole: false, .. } => Outcome::Broken,
        Body::Stream { events, .. } if events.is_empty() => Outcome::Nothing,
        _ => Outcome::Answered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "2026-01-01T00:00:00.123456";

    fn stream(events: Vec<Value>, hidden: usize) -> Vec<Answer> {
        vec![Answer { status: 200, body: Body::Stream { events, whole: true, hidden } }]
    }

    fn added(text: &str, time: &str) -> Value {
        json!({"type": "thread.item.added", "item": {"id": "<item1>", "created_at": time, "text": text}})
    }

    fn updated(title: &str) -> Value {
        json!({"type": "thread.updated", "thread": {"title": title}})
    }

    fn judge(reference: Vec<Value>, here: Vec<Value>) -> Result<Shown, String> {
        let request: Request = serde_saphyr::from_str("say: Hi").unwrap();
        let mut shown = Shown::new();
        let (there, here) = (stream(reference, 0), stream(here, 0));
        compare(&request, there, here, &mut shown)?;
        Ok(shown)
    }

    #[test]
    fn a_difference_is_named_by_its_place() {
        let utc = "2026-01-01T00:00:00.123Z";
        assert_eq!(judge(vec![added("a", TIME)], vec![added("a", utc)]), Ok([Improvement::UtcTimes].into()));
        for (here, place) in [
            (vec![added("b", utc)], "event 1, /item/text: there \"a\", here \"b\""),
            (vec![added("a", TIME)], "event 1, /item/created_at"),
            (vec![added("a", "soon")], "event 1, /item/created_at"),
            (vec![], "more events"),
            (vec![added("a", utc), updated("t")], "more events"),
            (
                vec![json!({"type": "thread.item.added", "item": {"id": "<item1>", "created_at": utc}})],
                "/item/text: only there",
            ),
        ] {
            let difference = judge(vec![added("a", TIME)], here).unwrap_err();
            assert!(difference.contains(place), "{difference}");
        }
    }

    #[test]
    fn a_change_of_the_thread_may_come_one_event_earlier_and_no_other_may() {
        let (one, two, change) =
            (json!({"type": "notice", "n": 1}), json!({"type": "notice", "n": 2}), updated("t"));
        let reference = vec![one.clone(), two.clone(), change.clone()];
        let earlier = judge(reference.clone(), vec![one.clone(), change.clone(), two.clone()]);
        assert_eq!(earlier, Ok([Improvement::ThreadChangesAtOnce].into()));
        judge(reference.clone(), vec![two.clone(), one.clone(), change.clone()]).unwrap_err();
        judge(reference.clone(), vec![change, one.clone(), two.clone()]).unwrap_err();
        judge(reference, vec![one, updated("another"), two]).unwrap_err();
    }

    #[test]
    fn a_hidden_item_is_never_sent_here() {
        let request: Request = serde_saphyr::from_str("say: Hi").unwrap();
        let mut shown = Shown::new();
        let (there, here) = (stream(vec![], 1), stream(vec![], 1));
        compare(&request, there, here, &mut shown).unwrap_err();
        assert_eq!(shown, Shown::new());
    }
}
