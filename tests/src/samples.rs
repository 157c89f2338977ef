//! Documents as people bring them, made up so that a test knows every byte.

use std::io::Write as _;

/// A page of A4 with a square of one colour in its middle, and a line of text in
/// the clear.
pub fn pdf(colour: [u8; 3], line: &str) -> Vec<u8> {
    pdf_with(colour, line, &[], "")
}

/// The same page in a document that also holds these bytes, which no page shows.
pub fn heavy_pdf(line: &str, bytes: &[u8]) -> Vec<u8> {
    pdf_with([0, 0, 160], line, bytes, "")
}

/// The same page locked by a password that nobody knows.
pub fn locked_pdf(line: &str) -> Vec<u8> {
    let (owner, user, id) = ("11".repeat(32), "22".repeat(32), "33".repeat(16));
    let trailer = format!(
        "/Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O <{owner}> /U <{user}> >> \
         /ID [<{id}> <{id}>] "
    );
    pdf_with([0, 0, 160], line, &[], &trailer)
}

fn pdf_with(colour: [u8; 3], line: &str, more: &[u8], trailer: &str) -> Vec<u8> {
    let [red, green, blue] = colour.map(|part| f32::from(part) / 255.0);
    let drawing = format!(
        "{red} {green} {blue} rg 97 221 400 400 re f\nBT /F1 14 Tf 97 700 Td ({line}) Tj ET"
    );
    let objects: Vec<Vec<u8>> = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_string(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_string(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R \
         /Resources << /Font << /F1 5 0 R >> >> >>"
            .to_string(),
        format!(
            "<< /Length {} >>\nstream\n{drawing}\nendstream",
            drawing.len()
        ),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_string(),
    ]
    .map(String::into_bytes)
    .into_iter()
    .chain((!more.is_empty()).then(|| stream(more)))
    .collect();
    let mut pdf = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    for (number, object) in (1..).zip(&objects) {
        offsets.push(pdf.len());
        let _ = writeln!(pdf, "{number} 0 obj");
        pdf.extend_from_slice(object);
        pdf.extend_from_slice(b"\nendobj\n");
    }
    let table = pdf.len();
    let _ = write!(pdf, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        let _ = writeln!(pdf, "{offset:010} 00000 n ");
    }
    let _ = write!(
        pdf,
        "trailer\n<< /Size {} /Root 1 0 R {trailer}>>\nstartxref\n{table}\n%%EOF\n",
        objects.len() + 1
    );
    pdf
}

fn stream(bytes: &[u8]) -> Vec<u8> {
    let head = format!("<< /Length {} >>\nstream\n", bytes.len());
    [head.as_bytes(), bytes, b"\nendstream"].concat()
}

/// Noise, so that nothing on the way can make it smaller.
pub fn noise(seed: u8, bytes: usize) -> Vec<u8> {
    let mut state = u64::from(seed) + 1;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words
        .take(bytes.div_ceil(8))
        .flatten()
        .take(bytes)
        .collect()
}

/// A square picture of noise, so that its size is that of its pixels.
pub fn png(seed: u64, side: u32) -> Vec<u8> {
    let mut state = seed | 1;
    let pixels: Vec<u8> = (0..side * side * 3)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a header into memory");
    writer
        .write_image_data(&pixels)
        .expect("pixels into memory");
    writer.finish().expect("an end into memory");
    bytes
}

/// A blank square of so many pixels a side: few bytes, and many pixels.
pub fn vast_png(side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().expect("a header into memory");
    let pixels = vec![0xff; (side as usize).div_ceil(8) * side as usize];
    writer
        .write_image_data(&pixels)
        .expect("pixels into memory");
    writer.finish().expect("an end into memory");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browser::Pixels;

    #[test]
    fn samples_are_what_they_claim() {
        let picture = Pixels::decode(&png(1, 120)).unwrap();
        assert_eq!((picture.width, picture.height), (120, 120));
        assert!(png(1, 120).len() > 40_000 && png(1, 120) != png(2, 120));
        let pdf = pdf([255, 0, 0], "Bail");
        let text = String::from_utf8(pdf).unwrap();
        let table: usize = text.lines().rev().nth(1).unwrap().parse().unwrap();
        assert!(text[table..].starts_with("xref"));
        for (number, entry) in (1..).zip(text[table..].lines().skip(3).take(5)) {
            let offset: usize = entry[..10].parse().unwrap();
            assert!(text[offset..].starts_with(&format!("{number} 0 obj")));
        }
    }
}
