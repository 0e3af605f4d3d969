//! Pictures for tests, made on the spot.

use std::io::Cursor;

use image::codecs::gif::GifEncoder;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, Frame, ImageFormat, Rgb, RgbImage, RgbaImage};

pub const RED: [u8; 3] = [220, 20, 20];
pub const BLUE: [u8; 3] = [20, 20, 220];

/// Red on its left half, blue on its right.
pub fn two_colours(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, _| Rgb(if x < width / 2 { RED } else { BLUE }))
}

pub fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A JPEG as a telephone writes it that was held in another way: `orientation` is 1 to 8, as EXIF counts.
pub fn photo(picture: &RgbImage, orientation: u8, model: &str) -> Vec<u8> {
    let mut jpeg = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, 95)).unwrap();
    // A directory with two entries: the camera's model (0x0110), a text, and the orientation (0x0112).
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
    exif.extend(entry(0x0110, 2, u32::try_from(model.len()).unwrap(), 38));
    exif.extend(entry(0x0112, 3, 1, orientation.into()));
    exif.extend([0; 4]);
    exif.extend(model.as_bytes());
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let segment = [&[0xff, 0xe1], &length[..], &exif].concat();
    jpeg.splice(2..2, segment);
    jpeg
}

fn entry(tag: u16, kind: u16, count: u32, value: u32) -> Vec<u8> {
    [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()].concat()
}

/// A GIF that shows one colour after the other.
pub fn animation(width: u32, height: u32, colours: &[[u8; 3]]) -> Vec<u8> {
    let mut gif = Vec::new();
    let mut encoder = GifEncoder::new(&mut gif);
    for [red, green, blue] in colours {
        let pixel = image::Rgba([*red, *green, *blue, 255]);
        encoder.encode_frame(Frame::new(RgbaImage::from_pixel(width, height, pixel))).unwrap();
    }
    drop(encoder);
    gif
}

/// A PNG whose header says that it is this large; there are pixels for a fraction of it.
pub fn png_bomb(width: u32, height: u32, bits: u8) -> Vec<u8> {
    let mut png = encoded(RgbaImage::new(1, 1), ImageFormat::Png);
    let header = 12..29;
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    png[24] = bits;
    let checksum = crc32(&png[header.clone()]).to_be_bytes();
    png[header.end..header.end + 4].copy_from_slice(&checksum);
    png
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}
