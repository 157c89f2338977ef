//! What a page's annotations hold and give no picture of: the values of a form's fields, remarks in
//! free text, ink, lines, marks.
//!
//! Whoever fills in a form may leave its drawing to the reader (ISO 32000-1, sections 12.5.5 and
//! 12.7.3.3), and browsers and simple programs do. So a page of its own is written here, a PDF that
//! is laid over the one it belongs to: plain drawing orders in the same units, nothing of the
//! document's own but text, numbers and colours.

mod form;
mod marks;
mod text;

use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::object::{Array, Dict, MaybeRef, Name, Object, Rect, Stream};
use hayro::hayro_syntax::page::Page;

use super::paper;

/// The most annotations of a page that are looked at.
const ANNOTATIONS_MAX: usize = 4096;
/// The most bytes of drawing orders; what goes beyond is not drawn.
const ORDERS_BYTES_MAX: usize = 4 << 20;
/// How far up a field's parents are asked for what it lacks.
const PARENTS_MAX: usize = 16;
const HIDDEN: u32 = 1 << 1;
const NO_VIEW: u32 = 1 << 5;

/// A page to be laid over another.
pub struct Overlay {
    /// A PDF of one page.
    pub pdf: Vec<u8>,
    /// Whether it has all signs of the texts on it.
    pub whole: bool,
}

/// Drawing orders, and whether every sign of a text could be drawn.
struct Orders {
    text: String,
    whole: bool,
}

impl Orders {
    fn of(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            whole: true,
        }
    }
}

/// What lies over a page, if anything does.
pub fn over(pdf: &Pdf, page: &Page<'_>) -> Option<Overlay> {
    let root: Dict<'_> = pdf.xref().get(pdf.xref().root_id())?;
    let form = root.get::<Dict<'_>>("AcroForm");
    let annotations = page.raw().get::<Array<'_>>("Annots")?;
    let mut all = Orders::of("");
    for annotation in annotations.raw_iter().take(ANNOTATIONS_MAX) {
        // One that cannot be read does not end the list.
        let annotation = match annotation {
            MaybeRef::Ref(place) => pdf.xref().get::<Dict<'_>>(place.into()),
            MaybeRef::NotRef(annotation) => annotation.into_dict(),
        };
        let orders = annotation.and_then(|annotation| drawn(&annotation, form.as_ref()));
        let Some(orders) = orders else {
            continue;
        };
        if all.text.len() + orders.text.len() > ORDERS_BYTES_MAX {
            all.whole = false;
            break;
        }
        all.text += &format!("q {} Q\n", orders.text);
        all.whole &= orders.whole;
    }
    (!all.text.is_empty()).then(|| Overlay {
        pdf: written(&all.text, page.intersected_crop_box()),
        whole: all.whole,
    })
}

fn drawn(annotation: &Dict<'_>, form: Option<&Dict<'_>>) -> Option<Orders> {
    let flags = annotation.get::<u32>("F").unwrap_or(0);
    if flags & (HIDDEN | NO_VIEW) != 0 {
        return None;
    }
    let subtype = annotation.get::<Name<'_>>("Subtype")?;
    if subtype.as_str() == "Widget" {
        return form::value(annotation, form);
    }
    match has_picture(annotation) {
        true => None,
        false => marks::of(annotation, subtype.as_str()),
    }
}

/// Whether an annotation brings a picture of itself, whatever is on it.
fn has_picture(annotation: &Dict<'_>) -> bool {
    let Some(pictures) = annotation.get::<Dict<'_>>("AP") else {
        return false;
    };
    if pictures.get::<Stream<'_>>("N").is_some() {
        return true;
    }
    let of_state = |normal: Dict<'_>| {
        let state = annotation.get::<Name<'_>>("AS")?;
        // The picture of a state that has none is nothing: that is how "off" is drawn.
        Some(normal.contains_key(&state) || state.as_str() == "Off")
    };
    pictures.get::<Dict<'_>>("N").and_then(of_state) == Some(true)
}

/// The picture of an annotation that has one in all states.
fn picture<'a>(annotation: &Dict<'a>) -> Option<Stream<'a>> {
    annotation.get::<Dict<'_>>("AP")?.get::<Stream<'_>>("N")
}

/// An entry of a field, its own or its nearest parent's, or else of the whole form.
fn inherited<'a>(field: &Dict<'a>, form: Option<&Dict<'a>>, key: &str) -> Option<Object<'a>> {
    let mut at = field.clone();
    for _ in 0..PARENTS_MAX {
        if let Some(found) = at.get::<Object<'_>>(key) {
            return Some(found);
        }
        let Some(parent) = at.get::<Dict<'_>>("Parent") else {
            break;
        };
        at = parent;
    }
    form.and_then(|form| form.get::<Object<'_>>(key))
}

/// A place on the page, its corners in order; none that has no inside or no end.
fn place(annotation: &Dict<'_>) -> Option<Rect> {
    let rect = annotation.get::<Rect>("Rect")?;
    let rect = Rect::new(
        rect.x0.min(rect.x1),
        rect.y0.min(rect.y1),
        rect.x0.max(rect.x1),
        rect.y0.max(rect.y1),
    );
    let sound = |length: f64| length.is_finite() && length > 0.0;
    (sound(rect.width()) && sound(rect.height())).then_some(rect)
}

/// Orders that set a colour of one, three or four parts, for what is inside and for lines.
fn colour(parts: &[f64]) -> Option<String> {
    let (inside, line) = match parts.len() {
        1 => ("g", "G"),
        3 => ("rg", "RG"),
        4 => ("k", "K"),
        _ => return None,
    };
    let parts = shares(parts);
    Some(format!("{parts}{inside} {parts}{line} "))
}

/// The same for what is inside alone.
fn inside(parts: &[f64]) -> Option<String> {
    let order = ["", "g", "", "rg", "k"].get(parts.len())?;
    (!order.is_empty()).then(|| format!("{}{order} ", shares(parts)))
}

fn shares(parts: &[f64]) -> String {
    let share = |part: &f64| format!("{:.3} ", part.clamp(0.0, 1.0));
    parts.iter().map(share).collect()
}

/// The page as a PDF with the fonts that every reader has.
fn written(orders: &str, seen: Rect) -> Vec<u8> {
    let Rect { x0, y0, x1, y1 } = seen;
    let font = |name: &str| {
        let encoding = match name {
            "ZapfDingbats" => "",
            _ => "/Encoding /WinAnsiEncoding",
        };
        format!("<< /Type /Font /Subtype /Type1 /BaseFont /{name} {encoding} >>")
    };
    let fonts = [font("Helvetica"), font("Courier"), font("ZapfDingbats")];
    let [plain, fixed, signs] = &fonts;
    let objects: [(String, &[u8]); 4] = [
        ("<< /Type /Catalog /Pages 2 0 R >>".to_owned(), &[]),
        ("<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(), &[]),
        (
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [{x0} {y0} {x1} {y1}] /Contents 4 0 R \
                 /Resources << /Font << /H {plain} /C {fixed} /Z {signs} >> \
                 /ExtGState << /Pale << /ca 0.4 >> >> >> >>"
            ),
            &[],
        ),
        (format!("<< /Length {} >>", orders.len()), orders.as_bytes()),
    ];
    paper::written(&objects)
}
