//! What people put on a page afterwards (ISO 32000-1, section 12.5.6).

use hayro::hayro_syntax::object::{Array, Dict, Object, Rect, String as PdfString};

use super::text::{self, Side, Style};
use super::{Orders, colour, inside, place};

/// The most points of one annotation.
const POINTS_MAX: usize = 20_000;
/// How wide a line may be, in points.
const WIDTHS: std::ops::RangeInclusive<f64> = 0.1..=100.0;
/// A circle's handles are so far from its points, in radii.
const HANDLE: f64 = 0.5523;
const BLACK: [f64; 1] = [0.0];
const YELLOW: [f64; 3] = [1.0, 1.0, 0.0];

/// The drawing of an annotation of this kind, if it has any on the page itself.
pub fn of(annotation: &Dict<'_>, kind: &str) -> Option<Orders> {
    let points = |key: &str| numbers(annotation.get::<Array<'_>>(key)?);
    let drawn = match kind {
        "FreeText" => return free_text(annotation),
        "Ink" => {
            let strokes = annotation.get::<Array<'_>>("InkList")?;
            let strokes = strokes.iter::<Array<'_>>().take(POINTS_MAX);
            let strokes: String = strokes.filter_map(|one| path(&numbers(one)?)).collect();
            format!("{}{strokes} S", pen(annotation)?)
        }
        "Line" => format!("{}{} S", pen(annotation)?, path(&points("L")?)?),
        "PolyLine" => format!("{}{} S", pen(annotation)?, path(&points("Vertices")?)?),
        "Polygon" => format!("{}{} s", pen(annotation)?, path(&points("Vertices")?)?),
        "Square" | "Circle" => shape(annotation, kind)?,
        "Highlight" => {
            let areas = quadrilaterals(&points("QuadPoints")?);
            let colour = colour_of(annotation).or_else(|| colour(&YELLOW))?;
            let areas: String = areas.iter().filter_map(area).collect();
            format!("/Pale gs {colour}{areas}")
        }
        "Underline" | "Squiggly" => under(annotation, &points("QuadPoints")?, 0.0)?,
        "StrikeOut" => under(annotation, &points("QuadPoints")?, 0.5)?,
        _ => return None,
    };
    Some(Orders::of(drawn))
}

fn free_text(annotation: &Dict<'_>) -> Option<Orders> {
    let place = place(annotation)?;
    let contents = text::read(&annotation.get::<PdfString<'_>>("Contents")?);
    let appearance = annotation.get::<PdfString<'_>>("DA");
    let style = Style::read(appearance.as_deref().unwrap_or_default());
    let side = Side::of(annotation.get::<i32>("Q").map(i64::from));
    let (wide, high) = (place.width(), place.height());
    let orders = text::lines(&contents, &style, [wide, high], side);
    Some(Orders {
        text: format!(
            "{x:.2} {y:.2} {wide:.2} {high:.2} re W n 1 0 0 1 {x:.2} {y:.2} cm {}",
            orders.text,
            x = place.x0,
            y = place.y0,
        ),
        whole: orders.whole,
    })
}

/// The numbers of a list, if all of them are numbers.
fn numbers(list: Array<'_>) -> Option<Vec<f64>> {
    let all = list.iter::<Object<'_>>().take(2 * POINTS_MAX);
    let number = |one: Object<'_>| Some(one.into_number()?.as_f64()).filter(|one| one.is_finite());
    all.map(number).collect()
}

/// A path through these points.
fn path(points: &[f64]) -> Option<String> {
    let mut pairs = points.chunks_exact(2);
    let first = pairs.next()?;
    let begin = format!("{:.2} {:.2} m ", first[0], first[1]);
    let on = pairs.map(|pair| format!("{:.2} {:.2} l ", pair[0], pair[1]));
    Some(begin + &on.collect::<String>())
}

fn colour_of(annotation: &Dict<'_>) -> Option<String> {
    colour(&numbers(annotation.get::<Array<'_>>("C")?)?)
}

/// Colour and width of an annotation's lines; none where it has no lines.
fn pen(annotation: &Dict<'_>) -> Option<String> {
    let style = annotation.get::<Dict<'_>>("BS");
    let border = || {
        let border = annotation.get::<Array<'_>>("Border")?;
        numbers(border)?.get(2).copied()
    };
    let width = style
        .and_then(|style| style.get::<f64>("W"))
        .or_else(border);
    let width = width.unwrap_or(1.0);
    if width == 0.0 {
        return None;
    }
    let width = width.clamp(*WIDTHS.start(), *WIDTHS.end());
    let colour = colour_of(annotation).or_else(|| colour(&BLACK))?;
    Some(format!("{colour}{width:.2} w 1 J 1 j "))
}

fn shape(annotation: &Dict<'_>, kind: &str) -> Option<String> {
    let Rect { x0, y0, x1, y1 } = place(annotation)?;
    let inner = annotation.get::<Array<'_>>("IC");
    let inner = inner.and_then(|parts| inside(&numbers(parts)?));
    let pen = pen(annotation);
    let paint = match (&inner, &pen) {
        (Some(_), Some(_)) => "B",
        (Some(_), None) => "f",
        (None, Some(_)) => "S",
        (None, None) => return None,
    };
    let outline = match kind {
        "Square" => format!("{x0:.2} {y0:.2} {:.2} {:.2} re ", x1 - x0, y1 - y0),
        _ => circle(x0, y0, x1, y1),
    };
    // The pen's colour is one for the inside too, until another is set.
    let (pen, inner) = (pen.unwrap_or_default(), inner.unwrap_or_default());
    Some(format!("{pen}{inner}{outline}{paint}"))
}

fn circle(x0: f64, y0: f64, x1: f64, y1: f64) -> String {
    let (x, y) = ((x0 + x1) / 2.0, (y0 + y1) / 2.0);
    let (right, up) = ((x1 - x0) / 2.0, (y1 - y0) / 2.0);
    let (across, along) = (right * HANDLE, up * HANDLE);
    let curve = |points: [f64; 6]| {
        let points: String = points.iter().map(|one| format!("{one:.2} ")).collect();
        format!("{points}c ")
    };
    format!("{x1:.2} {y:.2} m ")
        + &curve([x1, y + along, x + across, y1, x, y1])
        + &curve([x - across, y1, x0, y + along, x0, y])
        + &curve([x0, y - along, x - across, y0, x, y0])
        + &curve([x + across, y0, x1, y - along, x1, y])
}

/// Left, lower, right and upper edge of each quadrilateral: what text is marked by lies along it.
fn quadrilaterals(points: &[f64]) -> Vec<[f64; 4]> {
    let edges = |eight: &[f64]| {
        let all = |first: usize| eight.iter().skip(first).step_by(2).copied();
        let least = |first| all(first).fold(f64::INFINITY, f64::min);
        let most = |first| all(first).fold(f64::NEG_INFINITY, f64::max);
        [least(0), least(1), most(0), most(1)]
    };
    points.chunks_exact(8).map(edges).collect()
}

fn area([left, below, right, above]: &[f64; 4]) -> Option<String> {
    let (wide, high) = (right - left, above - below);
    (wide > 0.0 && high > 0.0).then(|| format!("{left:.2} {below:.2} {wide:.2} {high:.2} re f "))
}

/// Lines at this part of the height of what is marked.
fn under(annotation: &Dict<'_>, points: &[f64], part: f64) -> Option<String> {
    let lines = quadrilaterals(points).into_iter();
    let lines = lines.map(|[left, below, right, above]| {
        let y = below + (above - below) * part;
        format!("{left:.2} {y:.2} m {right:.2} {y:.2} l S ")
    });
    Some(pen(annotation)? + &lines.collect::<String>())
}
