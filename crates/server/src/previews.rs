//! Small pictures of images that strangers sent.

use std::io::Cursor;
use std::sync::Arc;

use async_trait::async_trait;
use chatkitd_core::ports::{Blob, Preview, PreviewError, Previews};
use futures_util::TryStreamExt as _;
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};
use tokio::sync::Semaphore;

/// The longest side of a preview, in pixels: twice what the widget shows, for dense screens.
const LONGEST_SIDE: u32 = 512;
/// More than any telephone's camera takes, except in modes that nobody sends to a chat.
const MAX_PIXELS: u64 = 50_000_000;
/// Four bytes for each of those pixels (pictures of eight bytes a pixel are refused earlier).
const MAX_DECODED_BYTES: u64 = 256 * 1024 * 1024;
const JPEG_QUALITY: u8 = 80;

/// Makes previews with the `image` crate, one at a time: each may take [`MAX_DECODED_BYTES`] beside the image itself,
/// and a processor.
#[derive(Clone)]
pub struct ImagePreviews {
    turn: Arc<Semaphore>,
}

impl Default for ImagePreviews {
    fn default() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)) }
    }
}

#[async_trait]
impl Previews for ImagePreviews {
    async fn preview(&self, image: Blob) -> Result<Preview, PreviewError> {
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(unreadable)?;
        let image = whole(image).await?;
        let shrunk = tokio::task::spawn_blocking(move || {
            // A caller that goes away does not stop the decoder, so the turn is the decoder's.
            let _turn = turn;
            shrink(&image)
        });
        // A decoder that panics has met an image that it cannot read.
        shrunk.await.map_err(unreadable)?
    }
}

async fn whole(mut image: Blob) -> Result<Vec<u8>, PreviewError> {
    let mut whole = Vec::with_capacity(usize::try_from(image.size).unwrap_or_default());
    while let Some(chunk) = image.content.try_next().await.map_err(PreviewError::Unavailable)? {
        whole.extend_from_slice(&chunk);
    }
    Ok(whole)
}

fn shrink(image: &[u8]) -> Result<Preview, PreviewError> {
    let mut reader = ImageReader::new(Cursor::new(image)).with_guessed_format().map_err(unreadable)?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODED_BYTES);
    reader.limits(limits);
    // So far only the header is read.
    let mut decoder = reader.into_decoder().map_err(refuse)?;
    let (width, height) = decoder.dimensions();
    // The limits above are for what decoders take beside the pixels; of those nobody asks them.
    if u64::from(width) * u64::from(height) > MAX_PIXELS || decoder.total_bytes() > MAX_DECODED_BYTES {
        return Err(PreviewError::TooLarge);
    }
    // Broken metadata is no reason to show nothing.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    // An animation's first frame.
    let mut picture = DynamicImage::from_decoder(decoder).map_err(refuse)?;
    if width.max(height) > LONGEST_SIDE {
        picture = picture.thumbnail(LONGEST_SIDE, LONGEST_SIDE);
    }
    picture.apply_orientation(orientation);
    encode(picture)
}

/// Writes the pixels and nothing else: where the camera stood, and whose it is, stay behind.
fn encode(picture: DynamicImage) -> Result<Preview, PreviewError> {
    let mut content = Cursor::new(Vec::new());
    let mime_type = if picture.has_alpha() {
        let picture = DynamicImage::from(picture.into_rgba8());
        picture.write_to(&mut content, ImageFormat::Png).map_err(refuse)?;
        "image/png"
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut content, JPEG_QUALITY);
        picture.into_rgb8().write_with_encoder(encoder).map_err(refuse)?;
        "image/jpeg"
    };
    Ok(Preview { mime_type, content: content.into_inner().into() })
}

fn refuse(error: ImageError) -> PreviewError {
    match error {
        ImageError::Limits(_) => PreviewError::TooLarge,
        error => unreadable(error),
    }
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> PreviewError {
    PreviewError::Unreadable(Box::new(error))
}
