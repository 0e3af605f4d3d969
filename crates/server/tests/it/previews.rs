//! Previews of images that are what they should be, and of those that are not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use chatkitd::previews::ImagePreviews;
use chatkitd_core::ports::{Blob, Preview, PreviewError, Previews};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};

use crate::images::{BLUE, RED, animation, encoded, photo, png_bomb, two_colours};

async fn preview(image: impl Into<Vec<u8>>) -> Result<Preview, PreviewError> {
    ImagePreviews::default().preview(blob(image)).await
}

/// As it comes out of the blob store.
fn blob(image: impl Into<Vec<u8>>) -> Blob {
    let image = Bytes::from(image.into());
    Blob { size: image.len() as u64, content: stream::iter([Ok(image)]).boxed() }
}

async fn shown(image: impl Into<Vec<u8>>) -> DynamicImage {
    image::load_from_memory(&preview(image).await.unwrap().content).unwrap()
}

/// Compression changes colours a little.
#[track_caller]
fn assert_colour(picture: &DynamicImage, (x, y): (u32, u32), expected: [u8; 3]) {
    let found = picture.to_rgb8().get_pixel(x, y).0;
    let near = found.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) < 25);
    assert!(near, "{found:?} at {x}, {y} is not {expected:?}");
}

#[tokio::test]
async fn every_format_is_shown_at_512_pixels_at_the_most() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
        let large = shown(encoded(two_colours(1200, 300), format)).await;
        assert_eq!((large.width(), large.height()), (512, 128), "{format:?}");
        assert_colour(&large, (10, 64), RED);
        assert_colour(&large, (500, 64), BLUE);
        let small = shown(encoded(two_colours(30, 20), format)).await;
        assert_eq!((small.width(), small.height()), (30, 20), "{format:?}");
        let long = shown(encoded(two_colours(3, 4000), format)).await;
        assert_eq!((long.width(), long.height()), (1, 512), "{format:?}");
    }
}

#[tokio::test]
async fn what_is_transparent_stays_so() {
    let picture = RgbaImage::from_pixel(8, 8, Rgba([10, 200, 10, 77]));
    let made = preview(encoded(picture, ImageFormat::Png)).await.unwrap();
    assert_eq!(made.mime_type, "image/png");
    let shown = image::load_from_memory_with_format(&made.content, ImageFormat::Png).unwrap();
    assert_eq!(shown.to_rgba8().get_pixel(3, 3).0, [10, 200, 10, 77]);
    let opaque = preview(encoded(two_colours(8, 8), ImageFormat::Png)).await.unwrap();
    assert_eq!(opaque.mime_type, "image/jpeg");
}

/// Where the red half of a picture is after it was turned as EXIF says.
#[tokio::test]
async fn a_photo_is_shown_upright_and_says_nothing_of_its_camera() {
    let taken = two_colours(640, 160);
    let (left, right) = ((20, 64), (490, 64));
    let (top, bottom) = ((64, 20), (64, 490));
    for (orientation, size, red, blue) in [
        (1, (512, 128), left, right),
        (2, (512, 128), right, left),
        (3, (512, 128), right, left),
        (4, (512, 128), left, right),
        (5, (128, 512), top, bottom),
        (6, (128, 512), top, bottom),
        (7, (128, 512), bottom, top),
        (8, (128, 512), bottom, top),
    ] {
        let photo = photo(&taken, orientation, "Camera of 10 Downing Street");
        let made = preview(photo).await.unwrap();
        let shown = image::load_from_memory(&made.content).unwrap();
        assert_eq!((shown.width(), shown.height()), size, "orientation {orientation}");
        assert_colour(&shown, red, RED);
        assert_colour(&shown, blue, BLUE);
        for word in ["Exif", "Downing"] {
            let found = made.content.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{word} is in the preview");
        }
    }
}

#[tokio::test]
async fn of_an_animation_the_first_picture_is_shown() {
    let shown = shown(animation(600, 600, &[RED, BLUE])).await;
    assert_eq!((shown.width(), shown.height()), (512, 512));
    assert_colour(&shown, (100, 100), RED);
}

#[tokio::test]
async fn an_image_that_would_fill_the_memory_is_not_decoded() {
    // 3.6 billion pixels; 49 million of eight bytes each; a GIF of 65,535 by 65,535.
    let mut gif = animation(1, 1, &[RED]);
    gif[6..10].fill(0xff);
    for bomb in [png_bomb(60_000, 60_000, 8), png_bomb(7_000, 7_000, 16), gif] {
        let refused = preview(bomb).await;
        assert!(matches!(refused, Err(PreviewError::TooLarge)), "{refused:?}");
    }
}

#[tokio::test]
async fn what_is_no_image_has_no_preview() {
    let docx = b"PK\x03\x04\x14\0\0\0\x08\0word/document.xml";
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    for content in
        [&b""[..], b"hello", b"%PDF-1.7", docx, svg, b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff"]
    {
        let refused = preview(content).await;
        assert!(matches!(refused, Err(PreviewError::Unreadable(_))), "{refused:?}");
    }
}

/// Cut anywhere, an image is shown or refused, and the next one is made a preview of.
#[tokio::test]
async fn an_image_that_is_cut_off_harms_nobody() {
    let previews = ImagePreviews::default();
    let mut refused = 0;
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::WebP] {
        let whole = encoded(two_colours(64, 64), format);
        for end in (0..whole.len()).step_by(7) {
            refused += u32::from(previews.preview(blob(&whole[..end])).await.is_err());
        }
        previews.preview(blob(whole)).await.unwrap();
    }
    assert!(refused > 0);
}

/// However many come at once, one is in memory.
#[tokio::test]
async fn an_image_is_read_when_its_turn_comes() {
    let previews = ImagePreviews::default();
    let picture = Bytes::from(encoded(two_colours(8, 8), ImageFormat::Png));
    let (arrives, awaited) = tokio::sync::oneshot::channel::<Bytes>();
    let content = stream::once(async { Ok(awaited.await?) }).boxed();
    let mut slow = previews.preview(Blob { size: picture.len() as u64, content });
    assert!((&mut slow).now_or_never().is_none());
    let read = Arc::new(AtomicBool::new(false));
    let content = stream::once({
        let (read, picture) = (Arc::clone(&read), picture.clone());
        async move {
            read.store(true, Ordering::Relaxed);
            Ok(picture)
        }
    });
    let mut next = previews.preview(Blob { size: picture.len() as u64, content: content.boxed() });
    assert!((&mut next).now_or_never().is_none());
    assert!(!read.load(Ordering::Relaxed));
    arrives.send(picture).unwrap();
    slow.await.unwrap();
    next.await.unwrap();
    assert!(read.load(Ordering::Relaxed));
}

#[tokio::test]
async fn an_image_that_does_not_come_back_is_not_the_senders_fault() {
    let content = stream::once(async { Err("the disk is gone".into()) }).boxed();
    let lost = ImagePreviews::default().preview(Blob { size: 1, content }).await;
    assert!(matches!(lost, Err(PreviewError::Unavailable(_))), "{lost:?}");
}
