//! Pictures that a model makes, as it makes them.

use chatkitd_core::models::{HostedTool, MadeImage};
use chatkitd_core::server::{Answer, ImageStream};
use chatkitd_protocol::chatkit::NoticeLevel;
use serde_json::Value;

/// What the pictures of one answer may amount to, in bytes of `data:` URLs: the events of an answer are kept
/// in memory, 8 MiB at the most, and the words have to fit beside them.
const MAX_BYTES: usize = 6 * 1024 * 1024;
/// What drafts leave of that: a finished picture is several times as large as its first drafts.
const RESERVED_BYTES: usize = 4 * 1024 * 1024;

/// The pictures of one answer.
pub(super) struct Pictures {
    answer: Answer,
    /// Those that are begun, by the model's id.
    begun: Vec<(String, ImageStream)>,
    has_begun: bool,
    has_shown: bool,
    left: usize,
    /// How many states are sent before a picture is done, where that was asked for.
    partials: Option<u32>,
}

impl Pictures {
    pub(super) fn new(answer: &Answer, tools: &[HostedTool]) -> Self {
        let partials = tools.iter().find_map(|tool| tool.0.get("partial_images").and_then(Value::as_u64));
        let partials = partials.and_then(|count| u32::try_from(count).ok());
        Self {
            answer: answer.clone(),
            begun: Vec::new(),
            has_begun: false,
            has_shown: false,
            left: MAX_BYTES,
            partials,
        }
    }

    /// Whether there was a picture, if only the place for one.
    pub(super) fn has_begun(&self) -> bool {
        self.has_begun
    }

    /// Whether one was finished, if only to be told that it cannot be shown.
    pub(super) fn has_shown(&self) -> bool {
        self.has_shown
    }

    pub(super) async fn begin(&mut self, id: String) {
        self.has_begun = true;
        let image = self.answer.image().await;
        self.begun.push((id, image));
    }

    /// Shows how far it got, where that takes no room from the whole picture.
    pub(super) async fn update(&mut self, id: &str, index: u32, image: &MadeImage) {
        let Some(url) = data_url(image).filter(|url| url.len() + RESERVED_BYTES <= self.left) else { return };
        let Some((_, begun)) = self.begun.iter_mut().find(|(known, _)| known == id) else { return };
        self.left -= url.len();
        let progress = self.partials.map(|count| f64::from(index + 1) / f64::from(count + 1));
        begun.update(url, progress.map(|progress| progress.min(1.0))).await;
    }

    /// The picture is there. One that is too large cannot be shown, and the visitor is told so.
    pub(super) async fn done(&mut self, id: &str, image: &MadeImage) {
        self.has_begun = true;
        self.has_shown = true;
        let begun = match self.begun.iter().position(|(known, _)| known == id) {
            Some(at) => self.begun.remove(at).1,
            None => self.answer.image().await,
        };
        match data_url(image).filter(|url| url.len() <= self.left) {
            Some(url) => {
                self.left -= url.len();
                begun.done(url).await;
            }
            None => {
                self.answer.remove_item(begun.id()).await;
                let message = "A picture was made that cannot be shown here.";
                self.answer.notice(NoticeLevel::Warning, message, None).await;
            }
        }
    }

    /// Takes away those that are not done: they never will be.
    pub(super) async fn clear(&mut self) {
        for (_, begun) in self.begun.drain(..) {
            self.answer.remove_item(begun.id()).await;
        }
    }
}

/// `None`: it is no picture that browsers show as one.
fn data_url(image: &MadeImage) -> Option<String> {
    let MadeImage { mime_type, base64 } = image;
    let shown = matches!(mime_type.as_str(), "image/png" | "image/jpeg" | "image/webp" | "image/gif");
    let is_base64 = base64.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    (shown && is_base64 && !base64.is_empty()).then(|| format!("data:{mime_type};base64,{base64}"))
}
