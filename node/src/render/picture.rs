//! PNG and JPEG, read within limits and brought upright.

use std::io::Cursor;

use png::{DecodingError, Limits, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::RenderError;
use super::orientation::Orientation;
use super::raster::{Raster, Samples, Shrinking};

/// What the best cameras make, and some more.
const PIXELS_MAX: usize = 128 << 20;
/// Pixels that are held all at once, where a picture does not come row by row.
const HELD_PIXELS_MAX: usize = 64 << 20;
const SIDE_IN_MAX: usize = 32_000;

/// Whether this is a PNG or a JPEG, by its first bytes.
pub fn is_one(document: &[u8]) -> bool {
    document.starts_with(b"\x89PNG") || document.starts_with(b"\xff\xd8\xff")
}

/// A PNG on white, no side longer than `side`.
pub fn from_png(document: &[u8], side: u16) -> Result<Raster, RenderError> {
    let limits = Limits {
        bytes: 4 * PIXELS_MAX,
    };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(document), limits);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(png_error)?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    check_size(width, height)?;
    let channels = reader.output_color_type().0.samples();
    let shrunk = if reader.info().interlaced {
        if width * height > HELD_PIXELS_MAX {
            return Err(RenderError::TooLarge);
        }
        let length = reader.output_buffer_size().ok_or(RenderError::TooLarge)?;
        let mut samples = vec![0; length];
        reader.next_frame(&mut samples).map_err(png_error)?;
        Samples {
            width,
            height,
            channels,
            samples: &samples,
        }
        .shrunk(side)?
    } else {
        // Once all rows are there, it does not matter how the file ends.
        let mut shrinking = Shrinking::new(width, height, channels, side);
        for _ in 0..height {
            let row = reader.next_row().map_err(png_error)?;
            shrinking.take(row.ok_or(RenderError::Damaged)?.data());
        }
        shrinking.finish()?
    };
    Ok(shrunk.upright(Orientation::of_png(document)))
}

/// A JPEG, no side longer than `side`.
pub fn from_jpeg(document: &[u8], side: u16) -> Result<Raster, RenderError> {
    if is_rare(document) {
        return Err(RenderError::Unsupported);
    }
    // The decoder is strict, so that half a picture is none; between its heads bytes may lie.
    strict_jpeg(document, side).or_else(|error| match headed(document) {
        Some(headed) => strict_jpeg(&headed, side),
        None => Err(error),
    })
}

/// Whether its frame is of a kind that is not read: without loss, in layers, or in arithmetic coding
/// (ITU-T T.81, table B.1).
fn is_rare(document: &[u8]) -> bool {
    let mut rest = document.get(2..).unwrap_or_default();
    while let &[0xff, marker, high, low, ..] = rest {
        match marker {
            0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return true,
            0xc0..=0xc2 | 0xda => return false,
            _ => {
                let length = usize::from(u16::from_be_bytes([high, low]));
                rest = rest.get(2 + length..).unwrap_or_default();
            }
        }
    }
    false
}

/// The same JPEG without what lies between its heads, if something does (ITU-T T.81, section B.1.1).
fn headed(document: &[u8]) -> Option<Vec<u8>> {
    const SCAN: u8 = 0xda;
    let mut headed = document.get(..2)?.to_vec();
    let mut rest = &document[2..];
    loop {
        let is_marker = |two: &[u8]| two[0] == 0xff && !matches!(two[1], 0 | 0xd0..=0xd9 | 0xff);
        let begin = rest.windows(2).position(is_marker)?;
        rest = &rest[begin..];
        if rest[1] == SCAN {
            headed.extend(rest);
            return (headed.len() < document.len()).then_some(headed);
        }
        let length = u16::from_be_bytes(*rest.get(2..)?.first_chunk()?);
        let (head, after) = rest.split_at_checked(2 + usize::from(length))?;
        headed.extend(head);
        rest = after;
    }
}

fn strict_jpeg(document: &[u8], side: u16) -> Result<Raster, RenderError> {
    let options = DecoderOptions::default()
        .set_max_width(SIDE_IN_MAX)
        .set_max_height(SIDE_IN_MAX)
        .set_strict_mode(true)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(document), options);
    decoder.decode_headers().map_err(|_| RenderError::Damaged)?;
    let info = decoder.info().ok_or(RenderError::Damaged)?;
    let (width, height) = (usize::from(info.width), usize::from(info.height));
    check_size(width, height)?;
    let samples = decoder.decode().map_err(|_| RenderError::Damaged)?;
    let exif = decoder.exif().map_or(&[][..], Vec::as_slice);
    let orientation = Orientation::of_exif(exif);
    let shrunk = Samples {
        width,
        height,
        channels: 3,
        samples: &samples,
    }
    .shrunk(side)?;
    Ok(shrunk.upright(orientation))
}

fn check_size(width: usize, height: usize) -> Result<(), RenderError> {
    if width == 0 || height == 0 {
        Err(RenderError::Damaged)
    } else if width.saturating_mul(height) > PIXELS_MAX {
        Err(RenderError::TooLarge)
    } else {
        Ok(())
    }
}

fn png_error(error: DecodingError) -> RenderError {
    match error {
        DecodingError::LimitsExceeded => RenderError::TooLarge,
        DecodingError::IoError(_) | DecodingError::Format(_) | DecodingError::Parameter(_) => {
            RenderError::Damaged
        }
    }
}
