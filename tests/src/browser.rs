//! A headless Chromium, driven as a person would: look, touch, type, wait.
//!
//! Each browser has a chromedriver and a profile of its own, and may live in a
//! place of a [`crate::network`]. WebDriver is JSON over HTTP, so [`Api`] speaks
//! it; no more of the protocol is here than journeys use. Whatever is asked for
//! is waited for, since pages change under the hand: an element that is not yet
//! there, not yet reachable or just replaced is tried again until
//! [`Browser::patience`] ends; then a picture of the page is kept and the error
//! says what the page showed instead.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::Api;
use crate::network::Place;
use crate::performer::Performer;

mod clock;
mod driver;
mod hand;
mod kept;
mod keys;
mod looks;
mod media;
mod pixels;
mod screen;
mod script;
mod sight;

pub use clock::CLOCK;
use driver::Driver;
pub use kept::kept;
pub use media::Received;
pub use pixels::Pixels;
use screen::Screen;

const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The folder in the profile where files land.
const DOWNLOADS: &str = "downloads";
const HEADLESS: &str = "--headless=new";
const FLAGS: [&str; 12] = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--lang=fr",
];

/// How large a window is, in CSS pixels.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Across.
    pub width: u32,
    /// Down.
    pub height: u32,
}

impl Size {
    /// A kiosk's or a desk's screen.
    pub const SCREEN: Self = Self {
        width: 1920,
        height: 1080,
    };
    /// A kiosk whose screen stands upright.
    pub const UPRIGHT: Self = Self {
        width: 1080,
        height: 1920,
    };
    /// A small desk's screen.
    pub const DESK: Self = Self {
        width: 1440,
        height: 900,
    };
    /// For journeys in which the size does not matter.
    pub const SMALL: Self = Self {
        width: 640,
        height: 480,
    };
}

/// How a browser is set up beside its size.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setup<'a> {
    /// Who sits before its camera and microphone.
    pub performer: Option<&'a Performer>,
    /// As a person starts it, and without being asked again: it keeps what it would offer to keep.
    pub keeps: bool,
    /// The policy that the machine's administrator has given it.
    pub policy: Option<&'a Path>,
    /// How many cameras and microphones stand before it, if not one.
    pub devices: Option<u32>,
    /// With a window on a screen.
    pub screen: bool,
}

impl Setup<'_> {
    /// What the driver is asked for.
    fn capabilities(&self, size: Size, profile: &Path) -> Result<Value> {
        let mut flags: Vec<String> = FLAGS.iter().map(ToString::to_string).collect();
        if !self.screen {
            flags.push(HEADLESS.into());
        }
        flags.push(format!("--window-size={},{}", size.width, size.height));
        flags.push(format!(
            "--user-data-dir={}",
            profile.join("profile").display()
        ));
        if let Some(devices) = self.devices {
            flags.push(format!(
                "--use-fake-device-for-media-stream=device-count={devices}"
            ));
        }
        if let Some(performer) = self.performer {
            let (picture, voice) = performer.write(profile)?;
            let (picture, voice) = (picture.display(), voice.display());
            flags.push(format!("--use-file-for-fake-video-capture={picture}"));
            flags.push(format!("--use-file-for-fake-audio-capture={voice}"));
        }
        let downloads = profile.join(DOWNLOADS);
        let mut preferences = json!({ "download.default_directory": downloads });
        let mut left_out = json!([]);
        if self.keeps {
            flags.push("--enable-automatic-password-saving".into());
            left_out = json!(["enable-automation"]);
            for offer in [
                "credentials_enable_service",
                "profile.password_manager_enabled",
            ] {
                preferences[offer] = true.into();
            }
        }
        Ok(json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "args": flags,
                "prefs": preferences,
                "excludeSwitches": left_out,
            },
        } } }))
    }
}

/// A browser with one page open.
#[derive(Debug)]
pub struct Browser {
    name: String,
    place: Place,
    session: String,
    api: Api,
    /// How long a thing is waited for.
    pub patience: Duration,
    driver: Driver,
    profile: TempDir,
    _screen: Option<Screen>,
}

impl Browser {
    /// Starts a browser in a place. `name` appears in errors and file names.
    pub async fn start(place: &Place, name: &str, size: Size) -> Result<Self> {
        Self::start_before(place, name, size, None).await
    }

    /// Starts a browser before whose camera and microphone somebody sits.
    pub async fn start_before(
        place: &Place,
        name: &str,
        size: Size,
        performer: Option<&Performer>,
    ) -> Result<Self> {
        let setup = Setup {
            performer,
            ..Setup::default()
        };
        Self::start_with(place, name, size, setup).await
    }

    /// Starts a browser that is set up in some way.
    pub async fn start_with(
        place: &Place,
        name: &str,
        size: Size,
        setup: Setup<'_>,
    ) -> Result<Self> {
        let profile = tempfile::Builder::new()
            .prefix("guichet-browser-")
            .tempdir()?;
        let screen = setup.screen.then(|| Screen::start(place)).transpose()?;
        let display = screen.as_ref().map(Screen::display);
        let driver = Driver::start(place, setup.policy, display)?;
        let api = Api::new(
            place,
            SocketAddr::from((Ipv4Addr::LOCALHOST, driver.port())),
        );
        let wanted = setup.capabilities(size, profile.path())?;
        let answer = command(&api, "POST", "/session", &wanted).await?;
        let session = answer["sessionId"]
            .as_str()
            .context("a session id")?
            .to_string();
        let patience = Duration::from_secs(20);
        let browser = Self {
            name: name.to_string(),
            place: place.clone(),
            session,
            api,
            patience,
            driver,
            profile,
            _screen: screen,
        };
        if setup.performer.is_some() {
            browser.before_pages(media::BEFORE_PAGES).await?;
        }
        Ok(browser)
    }

    /// Goes to an address and waits until the page is loaded.
    pub async fn open(&self, url: &str) -> Result<()> {
        self.post("/url", &json!({ "url": url })).await?;
        Ok(())
    }

    /// Where the page is.
    pub async fn address(&self) -> Result<String> {
        let path = format!("/session/{}/url", self.session);
        let answer = command(&self.api, "GET", &path, &Value::Null).await?;
        Ok(answer.as_str().unwrap_or_default().to_string())
    }

    /// Goes back by one page.
    pub async fn back(&self) -> Result<()> {
        self.post("/back", &json!({})).await.map(drop)
    }

    /// Closes the window as a person does and returns what the browser leaves behind: its
    /// profile, until that is dropped.
    pub async fn quit(self) -> Result<TempDir> {
        let path = format!("/session/{}", self.session);
        command(&self.api, "DELETE", &path, &Value::Null).await?;
        drop(self.driver);
        Ok(self.profile)
    }

    /// Where files land that the page lets one download.
    pub fn downloads(&self) -> PathBuf {
        self.profile.path().join(DOWNLOADS)
    }

    /// The folder in which the browser keeps what it keeps.
    pub fn profile(&self) -> &Path {
        self.profile.path()
    }

    /// The process group of the browser and its driver.
    pub fn process_group(&self) -> u32 {
        self.driver.group()
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let path = format!("/session/{}{path}", self.session);
        command(&self.api, "POST", &path, body).await
    }
}

/// A JavaScript and CSS string.
pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

async fn command(api: &Api, method: &str, path: &str, body: &Value) -> Result<Value> {
    let body = if method == "POST" {
        body.to_string().into_bytes()
    } else {
        Vec::new()
    };
    let answer = api.send(method, path, "application/json", &body).await?;
    let mut value = answer.json()?["value"].take();
    if answer.status != 200 {
        let message = value["message"].as_str().unwrap_or_default();
        let message = message.lines().next().unwrap_or_default();
        bail!(
            "{}: {message}",
            value["error"].as_str().unwrap_or("WebDriver failed")
        );
    }
    Ok(value.take())
}

#[cfg(test)]
mod tests;
