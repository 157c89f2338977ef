//! What people write in a field, row by row of a table: at the kiosk, on the adviser's page, at
//! both nodes, and on the disk once everything was started again it is what was meant, or nothing
//! was kept and the page asked. Nothing is changed without a word.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use guichet_tests::browser::{Browser, Size};
use guichet_tests::pages::{self, field};
use guichet_tests::script::{Script, values_in};
use guichet_tests::village::{Adviser, Village};

/// After this long a page has put what was typed.
const PAUSE: Duration = Duration::from_millis(1_600);

/// What comes of something that is typed.
#[derive(Clone, Copy, Debug)]
enum Comes {
    /// It is kept as this, and both pages show it as that.
    Kept(&'static str, &'static str),
    /// Nothing is kept, and the page says this.
    Asked(&'static str),
    /// Nothing is kept, for nothing was said.
    Nothing,
}

use Comes::{Asked, Kept, Nothing};

/// A case of its own: the page's language, and for each field what is typed and what comes of it.
struct Round {
    lang: &'static str,
    rows: &'static [(&'static str, &'static str, Comes)],
}

const LONG_NAME: &str = "de la Rochefoucauld-d’Estissac-Montmorency-Luxembourg de \
                         Clermont-Tonnerre et Saint-Priest";

const ROUNDS: [Round; 5] = [
    Round {
        lang: "fr",
        rows: &[
            ("last_name", LONG_NAME, Kept(LONG_NAME, LONG_NAME)),
            ("first_name", "\u{200b}\u{2060}", Nothing),
            ("birth_date", "00/00/1950", Kept("1950-00-00", "00/00/1950")),
            ("phone", "04-73-00-00-00", Kept("0473000000", "0473000000")),
            (
                "social_security",
                "2 58 07 2a 004 001",
                Kept("258072A004001", "258072A004001"),
            ),
            ("rent", "1.412,50", Kept("1412.50", "1412,50")),
            ("charges", "12€50", Kept("12.50", "12,50")),
            ("children", "2,5", Asked("nombre entier, de 0 à 30")),
            ("income", "1 234,5 €", Kept("1234.5", "1234,5")),
            ("move_in", "1/9/2026", Kept("2026-09-01", "01/09/2026")),
        ],
    },
    Round {
        lang: "fr",
        rows: &[
            (
                "last_name",
                "Jean\u{202e}DURAND",
                Kept("JeanDURAND", "JeanDURAND"),
            ),
            (
                "first_name",
                "E\u{301}le\u{301}onore",
                Kept("Éléonore", "Éléonore"),
            ),
            ("birth_date", "04071958", Kept("1958-07-04", "04/07/1958")),
            (
                "phone",
                "+262 (0)692 12 34 56",
                Kept("+262692123456", "+262692123456"),
            ),
            (
                "social_security",
                "2 58 07 63 113 001 99",
                Asked("deux derniers chiffres"),
            ),
            ("rent", "1.200", Asked("1200 ou 1,20")),
            ("charges", "-5", Asked("0")),
            ("children", "31", Asked("de 0 à 30")),
            ("income", "412,50,3", Asked("nombre")),
            (
                "move_in",
                "29/02/2026",
                Asked("Le 29 février 2026 n’existe pas"),
            ),
        ],
    },
    Round {
        lang: "fr",
        rows: &[
            (
                "last_name",
                "رضا\u{200c}زاده",
                Kept("رضا\u{200c}زاده", "رضا\u{200c}زاده"),
            ),
            (
                "first_name",
                "  Anne\u{a0}Marie\t",
                Kept("Anne\u{a0}Marie", "Anne\u{a0}Marie"),
            ),
            ("birth_date", "04/07/2058", Asked("futur")),
            ("phone", "0473", Asked("10 chiffres")),
            (
                "social_security",
                "2 58 07 63 113 001 32",
                Kept("258076311300132", "258076311300132"),
            ),
            ("rent", "４１２", Kept("412", "412")),
            ("charges", "٤١", Kept("41", "41")),
            ("children", "002", Kept("2", "2")),
            ("income", "douze", Asked("nombre")),
            (
                "move_in",
                "1er septembre 2026",
                Kept("2026-09-01", "01/09/2026"),
            ),
        ],
    },
    Round {
        lang: "fr",
        rows: &[("birth_date", "04/07/58", Asked("04/07/1958"))],
    },
    Round {
        lang: "en",
        rows: &[
            ("rent", "1,200", Kept("1200", "1200")),
            ("income", "2,000", Kept("2000", "2000")),
            ("charges", "1.200", Asked("is it 1200 or 1.20?")),
            ("children", "2.5", Asked("whole number")),
            ("birth_date", "04/07/1958", Kept("1958-07-04", "04/07/1958")),
        ],
    },
];

/// In a text of several lines: what is put at its beginning by a script, what is typed behind it,
/// and what stands there in the end, round by round.
const AREAS: [(&str, &str, &str); 5] = [
    ("A\r\nB\r\nC", "oui", "A\nB\nCoui"),
    ("A\rB", "x", "A\nBx"),
    ("A\0B\u{1b}", "x", "ABx"),
    ("A\u{202e}B\u{2028}C", "x", "AB\nCx"),
    ("e\u{301}", "te\u{301}", "été"),
];

struct Scene {
    village: Village,
    kiosk: Browser,
    desk: Browser,
    adviser: Adviser,
}

impl Scene {
    async fn new() -> Self {
        let mut village = Village::new("fields", 1, 1).unwrap();
        village.start().await.unwrap();
        let adviser = village.adviser().clone();
        let [kiosk, desk] = [&village.kiosks[0], &village.stations[0]];
        let starts = [kiosk, desk].map(|site| site.node().unwrap().start_url.clone());
        let kiosk = kiosk.browser("fields-kiosk", Size::DESK).await.unwrap();
        let desk = desk.browser("fields-desk", Size::DESK).await.unwrap();
        kiosk.open(&starts[0]).await.unwrap();
        pages::unlock(&desk, &starts[1], &adviser).await.unwrap();
        Self {
            village,
            kiosk,
            desk,
            adviser,
        }
    }

    fn scripts(&self) -> [Script; 2] {
        let at_kiosk = self.village.kiosks[0].script().unwrap();
        [at_kiosk, self.village.stations[0].script().unwrap()]
    }

    async fn home(&self) {
        let node = self.village.kiosks[0].node().unwrap();
        let home = format!("http://{}/", node.address);
        self.kiosk.open(&home).await.unwrap();
    }

    /// One round at the kiosk, seen on both sides; returns its case.
    async fn play(&self, round: &Round, area: (&str, &str, &str)) -> String {
        let (kiosk, desk) = (&self.kiosk, &self.desk);
        self.home().await;
        let case = pages::begin(kiosk, "caf", "housing").await.unwrap();
        if round.lang != "fr" {
            pages::language(kiosk, round.lang).await.unwrap();
        }
        pages::put(kiosk, "address", "Thiers").await.unwrap();
        let address = format!("{}cases/{case}", self.origin(desk).await);
        let there = async |script: &Script| script.desk().await;
        let listed = |cases: &Vec<String>| cases.contains(&case);
        let [_, at_desk] = self.scripts();
        at_desk.until("the case", there, listed).await.unwrap();
        desk.open(&address).await.unwrap();
        for row in round.rows {
            self.typed(&case, row).await;
        }
        self.written(&case, area).await;
        if round.lang != "fr" {
            pages::language(kiosk, "fr").await.unwrap();
        }
        case
    }

    async fn origin(&self, page: &Browser) -> String {
        let address = page.address().await.unwrap();
        let (scheme, rest) = address.split_once("://").unwrap();
        format!("{scheme}://{}/", rest.split('/').next().unwrap())
    }

    async fn typed(&self, case: &str, (name, typed, comes): &(&str, &str, Comes)) {
        let (kiosk, input) = (&self.kiosk, field(name));
        kiosk.click(&input).await.unwrap();
        kiosk.commit(typed).await.unwrap();
        kiosk.leave().await.unwrap();
        match comes {
            Kept(_, shown) => {
                for page in [kiosk, &self.desk] {
                    page.until_value(&input, shown).await.unwrap();
                }
            }
            Asked(words) => {
                let error = format!("form[id$='-{name}'] .field__error");
                kiosk.until_shown(&error, words).await.unwrap();
                kiosk.until_value(&input, typed).await.unwrap();
                self.desk.until_value(&input, "").await.unwrap();
            }
            Nothing => {
                tokio::time::sleep(PAUSE).await;
                self.desk.until_value(&input, "").await.unwrap();
            }
        }
        for script in self.scripts() {
            stands(&script, case, name, comes).await;
        }
    }

    async fn written(&self, case: &str, (put, typed, whole): (&str, &str, &str)) {
        let area = field("situation");
        let [at_kiosk, at_desk] = self.scripts();
        at_kiosk.splice(case, "situation", 0, put).await.unwrap();
        let not_empty = format!("document.querySelector(\"{area}\").value !== ''");
        self.kiosk.until(&not_empty).await.unwrap();
        let at_end = format!(
            "const it = document.querySelector(\"{area}\"); it.focus(); \
             it.setSelectionRange(it.value.length, it.value.length)"
        );
        self.kiosk
            .run(&at_end, &serde_json::json!([]))
            .await
            .unwrap();
        self.kiosk.commit(typed).await.unwrap();
        for script in [&at_kiosk, &at_desk] {
            reads(script, case, whole).await;
        }
        for page in [&self.kiosk, &self.desk] {
            page.until_value(&area, whole).await.unwrap();
        }
    }
}

async fn stands(script: &Script, case: &str, name: &str, comes: &Comes) {
    let expected = match comes {
        Kept(kept, _) => vec![(*kept).to_owned()],
        Asked(_) | Nothing => Vec::new(),
    };
    let case_of = async |script: &Script| script.case(case).await;
    let view = script
        .until(name, case_of, |view| {
            values_in(view, name).is_ok_and(|values| values == expected)
        })
        .await;
    view.unwrap();
}

async fn reads(script: &Script, case: &str, whole: &str) {
    let text = async |script: &Script| script.values(case, "situation").await;
    script
        .until("the text", text, |text| *text == [whole])
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_row_is_kept_as_meant_or_asked_back_and_so_it_is_on_the_disk() {
    let mut scene = Scene::new().await;
    let mut cases = Vec::new();
    for (round, area) in ROUNDS.iter().zip(AREAS) {
        cases.push(scene.play(round, area).await);
    }
    // Nothing of what was refused comes later, and what was kept is what the disks have.
    for site in scene.village.sites() {
        site.stop().await.unwrap();
    }
    scene.village.start().await.unwrap();
    let [_, at_desk] = scene.scripts();
    let Adviser {
        name, passphrase, ..
    } = &scene.adviser;
    at_desk.unlock(name, passphrase).await.unwrap();
    for ((round, (.., whole)), case) in ROUNDS.iter().zip(AREAS).zip(&cases) {
        for (name, _, comes) in round.rows {
            stands(&at_desk, case, name, comes).await;
        }
        reads(&at_desk, case, whole).await;
    }
}
