//! Pixels, and what is made of them: smaller, turned, written as PNG or JPEG.

use std::ops::Range;

use jpeg_encoder::{ColorType, Encoder};

use super::{Detail, Drawing, RenderError};

/// How well a preview is written, best first: the first that is small enough will do.
const JPEG_QUALITIES: [u8; 4] = [72, 50, 30, 12];

/// Samples of 8 bits: grey, grey and alpha, RGB or RGBA; rows from the top.
pub struct Samples<'a> {
    pub width: usize,
    pub height: usize,
    pub channels: usize,
    pub samples: &'a [u8],
}

/// An opaque picture: three bytes a pixel, rows from the top.
pub struct Raster {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

impl Samples<'_> {
    /// The picture on white, no side longer than `side`.
    pub fn shrunk(&self, side: u16) -> Result<Raster, RenderError> {
        if self.samples.len() < self.width * self.height * self.channels {
            return Err(RenderError::Damaged);
        }
        let side = usize::from(side);
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
        Ok(Raster {
            width,
            height,
            pixels,
        })
    }

    /// The mean colour of a rectangle on white.
    fn average(&self, columns: Range<usize>, rows: Range<usize>) -> [u8; 3] {
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

impl Raster {
    /// Turns and writes the picture as it is asked for.
    pub fn finish(self, drawing: &Drawing) -> Result<Vec<u8>, RenderError> {
        let turned = self.turned(drawing.turns);
        match drawing.detail {
            Detail::Screen | Detail::Close => turned.png(),
            Detail::Preview => turned.jpeg(),
        }
    }

    /// By so many quarter turns clockwise.
    fn turned(self, turns: u8) -> Self {
        let (width, height) = match turns % 2 {
            0 => (self.width, self.height),
            _ => (self.height, self.width),
        };
        let from = |x: usize, y: usize| match turns % 4 {
            0 => (x, y),
            1 => (y, self.height - 1 - x),
            2 => (self.width - 1 - x, self.height - 1 - y),
            _ => (self.width - 1 - y, x),
        };
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for y in 0..height {
            for x in 0..width {
                let (column, row) = from(x, y);
                let at = 3 * (row * self.width + column);
                pixels.extend_from_slice(&self.pixels[at..at + 3]);
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    fn png(&self) -> Result<Vec<u8>, RenderError> {
        let mut document = Vec::new();
        let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let mut encoder = png::Encoder::new(&mut document, side(self.width), side(self.height));
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        let written = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(&self.pixels)?;
            writer.finish()
        });
        written
            .map(|()| document)
            .map_err(|_| RenderError::TooLarge)
    }

    fn jpeg(&self) -> Result<Vec<u8>, RenderError> {
        let side = |length: usize| u16::try_from(length).map_err(|_| RenderError::TooLarge);
        let (width, height) = (side(self.width)?, side(self.height)?);
        for quality in JPEG_QUALITIES {
            let mut document = Vec::new();
            Encoder::new(&mut document, quality)
                .encode(&self.pixels, width, height, ColorType::Rgb)
                .map_err(|_| RenderError::TooLarge)?;
            if document.len() <= super::PREVIEW_BYTES_MAX {
                return Ok(document);
            }
        }
        Err(RenderError::TooLarge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_clockwise() {
        let pixels: Vec<u8> = (1..=6).flat_map(|value| [value; 3]).collect();
        let turned = |turns| {
            let raster = Raster {
                width: 3,
                height: 2,
                pixels: pixels.clone(),
            };
            let turned = raster.turned(turns);
            let values: Vec<u8> = turned.pixels.chunks(3).map(|pixel| pixel[0]).collect();
            (turned.width, values)
        };
        assert_eq!(turned(0), (3, vec![1, 2, 3, 4, 5, 6]));
        assert_eq!(turned(1), (2, vec![4, 1, 5, 2, 6, 3]));
        assert_eq!(turned(2), (3, vec![6, 5, 4, 3, 2, 1]));
        assert_eq!(turned(3), (2, vec![3, 6, 2, 5, 1, 4]));
    }
}
