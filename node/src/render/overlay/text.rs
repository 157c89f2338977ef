//! Text as drawing orders: its signs, how wide they are, and where they stand.

use super::{Orders, colour};

/// The most signs of one text that are drawn.
const SIGNS_MAX: usize = 20_000;
/// The largest and smallest letters, in points.
const SIZES: std::ops::RangeInclusive<f64> = 4.0..=144.0;
/// Letters whose size is left to the reader, in points.
const SIZE_DEFAULT: f64 = 12.0;
/// What stays free on either side, in points.
const EDGE: f64 = 2.0;
/// From one line to the next, in sizes of the letters.
const LINE: f64 = 1.2;
/// How high a capital stands above its line, in sizes of the letters.
const CAPITAL: f64 = 0.72;

/// Where the lines of a text stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Left,
    Middle,
    Right,
}

impl Side {
    /// As an annotation's `Q` says.
    pub fn of(quadding: Option<i64>) -> Self {
        match quadding {
            Some(1) => Self::Middle,
            Some(2) => Self::Right,
            Some(_) | None => Self::Left,
        }
    }
}

/// Font, size and colour, as a default appearance says (`/Helv 12 Tf 0 0 1 rg`).
pub struct Style {
    fixed: bool,
    /// None where it is left to the reader.
    size: Option<f64>,
    colour: String,
}

impl Style {
    /// Reads a default appearance; what it does not say is black and of the reader's size.
    pub fn read(appearance: &[u8]) -> Self {
        let mut style = Self {
            fixed: false,
            size: None,
            colour: colour(&[0.0]).unwrap_or_default(),
        };
        let text = String::from_utf8_lossy(appearance);
        let mut numbers: Vec<f64> = Vec::new();
        let mut font = "";
        for word in text.split_ascii_whitespace() {
            match (word, word.parse::<f64>()) {
                (_, Ok(number)) if number.is_finite() => numbers.push(number),
                ("Tf", _) => {
                    style.fixed = font.to_ascii_lowercase().contains("cour");
                    style.size = numbers.last().copied().filter(|size| *size > 0.0);
                    numbers.clear();
                }
                ("g" | "rg" | "k", _) => {
                    style.colour = colour(&numbers).unwrap_or(style.colour);
                    numbers.clear();
                }
                (name, _) if name.starts_with('/') => {
                    font = name;
                    numbers.clear();
                }
                _ => numbers.clear(),
            }
        }
        style
    }

    fn begin(&self, size: f64) -> String {
        let font = if self.fixed { "C" } else { "H" };
        format!("{}BT /{font} {size:.2} Tf ", self.colour)
    }

    /// How wide a text is, in sizes of its letters.
    fn width(&self, text: &str) -> f64 {
        match self.fixed {
            true => 0.6 * text.chars().count() as f64,
            false => text.chars().map(width).sum(),
        }
    }

    fn size(&self, otherwise: f64) -> f64 {
        self.size
            .unwrap_or(otherwise)
            .clamp(*SIZES.start(), *SIZES.end())
    }
}

/// A text in one line, in the middle of the height.
pub fn line(text: &str, style: &Style, [wide, high]: [f64; 2], side: Side) -> Orders {
    let text = text.replace(['\r', '\n'], " ");
    let natural = style.width(&text);
    let fits = (wide - 2.0 * EDGE) / natural.max(0.1);
    let size = style.size(fits.min(high * 0.75).min(SIZE_DEFAULT));
    let below = (high - size * CAPITAL) / 2.0;
    let mut orders = Orders::of(style.begin(size));
    put(
        &mut orders,
        &text,
        [left(side, wide, natural * size), below],
    );
    end(orders)
}

/// A text in as many lines as it takes, from the top.
pub fn lines(text: &str, style: &Style, [wide, high]: [f64; 2], side: Side) -> Orders {
    let room = wide - 2.0 * EDGE;
    let mut size = style.size(SIZE_DEFAULT);
    let mut broken = wrapped(text, style, room / size);
    // Where the size is the reader's to choose, the whole text is to be seen.
    while style.size.is_none()
        && size > *SIZES.start()
        && broken.len() as f64 * LINE * size + 2.0 * EDGE > high
    {
        size = (size - 1.0).max(*SIZES.start());
        broken = wrapped(text, style, room / size);
    }
    let mut orders = Orders::of(style.begin(size));
    let mut below = high - EDGE - size;
    for one in &broken {
        if below < -size {
            break;
        }
        put(
            &mut orders,
            one,
            [left(side, wide, style.width(one) * size), below],
        );
        below -= LINE * size;
    }
    end(orders)
}

/// A text of which each sign has a cell of its own.
pub fn comb(text: &str, style: &Style, [wide, high]: [f64; 2], cells: usize) -> Orders {
    let cell = wide / cells.max(1) as f64;
    let size = style.size((high * 0.75).min(SIZE_DEFAULT).min(cell * 1.4));
    let below = (high - size * CAPITAL) / 2.0;
    let mut orders = Orders::of(style.begin(size));
    for (place, sign) in text.chars().take(cells).enumerate() {
        let sign = sign.to_string();
        let left = (place as f64 + 0.5) * cell - style.width(&sign) * size / 2.0;
        put(&mut orders, &sign, [left, below]);
    }
    end(orders)
}

fn left(side: Side, wide: f64, text: f64) -> f64 {
    match side {
        Side::Left => EDGE,
        Side::Middle => (wide - text) / 2.0,
        Side::Right => wide - EDGE - text,
    }
}

fn put(orders: &mut Orders, text: &str, [left, below]: [f64; 2]) {
    orders.text += &format!("1 0 0 1 {left:.2} {below:.2} Tm <");
    for sign in text.chars() {
        let byte = byte(sign);
        orders.whole &= byte.is_some();
        orders.text += &format!("{:02x}", byte.unwrap_or(b'?'));
    }
    orders.text += "> Tj ";
}

fn end(mut orders: Orders) -> Orders {
    orders.text += "ET";
    orders
}

/// The lines of a text that are no wider than `room`, in sizes of the letters.
fn wrapped(text: &str, style: &Style, room: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.replace("\r\n", "\n").split(['\r', '\n']) {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let longer = match line.is_empty() {
                true => word.to_owned(),
                false => format!("{line} {word}"),
            };
            if line.is_empty() || style.width(&longer) <= room {
                line = longer;
            } else {
                lines.push(std::mem::replace(&mut line, word.to_owned()));
            }
        }
        lines.push(line);
    }
    lines
}

/// The text of a string: UTF-16 or UTF-8 with their marks, else PDFDocEncoding (ISO 32000-1,
/// section 7.9.2.2 and annex D.2).
pub fn read(bytes: &[u8]) -> String {
    let text: String = if let Some(wide) = bytes.strip_prefix(b"\xfe\xff") {
        let units = wide
            .chunks_exact(2)
            .map(|two| u16::from_be_bytes([two[0], two[1]]));
        char::decode_utf16(units)
            .map(|sign| sign.unwrap_or('\u{fffd}'))
            .collect()
    } else if let Some(utf8) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        String::from_utf8_lossy(utf8).into_owned()
    } else {
        bytes.iter().map(|byte| of_document(*byte)).collect()
    };
    let plain = text
        .chars()
        .map(|sign| if sign == '\t' { ' ' } else { sign });
    plain
        .filter(|sign| matches!(sign, '\r' | '\n') || !sign.is_control())
        .take(SIGNS_MAX)
        .collect()
}

fn of_document(byte: u8) -> char {
    const FROM_80: &str = "•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž";
    match byte {
        0x80..=0x9e => FROM_80.chars().nth(usize::from(byte - 0x80)).unwrap_or('?'),
        0xa0 => '€',
        _ => char::from(byte),
    }
}

/// The byte of a sign in WinAnsiEncoding (the same source, annex D.2), if it has one.
fn byte(sign: char) -> Option<u8> {
    const FROM_80: &str = "€\0‚ƒ„…†‡ˆ‰Š‹Œ\0Ž\0\0‘’“”•–—˜™š›œ\0žŸ";
    let latin = u8::try_from(sign).ok();
    match sign {
        ' '..='~' | '\u{a0}'..='\u{ff}' => latin,
        '\u{2007}' | '\u{2009}' | '\u{202f}' => Some(b' '),
        '\u{2010}' | '\u{2011}' | '−' => Some(b'-'),
        '\u{fffd}' | '\0' => None,
        _ => {
            let place = FROM_80.chars().position(|one| one == sign)?;
            u8::try_from(place).ok().map(|place| 0x80 + place)
        }
    }
}

/// How wide a sign of Helvetica is, in sizes of the letters (Adobe's font metrics); what has an
/// accent is as wide as the letter below it.
fn width(sign: char) -> f64 {
    const FROM_SPACE: [u16; 95] = [
        278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556,
        556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722,
        722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722,
        667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556,
        556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,
        500, 334, 260, 334, 584,
    ];
    let plain = match sign {
        'À'..='Å' => 'A',
        'Ç' => 'C',
        'È'..='Ë' => 'E',
        'Ì'..='Ï' => 'I',
        'Ò'..='Ö' => 'O',
        'Ù'..='Ü' => 'U',
        'ç' => 'c',
        'ì'..='ï' => 'i',
        'Œ' | 'Æ' | 'œ' | '…' | '™' | '—' | '‰' => '@',
        '’' | '‘' | '‚' => ',',
        '\u{a0}' | '\u{202f}' | '\u{2009}' => ' ',
        other => other,
    };
    let place = (plain as usize).checked_sub(usize::from(b' '));
    let thousandths = place
        .and_then(|place| FROM_SPACE.get(place))
        .unwrap_or(&556);
    f64::from(*thousandths) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_is_read_in_the_way_it_is_written() {
        for (bytes, text) in [
            (&b"Lef\xe8vre \xa0\x90"[..], "Lefèvre €’"),
            (b"\xfe\xff\x01\x53\xd8\x3d\xde\x00", "œ\u{1f600}"),
            (b"\xfe\xff\xd8\x00", "\u{fffd}"),
            (b"\xef\xbb\xbf\xc5\x93", "œ"),
            (b"a\0b\tc\r\n", "ab c\r\n"),
        ] {
            assert_eq!(read(bytes), text);
        }
        assert_eq!(read(&vec![b'x'; SIGNS_MAX + 9]).len(), SIGNS_MAX);
    }

    #[test]
    fn a_sign_has_the_byte_that_shows_it_or_none() {
        for (sign, expected) in [
            ('A', Some(0x41)),
            ('é', Some(0xe9)),
            ('€', Some(0x80)),
            ('œ', Some(0x9c)),
            ('Ÿ', Some(0x9f)),
            ('\u{202f}', Some(0x20)),
            ('証', None),
            ('\0', None),
            ('\u{81}', None),
        ] {
            assert_eq!(byte(sign), expected, "{sign:?}");
        }
    }

    #[test]
    fn words_are_broken_where_the_line_ends() {
        let style = Style::read(b"/Cour 10 Tf");
        let broken = wrapped("un deux trois\nquatre\r\n\rcinq", &style, 0.6 * 8.0);
        assert_eq!(broken, ["un deux", "trois", "quatre", "", "cinq"]);
    }

    #[test]
    fn a_style_takes_numbers_and_nothing_else() {
        let style = Style::read(b"/Helv 12 Tf 0 0 1 rg");
        assert_eq!((style.fixed, style.size), (false, Some(12.0)));
        assert!(style.colour.starts_with("0.000 0.000 1.000 rg"));
        for odd in [
            &b"/Helv 1e999 Tf Do Q NaN g"[..],
            b"Tf rg",
            b"/X 0 Tf 1 2 g",
            b"\xff\xfe",
        ] {
            let style = Style::read(odd);
            assert_eq!(style.size, None);
            assert!(style.colour.starts_with("0.000 g"), "{}", style.colour);
        }
    }
}
