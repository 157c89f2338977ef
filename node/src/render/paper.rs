//! A picture on a sheet of paper, as a PDF: what every printer takes, and prints as it was drawn.

use std::io::Write as _;

/// A sheet of A4 upright, in points (ISO 216).
const A4: [f32; 2] = [595.0, 842.0];
/// What many printers leave white at each edge, in points: nothing of the picture lies there.
const EDGE: f32 = 12.5;
/// No pixel is larger, in points: a small picture stays small.
const PIXEL_MAX: f32 = 1.0;

/// A PDF of one page that shows this JPEG of so many pixels, RGB, in its middle, as large as fits.
pub fn of_jpeg(jpeg: &[u8], width: u16, height: u16) -> Vec<u8> {
    let [short, long] = A4;
    let (across, down) = match width > height {
        true => (long, short),
        false => (short, long),
    };
    let (columns, rows) = (f32::from(width), f32::from(height));
    let room = |side: f32| side - 2.0 * EDGE;
    let pixel = (room(across) / columns)
        .min(room(down) / rows)
        .min(PIXEL_MAX);
    let (wide, high) = (columns * pixel, rows * pixel);
    let (left, below) = ((across - wide) / 2.0, (down - high) / 2.0);
    let place = format!("{wide:.3} 0 0 {high:.3} {left:.3} {below:.3} cm /P Do");
    let objects: [(String, &[u8]); 5] = [
        ("<< /Type /Catalog /Pages 2 0 R >>".to_owned(), &[]),
        ("<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(), &[]),
        (
            format!(
                "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {across} {down}] /Contents 4 0 R \
                 /Resources << /XObject << /P 5 0 R >> >> >>"
            ),
            &[],
        ),
        (format!("<< /Length {} >>", place.len()), place.as_bytes()),
        (
            format!(
                "<< /Type /XObject /Subtype /Image /Width {width} /Height {height} \
                 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode /Length {} >>",
                jpeg.len()
            ),
            jpeg,
        ),
    ];
    written(&objects)
}

/// A file of these objects, numbered from 1; one with bytes is a stream (ISO 32000-1, section 7.5).
pub(super) fn written(objects: &[(String, &[u8])]) -> Vec<u8> {
    let mut pdf = b"%PDF-1.4\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for (number, (head, stream)) in (1..).zip(objects) {
        table += &format!("{:010} 00000 n \n", pdf.len());
        pdf.extend(format!("{number} 0 obj\n{head}\n").bytes());
        if !stream.is_empty() {
            pdf.extend(b"stream\n");
            pdf.extend(*stream);
            pdf.extend(b"\nendstream\n");
        }
        pdf.extend(b"endobj\n");
    }
    let (start, size) = (pdf.len(), objects.len() + 1);
    // Writing into memory does not fail.
    let _ = write!(
        pdf,
        "{table}trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    );
    pdf
}
