//! The values of a form's fields (ISO 32000-1, section 12.7.4).

use hayro::hayro_syntax::object::{Dict, Object, Rect};

use super::text::{self, Side, Style};
use super::{Orders, has_picture, inherited, picture, place};

/// The bits of a field's `Ff`.
const SEVERAL_LINES: i64 = 1 << 12;
const PASSWORD: i64 = 1 << 13;
const RADIO: i64 = 1 << 15;
const PUSH_BUTTON: i64 = 1 << 16;
const COMB: i64 = 1 << 24;
/// The most cells of a comb.
const CELLS_MAX: i64 = 1000;
/// The most values of a list that are shown.
const VALUES_MAX: usize = 256;
const TICK: &str = "4";
const DOT: &str = "l";

/// What a field shows, unless it brings a picture of it.
pub fn value(field: &Dict<'_>, form: Option<&Dict<'_>>) -> Option<Orders> {
    let place = place(field)?;
    let kind = inherited(field, None, "FT")?.into_name()?;
    let flags = integer(field, "Ff").unwrap_or(0);
    match kind.as_str() {
        "Btn" if flags & PUSH_BUTTON == 0 => button(field, place, flags),
        "Tx" => written(
            field,
            form,
            place,
            flags,
            &text_of(inherited(field, None, "V")?)?,
        ),
        "Ch" => {
            let chosen = chosen(field)?;
            let several = if chosen.contains('\n') {
                SEVERAL_LINES
            } else {
                0
            };
            written(field, form, place, several, &chosen)
        }
        _ => None,
    }
}

fn integer(field: &Dict<'_>, key: &str) -> Option<i64> {
    let number = inherited(field, None, key)?.into_number()?;
    Some(number.as_i64())
}

fn text_of(value: Object<'_>) -> Option<String> {
    if let Object::Stream(long) = &value {
        return Some(text::read(&long.decoded_data().ok()?));
    }
    if let Object::Name(name) = &value {
        return Some(text::read(name));
    }
    value.into_string().map(|text| text::read(&text))
}

/// The chosen values of a list, in its own words, each on a line.
fn chosen(field: &Dict<'_>) -> Option<String> {
    let value = inherited(field, None, "V")?;
    let values: Vec<String> = match value.clone().into_array() {
        Some(values) => {
            let values = values.iter::<Object<'_>>().take(VALUES_MAX);
            values.filter_map(text_of).collect()
        }
        None => vec![text_of(value)?],
    };
    let options = inherited(field, None, "Opt").and_then(Object::into_array);
    let words = |value: &String| {
        let options = options.as_ref()?.iter::<Object<'_>>();
        let mut pairs = options.filter_map(Object::into_array);
        pairs.find_map(|pair| {
            let mut pair = pair.iter::<Object<'_>>().filter_map(text_of);
            let (kept, shown) = (pair.next()?, pair.next()?);
            (kept == *value).then_some(shown)
        })
    };
    let shown: Vec<String> = values
        .iter()
        .map(|value| words(value).unwrap_or_else(|| value.clone()))
        .collect();
    Some(shown.join("\n"))
}

fn written(
    field: &Dict<'_>,
    form: Option<&Dict<'_>>,
    place: Rect,
    flags: i64,
    value: &str,
) -> Option<Orders> {
    if value.trim().is_empty() || shows_text(field) {
        return None;
    }
    let appearance = inherited(field, form, "DA").and_then(Object::into_string);
    let style = Style::read(appearance.as_deref().unwrap_or_default());
    let side = Side::of(inherited(field, form, "Q").and_then(|q| Some(q.into_number()?.as_i64())));
    let (turned, size) = turned(field, place);
    let cells = integer(field, "MaxLen").filter(|cells| (1..=CELLS_MAX).contains(cells));
    let orders = match cells.and_then(|cells| usize::try_from(cells).ok()) {
        _ if flags & PASSWORD != 0 => {
            let hidden = "*".repeat(value.chars().count());
            text::line(&hidden, &style, size, side)
        }
        Some(cells) if flags & COMB != 0 => text::comb(value, &style, size, cells),
        _ if flags & SEVERAL_LINES != 0 => text::lines(value, &style, size, side),
        _ => text::line(value, &style, size, side),
    };
    Some(Orders {
        text: format!("{turned}{}", orders.text),
        whole: orders.whole,
    })
}

/// Whether a field brings a picture with text on it; an empty frame shows no value.
fn shows_text(field: &Dict<'_>) -> bool {
    let Some(picture) = picture(field) else {
        return false;
    };
    let orders = picture.decoded_data().unwrap_or_default();
    let draws = |order: &[u8]| orders.windows(order.len()).any(|window| window == order);
    // Text, or something that is drawn elsewhere.
    [&b"Tj"[..], b"TJ", b"Do", b"'", b"\""]
        .into_iter()
        .any(draws)
}

/// Orders that go into a field's place and turn as it is turned, and its width and height there.
fn turned(field: &Dict<'_>, place: Rect) -> (String, [f64; 2]) {
    let (x, y, wide, high) = (place.x0, place.y0, place.width(), place.height());
    let dress = field.get::<Dict<'_>>("MK");
    let degrees = dress.and_then(|dress| dress.get::<i32>("R")).unwrap_or(0);
    let (turn, size) = match degrees.rem_euclid(360) {
        90 => (format!("0 1 -1 0 {wide:.2} 0 cm "), [high, wide]),
        180 => (format!("-1 0 0 -1 {wide:.2} {high:.2} cm "), [wide, high]),
        270 => (format!("0 -1 1 0 0 {high:.2} cm "), [high, wide]),
        _ => (String::new(), [wide, high]),
    };
    let clip = format!("{x:.2} {y:.2} {wide:.2} {high:.2} re W n 1 0 0 1 {x:.2} {y:.2} cm ");
    (clip + &turn, size)
}

/// The sign in a box that is ticked.
fn button(field: &Dict<'_>, place: Rect, flags: i64) -> Option<Orders> {
    if has_picture(field) {
        return None;
    }
    let state = |key: &str, of: Option<Object<'_>>| {
        let name = of.or_else(|| field.get::<Object<'_>>(key))?.into_name()?;
        Some(name.as_str() != "Off")
    };
    let own = state("AS", None);
    let is_on = match flags & RADIO {
        0 => own.or_else(|| state("V", inherited(field, None, "V"))),
        // Of several buttons with one value, only their states say which it is.
        _ => own,
    };
    if is_on != Some(true) {
        return None;
    }
    let dress = field.get::<Dict<'_>>("MK");
    let said = dress
        .and_then(|dress| dress.get::<Object<'_>>("CA"))
        .and_then(text_of);
    let known = |sign: &String| ["4", "8", "l", "n", "u", "H"].contains(&sign.as_str());
    let otherwise = if flags & RADIO == 0 { TICK } else { DOT };
    let sign = said.filter(known).unwrap_or_else(|| otherwise.to_owned());
    let (turned, [wide, high]) = turned(field, place);
    let size = wide.min(high) * 0.9;
    let (left, below) = ((wide - 0.8 * size) / 2.0, (high - 0.7 * size) / 2.0);
    Some(Orders::of(format!(
        "{turned}0 g BT /Z {size:.2} Tf 1 0 0 1 {left:.2} {below:.2} Tm ({sign}) Tj ET"
    )))
}
