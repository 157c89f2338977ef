//! The main job: a citizen and an adviser fill in a case together, each in a
//! browser, over three real nodes and a line that breaks.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use guichet_tests::browser::{Browser, Size};
use guichet_tests::pages::{self, field, news};
use guichet_tests::samples;
use guichet_tests::village::Village;

const RED: [u8; 3] = [220, 30, 40];
const BLUE: [u8; 3] = [20, 60, 200];

/// Both sides of the counter, on one case.
struct Both {
    village: Village,
    kiosk: Browser,
    desk: Browser,
    files: PathBuf,
}

impl Both {
    async fn new() -> Self {
        let mut village = Village::new("journey", 1, 1).unwrap();
        village.kiosk().let_files_pass().unwrap();
        village.start().await.unwrap();
        let kiosk = village.kiosks[0]
            .browser("journey-kiosk", Size::SCREEN)
            .await
            .unwrap();
        let desk = village.stations[0]
            .browser("journey-desk", Size::SCREEN)
            .await
            .unwrap();
        let files = village.folder().join("files");
        std::fs::create_dir(&files).unwrap();

        let start_url = village.kiosks[0].node().unwrap().start_url.clone();
        kiosk.open(&start_url).await.unwrap();
        let case = pages::begin(&kiosk, "caf", "housing").await.unwrap();
        // A case in which nothing is written does not leave the kiosk.
        pages::choose(&kiosk, "tenancy", "tenant").await.unwrap();
        let start_url = village.stations[0].node().unwrap().start_url.clone();
        let adviser = village.adviser().clone();
        pages::unlock(&desk, &start_url, &adviser).await.unwrap();
        pages::take_up(&desk, &case).await.unwrap();
        Self {
            village,
            kiosk,
            desk,
            files,
        }
    }

    fn sides(&self) -> [(&Browser, &Browser); 2] {
        [(&self.kiosk, &self.desk), (&self.desk, &self.kiosk)]
    }

    async fn check_consoles(&self) {
        for page in [&self.kiosk, &self.desk] {
            assert_eq!(page.console().await.unwrap(), Vec::<String>::new());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_crosses_the_village_line() {
    let both = Both::new().await;
    fields_cross(&both).await;
    writing_is_seen_while_it_goes_on(&both).await;
    a_choice_is_read_in_each_language(&both).await;
    a_cut_keeps_both_answers_and_both_sentences(&both).await;
    documents_cross(&both).await;
    messages_cross(&both).await;
    both.check_consoles().await;
    the_receipt_says_received(&both).await;
    the_end_leaves_nothing(&both).await;
}

async fn fields_cross(both: &Both) {
    let of_kiosk = [
        ("last_name", "Lefèvre"),
        ("first_name", "Zoé"),
        ("address", "3 rue du Puits"),
    ];
    let of_desk = [("charges", "35"), ("income", "1480,5"), ("children", "2")];
    for ((writer, reader), fields) in both.sides().into_iter().zip([of_kiosk, of_desk]) {
        for (name, value) in fields {
            pages::put(writer, name, value).await.unwrap();
        }
        for (name, value) in fields {
            reader.until_value(&field(name), value).await.unwrap();
        }
    }
}

/// Letters are seen before the field is left: in a text area as its text, in a
/// register as a draft with the writer's name.
async fn writing_is_seen_while_it_goes_on(both: &Both) {
    for (writer, reader) in both.sides() {
        writer
            .type_in(&field("remarks"), "Bonjour. ")
            .await
            .unwrap();
        reader
            .until(&format!(
                "document.querySelector(\"{}\").value.includes('Bonjour. ')",
                field("remarks")
            ))
            .await
            .unwrap();
        writer.leave().await.unwrap();
    }
    both.kiosk.fill(&field("phone"), "0473").await.unwrap();
    both.desk.until_shown(&news("phone"), "0473").await.unwrap();
    both.kiosk
        .fill(&field("phone"), "0473001122")
        .await
        .unwrap();
    both.kiosk.leave().await.unwrap();
    both.desk
        .until_value(&field("phone"), "0473001122")
        .await
        .unwrap();
}

async fn a_choice_is_read_in_each_language(both: &Both) {
    pages::language(&both.kiosk, "en").await.unwrap();
    pages::choose(&both.kiosk, "tenancy", "flatshare")
        .await
        .unwrap();
    for (page, expected) in [
        (&both.desk, "En colocation"),
        (&both.kiosk, "In a shared flat"),
    ] {
        let words = pages::chosen(page, "tenancy", "flatshare").await.unwrap();
        assert!(words.contains(expected), "{words}");
    }
    pages::language(&both.kiosk, "fr").await.unwrap();
}

async fn a_cut_keeps_both_answers_and_both_sentences(both: &Both) {
    const OF_KIOSK: &str = "Je suis séparée depuis le 3 mars.";
    const OF_DESK: &str = "Le bail a été vu par le conseiller.";
    pages::put(&both.kiosk, "rent", "400").await.unwrap();
    both.desk.until_value(&field("rent"), "400").await.unwrap();

    both.village.isolate_kiosk().unwrap();
    for (page, value, sentence) in [(&both.kiosk, "412", OF_KIOSK), (&both.desk, "421", OF_DESK)] {
        pages::put(page, "rent", value).await.unwrap();
        page.type_in(&field("situation"), sentence).await.unwrap();
        page.leave().await.unwrap();
        page.until_value(&field("situation"), sentence)
            .await
            .unwrap();
    }
    both.village.rejoin_kiosk().unwrap();

    for (page, _) in both.sides() {
        for value in ["412", "421"] {
            page.until_shown(&news("rent"), value).await.unwrap();
        }
        let text = format!("document.querySelector(\"{}\").value", field("situation"));
        let whole = format!("{text}.includes('{OF_KIOSK}') && {text}.includes('{OF_DESK}')");
        page.until(&whole).await.unwrap();
    }
}

async fn documents_cross(both: &Both) {
    let of = |writer: &str, colour| {
        [
            (format!("bail-{writer}.pdf"), samples::pdf(colour, "Bail")),
            (
                format!("photo-{writer}.png"),
                samples::png(u64::from(colour[0]), 200),
            ),
        ]
    };
    let documents = [of("citoyen", RED), of("conseil", BLUE)];
    for ((writer, reader), documents) in both.sides().into_iter().zip(&documents) {
        for (name, bytes) in documents {
            pages::add(writer, &file(&both.files, name, bytes))
                .await
                .unwrap();
            pages::document(writer, name).await.unwrap();
        }
        for (name, bytes) in documents {
            let path = pages::document(reader, name).await.unwrap();
            let hash = guichet_keys::sha256(bytes).to_string();
            assert_eq!(reader.sha256_of(&path).await.unwrap(), hash, "{name}");
        }
    }
    for ((_, reader), (name, colour)) in both
        .sides()
        .into_iter()
        .zip([("bail-citoyen.pdf", RED), ("bail-conseil.pdf", BLUE)])
    {
        pages::view(reader, name).await.unwrap();
        let page = reader.pixels("#viewer img[data-picture]").await.unwrap();
        let share = page.share(colour, 12);
        assert!(
            (0.2..0.45).contains(&share),
            "{name}: {share} of the page is coloured"
        );
    }
}

async fn messages_cross(both: &Both) {
    for ((writer, reader), words) in both
        .sides()
        .into_iter()
        .zip(["Avez-vous reçu mon bail ?", "Oui, il est complet."])
    {
        pages::say(writer, words).await.unwrap();
        reader.until_shown("#messages p.them", words).await.unwrap();
        writer.until_shown("#messages p.me", words).await.unwrap();
    }
}

async fn the_receipt_says_received(both: &Both) {
    both.kiosk.click("a[href='/receipt']").await.unwrap();
    both.kiosk.until_there("#items .track").await.unwrap();
    let last_step = "[...document.querySelectorAll('#items .track')]\
        .every(track => track.querySelector('li:last-child').ariaCurrent === 'step')";
    both.kiosk.until(last_step).await.unwrap();
    assert_eq!(
        both.kiosk.count("#items .track").await.unwrap(),
        4,
        "form, message, two documents"
    );
}

async fn the_end_leaves_nothing(both: &Both) {
    both.kiosk
        .click("form[action='/visit/end'] button")
        .await
        .unwrap();
    both.kiosk.until("location.pathname === '/'").await.unwrap();
    both.kiosk.back().await.unwrap();
    let text = both.kiosk.text("body").await.unwrap();
    for word in ["Lefèvre", "412", "bail-citoyen", "séparée"] {
        assert!(!text.contains(word), "{word} is still there: {text}");
    }
    let desk = both.desk.value(&field("last_name")).await.unwrap();
    assert_eq!(desk, "Lefèvre", "the adviser keeps the case");
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}
