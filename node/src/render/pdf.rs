//! One page of a PDF.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};

use super::RenderError;
use super::raster::{Raster, Samples};

const END: &[u8] = b"%%EOF";
const END_WITHIN: usize = 4096;
const SCALE_MAX: f32 = 4.0;

/// The page, from 1, its longer side `side` unless it is tiny.
pub fn draw(document: Vec<u8>, page: u32, side: u16) -> Result<Raster, RenderError> {
    // A truncated file can often be read in part: the page would look whole and not be it.
    let tail = &document[document.len().saturating_sub(END_WITHIN)..];
    if !tail.windows(END.len()).any(|window| window == END) {
        return Err(RenderError::Damaged);
    }
    let pdf = Pdf::new(document).map_err(|error| match error {
        LoadPdfError::Decryption(_) => RenderError::Encrypted,
        LoadPdfError::Invalid => RenderError::Damaged,
    })?;
    let place = (page as usize)
        .checked_sub(1)
        .ok_or(RenderError::NoSuchPage)?;
    if pdf.pages().is_empty() {
        return Err(RenderError::Damaged);
    }
    let page = pdf.pages().get(place).ok_or(RenderError::NoSuchPage)?;
    if page.raw().contains_key("Contents") && page.page_stream().is_none() {
        return Err(RenderError::Damaged);
    }
    let (width, height) = page.render_dimensions();
    let scale = (f32::from(side) / width.max(height)).min(SCALE_MAX);
    if !scale.is_normal() {
        return Err(RenderError::TooLarge);
    }
    let size = PixmapSettings {
        x_scale: scale.max(1.0 / width),
        y_scale: scale.max(1.0 / height),
        bg_color: WHITE,
    };
    let drawn = hayro::render(
        page,
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &size,
    );
    // On white every pixel is opaque, so that its colour is not scaled by its alpha.
    Samples {
        width: usize::from(drawn.width()),
        height: usize::from(drawn.height()),
        channels: 4,
        samples: drawn.data_as_u8_slice(),
    }
    .shrunk(side)
}
