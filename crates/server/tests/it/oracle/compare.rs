//! Whether two servers answered the same, but for the improvements.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Subject;
use super::exchange::{Differs, Outcome, Request};
use super::improvements::{Improvement, Shown, take_hidden, take_thread_changes, take_times};
use super::wire::{Answer, Body};

/// Compares what the servers answered to one request of an exchange.
pub fn compare(
    request: &Request,
    mut reference: Vec<Answer>,
    mut here: Vec<Answer>,
    subject: Subject,
    shown: &mut Shown,
) -> Result<(), String> {
    for (reference, here) in reference.iter_mut().zip(&mut here) {
        make_comparable(reference, here, shown);
    }
    if let Some(differs) = &request.differs {
        return compare_different(differs, &reference, &here, subject, shown);
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

fn make_comparable(reference: &mut Answer, here: &mut Answer, shown: &mut Shown) {
    match (&mut reference.body, &mut here.body) {
        (Body::Json(reference), Body::Json(here)) => take_times(reference, here, shown),
        (Body::Stream { events: reference, .. }, Body::Stream { events: here, .. }) => {
            let (mut theirs, mut ours) = (json!(reference), json!(here));
            take_times(&mut theirs, &mut ours, shown);
            (*reference, *here) = (array(theirs), array(ours));
            take_hidden(reference, shown);
            take_thread_changes(reference, here, shown);
        }
        _ => {}
    }
}

fn array(value: Value) -> Vec<Value> {
    if let Value::Array(values) = value { values } else { Vec::new() }
}

/// Status, kind of body, and each event or the whole document.
fn equal(reference: &Answer, here: &Answer) -> Result<(), String> {
    if reference.status != here.status {
        return Err(format!("status {} there, here {here:#?}", reference.status));
    }
    match (&reference.body, &here.body) {
        (Body::Json(reference), Body::Json(here)) if reference == here => Ok(()),
        (Body::Json(reference), Body::Json(here)) => Err(format!("there: {reference:#}\nhere:  {here:#}")),
        (Body::Stream { events: reference, .. }, Body::Stream { events: here, whole }) => {
            if !whole {
                return Err(format!("the stream breaks off here after {here:#?}"));
            }
            equal_events(reference, here)
        }
        _ => Err(format!("there: {reference:#?}\nhere:  {here:#?}")),
    }
}

fn equal_events(reference: &[Value], here: &[Value]) -> Result<(), String> {
    let longest = reference.len().max(here.len());
    let Some(at) = (0..longest).find(|at| reference.get(*at) != here.get(*at)) else { return Ok(()) };
    let mut message = format!("event {} differs; the rest of the events:", at + 1);
    for (server, events) in [("there", reference), ("here", here)] {
        for event in events.iter().skip(at) {
            // Writing to a string does not fail.
            let _ = write!(message, "\n  {server}: {event}");
        }
    }
    Err(message)
}

fn compare_different(
    differs: &Differs,
    reference: &[Answer],
    here: &[Answer],
    subject: Subject,
    shown: &mut Shown,
) -> Result<(), String> {
    if differs.improvement == Improvement::FullPages {
        full_pages(reference, here, subject)?;
    }
    if let Some(expected) = differs.reference {
        let found: Vec<_> = reference.iter().map(outcome).collect();
        if found != [expected] {
            return Err(format!("the reference was to be {expected:?}, and is {reference:#?}"));
        }
    }
    if let (Some(status), Subject::Chatkitd) = (differs.status, subject) {
        refused(status, here)?;
    }
    shown.insert(differs.improvement);
    Ok(())
}

/// The same elements, whatever the pages.
fn full_pages(reference: &[Answer], here: &[Answer], subject: Subject) -> Result<(), String> {
    let elements = |pages: &[Answer]| -> Vec<Value> {
        let pages = pages.iter().map(|page| match &page.body {
            Body::Json(page) => array(page["data"].clone()),
            Body::Stream { .. } => panic!("a page is JSON: {page:?}"),
        });
        pages.flatten().collect()
    };
    if elements(reference) != elements(here) {
        return Err(format!("there: {reference:#?}\nhere:  {here:#?}"));
    }
    if subject == Subject::Chatkitd && here.len() >= reference.len() {
        return Err(format!("as many pages as there: {here:#?}"));
    }
    Ok(())
}

/// The status, and OpenAI's envelope.
fn refused(status: u16, here: &[Answer]) -> Result<(), String> {
    match here {
        [Answer { status: found, body: Body::Json(body) }]
            if *found == status && body["error"]["message"].is_string() && body["error"]["code"].is_string() =>
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
