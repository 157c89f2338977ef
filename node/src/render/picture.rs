//! PNG and JPEG, read within limits.

use std::io::Cursor;

use png::{DecodingError, Limits, Transformations};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::RenderError;
use super::raster::{Raster, Samples};

const PIXELS_MAX: usize = 64 << 20;
const SIDE_IN_MAX: usize = 32_000;

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
    let length = reader.output_buffer_size().ok_or(RenderError::TooLarge)?;
    let mut samples = vec![0; length];
    let frame = reader.next_frame(&mut samples).map_err(png_error)?;
    let channels = frame.color_type.samples();
    Samples {
        width,
        height,
        channels,
        samples: &samples,
    }
    .shrunk(side)
}

/// A JPEG, no side longer than `side`.
pub fn from_jpeg(document: &[u8], side: u16) -> Result<Raster, RenderError> {
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
    Samples {
        width,
        height,
        channels: 3,
        samples: &samples,
    }
    .shrunk(side)
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
