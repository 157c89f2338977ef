//! What a page's annotations hold and give no picture of, and what is said of pages that are not
//! shown whole.

use std::time::{Duration, Instant};

use guichet::render::{Drawing, Remarks};

use crate::{A4, Picture, RED_QUARTER, draw, page, pdf, refused, renderer};

/// A form of these fields, each an annotation of the only page; `more` stands in the catalogue.
fn form(fields: &[&str], more: &str) -> Vec<u8> {
    let places: String = (0..fields.len())
        .map(|place| format!("{} 0 R ", place + 5))
        .collect();
    let mut objects = vec![
        format!(
            "<< /Type /Catalog /Pages 2 0 R /AcroForm << /DA (/Helv 0 Tf 0 g) /Fields [{places}] \
             {more} >> >>"
        ),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox {A4} /Contents 4 0 R /Annots [{places}] >>"
        ),
        "<< /Length 0 >>\nstream\n\nendstream".to_owned(),
    ];
    objects.extend(
        fields
            .iter()
            .map(|field| format!("<< /Type /Annot /F 4 {field} >>")),
    );
    pdf(&objects, "")
}

/// A field of a form.
fn widget(place: &str, rest: &str) -> String {
    format!("/Subtype /Widget /Rect [{place}] {rest}")
}

/// The shares of a place, in points from the lower left, that are darker than paper and that are
/// of this kind of colour.
fn ink(picture: &Picture, [x0, y0, x1, y1]: [usize; 4], is_it: fn([u8; 3]) -> bool) -> usize {
    let column = |x: usize| x * picture.width / 595;
    let row = |y: usize| (842 - y) * picture.height / 842;
    let mut found = 0;
    for y in row(y1)..row(y0) {
        for x in column(x0)..column(x1) {
            let at = (y * picture.width + x) * picture.channels;
            let colour = picture.samples[at..at + 3].try_into().expect("three");
            found += usize::from(is_it(colour));
        }
    }
    found
}

fn dark([red, green, blue]: [u8; 3]) -> bool {
    red < 100 && green < 100 && blue < 100
}

fn blue([red, green, blue]: [u8; 3]) -> bool {
    red < 100 && green < 100 && blue > 200
}

fn red([red, green, blue]: [u8; 3]) -> bool {
    red > 200 && green < 100 && blue < 100
}

fn marked([red, green, blue]: [u8; 3]) -> bool {
    red > 200 && green > 200 && blue < 200
}

fn any(colour: [u8; 3]) -> bool {
    colour.iter().any(|part| *part < 250)
}

const PAGE: [usize; 4] = [0, 0, 595, 842];

#[tokio::test]
async fn what_a_form_was_filled_in_with_is_seen() {
    let text = "/FT /Tx /DA (/Helv 12 Tf 0 0 1 rg)";
    let kept = "\\376\\377\\000L\\000e\\000f\\000\\350\\000v\\000r\\000e";
    let fields = [
        widget(
            "100 780 300 800",
            &format!("{text} /V (Lef\\350vre-Nu\\361ez)"),
        ),
        widget("100 750 300 770", "/FT /Tx /V (412,50)"),
        widget(
            "100 720 114 734",
            "/FT /Btn /AS /Oui /V /Oui /MK << /CA (4) >>",
        ),
        widget("100 690 114 704", "/FT /Btn /AS /Off /V /Off"),
        widget("100 660 114 674", "/FT /Btn /Ff 32768 /AS /a"),
        widget(
            "100 630 300 650",
            "/FT /Ch /Ff 131072 /V (63) /Opt [[(63) (Thiers)] [(64) (Pau)]]",
        ),
        // Right-aligned: nothing of it stands at the left.
        widget("100 600 500 620", &format!("{text} /Q 2 /V (droite)")),
        widget(
            "100 570 500 590",
            &format!("{text} /Ff 16777216 /MaxLen 20 /V (75011)"),
        ),
        widget(
            "100 480 200 560",
            &format!("{text} /Ff 4096 /V (un deux trois quatre cinq six)"),
        ),
        widget("100 440 300 460", &format!("{text} /V ({kept})")),
        // Hidden; without a value; with a picture of its own.
        "/Subtype /Widget /Rect [100 400 300 420] /F 2 /FT /Tx /V (caché)".to_owned(),
        widget("100 370 300 390", "/FT /Tx"),
    ];
    let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
    let picture = draw(&form(&fields, ""), 1).await.expect("drawn");
    for (what, place, is_it) in [
        ("a name", [100, 780, 300, 800], blue as fn([u8; 3]) -> bool),
        ("a sum", [100, 750, 300, 770], dark),
        ("a tick", [100, 720, 114, 734], dark),
        ("a dot", [100, 660, 114, 674], dark),
        ("a choice", [100, 630, 300, 650], dark),
        ("the right end", [450, 600, 500, 620], blue),
        ("the fifth cell", [180, 570, 200, 590], blue),
        ("a second line", [100, 520, 200, 545], blue),
        ("UTF-16", [100, 440, 300, 460], blue),
    ] {
        let seen = ink(&picture, place, is_it);
        assert!(seen > 20, "{what}: {seen}");
    }
    for (what, place) in [
        ("not ticked", [100, 690, 114, 704]),
        ("left of it", [100, 600, 400, 620]),
        ("after the comb", [205, 570, 500, 590]),
        ("beside the lines", [201, 480, 400, 560]),
        ("hidden", [100, 400, 300, 420]),
        ("empty", [100, 370, 300, 390]),
    ] {
        assert_eq!(ink(&picture, place, any), 0, "{what}");
    }
}

/// A picture that a field brings with it is drawn, and nothing over it; an empty one shows no value.
#[tokio::test]
async fn a_field_that_brings_its_picture_is_left_as_it_is() {
    let with = |picture: &str| {
        let length = picture.len();
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>".to_owned(),
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
            format!("<< /Type /Page /Parent 2 0 R /MediaBox {A4} /Annots [4 0 R] >>"),
            "<< /Type /Annot /Subtype /Widget /F 4 /Rect [100 700 300 720] /FT /Tx /V (Durand) \
             /DA (/Helv 12 Tf 0 0 1 rg) /AP << /N 5 0 R >> >>"
                .to_owned(),
            format!(
                "<< /Type /XObject /Subtype /Form /BBox [0 0 200 20] /Length {length} /Resources \
                 << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>\n\
                 stream\n{picture}\nendstream"
            ),
        ];
        pdf(&objects, "")
    };
    let place = [100, 700, 300, 720];
    let own = with("1 0 0 rg BT /F 12 Tf 1 0 0 1 2 5 Tm (Durand) Tj ET");
    let picture = draw(&own, 1).await.expect("drawn");
    assert!(ink(&picture, place, red) > 20);
    assert_eq!(ink(&picture, place, blue), 0);
    let picture = draw(&with("/Tx BMC EMC"), 1).await.expect("drawn");
    assert!(ink(&picture, place, blue) > 20);
}

#[tokio::test]
async fn what_people_put_on_a_page_is_seen() {
    let marks = [
        "/Subtype /FreeText /Rect [60 700 400 730] /DA (/Helv 16 Tf 1 0 0 rg) \
         /Contents (Lu et approuv\\351, bon pour accord)",
        "/Subtype /Ink /Rect [60 640 200 680] /C [1 0 0] /BS << /W 3 >> \
         /InkList [[60 640 100 680 140 640]]",
        "/Subtype /Line /Rect [60 600 200 620] /C [1 0 0] /Border [0 0 3] /L [60 610 200 610]",
        "/Subtype /Square /Rect [60 540 200 580] /C [1 0 0] /BS << /W 3 >>",
        "/Subtype /Circle /Rect [60 480 200 520] /C [1 0 0] /IC [0 0 1]",
        "/Subtype /Highlight /Rect [60 440 200 460] /C [1 1 0] \
         /QuadPoints [60 460 200 460 60 440 200 440]",
        "/Subtype /Underline /Rect [60 400 200 420] /C [1 0 0] \
         /QuadPoints [60 420 200 420 60 400 200 400]",
        "/Subtype /StrikeOut /Rect [60 360 200 380] /C [1 0 0] \
         /QuadPoints [60 380 200 380 60 360 200 360]",
        "/Subtype /PolyLine /Rect [60 320 200 340] /C [1 0 0] /Vertices [60 320 200 340]",
        // A remark whose text opens beside the page is no part of it.
        "/Subtype /Text /Rect [60 260 200 300] /Contents (beside)",
    ];
    let picture = draw(&form(&marks, ""), 1).await.expect("drawn");
    for (what, place, is_it) in [
        ("free text", [60, 700, 400, 730], red as fn([u8; 3]) -> bool),
        ("ink", [60, 640, 200, 680], red),
        ("a line", [60, 600, 200, 620], red),
        ("a square", [60, 540, 200, 580], red),
        ("a circle", [60, 480, 200, 520], red),
        ("its inside", [100, 490, 160, 510], blue),
        ("a highlight", [60, 440, 200, 460], marked),
        ("a line below", [60, 398, 200, 404], red),
        ("a line across", [60, 366, 200, 374], red),
        ("several lines", [60, 320, 200, 340], red),
    ] {
        let seen = ink(&picture, place, is_it);
        assert!(seen > 20, "{what}: {seen}");
    }
    assert_eq!(ink(&picture, [60, 260, 200, 300], any), 0);
    // The square has no inside.
    assert_eq!(ink(&picture, [80, 550, 180, 570], any), 0);
}

/// What cannot be costs the annotation, and not the page; many cost no more than a few seconds.
#[tokio::test]
async fn odd_annotations_and_very_many_cost_no_page() {
    let odd = [
        "/Subtype /Widget /FT /Tx /V (no place)",
        "/Subtype /Widget /Rect [0 0 0 0] /FT /Tx /V (nowhere)",
        "/Subtype /Widget /Rect [1e39 0 1e40 20] /FT /Tx /V (far)",
        "/Subtype /Widget /Rect [9 9 99 99] /FT /Tx /DA (/H 1e30 Tf 7 7 7 rg Q Q Q Do) /V (large)",
        "/Subtype /Widget /Rect [9 9 99 99] /FT /Tx /Ff 16777216 /MaxLen 999999999 /V (cells)",
        "/Subtype /Widget /Rect [9 9 99 99] /Parent 5 0 R /V (no end of parents)",
        "/Subtype /Ink /Rect [9 9 99 99] /InkList [[1] [1 2] [(a) (b)]]",
        "/Subtype /Highlight /Rect [9 9 99 99] /QuadPoints [1 2 3]",
        "/Subtype /Line /Rect [9 9 99 99] /L [1 2 3 4] /BS << /W -7 >>",
        "/Subtype /Widget /Rect [100 700 300 720] /FT /Tx /DA (/H 12 Tf 0 0 1 rg) /V (last)",
    ];
    let picture = draw(&form(&odd, ""), 1).await.expect("drawn");
    assert!(ink(&picture, [100, 700, 300, 720], blue) > 20);

    let began = Instant::now();
    let field = "/Subtype /Widget /Rect [9 9 99 99] /FT /Tx /DA (/H 8 Tf 0 0 1 rg) /V (x)";
    let last = "/Subtype /Widget /Rect [100 700 300 720] /FT /Tx /V (beyond the last)";
    let many = [vec![field; 4096], vec![last]].concat();
    let picture = draw(&form(&many, ""), 1).await.expect("drawn");
    assert!(ink(&picture, [9, 9, 99, 99], blue) > 0);
    assert_eq!(ink(&picture, [100, 700, 300, 720], any), 0);
    let long = "x ".repeat(400_000);
    let long = format!("/Subtype /Widget /Rect [9 9 590 830] /FT /Tx /Ff 4096 /V ({long})");
    let picture = draw(&form(&[&long], ""), 1).await.expect("drawn");
    assert!(ink(&picture, PAGE, dark) > 20);
    assert!(began.elapsed() < Duration::from_secs(30));
}

async fn remarks(document: &[u8]) -> Remarks {
    let told = renderer().remarks(document, Drawing::of_page(1)).await;
    told.expect("drawn")
}

#[tokio::test]
async fn what_a_page_does_not_show_is_said() {
    let whole = page(A4, RED_QUARTER, &[], "");
    assert_eq!(remarks(&whole).await, Remarks::default());

    // Japanese, in a font that does not come with the document.
    let text = "BT /F1 24 Tf 100 700 Td <51fa751f8a3c660e66f8> Tj ET";
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox {A4} /Contents 4 0 R \
             /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        format!("<< /Length {} >>\nstream\n{text}\nendstream", text.len()),
        "<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /UniJIS-UCS2-H \
         /DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 /DW 1000 \
         /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> \
         /FontDescriptor << /Type /FontDescriptor /FontName /HeiseiMin-W3 /Flags 6 /Ascent 723 \
         /Descent -241 /CapHeight 709 /ItalicAngle 0 /StemV 69 /FontBBox [-123 -257 1001 910] >> \
         >>] >>"
            .to_owned(),
    ];
    let signs_missing = Remarks {
        signs_missing: true,
        no_end: false,
    };
    assert_eq!(remarks(&pdf(&objects, "")).await, signs_missing);
    let field = "/Subtype /Widget /Rect [100 700 300 720] /FT /Tx /V <feff51fa>";
    assert_eq!(remarks(&form(&[field], "")).await, signs_missing);

    // Without its last line; without more than that it is damaged.
    let no_end = Remarks {
        signs_missing: false,
        no_end: true,
    };
    let cut = whole.strip_suffix(b"%%EOF\n").expect("its end");
    assert_eq!(remarks(cut).await, no_end);
    let picture = draw(cut, 1).await.expect("drawn");
    assert_eq!(picture.at(25, 75), [255, 0, 0]);
    let table = cut.windows(9).rposition(|window| window == b"startxref");
    let cut = &cut[..table.expect("its place") + 9];
    assert_eq!(refused(cut, 1).await, "the document is damaged");
}

#[tokio::test]
async fn a_form_that_another_program_makes_is_said_to_be() {
    let said = "the form can only be shown by the program that it was made for";
    let xfa = "/XFA (<xdp/>)";
    assert_eq!(refused(&form(&[], xfa), 1).await, said);
    // One with fields of its own can be shown.
    let field = "/Subtype /Widget /Rect [100 700 300 720] /FT /Tx /V (412,50)";
    let picture = draw(&form(&[field], xfa), 1).await.expect("drawn");
    assert!(ink(&picture, [100, 700, 300, 720], dark) > 20);
}

#[tokio::test]
async fn a_jpeg_of_a_kind_that_is_not_read_is_told_from_a_broken_one() {
    let mut document = crate::jpeg();
    let frame = document.windows(2).position(|two| two == [0xff, 0xc0]);
    // Arithmetic coding (ITU-T T.81, table B.1).
    document[frame.expect("a frame") + 1] = 0xc9;
    let said = refused(&document, 1).await;
    assert_eq!(said, "this kind of document cannot be drawn");
}
