//! A sheet whose height nobody knew beforehand: taken as a portable anymap, kept as a PNG.
//!
//! `scanimage` writes the head of a PNG before the sheet has gone through, and aborts where its
//! driver does not know how long the sheet will be. An anymap it writes once all is there.

use png::{BitDepth, ColorType, Encoder};

/// The picture as a PNG, if it is a whole one: bits, grey or colour (`P4`, `P5`, `P6` of Netpbm),
/// eight or sixteen bits a sample.
pub(super) fn as_png(anymap: &[u8]) -> Option<Vec<u8>> {
    let mut rest = anymap;
    let kind = word(&mut rest)?;
    let (width, height) = (number(&mut rest)?, number(&mut rest)?);
    let depth = match kind {
        b"P4" => 1,
        b"P5" | b"P6" => match number(&mut rest)? {
            255 => 8,
            65_535 => 16,
            _ => return None,
        },
        _ => return None,
    };
    let (colour, channels) = match kind {
        b"P6" => (ColorType::Rgb, 3),
        _ => (ColorType::Grayscale, 1),
    };
    // One byte parts the head from the rows, each of which ends with a byte.
    let rows = rest.get(1..)?;
    let row_bits = (width as usize).checked_mul(channels * depth)?;
    let length = row_bits.div_ceil(8).checked_mul(height as usize)?;
    let rows = rows.get(..length).filter(|rows| !rows.is_empty())?;
    let mut document = Vec::new();
    let mut encoder = Encoder::new(&mut document, width, height);
    encoder.set_color(colour);
    encoder.set_depth(match depth {
        1 => BitDepth::One,
        8 => BitDepth::Eight,
        _ => BitDepth::Sixteen,
    });
    let mut writer = encoder.write_header().ok()?;
    match depth {
        // In an anymap of bits one is black, in a PNG white.
        1 => writer.write_image_data(&rows.iter().map(|bits| !bits).collect::<Vec<_>>()),
        _ => writer.write_image_data(rows),
    }
    .ok()?;
    writer.finish().ok()?;
    Some(document)
}

/// The next word of the head; a comment goes to the end of its line.
fn word<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    loop {
        *rest = rest.trim_ascii_start();
        if !rest.starts_with(b"#") {
            break;
        }
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        *rest = &rest[end..];
    }
    let end = rest.iter().position(u8::is_ascii_whitespace)?;
    let (word, after) = rest.split_at(end);
    *rest = after;
    Some(word)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    std::str::from_utf8(word(rest)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pixels(anymap: &[u8]) -> Option<(u32, u32, Vec<u8>)> {
        let document = as_png(anymap)?;
        let mut decoder = png::Decoder::new(std::io::Cursor::new(document));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().expect("a PNG");
        let mut samples = vec![0; reader.output_buffer_size().expect("a size")];
        let frame = reader.next_frame(&mut samples).expect("a frame");
        Some((frame.width, frame.height, samples))
    }

    #[test]
    fn a_whole_anymap_becomes_a_png_and_no_other() {
        let colour = b"P6\n# SANE data follows\n2 1\n255\n\x01\x02\x03\x04\x05\x06";
        assert_eq!(pixels(colour), Some((2, 1, vec![1, 2, 3, 4, 5, 6])));
        let fine = b"P5\n1 2\n65535\n\x10\x00\xff\xff";
        assert_eq!(pixels(fine), Some((1, 2, vec![0x10, 0xff])));
        let bits = b"P4\n3 1\n\xa0";
        assert_eq!(pixels(bits), Some((3, 1, vec![0, 255, 0])));
        for length in 0..colour.len() {
            assert_eq!(as_png(&colour[..length]), None, "{length} bytes");
        }
        for bad in [
            &b"P6\n4294967295 4294967295\n255\n...."[..],
            b"P6\n0 0\n255\n",
            b"P6\n1 1\n7\n...",
            b"P3\n1 1\n255\n1 2 3",
            b"P6 -1 2 255 ......",
            b"#",
        ] {
            assert_eq!(as_png(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn no_anymap_ends_who_reads_it() {
        let colour = b"P6\n# SANE data follows\n2 1\n255\n\x01\x02\x03\x04\x05\x06".as_slice();
        let fine = b"P5\n1 2\n65535\n\x10\x00\xff\xff".as_slice();
        let bits = b"P4\n3 1\n\xa0".as_slice();
        crate::hostile::drive(&[colour, fine, bits], |bytes| pixels(bytes).is_some());
    }
}
