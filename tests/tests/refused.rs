//! Files that are not taken: who brings one reads at once what it is and what to do, in their
//! language, and nothing of it is kept or sent. At both counters and from any hand: a page, a script,
//! among the documents or among the sheets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use guichet_tests::browser::{Browser, Size};
use guichet_tests::canary::{Canary, Search};
use guichet_tests::careless::Care;
use guichet_tests::counter::Counter;
use guichet_tests::pages;
use guichet_tests::samples;
use guichet_tests::script::Script;
use guichet_tests::village::Village;
use serde_json::{Value, json};

/// The largest file that is taken.
const BYTES_MAX: usize = 32 << 20;
const NEWS: &str = ".upload__news";

/// A file that somebody brings, and what comes of it.
struct Brought {
    name: &'static str,
    bytes: Vec<u8>,
    status: u16,
    kind: &'static str,
    /// In French and in English: what it is, and what to do.
    says: [[&'static str; 2]; 2],
}

/// The beginning of a kind, and bytes of nobody else's.
fn of_kind(seed: u8, begin: &[u8]) -> Vec<u8> {
    [begin, &samples::noise(seed, 3_000)].concat()
}

/// What phones, copiers and offices make.
fn of_other_kinds() -> Vec<Brought> {
    let save = ["JPEG, en PNG ou en PDF", "as JPEG, PNG or PDF"];
    let print = ["enregistrez-le en PDF", "save it as PDF"];
    let unpack = ["un par un", "one by one"];
    let instead = ["à la place", "instead"];
    let phone = ["Sur le téléphone", "On the phone"];
    let docx: &[u8] = b"PK\x03\x04\x14\0\x06\0\x08\0[Content_Types].xml word/document.xml";
    let odt: &[u8] = b"PK\x03\x04\x0a\0..mimetypeapplication/vnd.oasis.opendocument.text";
    let heic: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    let avif: &[u8] = b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf";
    /// Name, first bytes, what it is and what to do.
    type Row<'a> = (&'static str, &'a [u8], [&'static str; 2], [&'static str; 2]);
    let rows: [Row<'_>; 15] = [
        (
            "photo.heic",
            heic,
            ["une photo HEIC", "a HEIC photo"],
            phone,
        ),
        ("photo.avif", avif, ["AVIF", "AVIF"], save),
        ("scan.tif", b"II*\0\x08\0\0\0", ["TIFF", "TIFF"], save),
        (
            "ecran.webp",
            b"RIFF\x10\0\0\0WEBPVP8 ",
            ["WebP", "WebP"],
            save,
        ),
        ("image.gif", b"GIF89a", ["GIF", "GIF"], save),
        (
            "image.bmp",
            b"BM\x36\0\x0c\0\0\0\0\0\x36\0",
            ["BMP", "BMP"],
            save,
        ),
        ("lettre.docx", docx, ["Word", "Word"], print),
        // Its name is of no account.
        ("photo.png", docx, ["Word", "Word"], print),
        ("lettre.odt", odt, ["LibreOffice", "LibreOffice"], print),
        (
            "lettre.doc",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            ["Office", "Office"],
            print,
        ),
        (
            "papiers.zip",
            b"PK\x03\x04\x14\0\0\0\0\0bail.pdf",
            ["archive ZIP", "ZIP archive"],
            unpack,
        ),
        (
            "papiers.rar",
            b"Rar!\x1a\x07",
            ["archive", "archive"],
            unpack,
        ),
        (
            "film.mp4",
            b"\0\0\0\x14ftypisom\0\0\0\0mp42",
            ["vidéo", "video"],
            instead,
        ),
        (
            "page.html",
            b"<!doctype html><html><script>",
            ["page web", "web page"],
            instead,
        ),
        (
            "notes.pdf",
            b"Bonjour, voici mes notes.",
            ["ni un PDF, ni une image", "neither a PDF nor"],
            ["photographiez la feuille", "photograph the sheet"],
        ),
    ];
    let brought = (1..)
        .zip(rows)
        .map(|(seed, (name, begin, what, todo))| Brought {
            name,
            bytes: of_kind(seed, begin),
            status: 415,
            kind: "wrong-kind",
            says: [[what[0], todo[0]], [what[1], todo[1]]],
        });
    brought.collect()
}

/// Of a kind that is taken, and not to be shown all the same.
fn not_to_be_shown() -> Vec<Brought> {
    let pdf = samples::heavy_pdf("Coupé", &samples::noise(40, 6_000));
    let cut = pdf[..pdf.len() / 2].to_vec();
    let png = samples::png(41, 60);
    let cut_png = png[..png.len() / 2].to_vec();
    let form = String::from_utf8(samples::pdf([0, 0, 160], "Formulaire")).unwrap();
    let form = form
        .replace(
            "/Type /Font /Subtype /Type1 /BaseFont /Helvetica",
            "/XFA ()                                         ",
        )
        .replace(
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Pages 2 0 R /AcroForm 5 0 R>>",
        );
    let damaged = [
        ["abîmé ou incomplet", "depuis l’original"],
        ["damaged or incomplete", "from the original"],
    ];
    let locked = [
        ["mot de passe", "Enregistrez-le sans"],
        ["locked by a password", "Save it without"],
    ];
    let program = [
        [
            "le programme pour lequel",
            "imprimez-le dans un fichier PDF",
        ],
        ["the program that it was made for", "print it to a PDF file"],
    ];
    let rows = [
        ("bail.pdf", cut, damaged),
        ("bail.png", cut_png, damaged),
        ("bail.jpg", of_kind(42, b"\xff\xd8\xff\xe0"), damaged),
        ("ferme.pdf", samples::locked_pdf("Fermé"), locked),
        ("cerfa.pdf", form.into_bytes(), program),
    ];
    let brought = rows.map(|(name, bytes, says)| Brought {
        name,
        bytes,
        status: 422,
        kind: "no-picture",
        says,
    });
    brought.into()
}

fn empty() -> Brought {
    Brought {
        name: "vide.pdf",
        bytes: Vec::new(),
        status: 400,
        kind: "empty-file",
        says: [
            ["Ce fichier est vide.", "Vérifiez-le"],
            ["This file is empty.", "Check it"],
        ],
    }
}

fn too_large() -> Brought {
    Brought {
        name: "plan.pdf",
        bytes: samples::heavy_pdf("Plan", &samples::noise(43, BYTES_MAX)),
        status: 413,
        kind: "too-large",
        says: [["32\u{a0}Mo", "plus petit"], ["32\u{a0}MB", "smaller"]],
    }
}

fn all() -> Vec<Brought> {
    let others = [empty(), too_large()];
    of_other_kinds()
        .into_iter()
        .chain(not_to_be_shown())
        .chain(others)
        .collect()
}

/// Both sides of a case that has come to the desk.
async fn open(name: &str, without: Option<Care>) -> Counter {
    let mut village = Village::new(name, 1, 1).unwrap();
    village.sites().for_each(|site| site.without = without);
    village.kiosk().let_files_pass().unwrap();
    let counter = Counter::open(village).await.unwrap();
    let case = &counter.case;
    counter
        .kiosk
        .set(case, "last_name", "Lefèvre")
        .await
        .unwrap();
    let there = async |script: &Script| script.desk().await;
    let listed = |cases: &Vec<String>| cases.contains(case);
    counter.desk.until("the case", there, listed).await.unwrap();
    counter
}

/// Hands a file over by a script.
async fn hand(counter: &Counter, to: &Script, place: &str, file: &Brought) -> (u16, Value) {
    let path = counter.path(place);
    let kind = "application/octet-stream";
    let answer = to.api().upload(&path, "file", file.name, kind, &file.bytes);
    let answer = answer.await.unwrap();
    (answer.status, answer.json().unwrap_or_default())
}

/// What the nodes hold of these files, on any disk.
fn left(counter: &Counter, files: &[Brought]) -> (Search, BTreeSet<String>) {
    let windows = files.iter().filter(|file| !file.bytes.is_empty());
    let windows = windows.flat_map(|file| Canary::windows(file.name, &file.bytes).unwrap());
    let search = Search::new(&windows.collect::<Vec<_>>()).unwrap();
    let found = search.folder(counter.village.folder()).unwrap();
    let found = found.iter().map(ToString::to_string).collect();
    (search, found)
}

async fn has_none(counter: &Counter) {
    for script in [&counter.kiosk, &counter.desk] {
        let view = script.case(&counter.case).await.unwrap();
        assert_eq!(view["documents"], json!([]));
    }
    assert_eq!(counter.sheets().await.unwrap()["sheets"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_keeps_and_sends_nothing_of_what_it_does_not_take() {
    // What is kept is plain, so that it would be found.
    let counter = open("refused", Some(Care::Sealing)).await;
    let files = all();
    for file in &files {
        for script in [&counter.kiosk, &counter.desk] {
            let (status, told) = hand(&counter, script, "documents", file).await;
            assert_eq!((status, &told["kind"]), (file.status, &json!(file.kind)));
            let words = format!("{} {}", told["title"], told["todo"]);
            for said in file.says[0] {
                assert!(words.contains(said), "{}: {words}", file.name);
            }
        }
        let (status, told) = hand(&counter, &counter.kiosk, "sheets", file).await;
        assert!((400..500).contains(&status), "{}: {told}", file.name);
    }
    // A PDF is a document and no sheet.
    let pdf = Brought {
        bytes: samples::pdf([0, 0, 160], "Bail"),
        ..empty()
    };
    let (status, told) = hand(&counter, &counter.kiosk, "sheets", &pdf).await;
    assert_eq!((status, &told["file"]), (415, &json!("pdf")));
    assert!(told["todo"].as_str().unwrap().contains("comme document"));

    has_none(&counter).await;
    let (_, found) = left(&counter, &files);
    assert!(found.is_empty(), "{found:?}");
    let (status, told) = hand(&counter, &counter.kiosk, "documents", &pdf).await;
    assert_eq!(status, 200, "what can be shown is taken: {told}");
}

/// The control: where any file is taken, the same search finds each of them.
#[tokio::test(flavor = "multi_thread")]
async fn without_judging_a_node_keeps_and_sends_them_all() {
    let counter = open("refused-not", Some(Care::Judging)).await;
    let files: Vec<_> = of_other_kinds()
        .into_iter()
        .chain(not_to_be_shown())
        .collect();
    for file in &files {
        let (status, told) = hand(&counter, &counter.kiosk, "documents", file).await;
        assert_eq!(status, 200, "{}: {told}", file.name);
    }
    let here = async |desk: &Script| desk.documents(&counter.case).await;
    let all_here = |documents: &Vec<guichet_tests::script::Document>| {
        documents.len() == files.len() && documents.iter().all(|it| it.here)
    };
    counter
        .desk
        .until("all of them", here, all_here)
        .await
        .unwrap();
    let search = left(&counter, &files).0;
    for site in [&counter.village.kiosks[0], &counter.village.stations[0]] {
        let found = search.folder(site.folder()).unwrap();
        let missing = search.missing(&found);
        assert!(missing.is_empty(), "{}: {missing:?}", site.log);
    }
}

async fn bring(page: &Browser, folder: &std::path::Path, file: &Brought, says: [&str; 2]) {
    let path = folder.join(file.name);
    std::fs::write(&path, &file.bytes).unwrap();
    page.run(
        &format!("document.querySelector('{NEWS}').replaceChildren()"),
        &json!([]),
    )
    .await
    .unwrap();
    pages::add(page, &path).await.unwrap();
    for said in says {
        page.until_shown(&format!("{NEWS} .field__error"), said)
            .await
            .unwrap();
    }
    std::fs::remove_file(&path).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_brings_a_file_that_is_not_taken_reads_what_it_is_and_what_to_do() {
    let counter = open("refused-page", None).await;
    let brought = tempfile::tempdir().unwrap();
    for (site, lang) in [("kiosk", "fr"), ("kiosk", "en"), ("station", "fr")] {
        let site = match site {
            "kiosk" => &counter.village.kiosks[0],
            _ => &counter.village.stations[0],
        };
        let node = site.node().unwrap();
        let page = site.browser("refused", Size::SCREEN).await.unwrap();
        page.open(&node.open().unwrap()).await.unwrap();
        let case = format!("http://{}/cases/{}", node.address, counter.case);
        page.open(&case).await.unwrap();
        pages::language(&page, lang).await.unwrap();
        // At the desk the same page speaks: one of each answer.
        let files = match site.folder() == counter.village.kiosks[0].folder() {
            true => all(),
            false => of_other_kinds()
                .into_iter()
                .take(1)
                .chain(not_to_be_shown().into_iter().take(1))
                .chain([empty()])
                .collect(),
        };
        for file in files {
            let says = file.says[usize::from(lang == "en")];
            bring(&page, brought.path(), &file, says).await;
        }
        has_none(&counter).await;
        pages::language(&page, "fr").await.unwrap();
        // That a request was refused, and nothing else.
        for line in page.console().await.unwrap() {
            assert!(line.contains("Failed to load resource"), "{line}");
        }
    }
}
