//! Files that are not as they should be, and that everybody else opens.

use guichet::render::{Detail, Drawing};

use crate::{A4, Picture, RED_QUARTER, SIDE_PX_MAX, draw, page, png_of, refused, renderer};

fn is_the_page(picture: &Picture) {
    assert_eq!(picture.height, usize::from(SIDE_PX_MAX));
    assert_eq!(picture.at(25, 75), [255, 0, 0]);
    assert_eq!(picture.at(75, 25), [255; 3]);
}

#[tokio::test]
async fn a_pdf_is_drawn_whatever_stands_before_and_behind_it() {
    let whole = page(A4, RED_QUARTER, &[], "");
    let multipart = b"--gc0p4Jq0M2Yt08jU534c0p\r\nContent-Type: application/pdf\r\n\r\n";
    let html = "<html><script>var an = 0 obj</script></html>\n".repeat(300);
    for (what, before, behind) in [
        ("lines of a server", &multipart[..], &b""[..]),
        ("as many bytes as may be", &[b'x'; 1024], b""),
        ("zeros behind it", b"", &[0; 5000]),
        (
            "another page behind it",
            b"",
            html.replace("0 obj", "obj").as_bytes(),
        ),
        ("both", b"\n", b"\r\n\r\n"),
    ] {
        let document = [before, &whole, behind].concat();
        let picture = draw(&document, 1).await;
        is_the_page(&picture.unwrap_or_else(|error| panic!("{what}: {error}")));
    }
    let far = [&[b'x'; 1025][..], &whole].concat();
    assert_eq!(
        refused(&far, 1).await,
        "this kind of document cannot be drawn"
    );

    // What was saved in parts and then cut off has an end, and not its own.
    let part = [
        &whole,
        &b"6 0 obj\n<< /Length 4000 >>\nstream\n"[..],
        &[7; 900],
    ]
    .concat();
    assert_eq!(refused(&part, 1).await, "the document is damaged");
}

#[tokio::test]
async fn a_png_without_an_end_is_drawn_once_all_of_it_is_there() {
    let whole = png_of(90, 60, [0, 0, 255, 255]);
    for missing in [12, 13, 15] {
        let picture = draw(&whole[..whole.len() - missing], 1).await;
        let picture = picture.unwrap_or_else(|error| panic!("{missing}: {error}"));
        assert_eq!((picture.width, picture.height), (90, 60));
        assert_eq!(picture.at(99, 99), [0, 0, 255]);
    }
    let said = refused(&whole[..whole.len() - 40], 1).await;
    assert_eq!(said, "the document is damaged");
}

#[tokio::test]
async fn a_jpeg_is_drawn_whatever_lies_between_its_heads() {
    let pixels: Vec<u8> = (0..3 * 256 * 256_u64)
        .map(|at| (at * at / 512).to_le_bytes()[0])
        .collect();
    let mut whole = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut whole, 90);
    let encoded = encoder.encode(&pixels, 256, 256, jpeg_encoder::ColorType::Rgb);
    encoded.expect("a JPEG");
    let shown = draw(&whole, 1).await.expect("drawn").samples;
    let frame = whole.windows(2).position(|two| two == [0xff, 0xc0]);
    let frame = frame.expect("a frame");
    for junk in [&[0; 4][..], b"made by a copier", &[0xff, 0xff]] {
        let document = [&whole[..frame], junk, &whole[frame..]].concat();
        let picture = draw(&document, 1).await.expect("drawn");
        assert!(picture.samples == shown, "it is the same picture");
        let said = refused(&document[..document.len() * 3 / 4], 1).await;
        assert_eq!(said, "the document is damaged");
    }
}

/// A plan as a phone takes it: in bits, and no less pixels.
fn plan(width: u32, height: u32) -> Vec<u8> {
    let mut document = Vec::new();
    let mut encoder = png::Encoder::new(&mut document, width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    let mut writer = encoder.write_header().expect("a header");
    let row = (width as usize).div_ceil(8);
    let mut rows = vec![0xff; row * height as usize / 2];
    rows.resize(row * height as usize, 0);
    writer.write_image_data(&rows).expect("rows");
    writer.finish().expect("an end");
    document
}

#[tokio::test]
async fn a_hundred_million_pixels_are_shown_smaller() {
    let picture = draw(&plan(12_000, 9_000), 1).await.expect("drawn");
    assert_eq!((picture.width, picture.height), (1600, 1200));
    assert_eq!((picture.at(50, 25), picture.at(50, 75)), ([255; 3], [0; 3]));
    assert_eq!(picture.width, usize::from(Detail::Screen.side_px_max()));
    let said = refused(&plan(12_000, 12_000), 1).await;
    assert_eq!(said, "the document is too large to be drawn");
}

#[tokio::test]
async fn a_strip_is_wide_enough_to_be_read() {
    let strip = plan(1080, 16_000);
    let drawing = Drawing {
        detail: Detail::Close,
        ..Drawing::of_page(1)
    };
    let picture = renderer().draw(&strip, drawing).await.expect("drawn");
    let picture = Picture::read(&picture);
    assert!(picture.width >= 600, "{} wide", picture.width);
    let side = usize::from(Detail::Close.side_px_max());
    assert!(picture.width * picture.height <= side * side);
    assert!((picture.height / picture.width).abs_diff(16_000 / 1080) <= 1);
}
