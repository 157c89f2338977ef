//! Every page in every scene, with invented people: what there is to look at.
//!
//! The pages are those that nodes serve, from a program that answers with samples in the place of
//! a node. A [`Room`] is one role in one scene, at an address of its own; one browser may be in all
//! of them, since each has its own cookie. Many pages are the same in several scenes: [`Seen`] lets
//! one look at each once, and tells how many were left out for that.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use guichet_keys::{Hash, sha256};
use serde::Deserialize;
use serde_json::json;

use crate::browser::{Browser, Size};
use crate::network::Place;
use crate::process::{Process, READY_WITHIN, program};

/// Rooms that are open; they close when this is dropped.
#[derive(Debug)]
pub struct Gallery {
    /// By role, then by scene.
    pub rooms: Vec<Room>,
    _pages: Process,
}

/// One role in one scene.
#[derive(Clone, Debug, Deserialize)]
pub struct Room {
    /// `kiosk`, `station` or `relay`.
    pub role: String,
    /// What goes on, in one word.
    pub scene: String,
    /// The address that opens a session, once.
    pub start_url: String,
    /// The paths of its pages.
    pub paths: Vec<String>,
    /// What opens by itself on each of them once it is loaded, as a selector.
    pub opens: Option<String>,
}

/// How somebody wants the pages, in the words of the form that asks it.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// `fr` or `en`.
    pub lang: &'static str,
    /// `normal`, `large` or `xlarge`.
    pub size: &'static str,
    /// `plain` or `high`.
    pub contrast: &'static str,
}

/// Which pages were looked at, by all who look together.
#[derive(Debug, Default)]
pub struct Seen(Mutex<BTreeSet<Hash>>);

impl Gallery {
    /// Starts the program that serves them, and waits until it does.
    pub fn open() -> Result<Self> {
        let pages = Process::spawn(Command::new(program("examples/pages")?), "gallery")?;
        let mut rooms = vec![];
        loop {
            let line = pages.line(READY_WITHIN)?;
            if line["ready"] == true {
                break;
            }
            rooms.push(serde_json::from_value(line).context("a room")?);
        }
        Ok(Self {
            rooms,
            _pages: pages,
        })
    }
}

impl Room {
    /// The address of a path.
    pub fn address(&self, path: &str) -> String {
        let (origin, _) = self.start_url.split_once("/start/").unwrap_or_default();
        format!("{origin}{path}")
    }

    /// Opens one of its pages, and waits for what opens on it by itself.
    pub async fn enter(&self, browser: &Browser, path: &str) -> Result<()> {
        browser.open(&self.address(path)).await?;
        if let Some(opens) = &self.opens {
            let open = format!("document.querySelector('{opens}:modal') !== null");
            browser.until(&open).await?;
        }
        Ok(())
    }

    /// Shows the pages of this room's browser in this way from now on.
    pub async fn prefer(&self, browser: &Browser, look: Look) -> Result<()> {
        let first = self.paths.first().map_or("/", String::as_str);
        browser.open(&self.address(first)).await?;
        let script = "const token = document.querySelector('meta[name=guichet-token]').content;
            const body = new URLSearchParams({ ...arguments[0], token });
            return fetch('/preferences', { method: 'POST', body }).then(answer => answer.ok)";
        let Look {
            lang,
            size,
            contrast,
        } = look;
        let wanted = json!([{ "lang": lang, "size": size, "contrast": contrast }]);
        let done = browser.run(script, &wanted).await?;
        ensure!(done == true, "{look:?} refused: {}", self.start_url);
        Ok(())
    }

    /// The paths whose pages nobody has seen yet, as the browser's session has them.
    pub async fn unseen(&self, browser: &Browser, seen: &Seen) -> Result<Vec<&str>> {
        let first = self.paths.first().map_or("/", String::as_str);
        browser.open(&self.address(first)).await?;
        let script = "const token = document.querySelector('meta[name=guichet-token]').content;
            const read = path => fetch(path, { headers: { Accept: 'text/html' } })
                .then(answer => answer.text())
                .then(text => text.replaceAll(token, ''));
            return Promise.all(arguments[0].map(read))";
        let texts = browser.run(script, &json!([self.paths])).await?;
        let texts: Vec<String> = serde_json::from_value(texts)?;
        ensure!(texts.len() == self.paths.len(), "{}", self.start_url);
        let pages = self.paths.iter().zip(&texts);
        // What opens by itself is not in the text.
        let opens = self.opens.as_deref().unwrap_or_default();
        let new = pages.filter(|(_, text)| seen.add(&format!("{} {opens} {text}", self.role)));
        Ok(new.map(|(path, _)| path.as_str()).collect())
    }
}

impl Seen {
    fn add(&self, text: &str) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(sha256(text.as_bytes()))
    }
}

impl Look {
    /// As a person finds the pages.
    pub const FRENCH: Self = Self {
        lang: "fr",
        size: "normal",
        contrast: "plain",
    };
    /// In English.
    pub const ENGLISH: Self = Self {
        lang: "en",
        ..Self::FRENCH
    };
    /// In very large text.
    pub const VERY_LARGE: Self = Self {
        size: "xlarge",
        ..Self::FRENCH
    };
    /// In high contrast.
    pub const CONTRAST: Self = Self {
        contrast: "high",
        ..Self::FRENCH
    };
}

/// Takes a picture of every page in every state into a folder, and returns how many. Only those
/// are taken whose name has this word in it.
pub async fn take_pictures(folder: &Path, only: &str) -> Result<usize> {
    const LOOKS: [Look; 4] = [
        Look::FRENCH,
        Look::ENGLISH,
        Look::VERY_LARGE,
        Look::CONTRAST,
    ];
    std::fs::create_dir_all(folder)?;
    let gallery = Gallery::open()?;
    let browser = Browser::start(&Place::here(), "gallery", Size::SCREEN).await?;
    let mut taken = 0;
    for room in &gallery.rooms {
        browser.open(&room.start_url).await?;
        for (look, size) in LOOKS
            .into_iter()
            .flat_map(|look| sizes(&room.role).map(|size| (look, size)))
        {
            browser.resize(size).await?;
            let preferred = room.prefer(&browser, look).await;
            preferred.with_context(|| format!("{look:?} {size:?} {}", room.scene))?;
            for path in &room.paths {
                let name = name(room, path, look, size);
                if name.contains(only) {
                    room.enter(&browser, path).await?;
                    settle(&browser).await.with_context(|| name.clone())?;
                    let file = folder.join(format!("{name}.png"));
                    std::fs::write(file, browser.whole_page().await?)?;
                    taken += 1;
                }
            }
        }
    }
    Ok(taken)
}

/// Waits until what the page shows of itself after it is loaded stands. Pictures further down are
/// fetched too, which a browser puts off until somebody comes near them.
async fn settle(browser: &Browser) -> Result<()> {
    let script = "const pictures = [...document.images];
    pictures.forEach(it => { it.loading = 'eager'; });
    return Promise.all(pictures.map(it => it.decode().catch(() => {})))
        .then(() => document.getAnimations().forEach(it => it.finish()))
        .then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done))))
        .then(() => true)";
    browser.run(script, &json!([])).await.map(drop)
}

fn sizes(role: &str) -> [Size; 2] {
    match role {
        "kiosk" => [Size::SCREEN, Size::UPRIGHT],
        _ => [Size::SCREEN, Size::DESK],
    }
}

fn name(room: &Room, path: &str, look: Look, size: Size) -> String {
    let Look {
        lang,
        size: text,
        contrast,
    } = look;
    let Size { width, height } = size;
    let Room { role, scene, .. } = room;
    let path: Vec<_> = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.get(..8).unwrap_or(word))
        .collect();
    let path = path.join("-");
    format!("{role}-{scene}_{path}_{width}x{height}_{lang}_{text}_{contrast}")
}
