//! Pictures and documents on their way to the model.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use chatkitd_core::attachments::text_of;
use chatkitd_core::models::{ModelMessage, ModelPart, ModelRequest};
use chatkitd_core::server::{AgentError, Turn};
use chatkitd_protocol::chatkit::Attachment;

use crate::mentions::{mention, unreadable};

/// The largest file that a model is sent.
const MAX_FILE_BYTES: u64 = 20 * 1024 * 1024;
/// What all pictures and documents of one request may amount to.
const MAX_TOTAL_BYTES: u64 = 32 * 1024 * 1024;

/// What one request may still carry. Whoever asks first gets it: the newest message goes first.
pub(super) struct Allowance {
    /// Of pictures and documents as they are.
    bytes: u64,
    /// Of documents that are text, which cost tokens by their length.
    text: usize,
}

impl Allowance {
    /// For documents that are text, `text` bytes.
    pub(super) fn new(text: usize) -> Self {
        Self { bytes: MAX_TOTAL_BYTES, text }
    }

    /// A file that the visitor sent; what cannot be passed on is mentioned by its name.
    pub(super) async fn attachment(
        &mut self,
        turn: &Turn,
        attachment: &Attachment,
    ) -> Result<ModelPart, AgentError> {
        let (id, name, mime_type) = match attachment {
            Attachment::File(file) => (&file.id, &file.name, &file.mime_type),
            Attachment::Image(image) => (&image.id, &image.name, &image.mime_type),
            Attachment::Unknown(file) => {
                return Ok(ModelPart::Text(mention(&file.id, "a file of an unknown kind")));
            }
        };
        let Some(kind) = Kind::of(mime_type) else {
            return Ok(ModelPart::Text(unreadable(name, mime_type)));
        };
        let limit = if kind == Kind::Text { MAX_FILE_BYTES } else { MAX_FILE_BYTES.min(self.bytes) };
        let Some(content) = read(turn, id, limit).await? else {
            return Ok(ModelPart::Text(mention(name, "which is too large or not there any more")));
        };
        Ok(self.part(kind, name, mime_type, content))
    }

    fn part(&mut self, kind: Kind, name: &str, mime_type: &str, content: Bytes) -> ModelPart {
        let (size, mime_type) = (content.len() as u64, mime_type.to_owned());
        let part = match kind {
            Kind::Text => return self.text(name, &content),
            Kind::Image => ModelPart::Image { mime_type, content },
            Kind::Document => ModelPart::File { name: name.to_owned(), mime_type, content },
        };
        self.bytes = self.bytes.saturating_sub(size);
        part
    }

    /// Servers that know no files know text.
    fn text(&mut self, name: &str, content: &[u8]) -> ModelPart {
        let text = text_of(content).unwrap_or_else(|| String::from_utf8_lossy(content));
        let kept = &text[..text.floor_char_boundary(self.text)];
        self.text -= kept.len();
        let cut = match text.len() - kept.len() {
            0 => String::new(),
            rest => format!("\n({rest} more bytes are left out.)"),
        };
        ModelPart::Text(format!("The visitor attached {name:?}:\n<File>\n{kept}\n</File>{cut}"))
    }

    /// A picture that the model made. One that is somewhere else cannot be seen from here.
    pub(super) fn picture(&mut self, url: &str) -> Option<ModelPart> {
        let (mime_type, base64) = url.strip_prefix("data:")?.split_once(";base64,")?;
        if base64.len() as u64 / 4 * 3 > self.bytes || Kind::of(mime_type) != Some(Kind::Image) {
            return None;
        }
        let content = BASE64_STANDARD.decode(base64).ok()?;
        self.bytes = self.bytes.saturating_sub(content.len() as u64);
        Some(ModelPart::Image { mime_type: mime_type.to_owned(), content: content.into() })
    }
}

/// What models can read. A request with anything else in it is refused as a whole, and so would be every
/// later one on that thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Image,
    Document,
    Text,
}

impl Kind {
    fn of(mime_type: &str) -> Option<Self> {
        let essence = mime_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "image/png" | "image/jpeg" | "image/webp" | "image/gif" => Some(Self::Image),
            "application/pdf" => Some(Self::Document),
            // Word, Excel, PowerPoint.
            office if office.starts_with("application/vnd.openxmlformats-officedocument.") => {
                Some(Self::Document)
            }
            "application/json" | "application/xml" | "application/yaml" | "application/toml" => {
                Some(Self::Text)
            }
            text if text.starts_with("text/") => Some(Self::Text),
            _ => None,
        }
    }
}

/// The same request with words in place of pictures and documents; `None`: it has none.
pub(super) fn without_files(request: &ModelRequest) -> Option<ModelRequest> {
    let is_file = |part: &ModelPart| !matches!(part, ModelPart::Text(_));
    if !request.messages.iter().flat_map(|message| &message.parts).any(is_file) {
        return None;
    }
    let in_words = |message: &ModelMessage| ModelMessage {
        role: message.role,
        parts: message.parts.iter().map(mentioned).collect(),
    };
    Some(ModelRequest { messages: request.messages.iter().map(in_words).collect(), ..request.clone() })
}

fn mentioned(part: &ModelPart) -> ModelPart {
    ModelPart::Text(match part {
        ModelPart::Text(text) => text.clone(),
        ModelPart::Image { mime_type, .. } => {
            format!("(Here is a picture of the type {mime_type}, which you cannot see.)")
        }
        ModelPart::File { name, mime_type, .. } => unreadable(name, mime_type),
    })
}

/// The content of an attachment of this thread; `None`: it is larger than `limit`, or gone.
async fn read(turn: &Turn, id: &str, limit: u64) -> Result<Option<Bytes>, AgentError> {
    let read = turn.read_attachment(id, limit).await?;
    Ok(read.map(|read| read.content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters_and_says_so() {
        let mut allowance = Allowance::new(3);
        let ModelPart::Text(text) = allowance.text("a.txt", "aäö".as_bytes()) else { panic!("no text") };
        assert_eq!(
            text,
            "The visitor attached \"a.txt\":\n<File>\naä\n</File>\n(2 more bytes are left out.)"
        );
        assert_eq!(allowance.text, 0);
    }

    #[test]
    fn text_is_read_as_it_is_written() {
        for content in [&b"Gr\xfc\xdfe"[..], b"\xff\xfeG\0r\0\xfc\0\xdf\0e\0", "Grüße".as_bytes()] {
            let ModelPart::Text(text) = Allowance::new(100).text("a.txt", content) else { panic!("no text") };
            assert!(text.contains("<File>\nGrüße\n</File>"), "{text}");
        }
    }

    #[test]
    fn what_is_passed_on_uses_the_allowance_up() {
        let mut allowance = Allowance::new(10);
        let content = Bytes::from(vec![0; 1_000]);
        allowance.part(Kind::Image, "a.png", "image/png", content.clone());
        allowance.part(Kind::Document, "a.pdf", "application/pdf", content);
        allowance.part(Kind::Text, "a.txt", "text/plain", Bytes::from_static(b"four"));
        assert_eq!((allowance.bytes, allowance.text), (MAX_TOTAL_BYTES - 2_000, 6));
    }

    #[test]
    fn only_pictures_within_the_allowance_are_shown_again() {
        let mut allowance = Allowance { bytes: 4, text: 0 };
        assert_eq!(allowance.picture("https://example.com/a.png"), None);
        assert_eq!(allowance.picture("data:image/svg+xml;base64,AAAA"), None);
        assert_eq!(allowance.picture("data:image/png;base64,!!!!"), None);
        let content = Bytes::from_static(&[0, 0, 0]);
        let shown = ModelPart::Image { mime_type: "image/png".to_owned(), content };
        assert_eq!(allowance.picture("data:image/png;base64,AAAA"), Some(shown));
        assert_eq!(allowance.picture("data:image/png;base64,AAAA"), None);
    }

    #[test]
    fn what_models_cannot_read_is_no_kind() {
        for (mime_type, kind) in [
            ("image/png", Some(Kind::Image)),
            ("image/svg+xml", None),
            ("application/pdf", Some(Kind::Document)),
            ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", Some(Kind::Document)),
            ("text/csv; charset=utf-8", Some(Kind::Text)),
            ("application/zip", None),
        ] {
            assert_eq!(Kind::of(mime_type), kind, "{mime_type}");
        }
    }
}
