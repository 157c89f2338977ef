//! Pixels, and what is made of them: smaller, turned, written as PNG or JPEG.

use jpeg_encoder::{ColorType, Encoder};

use super::orientation::Orientation;
use super::{Detail, Drawing, PREVIEW_BYTES_MAX, RenderError, paper};

/// How well a preview is written, best first: the first that is small enough will do.
const PREVIEW_QUALITIES: [u8; 4] = [72, 50, 30, 12];
/// The same for what is printed.
const PAPER_QUALITIES: [u8; 3] = [88, 60, 30];
/// The most bytes of a JPEG on paper; with what is around it, less than any picture may have.
const PAPER_BYTES_MAX: usize = 15 << 20;

/// A picture so many times as long as wide is a strip, such as a whole conversation in one
/// screenshot: it is allowed as many pixels as a square, or nothing on it could be read.
const LONG: usize = 4;

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
        let mut shrinking = Shrinking::new(self.width, self.height, self.channels, side);
        let row_bytes = (self.width * self.channels).max(1);
        for row in self.samples.chunks_exact(row_bytes).take(self.height) {
            shrinking.take(row);
        }
        shrinking.finish()
    }
}

/// A picture that is made small while its rows come, from the top: of a large one, only what is
/// shown is ever held.
pub struct Shrinking {
    from: [usize; 2],
    channels: usize,
    to: Raster,
    /// Rows that have come.
    rows: usize,
    /// Rows that have come since the last one that was written.
    fresh: usize,
    sums: Vec<[u64; 3]>,
}

impl Shrinking {
    /// Of so many pixels, no side longer than `side` unless it is a strip.
    pub fn new(width: usize, height: usize, channels: usize, side: u16) -> Self {
        let side = usize::from(side);
        let (longest, shortest) = (width.max(height), width.min(height).max(1));
        let shrink = |length: usize| {
            match longest / shortest {
                ..LONG => length * side / longest.max(side),
                _ => length * side / (longest * shortest).isqrt().max(side),
            }
            .max(1)
        };
        let to = Raster {
            width: shrink(width),
            height: shrink(height),
            pixels: Vec::new(),
        };
        Self {
            from: [width, height],
            channels,
            rows: 0,
            fresh: 0,
            sums: vec![[0; 3]; to.width],
            to,
        }
    }

    /// Takes the samples of the next row.
    pub fn take(&mut self, row: &[u8]) {
        let [width, height] = self.from;
        for (x, sums) in self.sums.iter_mut().enumerate() {
            let columns = x * width / self.to.width..(x + 1) * width / self.to.width;
            let samples = columns.start * self.channels..columns.end * self.channels;
            let samples = row.get(samples).unwrap_or_default();
            add(sums, samples, self.channels);
        }
        self.rows += 1;
        self.fresh += 1;
        let written = self.to.pixels.len() / (3 * self.to.width);
        if self.rows * self.to.height >= (written + 1) * height {
            self.write();
        }
    }

    /// The mean colours of the rows that came, as one row.
    fn write(&mut self) {
        let width = self.from[0];
        for (x, sums) in self.sums.iter_mut().enumerate() {
            let columns = (x + 1) * width / self.to.width - x * width / self.to.width;
            let count = (columns * self.fresh).max(1) as u64;
            let mean = sums.map(|sum| u8::try_from(sum / count).unwrap_or(255));
            self.to.pixels.extend(mean);
            *sums = [0; 3];
        }
        self.fresh = 0;
    }

    /// The small picture, if all rows came.
    pub fn finish(self) -> Result<Raster, RenderError> {
        match self.rows == self.from[1] {
            true => Ok(self.to),
            false => Err(RenderError::Damaged),
        }
    }
}

/// Adds the colours of some pixels, on white.
fn add(sums: &mut [u64; 3], samples: &[u8], channels: usize) {
    let [red, green, blue] = sums;
    match channels {
        1 => {
            let grey: u64 = samples.iter().map(|sample| u64::from(*sample)).sum();
            sums.iter_mut().for_each(|sum| *sum += grey);
        }
        3 => {
            for pixel in samples.chunks_exact(3) {
                *red += u64::from(pixel[0]);
                *green += u64::from(pixel[1]);
                *blue += u64::from(pixel[2]);
            }
        }
        _ => {
            for pixel in samples.chunks_exact(channels) {
                let (colour, alpha) = match *pixel {
                    [grey, alpha] => ([grey; 3], alpha),
                    [red, green, blue, alpha, ..] => ([red, green, blue], alpha),
                    _ => ([255; 3], 255),
                };
                for (sum, sample) in sums.iter_mut().zip(colour) {
                    let (sample, alpha) = (u64::from(sample), u64::from(alpha));
                    *sum += (sample * alpha + 255 * (255 - alpha)) / 255;
                }
            }
        }
    }
}

impl Raster {
    /// The picture as it was seen when it was taken.
    pub fn upright(mut self, orientation: Orientation) -> Self {
        let row_bytes = 3 * self.width;
        if orientation.mirrored && row_bytes > 0 {
            for row in self.pixels.chunks_exact_mut(row_bytes) {
                row.reverse();
                // The colours of each pixel were reversed as well.
                row.chunks_exact_mut(3).for_each(<[u8]>::reverse);
            }
        }
        match orientation.turns {
            0 => self,
            turns => self.turned(turns),
        }
    }

    /// Turns and writes the picture as it is asked for.
    pub fn finish(self, drawing: &Drawing) -> Result<Vec<u8>, RenderError> {
        let turned = self.turned(drawing.turns);
        match drawing.detail {
            Detail::Screen | Detail::Close => turned.png(),
            Detail::Preview => {
                let (jpeg, ..) = turned.jpeg(&PREVIEW_QUALITIES, PREVIEW_BYTES_MAX)?;
                Ok(jpeg)
            }
            Detail::Paper => {
                let (jpeg, width, height) = turned.jpeg(&PAPER_QUALITIES, PAPER_BYTES_MAX)?;
                Ok(paper::of_jpeg(&jpeg, width, height))
            }
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

    /// A JPEG of at most so many bytes, in the first of these qualities that gives one, and its
    /// width and height.
    fn jpeg(&self, qualities: &[u8], bytes_max: usize) -> Result<(Vec<u8>, u16, u16), RenderError> {
        let side = |length: usize| u16::try_from(length).map_err(|_| RenderError::TooLarge);
        let (width, height) = (side(self.width)?, side(self.height)?);
        for quality in qualities {
            let mut document = Vec::new();
            Encoder::new(&mut document, *quality)
                .encode(&self.pixels, width, height, ColorType::Rgb)
                .map_err(|_| RenderError::TooLarge)?;
            if document.len() <= bytes_max {
                return Ok((document, width, height));
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
