//! Pictures of documents: real ones, hostile ones, each drawn by the real binary's child.

#[path = "render/lenient.rs"]
mod lenient;
#[path = "render/overlay.rs"]
mod overlay;
#[path = "render/upright.rs"]
mod upright;
#[path = "render/walls.rs"]
mod walls;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use guichet::render::{Detail, Drawing, PREVIEW_BYTES_MAX, RenderError, Renderer};

const SIDE_PX_MAX: u16 = Detail::Screen.side_px_max();

fn renderer() -> Renderer {
    Renderer::of_program(PathBuf::from(env!("CARGO_BIN_EXE_guichet")))
}

async fn draw(document: &[u8], page: u32) -> Result<Picture, RenderError> {
    renderer()
        .draw(document, Drawing::of_page(page))
        .await
        .map(|png| Picture::read(&png))
}

async fn refused(document: &[u8], page: u32) -> String {
    match draw(document, page).await {
        Ok(picture) => panic!("drawn, {}×{}", picture.width, picture.height),
        Err(error) => error.to_string(),
    }
}

struct Picture {
    width: usize,
    height: usize,
    channels: usize,
    samples: Vec<u8>,
}

impl Picture {
    fn read(document: &[u8]) -> Self {
        let decoder = png::Decoder::new(std::io::Cursor::new(document));
        let mut reader = decoder.read_info().expect("a PNG");
        let mut samples = vec![0; reader.output_buffer_size().expect("a size")];
        let frame = reader.next_frame(&mut samples).expect("a PNG");
        Self {
            width: frame.width as usize,
            height: frame.height as usize,
            channels: frame.color_type.samples(),
            samples,
        }
    }

    /// The colour at a place given in hundredths of width and height.
    fn at(&self, x: usize, y: usize) -> [u8; 3] {
        let (column, row) = (self.width * x / 100, self.height * y / 100);
        let first = (row * self.width + column) * self.channels;
        self.samples[first..first + 3].try_into().expect("three")
    }
}

/// A PDF of these objects, numbered from 1, with a right table and this trailer.
fn pdf(objects: &[String], trailer: &str) -> Vec<u8> {
    let mut text = "%PDF-1.7\n".to_owned();
    let mut places = Vec::new();
    for (place, object) in objects.iter().enumerate() {
        places.push(text.len());
        _ = write!(text, "{} 0 obj\n{object}\nendobj\n", place + 1);
    }
    let table = text.len();
    let size = objects.len() + 1;
    _ = write!(text, "xref\n0 {size}\n0000000000 65535 f \n");
    for place in places {
        _ = writeln!(text, "{place:010} 00000 n ");
    }
    _ = write!(
        text,
        "trailer\n<< /Size {size} /Root 1 0 R {trailer} >>\nstartxref\n{table}\n%%EOF\n"
    );
    text.into_bytes()
}

/// One page of this size with this content.
fn page(media_box: &str, content: &str, more: &[String], trailer: &str) -> Vec<u8> {
    let length = content.len();
    let mut objects = vec![
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox {media_box} /Contents 4 0 R \
             /Resources << /XObject << /X 5 0 R >> >> >>"
        ),
        format!("<< /Length {length} >>\nstream\n{content}\nendstream"),
    ];
    objects.extend_from_slice(more);
    pdf(&objects, trailer)
}

const A4: &str = "[0 0 595 842]";
/// Red in the lower left quarter.
const RED_QUARTER: &str = "1 0 0 rg 0 0 297 421 re f";

#[tokio::test]
async fn a_page_of_a_pdf_is_drawn() {
    let document = page(A4, RED_QUARTER, &[], "");
    let picture = draw(&document, 1).await.expect("drawn");
    assert_eq!(picture.height, usize::from(SIDE_PX_MAX));
    assert!(picture.width.abs_diff(1131) <= 1, "{}", picture.width);
    assert_eq!(picture.at(25, 75), [255, 0, 0]);
    assert_eq!(picture.at(75, 25), [255, 255, 255]);

    assert_eq!(refused(&document, 2).await, "the document has no such page");
    assert_eq!(refused(&document, 0).await, "the document has no such page");
}

#[tokio::test]
async fn a_truncated_pdf_is_damaged() {
    let document = page(A4, RED_QUARTER, &[], "");
    for part in [1, 2, 3] {
        let truncated = &document[..document.len() * part / 4];
        let said = refused(truncated, 1).await;
        assert_eq!(said, "the document is damaged", "{part} quarters of it");
    }
    let content = "q is no hexadecimal";
    let broken = page(A4, content, &[], "");
    let broken = String::from_utf8(broken).expect("text");
    let broken = broken.replace(
        "<< /Length 19 >>",
        "<< /Length 19 /Filter /ASCIIHexDecode >>",
    );
    assert_eq!(
        refused(broken.as_bytes(), 1).await,
        "the document is damaged"
    );
    let garbage = [&document[..9], &[0xaa; 5000], b"%%EOF"].concat();
    assert_eq!(refused(&garbage, 1).await, "the document is damaged");
}

#[tokio::test]
async fn an_encrypted_pdf_is_said_to_be() {
    let (owner, user, id) = ("11".repeat(32), "22".repeat(32), "33".repeat(16));
    let trailer = format!(
        "/Encrypt << /Filter /Standard /V 1 /R 2 /P -44 /O <{owner}> /U <{user}> >> \
         /ID [<{id}> <{id}>]"
    );
    let document = page(A4, RED_QUARTER, &[], &trailer);
    let said = refused(&document, 1).await;
    assert_eq!(said, "the document is locked by a password");
}

#[tokio::test]
async fn a_huge_page_gives_a_small_picture() {
    for media_box in [
        "[0 0 100000000 100000000]",
        "[0 0 100000000 1]",
        "[0 0 1 100000000]",
    ] {
        let picture = draw(&page(media_box, RED_QUARTER, &[], ""), 1)
            .await
            .expect("drawn small");
        let side = picture.width.max(picture.height);
        assert!(side <= usize::from(SIDE_PX_MAX), "{media_box}: {side}");
    }
}

#[tokio::test]
async fn a_pdf_that_unpacks_to_gigabytes_is_refused() {
    // In run-length coding a pair of bytes 129 stands for 128 bytes 129, and 128 for the end;
    // so 4 KiB unpack to 64⁴ times as much.
    let layers = 4;
    let mut end = vec![128];
    for _ in 1..layers {
        let length = u8::try_from(end.len() - 1).expect("a short end");
        end = [&[length], &end[..], &[128]].concat();
    }
    let packed = [vec![129; 4096], end].concat();
    let length = packed.len();
    let filters = "/RunLengthDecode ".repeat(layers);
    let head = format!("<< /Length {length} /Filter [{filters}] >>\nstream\n");
    let mut document = page(A4, "", &[], "");
    let body = [head.as_bytes(), &packed, b"\nendstream"].concat();
    let empty = b"<< /Length 0 >>\nstream\n\nendstream";
    let place = document
        .windows(empty.len())
        .position(|window| window == empty)
        .expect("the content");
    document.splice(place..place + empty.len(), body);
    assert_eq!(
        refused(&document, 1).await,
        "the document is too large to be drawn"
    );
}

#[tokio::test]
async fn a_pdf_that_draws_for_ever_is_stopped() {
    // Each of twelve forms draws the next one ten times.
    let forms: Vec<String> = (0..12)
        .map(|depth| {
            let (content, next) = if depth == 11 {
                (RED_QUARTER.to_owned(), 5)
            } else {
                ("/X Do ".repeat(10), 6 + depth)
            };
            let length = content.len();
            format!(
                "<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Length {length} \
                 /Resources << /XObject << /X {next} 0 R >> >> >>\nstream\n{content}\nendstream"
            )
        })
        .collect();
    let document = page(A4, "/X Do", &forms, "");
    let began = Instant::now();
    let said = refused(&document, 1).await;
    // Which limit is met first, time or memory, is a matter of the machine's speed.
    let limits = [
        "drawing the document took too long",
        "the document is too large to be drawn",
    ];
    assert!(limits.contains(&said.as_str()), "{said}");
    assert!(began.elapsed() < Duration::from_secs(20));
}

fn png_of(width: u32, height: u32, pixel: [u8; 4]) -> Vec<u8> {
    let mut document = Vec::new();
    let mut encoder = png::Encoder::new(&mut document, width, height);
    encoder.set_color(png::ColorType::Rgba);
    let mut writer = encoder.write_header().expect("a header");
    let pixels = pixel.repeat((width * height) as usize);
    writer.write_image_data(&pixels).expect("pixels");
    writer.finish().expect("an end");
    document
}

#[tokio::test]
async fn a_png_is_made_small_and_put_on_white() {
    let picture = draw(&png_of(2000, 1000, [0, 0, 255, 255]), 1)
        .await
        .expect("drawn");
    assert_eq!((picture.width, picture.height), (1600, 800));
    assert_eq!(picture.at(50, 50), [0, 0, 255]);

    let picture = draw(&png_of(3, 2, [0, 0, 0, 0]), 1).await.expect("drawn");
    assert_eq!((picture.width, picture.height), (3, 2));
    assert_eq!(picture.at(50, 50), [255, 255, 255]);

    let whole = png_of(300, 300, [1, 2, 3, 255]);
    let said = refused(&whole[..whole.len() / 2], 1).await;
    assert_eq!(said, "the document is damaged");
    assert_eq!(refused(&whole, 2).await, "the document has no such page");
}

#[tokio::test]
async fn a_png_that_claims_a_thousand_million_pixels_is_refused() {
    let mut document = png_of(1, 1, [0; 4]);
    document[16..24].copy_from_slice(&[0, 0, 0x80, 0, 0, 0, 0x80, 0]);
    let checksum = crc32(&document[12..29]);
    document[29..33].copy_from_slice(&checksum.to_be_bytes());
    assert_eq!(
        refused(&document, 1).await,
        "the document is too large to be drawn"
    );
}

/// CRC-32 as in PNG (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

/// A grey square of 8 × 8: one coefficient, 100 above the middle, quantised by 8.
fn jpeg() -> Vec<u8> {
    let mut document = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    document.extend([8; 64]);
    document.extend([0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
    for (class, symbol) in [(0x00, 7), (0x10, 0)] {
        document.extend([0xff, 0xc4, 0, 20, class, 1]);
        document.extend([0; 15]);
        document.push(symbol);
    }
    document.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x64, 0x7f]);
    document.extend([0xff, 0xd9]);
    document
}

#[tokio::test]
async fn a_jpeg_is_drawn() {
    let document = jpeg();
    let picture = draw(&document, 1).await.expect("drawn");
    assert_eq!((picture.width, picture.height), (8, 8));
    assert_eq!(picture.at(50, 50), [228; 3]);
    let said = refused(&document[..100], 1).await;
    assert_eq!(said, "the document is damaged");
}

#[tokio::test]
async fn what_is_no_document_is_said_so() {
    for document in [&b""[..], b"PK\x03\x04", b"<svg/>", b"MZ"] {
        let said = refused(document, 1).await;
        assert_eq!(said, "this kind of document cannot be drawn");
    }
    let long = vec![b'%'; (32 << 20) + 1];
    assert_eq!(
        refused(&long, 1).await,
        "the document is too large to be drawn"
    );
}

#[tokio::test]
async fn only_so_many_wait() {
    let document = page(A4, RED_QUARTER, &[], "");
    let renderer = renderer();
    let waiting =
        (0..=guichet::render::WAITING_MAX).map(|_| renderer.draw(&document, Drawing::of_page(1)));
    let drawn = futures::future::join_all(waiting).await;
    let busy = drawn
        .iter()
        .filter(|drawn| matches!(drawn, Err(RenderError::Busy)));
    assert_eq!(busy.count(), 1);
}

#[test]
fn the_child_limits_itself_before_it_reads() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_guichet"))
        .arg("render")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("runs");
    let limits = format!("/proc/{}/limits", child.id());
    let expected = [
        ("Max address space", "805306368"),
        ("Max cpu time", "10"),
        ("Max core file size", "0"),
        ("Max file size", "0"),
        ("Max open files", "3"),
    ];
    let set = || {
        let text = std::fs::read_to_string(&limits).expect("the child lives");
        expected.iter().all(|(name, limit)| {
            text.lines()
                .find_map(|line| line.strip_prefix(name))
                .is_some_and(|line| line.split_whitespace().take(2).all(|value| value == *limit))
        })
    };
    let began = Instant::now();
    while !set() {
        assert!(began.elapsed() < Duration::from_secs(5), "no limits");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(child.stdin.take());
    child.wait().expect("ends");
}

#[tokio::test]
async fn a_preview_is_small_and_a_turn_is_clockwise() {
    let document = page(A4, RED_QUARTER, &[], "");
    let drawn = |turns, detail| {
        let drawing = Drawing {
            page: 1,
            turns,
            detail,
        };
        let document = document.clone();
        async move { renderer().draw(&document, drawing).await.expect("drawn") }
    };
    let preview = drawn(0, Detail::Preview).await;
    assert!(preview.starts_with(&[0xff, 0xd8, 0xff]), "a JPEG");
    assert!(preview.len() <= PREVIEW_BYTES_MAX, "{}", preview.len());
    let again = renderer().draw(&preview, Drawing::of_page(1)).await;
    let small = Picture::read(&again.expect("a preview is drawn again"));
    assert_eq!(small.height, usize::from(Detail::Preview.side_px_max()));

    // The red quarter at the lower left goes to the upper left.
    let turned = Picture::read(&drawn(1, Detail::Screen).await);
    assert_eq!(turned.width, usize::from(SIDE_PX_MAX));
    assert_eq!(turned.at(25, 25), [255, 0, 0]);
    assert_eq!(turned.at(75, 75), [255, 255, 255]);
    let close = Picture::read(&drawn(0, Detail::Close).await);
    assert_eq!(close.height, usize::from(Detail::Close.side_px_max()));
}

#[tokio::test]
async fn even_noise_has_a_preview() {
    let side = 1_000_u32;
    let mut state = 1_u64;
    let noise: Vec<u8> = (0..side * side * 3)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        })
        .collect();
    let mut document = Vec::new();
    let mut encoder = png::Encoder::new(&mut document, side, side);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&noise).expect("pixels");
    writer.finish().expect("an end");
    let drawing = Drawing {
        detail: Detail::Preview,
        ..Drawing::of_page(1)
    };
    let preview = renderer().draw(&document, drawing).await.expect("drawn");
    assert!(preview.len() <= PREVIEW_BYTES_MAX, "{}", preview.len());
}
