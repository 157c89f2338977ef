//! PNG and JPEG, made small.

use std::io::Cursor;

use png::{BitDepth, ColorType, DecodingError, Limits, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{RenderError, SIDE_PX_MAX};

const PIXELS_MAX: usize = 64 << 20;
const SIDE_IN_MAX: usize = 32_000;

/// A PNG, no larger than [`SIDE_PX_MAX`], on white.
pub fn from_png(document: &[u8]) -> Result<Vec<u8>, RenderError> {
    let limits = Limits {
        bytes: 4 * PIXELS_MAX,
    };
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(document), limits);
    decoder.set_transformations(Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(png_error)?;
    let (width, height) = (reader.info().width as usize, reader.info().height as usize);
    check_size(width, height)?;
    let length = reader.output_buffer_size().ok_or(RenderError::TooLarge)?;
    let mut samples = vec![0; length];
    let frame = reader.next_frame(&mut samples).map_err(png_error)?;
    let channels = frame.color_type.samples();
    Image {
        width,
        height,
        channels,
        samples: &samples,
    }
    .shrunk_png()
}

/// A JPEG as a PNG no larger than [`SIDE_PX_MAX`].
pub fn from_jpeg(document: &[u8]) -> Result<Vec<u8>, RenderError> {
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
    Image {
        width,
        height,
        channels: 3,
        samples: &samples,
    }
    .shrunk_png()
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

/// Samples of 8 bits: grey, grey and alpha, RGB or RGBA.
struct Image<'a> {
    width: usize,
    height: usize,
    channels: usize,
    samples: &'a [u8],
}

impl Image<'_> {
    fn shrunk_png(&self) -> Result<Vec<u8>, RenderError> {
        if self.samples.len() < self.width * self.height * self.channels {
            return Err(RenderError::Damaged);
        }
        let side = usize::from(SIDE_PX_MAX);
        let longest = self.width.max(self.height).max(side);
        let shrink = |length: usize| (length * side / longest).max(1);
        let (width, height) = (shrink(self.width), shrink(self.height));
        let mut pixels = Vec::with_capacity(3 * width * height);
        for y in 0..height {
            let rows = y * self.height / height..(y + 1) * self.height / height;
            for x in 0..width {
                let columns = x * self.width / width..(x + 1) * self.width / width;
                pixels.extend(self.average(columns, rows.clone()));
            }
        }
        encode(width, height, &pixels).map_err(|_| RenderError::TooLarge)
    }

    /// The mean colour of a rectangle on white.
    fn average(&self, columns: std::ops::Range<usize>, rows: std::ops::Range<usize>) -> [u8; 3] {
        let mut sums = [0u64; 3];
        let count = (columns.len() * rows.len()).max(1) as u64;
        for row in rows {
            let first = (row * self.width + columns.start) * self.channels;
            let last = (row * self.width + columns.end) * self.channels;
            for pixel in self.samples[first..last].chunks_exact(self.channels) {
                let (colour, alpha) = match *pixel {
                    [grey] => ([grey; 3], 255),
                    [grey, alpha] => ([grey; 3], alpha),
                    [red, green, blue] => ([red, green, blue], 255),
                    [red, green, blue, alpha, ..] => ([red, green, blue], alpha),
                    [] => ([255; 3], 255),
                };
                for (sum, sample) in sums.iter_mut().zip(colour) {
                    let (sample, alpha) = (u64::from(sample), u64::from(alpha));
                    *sum += (sample * alpha + 255 * (255 - alpha)) / 255;
                }
            }
        }
        sums.map(|sum| u8::try_from(sum / count).unwrap_or(255))
    }
}

fn encode(width: usize, height: usize, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut document = Vec::new();
    let side = |length: usize| u32::try_from(length).unwrap_or(u32::from(SIDE_PX_MAX));
    let mut encoder = png::Encoder::new(&mut document, side(width), side(height));
    encoder.set_color(ColorType::Rgb);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(document)
}
