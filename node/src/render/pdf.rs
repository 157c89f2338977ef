//! One page of a PDF.

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings};

use super::RenderError;
use super::raster::{Raster, Samples};

const HEADER: &[u8] = b"%PDF-";
const HEADER_WITHIN: usize = 1024;
const END: &[u8] = b"%%EOF";
const OBJECT: &[u8] = b" obj";
const SCALE_MAX: f32 = 4.0;

/// Where a PDF begins in these bytes: some servers leave lines of theirs before it, and all readers
/// pass over up to 1,024 bytes (ISO 32000-1, annex H, implementation note 13).
pub fn begin(document: &[u8]) -> Option<usize> {
    let within = document.len().min(HEADER_WITHIN + HEADER.len());
    let mut windows = document[..within].windows(HEADER.len());
    windows.position(|window| window == HEADER)
}

/// Whether it has an end, whatever stands behind that, and nothing of the document does: then it
/// was cut off, and the end is that of an earlier part.
fn has_an_end(document: &[u8]) -> bool {
    let ends = |window: &[u8]| window == END;
    let Some(last) = document.windows(END.len()).rposition(ends) else {
        return false;
    };
    let mut behind = document[last..].windows(1 + OBJECT.len());
    !behind.any(|window| window[0].is_ascii_digit() && window.ends_with(OBJECT))
}

/// The page, from 1, its longer side `side` unless it is tiny.
pub fn draw(document: Vec<u8>, page: u32, side: u16) -> Result<Raster, RenderError> {
    // A truncated file can often be read in part: the page would look whole and not be it.
    if !has_an_end(&document) {
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
