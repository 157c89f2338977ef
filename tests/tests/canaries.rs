//! Who holds what people say: the relay never, the kiosk no more once the visit
//! is over. Each search that finds nothing has its control, in which the same
//! search finds everything.
//!
//! On the line everything is inside Noise, sealed or not: what stood in the
//! relay's frames is seen in its memory, and the control of the line is what was
//! sent over it in the open. Not searched is the memory of the browser's own
//! processes, which keep pieces of their pages until the window is closed.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use guichet_tests::browser::{Browser, Size};
use guichet_tests::canary::{Canary, Finding, Search};
use guichet_tests::capture::Capture;
use guichet_tests::careless::{Care, Door};
use guichet_tests::pages::{self, field, news};
use guichet_tests::samples;
use guichet_tests::village::{Site, Village};

const RED: [u8; 3] = [220, 30, 40];
/// Where canaries cross the router in the open.
const OPEN_PORT: u16 = 9;
const IDLE_S: i64 = 30;

const WORDS: [&str; 15] = [
    "last name",
    "first name",
    "situation",
    "draft of the citizen",
    "message of the citizen",
    "message by script",
    "name of the citizen's PDF",
    "line of the citizen's PDF",
    "name of the citizen's PNG",
    "address",
    "remarks",
    "draft of the adviser",
    "message of the adviser",
    "name of the adviser's PNG",
    NOTE,
];
/// What only the service reads: no kiosk ever has it in plain.
const NOTE: &str = "note of the adviser";
/// What is never kept anywhere.
const DRAFTS: [&str; 2] = ["draft of the citizen", "draft of the adviser"];

/// What is said in a visit, each thing by a canary.
struct Said {
    all: Vec<Canary>,
    documents: Vec<(String, Vec<u8>)>,
}

impl Said {
    fn new() -> Self {
        let words = WORDS.map(|label| Canary::new(label).unwrap());
        let mut said = Self {
            all: words.to_vec(),
            documents: Vec::new(),
        };
        let pdf = samples::pdf(RED, said.word("line of the citizen's PDF"));
        said.bring("citizen's PDF", "pdf", pdf);
        said.bring("citizen's PNG", "png", samples::png(11, 160));
        said.bring("adviser's PNG", "png", samples::png(13, 160));
        said
    }

    fn bring(&mut self, whose: &str, ending: &str, bytes: Vec<u8>) {
        let name = format!("{}.{ending}", self.word(&format!("name of the {whose}")));
        self.all.extend(Canary::windows(whose, &bytes).unwrap());
        self.documents.push((name, bytes));
    }

    fn word(&self, label: &str) -> &str {
        let found = self.all.iter().find(|canary| canary.label == label);
        found.unwrap().word()
    }
}

/// A visit at a kiosk that reaches the station through the relay alone.
struct Visit {
    village: Village,
    kiosk: Browser,
    desk: Browser,
    _door: Option<Door>,
    said: Said,
    search: Search,
    files: PathBuf,
    case: String,
    /// A connection over which something was said, and which stays open.
    stays: Option<TcpStream>,
    watched: Watched,
    /// What was found in the memory of the watched node in the course of the visit.
    seen: BTreeSet<Finding>,
}

/// Whose memory is looked into again and again.
type Watched = fn(&Village) -> &Site;

fn relay(village: &Village) -> &Site {
    &village.relay
}

fn kiosk(village: &Village) -> &Site {
    &village.kiosks[0]
}

impl Visit {
    async fn begin(village: Village, watched: Watched, careless_browser: bool) -> Self {
        let (kiosk_site, desk_site) = (kiosk(&village), &village.stations[0]);
        let open = async |site: &Site| site.browser(&site.log, Size::SCREEN).await.unwrap();
        let (kiosk, desk) = (open(kiosk_site).await, open(desk_site).await);
        let files = village.folder().join("files");
        std::fs::create_dir(&files).unwrap();

        let node = kiosk_site.node().unwrap();
        let door = careless_browser.then(|| Door::open(&kiosk_site.place, node.address).unwrap());
        let start_url = match &door {
            Some(door) => door.url(&node.start_url).unwrap(),
            None => node.start_url.clone(),
        };
        kiosk.open(&start_url).await.unwrap();
        let case = pages::begin(&kiosk, "caf", "housing").await.unwrap();
        // A case in which nothing is written does not leave the kiosk.
        pages::choose(&kiosk, "tenancy", "tenant").await.unwrap();
        let start_url = &desk_site.node().unwrap().start_url;
        let adviser = village.adviser();
        pages::unlock(&desk, start_url, adviser).await.unwrap();
        pages::take_up(&desk, &case).await.unwrap();
        let said = Said::new();
        let search = Search::new(&said.all).unwrap();
        Self {
            village,
            kiosk,
            desk,
            _door: door,
            said,
            search,
            files,
            case,
            stays: None,
            watched,
            seen: BTreeSet::new(),
        }
    }

    /// Everything is said, and the receipt says that all of it was received.
    async fn go_on(&mut self) {
        self.drafts().await;
        self.note().await;
        self.fields_and_messages().await;
        self.look();
        for number in 0..self.said.documents.len() {
            self.document(number).await;
            self.look();
        }
        self.say_and_stay();
        for _ in 0..2 {
            self.receipt().await;
            self.kiosk.back().await.unwrap();
            self.kiosk.until_there("#messages p.them").await.unwrap();
        }
        self.receipt().await;
        self.look();
    }

    fn sides(&self) -> [(&Browser, &Browser); 2] {
        [(&self.kiosk, &self.desk), (&self.desk, &self.kiosk)]
    }

    /// Each side types what it never puts: it is no telephone number.
    async fn drafts(&mut self) {
        for (side, label) in DRAFTS.into_iter().enumerate() {
            let (writer, reader) = self.sides()[side];
            let draft = self.said.word(label);
            writer.fill(&field("phone"), draft).await.unwrap();
            reader.until_shown(&news("phone"), draft).await.unwrap();
            self.look();
        }
        pages::put(&self.kiosk, "phone", "0473001122")
            .await
            .unwrap();
    }

    /// The adviser notes something; what they say after it reaches the citizen all the same.
    async fn note(&self) {
        let words = self.said.word(NOTE);
        self.desk.fill("#note", words).await.unwrap();
        let button = "form[action$='/notes'] button";
        self.desk.click(button).await.unwrap();
        self.desk.until_shown("#notes", words).await.unwrap();
    }

    async fn fields_and_messages(&self) {
        let word = |label| self.said.word(label);
        let registers = [
            &[("last_name", "last name"), ("first_name", "first name")][..],
            &[("address", "address")],
        ];
        let areas = [("situation", "situation"), ("remarks", "remarks")];
        let messages = ["message of the citizen", "message of the adviser"];
        for (side, (writer, reader)) in self.sides().into_iter().enumerate() {
            for (name, label) in registers[side] {
                pages::put(writer, name, word(label)).await.unwrap();
                let place = field(name);
                reader.until_value(&place, word(label)).await.unwrap();
            }
            let (name, label) = areas[side];
            let place = field(name);
            writer.paste(&place, word(label)).await.unwrap();
            reader.until_value(&place, word(label)).await.unwrap();
            let message = word(messages[side]);
            pages::say(writer, message).await.unwrap();
            let shown = "#messages p.them";
            reader.until_shown(shown, message).await.unwrap();
        }
    }

    /// A document is brought on one side, and fetched and looked at on both.
    async fn document(&self, number: usize) {
        let writer = [&self.kiosk, &self.kiosk, &self.desk][number];
        let (name, bytes) = &self.said.documents[number];
        let file = self.files.join(name);
        std::fs::write(&file, bytes).unwrap();
        pages::add(writer, &file).await.unwrap();
        let hash = guichet_keys::sha256(bytes).to_string();
        for reader in [&self.kiosk, &self.desk] {
            let path = pages::document(reader, name).await.unwrap();
            assert_eq!(reader.sha256_of(&path).await.unwrap(), hash, "{name}");
            pages::view(reader, name).await.unwrap();
        }
    }

    async fn receipt(&self) {
        self.kiosk.click("a[href='/receipt']").await.unwrap();
        self.kiosk.until_there("#items .track").await.unwrap();
        let received = "[...document.querySelectorAll('#items .track')]\
            .every(track => track.querySelector('li:last-child').ariaCurrent === 'step')";
        self.kiosk.until(received).await.unwrap();
    }

    /// Says something over a connection that stays open, as a browser's do.
    fn say_and_stay(&mut self) {
        let site = kiosk(&self.village);
        let node = site.node().unwrap();
        let token = std::fs::read_to_string(node.folder().join("api-token")).unwrap();
        let words = self.said.word("message by script");
        let body = format!("{{\"text\":\"{words}\",\"lang\":\"fr\"}}");
        let mut line = site.place.connect(node.address).unwrap();
        write!(
            line,
            "POST /cases/{}/messages HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.case,
            node.address,
            token.trim(),
            body.len()
        )
        .unwrap();
        let mut answer = [0; 12];
        line.read_exact(&mut answer).unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 200");
        self.stays = Some(line);
    }

    async fn end(&self) {
        let button = "form[action='/visit/end'] button";
        self.kiosk.click(button).await.unwrap();
        let home = "location.pathname === '/'";
        self.kiosk.until(home).await.unwrap();
    }

    fn look(&mut self) {
        let found = self.memory(self.watched);
        self.seen.extend(found);
    }

    fn memory(&self, of: Watched) -> BTreeSet<Finding> {
        let node = of(&self.village).node().unwrap();
        self.search.memory(node.pid()).unwrap()
    }

    /// The data folder and what was logged.
    fn disk(&self, of: Watched) -> BTreeSet<Finding> {
        let site = of(&self.village);
        let log = site.node().unwrap().log();
        let mut found = self.search.bytes(&site.log, log.as_bytes());
        found.extend(self.search.folder(site.folder()).unwrap());
        found
    }

    fn assert_none(&self, found: &BTreeSet<Finding>) {
        let told: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}:\n{}", told.len(), told.join("\n"));
    }

    /// Every canary was found but these.
    fn assert_all_but(&self, absent: &[&str], found: &BTreeSet<Finding>) {
        let missing = self.search.missing(found);
        let missing = missing.iter().filter(|it| !absent.contains(&it.as_str()));
        assert_eq!(missing.collect::<Vec<_>>(), Vec::<&String>::new());
    }

    /// The kiosk has forgotten: in its folder, its log, its memory and its browser.
    async fn assert_forgotten(self) {
        self.assert_none(&self.disk(kiosk));
        self.assert_none(&self.memory(kiosk));
        self.assert_none(&self.search.folder(self.kiosk.profile()).unwrap());
        let profile = self.kiosk.quit().await.unwrap();
        let left = self.search.folder(profile.path()).unwrap();
        assert_eq!(left, BTreeSet::new());
    }
}

/// A village whose kiosk and station meet at the relay only.
fn village(name: &str, without: Option<Care>) -> Village {
    let mut village = Village::new(name, 1, 1).unwrap();
    village.kiosk().let_files_pass().unwrap();
    village.sites().for_each(|site| site.without = without);
    let (kiosk, station) = (&village.kiosks[0], &village.stations[0]);
    village.cut(kiosk, station).unwrap();
    village
}

/// Sends every canary from the kiosk to the relay as a leak would.
fn leak(visit: &Visit) {
    let relay = &relay(&visit.village).place;
    let to = SocketAddr::from((relay.address(), OPEN_PORT));
    let listener = relay.visit(move || TcpListener::bind(to)).unwrap();
    let mut line = kiosk(&visit.village).place.connect(to).unwrap();
    for canary in &visit.said.all {
        line.write_all(&canary.bytes).unwrap();
    }
    drop(line);
    let (mut end, _) = listener.accept().unwrap();
    std::io::copy(&mut end, &mut std::io::sink()).unwrap();
}

/// On the line nothing is found but what was sent in the open.
fn check_traffic(visit: &Visit, line: Capture) {
    leak(visit);
    let streams = line.end().unwrap();
    assert!(
        streams.iter().all(|it| it.gaps == 0),
        "the capture is whole"
    );
    let (open, closed): (Vec<_>, Vec<_>) = streams
        .into_iter()
        .partition(|it| it.to.port() == OPEN_PORT);
    visit.assert_none(&visit.search.traffic(&closed));
    visit.assert_all_but(&[], &visit.search.traffic(&open));

    let relay = relay(&visit.village).place.address();
    let to_relay = closed.iter().filter(|it| *it.to.ip() == relay);
    let carried: usize = to_relay.map(|it| it.bytes.len()).sum();
    let documents = visit.said.documents.iter().map(|it| it.1.len());
    assert!(carried > documents.sum(), "{carried} bytes are too few");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_sees_nothing_and_the_kiosk_forgets() {
    let mut village = village("canaries", None);
    let line = Capture::begin(&village.network).unwrap();
    village.start().await.unwrap();
    let mut visit = Visit::begin(village, relay, false).await;
    visit.go_on().await;
    let at_kiosk = visit.search.missing(&visit.memory(kiosk));
    assert!(at_kiosk.iter().any(|it| it == NOTE), "{at_kiosk:?}");
    visit.end().await;
    visit.look();
    visit.assert_none(&visit.seen);
    visit.assert_none(&visit.disk(relay));
    check_traffic(&visit, line);
    visit.assert_forgotten().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_that_nobody_ends_is_forgotten_too() {
    let mut village = village("canaries-idle", None);
    let idle = |settings: &mut toml::Table| drop(settings.insert("idle_s".into(), IDLE_S.into()));
    kiosk(&village).configure(idle).unwrap();
    village.start().await.unwrap();
    let mut visit = Visit::begin(village, kiosk, false).await;
    visit.fields_and_messages().await;
    visit.say_and_stay();
    visit.kiosk.patience = Duration::from_secs(IDLE_S as u64 + 20);
    let home = "location.pathname === '/'";
    visit.kiosk.until(home).await.unwrap();
    visit.assert_forgotten().await;
}

/// The relay keeps all that is kept, and has had the rest in its hands. What it has let go of may be
/// written over before anybody looks: memory and disk together show everything.
#[tokio::test(flavor = "multi_thread")]
async fn without_sealing_the_relay_holds_everything() {
    let mut village = village("canaries-unsealed", Some(Care::Sealing));
    village.start().await.unwrap();
    let mut visit = Visit::begin(village, relay, false).await;
    visit.go_on().await;
    visit.end().await;
    visit.look();
    visit.seen.extend(visit.disk(relay));
    visit.assert_all_but(&[], &visit.seen);
    for of in [relay, kiosk] {
        visit.assert_all_but(&DRAFTS, &visit.disk(of));
    }
}

/// The kiosk has had all of it in its hands, and still reads what it read before
/// the end; a browser that may store keeps all that it was shown.
#[tokio::test(flavor = "multi_thread")]
async fn without_forgetting_the_kiosk_holds_everything() {
    let mut village = village("canaries-kept", Some(Care::Forgetting));
    village.start().await.unwrap();
    let mut visit = Visit::begin(village, kiosk, true).await;
    visit.go_on().await;
    visit.assert_all_but(&[NOTE], &visit.seen);
    visit.end().await;
    let labels = visit.said.all.iter().map(|canary| canary.label.as_str());
    let handed_on = labels.filter(|it| it.contains("window") || it.contains("line"));
    let handed_on: Vec<_> = handed_on.chain([DRAFTS[0], NOTE]).collect();
    visit.assert_all_but(&handed_on, &visit.memory(kiosk));
    let profile = visit.kiosk.profile();
    let never = [&DRAFTS[..], &[NOTE]].concat();
    visit.assert_all_but(&never, &visit.search.folder(profile).unwrap());
}
