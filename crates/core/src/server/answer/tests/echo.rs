//! The echo, beside one on the Python SDK.

use std::future::Future as _;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use chatkitd_protocol::chatkit::{ClientToolCallItem, Extra, InputTag, UserMessageContent, UserMessageItem};
use serde_json::Map;

use super::Stage;
use crate::id::{RunId, SiteName, UserId};
use crate::ports::{Clock as _, Scope};
use crate::server::agent::Cause;
use crate::server::agents::Echo;
use crate::server::{Agent as _, AgentContext, Turn};
use crate::testing::{MemoryStore, SeededRng};
use crate::threads::Fence;

/// A turn for these parts of a message; `None` for one without a message.
fn turn(stage: &Stage, content: Option<Vec<UserMessageContent>>) -> Turn {
    let thread = stage.answer.thread();
    let (site, user) = (SiteName::default_site(), UserId::named("user_1").unwrap());
    let scope = Scope::User(site.clone(), user.clone());
    let run = RunId::mint(stage.clock.now(), &SeededRng::new(2));
    Turn {
        attachments: None,
        fence: Fence { scope, thread: thread.id.clone(), run },
        thread,
        cause: match content {
            Some(content) => Cause::Message(UserMessageItem { content, ..UserMessageItem::default() }),
            None => Cause::Answered(ClientToolCallItem::default().into()),
        },
        context: AgentContext {
            site,
            user,
            session: None,
            workflow: "wf_echo".to_owned(),
            state_variables: Map::new(),
            configuration: Default::default(),
            locale: None,
            metadata: Map::new(),
        },
        threads: Arc::new(MemoryStore::default()),
        shared: Some(stage.answer.0.clone()),
    }
}

#[tokio::test]
async fn the_words_come_back_one_by_one_as_often_as_was_said() {
    let stage = Stage::new();
    let tag = InputTag { text: "to you".to_owned(), extra: Extra::new(), ..InputTag::default() };
    let content = vec![UserMessageContent::text("Good  morning\n"), tag.into()];
    let echo = Echo { repeat: 2, ..Echo::default() };
    echo.respond(&turn(&stage, Some(content)), &stage.answer).await.unwrap();
    stage.assert_sent_as_in_python("echo");
}

#[tokio::test]
async fn without_a_message_it_says_that_it_goes_on() {
    let stage = Stage::new();
    Echo::default().respond(&turn(&stage, None), &stage.answer).await.unwrap();
    stage.assert_sent_as_in_python("echo_without_a_message");
}

#[test]
fn it_waits_before_each_word() {
    let stage = Stage::new();
    let content = vec![UserMessageContent::text("Good morning")];
    let echo = Echo { repeat: 1, delay: Duration::from_millis(20) };
    let turn = turn(&stage, Some(content));
    let mut answering = pin!(echo.respond(&turn, &stage.answer));
    // The clock of tests waits until it is looked at again.
    let mut seen = Vec::new();
    while answering.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
        seen.push(stage.sent().len());
    }
    assert_eq!(seen, [2, 3]);
    assert_eq!(stage.save().len(), 1);
    assert_eq!(stage.sent()[2]["update"]["delta"], "Good ");
}
