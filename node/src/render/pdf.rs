//! One page of a PDF.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use hayro::hayro_interpret::font::FontQuery;
use hayro::hayro_interpret::{InterpreterSettings, TransformExt as _};
use hayro::hayro_syntax::object::{Array, Dict};
use hayro::hayro_syntax::page::Page;
use hayro::hayro_syntax::{LoadPdfError, Pdf};
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings};

use super::raster::{Raster, Samples};
use super::{Remarks, RenderError, overlay};

const HEADER: &[u8] = b"%PDF-";
const HEADER_WITHIN: usize = 1024;
const END: &[u8] = b"%%EOF";
const TABLE: &[u8] = b"startxref";
const OBJECT: &[u8] = b" obj";
const SCALE_MAX: f32 = 4.0;

/// Where a PDF begins in these bytes: some servers leave lines of theirs before it, and all readers
/// pass over up to 1,024 bytes (ISO 32000-1, annex H, implementation note 13).
pub fn begin(document: &[u8]) -> Option<usize> {
    let within = document.len().min(HEADER_WITHIN + HEADER.len());
    let mut windows = document[..within].windows(HEADER.len());
    windows.position(|window| window == HEADER)
}

/// How the bytes of a PDF end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// With its own end, whatever stands behind that.
    Own,
    /// With the place of its table, and without the mark that should follow: perhaps not all is there.
    Missing,
    /// In the middle of it.
    CutOff,
}

/// What stands behind the last end tells whether it is that of the whole or of an earlier part.
fn end(document: &[u8]) -> End {
    let last = |mark: &[u8]| {
        let found = document
            .windows(mark.len())
            .rposition(|window| window == mark)?;
        let mut behind = document[found..].windows(1 + OBJECT.len());
        let goes_on = behind.any(|window| window[0].is_ascii_digit() && window.ends_with(OBJECT));
        (!goes_on).then_some(found + mark.len())
    };
    let is_place = |behind: &[u8]| {
        behind
            .trim_ascii_start()
            .first()
            .is_some_and(u8::is_ascii_digit)
    };
    match (last(END), last(TABLE)) {
        (Some(_), _) => End::Own,
        (None, Some(at)) if is_place(&document[at..]) => End::Missing,
        (None, _) => End::CutOff,
    }
}

/// The page, from 1, its longer side `side` unless it is tiny, and what is to be said of it.
pub fn draw(document: Vec<u8>, page: u32, side: u16) -> Result<(Raster, Remarks), RenderError> {
    let end = end(&document);
    // A truncated file can often be read in part: the page would look whole and not be it.
    if end == End::CutOff {
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
    if is_made_by_program(&pdf) {
        return Err(RenderError::OtherProgram);
    }
    let page = pdf.pages().get(place).ok_or(RenderError::NoSuchPage)?;
    if page.raw().contains_key("Contents") && page.page_stream().is_none() {
        return Err(RenderError::Damaged);
    }
    let (raster, signs_missing) = drawn(&pdf, page, side)?;
    let no_end = end == End::Missing;
    Ok((
        raster,
        Remarks {
            signs_missing,
            no_end,
        },
    ))
}

/// Whether its pages are made by a program that one reader alone has (dynamic XFA): what stands on
/// them otherwise says to wait.
fn is_made_by_program(pdf: &Pdf) -> bool {
    let Some(root) = pdf.xref().get::<Dict<'_>>(pdf.xref().root_id()) else {
        return false;
    };
    let Some(form) = root.get::<Dict<'_>>("AcroForm") else {
        return false;
    };
    let fields = form.get::<Array<'_>>("Fields");
    let no_fields = fields.is_none_or(|fields| fields.raw_iter().next().is_none());
    let is_asked = root.get::<bool>("NeedsRendering") == Some(true);
    form.contains_key("XFA") && (is_asked || no_fields)
}

/// The page and what lies over it, and whether signs of its texts are missing.
fn drawn(pdf: &Pdf, page: &Page<'_>, side: u16) -> Result<(Raster, bool), RenderError> {
    let (width, height) = page.render_dimensions();
    let scale = (f32::from(side) / width.max(height)).min(SCALE_MAX);
    if !scale.is_normal() {
        return Err(RenderError::TooLarge);
    }
    let (across, down) = (scale.max(1.0 / width), scale.max(1.0 / height));
    // As `hayro::render` has it; saturating.
    let mut canvas = RenderContext::new((width * across) as u16, (height * down) as u16);
    let turn = page.initial_transform(true).to_kurbo();
    let turn = Affine::scale_non_uniform(f64::from(across), f64::from(down)) * turn;
    let missing = Arc::new(AtomicBool::new(false));
    let settings = settings(&missing);
    let mut lay = |page: &Page<'_>| {
        let (cache, plain) = (RenderCache::new(), RenderSettings::default());
        hayro::render_into(page, &cache, &settings, &plain, &mut canvas, turn);
    };
    lay(page);
    if let Some(over) = overlay::over(pdf, page) {
        missing.fetch_or(!over.whole, Relaxed);
        let over = Pdf::new(over.pdf).map_err(|_| RenderError::Damaged)?;
        over.pages().iter().for_each(lay);
    }
    canvas.flush();
    let mut drawn = Pixmap::new(canvas.width(), canvas.height());
    // On white every pixel is opaque, so that its colour is not scaled by its alpha.
    let on_white = RasterizerSettings {
        target_init: TargetInit::Clear(WHITE),
        ..RasterizerSettings::default()
    };
    canvas.render_with(&mut drawn, &mut Resources::default(), on_white);
    let raster = Samples {
        width: usize::from(drawn.width()),
        height: usize::from(drawn.height()),
        channels: 4,
        samples: drawn.data_as_u8_slice(),
    }
    .shrunk(side)?;
    Ok((raster, missing.load(Relaxed)))
}

/// The fonts that are here are Latin: whether others were asked for is noted.
fn settings(missing: &Arc<AtomicBool>) -> InterpreterSettings {
    let usual = InterpreterSettings::default();
    let (missing, resolve) = (Arc::clone(missing), usual.font_resolver);
    InterpreterSettings {
        font_resolver: Arc::new(move |query| {
            if let FontQuery::Fallback(font) = query {
                missing.fetch_or(font.character_collection.is_some(), Relaxed);
            }
            resolve(query)
        }),
        ..usual
    }
}
