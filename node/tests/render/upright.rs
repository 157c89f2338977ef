//! Pictures as they were seen when they were taken: on the screen and on paper.

use std::time::{Duration, Instant};

use guichet::render::{Detail, Drawing};

use crate::{SIDE_PX_MAX, crc32, draw, png_of, renderer};

/// The corners of an upright picture: red, green, blue and white, from the upper left as one reads.
const CORNERS: [[u8; 3]; 4] = [[255, 0, 0], [0, 160, 0], [0, 0, 255], [255, 255, 255]];
const UPRIGHT: (u16, u16) = (96, 64);

/// Pixels as a camera that was held so keeps them (EXIF 2.32, section 4.6.4 A): at which sides of
/// the upright picture its first row and its first column lie.
fn kept(orientation: u16) -> (u16, u16, Vec<u8>) {
    let (wide, high) = UPRIGHT;
    let (columns, rows) = if orientation < 5 {
        (wide, high)
    } else {
        (high, wide)
    };
    let mut pixels = Vec::new();
    for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
        let (x, y) = match orientation {
            1 => (column, row),
            2 => (wide - 1 - column, row),
            3 => (wide - 1 - column, high - 1 - row),
            4 => (column, high - 1 - row),
            5 => (row, column),
            6 => (wide - 1 - row, column),
            7 => (wide - 1 - row, high - 1 - column),
            _ => (row, high - 1 - column),
        };
        let corner = usize::from(x >= wide / 2) + 2 * usize::from(y >= high / 2);
        pixels.extend(CORNERS[corner]);
    }
    (columns, rows, pixels)
}

fn exif(orientation: u16, little: bool) -> Vec<u8> {
    let short = |value: u16| match little {
        true => value.to_le_bytes(),
        false => value.to_be_bytes(),
    };
    let long = |value: u32| match little {
        true => value.to_le_bytes(),
        false => value.to_be_bytes(),
    };
    let mut exif = if little {
        b"II".to_vec()
    } else {
        b"MM".to_vec()
    };
    exif.extend([short(42).to_vec(), long(8).to_vec(), short(2).to_vec()].concat());
    // A word of the maker's stands before it, and a directory that is this one again follows.
    for (tag, value) in [(0x010f, 0), (0x0112, orientation)] {
        exif.extend([short(tag), short(3)].concat());
        exif.extend(long(1));
        exif.extend([short(value), short(0)].concat());
    }
    exif.extend(long(8));
    exif
}

/// A JPEG and a PNG that say how the camera was held.
fn held(orientation: u16, little: bool) -> [Vec<u8>; 2] {
    let (columns, rows, pixels) = kept(orientation);
    let exif = exif(orientation, little);
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, 95);
    let encoded = encoder.encode(&pixels, columns, rows, jpeg_encoder::ColorType::Rgb);
    encoded.expect("a JPEG");
    let length = u16::try_from(exif.len() + 8).expect("short");
    let marker = [&[0xff, 0xe1][..], &length.to_be_bytes(), b"Exif\0\0", &exif].concat();
    jpeg.splice(2..2, marker);

    let mut document = Vec::new();
    let mut info = png::Info::with_size(u32::from(columns), u32::from(rows));
    info.color_type = png::ColorType::Rgb;
    info.bit_depth = png::BitDepth::Eight;
    info.exif_metadata = Some(exif.into());
    let encoder = png::Encoder::with_info(&mut document, info).expect("an encoder");
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&pixels).expect("pixels");
    writer.finish().expect("an end");
    [jpeg, document]
}

fn near(one: [u8; 3], other: [u8; 3]) -> bool {
    one.iter()
        .zip(other)
        .all(|(one, other)| one.abs_diff(other) < 40)
}

#[tokio::test]
async fn a_picture_stands_as_it_was_seen_however_the_camera_was_held() {
    for orientation in 1..=8 {
        for document in held(orientation, orientation % 2 == 0) {
            for detail in [
                Detail::Preview,
                Detail::Screen,
                Detail::Close,
                Detail::Paper,
            ] {
                let drawing = Drawing {
                    detail,
                    ..Drawing::of_page(1)
                };
                let drawn = renderer().draw(&document, drawing).await.expect("drawn");
                let what = format!("{orientation}, {detail:?}");
                let shown = draw(&drawn, 1).await.expect("drawn again");
                let places = match detail {
                    // In the middle of a sheet that lies: 842 points across, 595 down.
                    Detail::Paper => [(46, 46), (54, 46), (46, 54), (54, 54)],
                    Detail::Preview | Detail::Screen | Detail::Close => {
                        let size = (shown.width, shown.height);
                        assert_eq!(size, (96, 64), "{what}");
                        [(25, 25), (75, 25), (25, 75), (75, 75)]
                    }
                };
                let corners = places.map(|(x, y)| shown.at(x, y));
                let right = corners
                    .iter()
                    .zip(CORNERS)
                    .all(|(one, other)| near(*one, other));
                assert!(right, "{what}: {corners:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_sheet_of_paper_shows_the_whole_of_a_picture() {
    let drawing = Drawing {
        page: 1,
        turns: 1,
        detail: Detail::Paper,
    };
    let large = png_of(3_000, 1_000, [0, 0, 255, 255]);
    let sheet = renderer().draw(&large, drawing).await.expect("drawn");
    assert!(sheet.starts_with(b"%PDF-") && sheet.ends_with(b"%%EOF\n"));
    let shown = draw(&sheet, 1).await.expect("drawn again");
    assert_eq!(shown.height, usize::from(SIDE_PX_MAX), "it stands");
    assert!(near(shown.at(50, 50), [0, 0, 255]) && near(shown.at(50, 3), [0, 0, 255]));
    for edge in [(50, 1), (50, 99), (1, 50), (99, 50)] {
        assert_eq!(shown.at(edge.0, edge.1), [255; 3], "{edge:?} stays white");
    }
    let said = renderer()
        .draw(b"PK\x03\x04", drawing)
        .await
        .expect_err("no");
    assert_eq!(said.to_string(), "this kind of document cannot be drawn");
}

/// What is not right in EXIF is passed over; the picture is what counts.
#[tokio::test]
async fn broken_exif_costs_nothing() {
    let [jpeg, png] = held(1, true);
    let began = Instant::now();
    for (document, entry) in [(jpeg, b"\x12\x01\x03\0"), (png, b"\x12\x01\x03\0")] {
        let find = |wanted: &[u8]| {
            let mut windows = document.windows(wanted.len());
            windows.position(|window| window == wanted).expect("there")
        };
        let (head, entry) = (find(b"II*\0"), find(entry));
        for (at, bytes) in [
            (head, &b"??"[..]),
            (head + 4, &[0xff; 4]),
            (head + 4, &[0, 0, 0, 0]),
            (head + 8, &[0xff, 0xff]),
            (entry + 8, &[99, 0]),
        ] {
            let mut broken = document.clone();
            broken[at..at + bytes.len()].copy_from_slice(bytes);
            if let Some(chunk) = broken.windows(4).position(|window| window == b"eXIf") {
                let length: [u8; 4] = broken[chunk - 4..chunk].try_into().expect("four");
                let end = chunk + 4 + u32::from_be_bytes(length) as usize;
                let checksum = crc32(&broken[chunk..end]);
                broken[end..end + 4].copy_from_slice(&checksum.to_be_bytes());
            }
            let picture = draw(&broken, 1).await.expect("drawn");
            assert_eq!((picture.width, picture.height), (96, 64));
            assert!(near(picture.at(25, 25), CORNERS[0]), "{bytes:?}");
        }
    }
    assert!(began.elapsed() < Duration::from_secs(20));
}
