//! Whatever a model sends in whatever order, the visitor's page is left with nothing half done.

use std::collections::BTreeMap;

use chatkitd_core::models::{CitedSource, EndReason, MadeImage, ModelError, ModelEvent};
use chatkitd_core::testing::ModelScript;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::world::{create, settings, world};

fn event() -> impl Strategy<Value = ModelEvent> {
    let id = || prop::sample::select(vec!["ig_1", "ig_2"]).prop_map(str::to_owned);
    let text = || prop::sample::select(vec!["", " ", "Nine.", "\u{0}\n", "Ünï"]).prop_map(str::to_owned);
    let image = prop::sample::select(vec!["", "AAAA", "<svg>"])
        .prop_map(|base64| MadeImage { mime_type: "image/png".to_owned(), base64: base64.to_owned() });
    let source = CitedSource::Url { url: "https://example.com/".to_owned(), title: None };
    prop_oneof![
        Just(ModelEvent::MessageBegan),
        text().prop_map(ModelEvent::Text),
        proptest::option::of(0..9u32).prop_map(move |at| ModelEvent::Citation { source: source.clone(), at }),
        Just(ModelEvent::MessageEnded),
        Just(ModelEvent::ThoughtBegan),
        text().prop_map(ModelEvent::Thought),
        Just(ModelEvent::ThoughtEnded),
        id().prop_map(|id| ModelEvent::ImageBegan { id }),
        (id(), 0..3u32, image.clone()).prop_map(|(id, index, image)| ModelEvent::ImagePartial {
            id,
            index,
            image
        }),
        (id(), image).prop_map(|(id, image)| ModelEvent::ImageDone { id, image }),
    ]
}

/// The end of an answer: complete, cut, broken, or a connection that just closes.
fn ending(script: ModelScript, ending: u8) -> ModelScript {
    match ending {
        0 => script.ends(),
        1 => script.event(ModelEvent::Ended { reason: EndReason::TooLong, usage: None }),
        2 => script.fails(ModelError::Malformed("no JSON".to_owned())),
        _ => script,
    }
}

/// A page that follows the events, as a widget does.
#[derive(Default)]
struct Page {
    open: BTreeMap<String, Value>,
    texts: BTreeMap<String, String>,
    done: Vec<Value>,
}

impl Page {
    fn follow(&mut self, event: &Value) {
        let id = event["item_id"].as_str().or(event["item"]["id"].as_str()).unwrap_or_default().to_owned();
        match event["type"].as_str().unwrap() {
            "thread.item.added" => {
                assert!(self.open.insert(id, event["item"].clone()).is_none(), "{event:#}");
            }
            "thread.item.updated" => {
                assert!(self.open.contains_key(&id), "an update of what is not open: {event:#}");
                let delta = event["update"]["delta"].as_str().unwrap_or_default();
                self.texts.entry(id).or_default().push_str(delta);
            }
            "thread.item.done" => {
                self.open.remove(&id);
                if event["item"]["type"] == "assistant_message" {
                    assert_eq!(event["item"]["content"][0]["text"], json!(self.texts[&id]));
                }
                self.done.push(event["item"].clone());
            }
            "thread.item.removed" => drop(self.open.remove(&id)),
            _ => {}
        }
    }
}

/// Each case is a whole run.
fn half_as_many() -> ProptestConfig {
    let all = ProptestConfig::default();
    ProptestConfig { cases: all.cases / 2, ..all }
}

proptest! {
    #![proptest_config(half_as_many())]
    #[test]
    fn what_is_begun_is_done_or_taken_away_and_what_is_done_is_kept(
        pieces in vec(event(), 0..24),
        end in 0..4u8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let world = world(settings());
            world.model.answers(ending(pieces.into_iter().fold(ModelScript::default(), ModelScript::event), end));
            let mut page = Page::default();
            let events = world.start(create("When?")).await.all_with_ids().await;
            events.iter().for_each(|event| page.follow(event));
            assert!(page.open.is_empty(), "{:#?}", page.open);
            let kept: Vec<_> = world.items().await.into_iter().map(|item| json!(item)).collect();
            assert_eq!(kept, page.done);
        });
    }
}
