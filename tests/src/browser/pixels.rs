//! A picture as rows of colours.

use anyhow::{Result, ensure};

/// A picture of what a browser shows.
#[derive(Clone, Debug)]
pub struct Pixels {
    /// Across.
    pub width: usize,
    /// Down.
    pub height: usize,
    colours: Vec<[u8; 3]>,
}

impl Pixels {
    /// Reads a PNG of 8 bits a sample, in RGB or RGBA.
    pub fn decode(png: &[u8]) -> Result<Self> {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info()?;
        let (colour, depth) = reader.output_color_type();
        ensure!(depth == png::BitDepth::Eight, "{depth:?} samples");
        let samples = colour.samples();
        ensure!(samples >= 3, "{colour:?} is not RGB");
        let (width, height) = (reader.info().width as usize, reader.info().height as usize);
        let mut bytes = vec![0; width * height * samples];
        reader.next_frame(&mut bytes)?;
        let colours = bytes
            .chunks_exact(samples)
            .map(|it| [it[0], it[1], it[2]])
            .collect();
        Ok(Self {
            width,
            height,
            colours,
        })
    }

    /// The colour at a place, counted from the upper left.
    pub fn at(&self, x: usize, y: usize) -> [u8; 3] {
        self.colours[y * self.width + x]
    }

    /// The share of pixels, 0 to 1, within `distance` of a colour in each part.
    pub fn share(&self, colour: [u8; 3], distance: u8) -> f64 {
        let near = |it: &&[u8; 3]| {
            it.iter()
                .zip(colour)
                .all(|(part, wanted)| part.abs_diff(wanted) <= distance)
        };
        self.colours.iter().filter(near).count() as f64 / self.colours.len().max(1) as f64
    }
}
