//! Two services in one visit: each adviser reads the cases of their services and
//! of no other, whatever they have in their hands.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use guichet_keys::CaseTag;
use guichet_tests::browser::{Browser, Size};
use guichet_tests::burglar;
use guichet_tests::pages::{self, field};
use guichet_tests::samples;
use guichet_tests::village::Village;
use serde_json::json;

const RED: [u8; 3] = [220, 30, 40];

/// A visit at the kiosk with a case of each service, and the last station's desk.
struct Visit {
    village: Village,
    kiosk: Browser,
    desk: Browser,
    family: String,
    energy: String,
}

impl Visit {
    async fn begin() -> Self {
        let mut village = Village::new("services", 1, 1).unwrap();
        village.kiosk().let_files_pass().unwrap();
        village.start().await.unwrap();
        let kiosk = village.kiosk().browser("services-kiosk", Size::SCREEN);
        let kiosk = kiosk.await.unwrap();
        let desk = village.station().browser("services-desk", Size::SCREEN);
        let desk = desk.await.unwrap();
        let start_url = village.kiosk().node().unwrap().start_url.clone();
        kiosk.open(&start_url).await.unwrap();

        let family = pages::begin(&kiosk, "caf", "housing").await.unwrap();
        fill(&village, &kiosk, "Lefèvre", "Mon loyer a augmenté.").await;
        kiosk.click("nav.dock a[href='/']").await.unwrap();
        let energy = pages::begin(&kiosk, "energie", "voucher").await.unwrap();
        fill(&village, &kiosk, "Martin", "Ma facture a doublé.").await;
        Self {
            village,
            kiosk,
            desk,
            family,
            energy,
        }
    }

    async fn unlock(&self, adviser: usize) {
        let start_url = self.village.stations[0].node().unwrap().open().unwrap();
        let adviser = &self.village.advisers[adviser];
        pages::unlock(&self.desk, &start_url, adviser)
            .await
            .unwrap();
    }

    async fn lock(&self) {
        let button = "form[action='/lock'] button";
        self.desk.click(button).await.unwrap();
        let locked = "location.pathname === '/unlock'";
        self.desk.until(locked).await.unwrap();
    }
}

/// A name, a message and a document.
async fn fill(village: &Village, kiosk: &Browser, name: &str, message: &str) {
    pages::put(kiosk, "last_name", name).await.unwrap();
    pages::say(kiosk, message).await.unwrap();
    let shown = "#messages p.me";
    kiosk.until_shown(shown, message).await.unwrap();
    let file = village.folder().join(format!("{name}.pdf"));
    std::fs::write(&file, samples::pdf(RED, name)).unwrap();
    pages::add(kiosk, &file).await.unwrap();
    let name = format!("{name}.pdf");
    pages::document(kiosk, &name).await.unwrap();
}

async fn everything_is_received(visit: &Visit) {
    visit.kiosk.click("a[href='/receipt']").await.unwrap();
    let received = "document.querySelectorAll('#items .track').length === 6 \
        && [...document.querySelectorAll('#items .track')]\
        .every(track => track.querySelector('li:last-child').ariaCurrent === 'step')";
    visit.kiosk.until(received).await.unwrap();
}

async fn an_adviser_of_all_services_reads_both(visit: &Visit) {
    visit.unlock(0).await;
    for (case, name, message) in [
        (&visit.family, "Lefèvre", "Mon loyer a augmenté."),
        (&visit.energy, "Martin", "Ma facture a doublé."),
    ] {
        pages::take_up(&visit.desk, case).await.unwrap();
        let place = field("last_name");
        visit.desk.until_value(&place, name).await.unwrap();
        let shown = "#messages p.them";
        visit.desk.until_shown(shown, message).await.unwrap();
        let document = format!("{name}.pdf");
        pages::document(&visit.desk, &document).await.unwrap();
        visit.desk.click("a[href='/desk']").await.unwrap();
    }
    visit.lock().await;
}

/// Neither the page nor its JSON twin says that there is another case.
async fn the_energy_adviser_sees_their_own(visit: &Visit) {
    visit.unlock(1).await;
    let (family, energy) = (&visit.family, &visit.energy);
    let row = format!("#row-{energy}");
    visit.desk.until_there(&row).await.unwrap();
    assert_eq!(visit.desk.count("#cases tbody tr").await.unwrap(), 1);
    let script = visit.village.stations[0].script().unwrap();
    assert_eq!(script.desk().await.unwrap(), [energy.as_str()]);

    let value = script.values(energy, "last_name").await.unwrap();
    assert_eq!(value, ["Martin"], "their own case opens");
    let nobody = "0".repeat(32);
    for path in ["", "/documents/0123456789abcdef0123456789abcdef"] {
        let api = script.api();
        let theirs = api.get(&format!("/cases/{family}{path}")).await.unwrap();
        let unknown = api.get(&format!("/cases/{nobody}{path}")).await.unwrap();
        let said = theirs.json().unwrap();
        assert_eq!((theirs.status, &said["kind"]), (404, &json!("not-found")));
        assert_eq!(theirs.body, unknown.body, "as of a case that is not there");
    }
    let order = json!({ "text": "Bonjour", "lang": "fr" });
    let path = format!("/cases/{family}/messages");
    assert_eq!(script.api().post(&path, &order).await.unwrap().status, 404);

    let origin = "location.origin";
    let origin = visit.desk.until(origin).await.unwrap();
    let address = format!("{}/cases/{family}", origin.as_str().unwrap());
    visit.desk.open(&address).await.unwrap();
    let text = visit.desk.text("body").await.unwrap();
    for word in ["Lefèvre", "loyer", "logement"] {
        assert!(!text.contains(word), "{word} is shown: {text}");
    }
    visit
        .desk
        .open(&address.replace(family, energy))
        .await
        .unwrap();
    let place = field("last_name");
    visit.desk.until_value(&place, "Martin").await.unwrap();
}

/// With the whole folder of the station and every format known.
fn nothing_opens_the_other_case(visit: &mut Visit) {
    visit.village.kill();
    let station = visit.village.stations[0].folder();
    let [family, energy]: [CaseTag; 2] =
        [&visit.family, &visit.energy].map(|tag| tag.parse().unwrap());
    let break_in = |adviser: usize| {
        let passphrase = &visit.village.advisers[adviser].passphrase;
        let haul = burglar::break_in(station, passphrase).unwrap();
        assert_eq!(haul.vaults, 1, "one vault has this passphrase");
        haul
    };
    let all = break_in(0);
    for case in [family, energy] {
        assert!(all.keys[&case].is_whole(), "{case}: {all:?}");
        assert!(all.envelopes[&case].is_whole(), "{case}: {all:?}");
    }
    let own = break_in(1);
    assert!(own.keys[&energy].is_whole(), "{own:?}");
    assert!(own.envelopes[&energy].is_whole(), "{own:?}");
    assert!(own.keys[&family].is_none(), "{own:?}");
    assert!(own.envelopes[&family].is_none(), "{own:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adviser_of_one_service_cannot_open_the_case_of_another() {
    let mut visit = Visit::begin().await;
    everything_is_received(&visit).await;
    an_adviser_of_all_services_reads_both(&visit).await;
    the_energy_adviser_sees_their_own(&visit).await;
    nothing_opens_the_other_case(&mut visit);
}
