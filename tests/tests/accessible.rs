//! Nobody is kept out by how a page is made: axe-core finds nothing on any page, in any state.
//!
//! Every page of every room of the gallery is loaded in a browser and checked, in French, in
//! English, and in very large text; what opens on it (popovers, dialogs, details) is opened and
//! checked too, and that no page believes itself cut off. A page that is the same as one before,
//! letter for letter, is not loaded again. English and very large text are looked at in some
//! scenes; with `GUICHET_EVERY_LOOK` set, in all.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::sync::Mutex;

use anyhow::{Context as _, Result};
use guichet_tests::browser::{Browser, Size};
use guichet_tests::gallery::{Gallery, Look, Room, Seen};
use guichet_tests::network::Place;
use serde_json::{Value, json};

/// How many look at once.
const BROWSERS: usize = 3;
/// Fewer pages than this were not the gallery.
const PAGES_MIN: usize = 130;

/// The scenes with most on their pages: elsewhere other looks show the same things.
const ROOMY: [&str; 3] = ["visit", "speaking", "locking"];

/// Very large text moves the same things in both languages.
const LOOKS: [Look; 3] = [Look::FRENCH, Look::ENGLISH, Look::VERY_LARGE];

/// The level that the pages promise, and what axe-core takes for good practice.
const CHECK: &str = "return (async args => {
    const options = {
        preload: false,
        resultTypes: ['violations'],
        runOnly: { type: 'tag', values: [
            'wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice',
        ] },
        rules: { 'target-size': { enabled: true } },
    };
    const [known] = args, found = [], opened = [];
    const check = async where => {
        const { violations } = await axe.run(where, options);
        for (const { id, help, nodes } of violations)
            for (const { html, failureSummary } of nodes)
                found.push(`${id} (${help}): ${html.slice(0, 300)}\\n    ${failureSummary}`);
    };
    document.querySelectorAll('details').forEach(it => it.open = true);
    await check(document);
    // What opened by itself bars the way to the rest of the page, which was checked without it.
    const barred = document.querySelector('dialog:modal') !== null;
    const opens = it => {
        if (barred) return false;
        const key = `${document.documentElement.className} ${it.id} ${it.textContent}`;
        return !known.includes(key) && opened.push(key);
    };
    for (const it of [...document.querySelectorAll('[popover]')].filter(opens)) {
        it.showPopover();
        await check(it);
        it.hidePopover();
    }
    for (const it of [...document.querySelectorAll('dialog:not([open])')].filter(opens)) {
        it.showModal();
        await check(it);
        it.close();
    }
    if (!document.querySelector('.lost').hidden) found.push('the page has lost its node');
    return { found, opened };
})(arguments)";

/// The checker, as npm brings it.
struct Axe {
    script: String,
}

impl Axe {
    fn load() -> Result<Self> {
        let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(
            || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache"),
            PathBuf::from,
        );
        let file = cache.join("guichet/axe-core/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&file).with_context(|| {
            let file = file.display();
            format!("axe-core is not at {file}; tests/run installs it there")
        })?;
        Ok(Self {
            script: format!("{axe};\n{CHECK}"),
        })
    }

    /// What is wrong with the page that the browser shows, and with what opens on it; what was
    /// opened on a page before is not again.
    async fn check(&self, browser: &Browser, opened: &mut Vec<String>) -> Result<Vec<String>> {
        let mut told = browser.run(&self.script, &json!([opened])).await?;
        let more: Vec<String> = serde_json::from_value(told["opened"].take())?;
        opened.extend(more);
        Ok(serde_json::from_value(told["found"].take())?)
    }
}

/// What the browsers share.
struct Tour {
    axe: Axe,
    rooms: Mutex<Vec<Room>>,
    seen: Seen,
    pages: Mutex<usize>,
    found: Mutex<Vec<String>>,
}

impl Tour {
    fn next_room(&self) -> Option<Room> {
        self.rooms.lock().unwrap().pop()
    }

    /// Goes from room to room until all are seen.
    async fn walk(&self, number: usize) -> Result<()> {
        let name = format!("accessible-{number}");
        let browser = Browser::start(&Place::here(), &name, Size::SCREEN).await?;
        let mut opened = vec![];
        while let Some(room) = self.next_room() {
            browser.open(&room.start_url).await?;
            for look in looks(&room).iter().copied() {
                room.prefer(&browser, look).await?;
                for path in room.unseen(&browser, &self.seen).await? {
                    let Room { role, scene, .. } = &room;
                    let at = format!("{role} {scene} {path} {} {}", look.lang, look.size);
                    let entered = room.enter(&browser, path).await;
                    entered.with_context(|| at.clone())?;
                    let found = self.axe.check(&browser, &mut opened).await;
                    let found = found.with_context(|| at.clone())?;
                    *self.pages.lock().unwrap() += 1;
                    let told = found.into_iter().map(|found| format!("{at}: {found}"));
                    self.found.lock().unwrap().extend(told);
                }
            }
        }
        Ok(())
    }
}

/// How a room is looked at.
fn looks(room: &Room) -> &'static [Look] {
    let every = std::env::var_os("GUICHET_EVERY_LOOK").is_some();
    match every || ROOMY.contains(&room.scene.as_str()) {
        true => &LOOKS,
        false => &LOOKS[..1],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_on_any_page() {
    let gallery = Gallery::open().unwrap();
    let all = gallery
        .rooms
        .iter()
        .map(|room| room.paths.len() * looks(room).len());
    let all: usize = all.sum();
    let tour = Tour {
        axe: Axe::load().unwrap(),
        rooms: Mutex::new(gallery.rooms.clone()),
        seen: Seen::default(),
        pages: Mutex::default(),
        found: Mutex::default(),
    };
    let walks = (0..BROWSERS).map(|number| tour.walk(number));
    futures::future::try_join_all(walks).await.unwrap();
    let (pages, found) = (
        tour.pages.into_inner().unwrap(),
        tour.found.into_inner().unwrap(),
    );
    println!(
        "{pages} pages checked; the other {} are the same",
        all - pages
    );
    assert!(pages >= PAGES_MIN, "{pages} pages only");
    assert!(found.is_empty(), "{}:\n{}", found.len(), found.join("\n"));
}

#[tokio::test]
async fn axe_finds_what_is_wrong_in_a_page_and_in_what_opens_on_it() {
    let gallery = Gallery::open().unwrap();
    let room = &gallery.rooms[0];
    let axe = Axe::load().unwrap();
    let browser = Browser::start(&Place::here(), "accessible-control", Size::SCREEN)
        .await
        .unwrap();
    browser.open(&room.start_url).await.unwrap();
    assert_eq!(
        axe.check(&browser, &mut vec![]).await.unwrap(),
        Vec::<String>::new()
    );
    let spoil = "const main = document.querySelector('main');
        main.insertAdjacentHTML('beforeend', '<img src=/nowhere><p>faint</p>');
        Object.assign(main.lastElementChild.style, { color: '#ccc', background: '#fff' });
        main.insertAdjacentHTML('beforeend', '<div id=\"spoilt\" popover><button></button></div>');
        return true";
    assert_eq!(
        browser.run(spoil, &json!([])).await.unwrap(),
        Value::Bool(true)
    );
    let found = axe.check(&browser, &mut vec![]).await.unwrap().join("\n");
    for rule in ["image-alt", "color-contrast", "button-name"] {
        assert!(found.contains(rule), "{rule} in {found}");
    }
}
