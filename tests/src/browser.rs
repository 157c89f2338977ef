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
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::api::Api;
use crate::network::Place;
use crate::performer::Performer;

mod clock;
mod driver;
mod kept;
mod keys;
mod looks;
mod media;
mod pixels;
mod screen;

pub use clock::CLOCK;
use driver::Driver;
pub use kept::kept;
pub use media::Received;
pub use pixels::Pixels;
use screen::Screen;

const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(40);
const ENTER: &str = "\u{e007}";
const CONTROL: &str = "\u{e009}";
const DELETE: &str = "\u{e017}";

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
        let Setup {
            performer,
            keeps,
            policy,
            devices,
            screen,
        } = setup;
        let profile = tempfile::Builder::new()
            .prefix("guichet-browser-")
            .tempdir()?;
        let screen = screen.then(|| Screen::start(place)).transpose()?;
        let display = screen.as_ref().map(Screen::display);
        let driver = Driver::start(place, policy, display)?;
        let api = Api::new(
            place,
            SocketAddr::from((Ipv4Addr::LOCALHOST, driver.port())),
        );
        let mut flags: Vec<String> = FLAGS.iter().map(ToString::to_string).collect();
        if screen.is_none() {
            flags.push(HEADLESS.into());
        }
        flags.push(format!("--window-size={},{}", size.width, size.height));
        flags.push(format!(
            "--user-data-dir={}",
            profile.path().join("profile").display()
        ));
        if let Some(devices) = devices {
            flags.push(format!(
                "--use-fake-device-for-media-stream=device-count={devices}"
            ));
        }
        if let Some(performer) = performer {
            let (picture, voice) = performer.write(profile.path())?;
            let (picture, voice) = (picture.display(), voice.display());
            flags.push(format!("--use-file-for-fake-video-capture={picture}"));
            flags.push(format!("--use-file-for-fake-audio-capture={voice}"));
        }
        let downloads = profile.path().join("downloads");
        let mut preferences = json!({ "download.default_directory": downloads });
        let mut left_out = json!([]);
        if keeps {
            flags.push("--enable-automatic-password-saving".into());
            left_out = json!(["enable-automation"]);
            for offer in [
                "credentials_enable_service",
                "profile.password_manager_enabled",
            ] {
                preferences[offer] = true.into();
            }
        }
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "args": flags,
                "prefs": preferences,
                "excludeSwitches": left_out,
            },
        } } });
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
        if performer.is_some() {
            browser.before_pages(media::BEFORE_PAGES).await?;
        }
        Ok(browser)
    }

    /// Runs a script before those of every page that is opened from now on.
    pub async fn before_pages(&self, script: &str) -> Result<()> {
        let before = json!({ "source": script });
        let added = self.devtools("Page.addScriptToEvaluateOnNewDocument", &before);
        added.await.map(drop)
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

    /// Touches an element.
    pub async fn click(&self, css: &str) -> Result<()> {
        self.with(css, "click", &json!({})).await
    }

    /// Touches the first of the elements that shows this text.
    pub async fn click_on(&self, css: &str, text: &str) -> Result<()> {
        let script = "return [...document.querySelectorAll(arguments[0])]
            .find(element => element.innerText.includes(arguments[1]))";
        self.patiently(&format!("click {css} with {text:?}"), async || {
            let found = self.run(script, &json!([css, text])).await?;
            let id = found[ELEMENT].as_str().context("no such element")?;
            self.act(id, "click", &json!({})).await
        })
        .await
    }

    /// Types at the end of what a field holds, key by key.
    pub async fn type_in(&self, css: &str, text: &str) -> Result<()> {
        self.with(css, "value", &json!({ "text": text })).await
    }

    /// Types in place of what a field holds; the field keeps the focus.
    pub async fn fill(&self, css: &str, text: &str) -> Result<()> {
        self.type_in(css, &format!("{CONTROL}a{CONTROL}{DELETE}{text}"))
            .await
    }

    /// Puts text at the caret all at once, as pasting does; the field keeps the focus.
    pub async fn paste(&self, css: &str, text: &str) -> Result<()> {
        self.click(css).await?;
        let script = "return document.execCommand('insertText', false, arguments[0])";
        let done = self.run(script, &json!([text])).await?;
        done.as_bool()
            .filter(|done| *done)
            .context("not pasted")
            .map(drop)
    }

    /// Presses Enter in a field.
    pub async fn enter(&self, css: &str) -> Result<()> {
        self.type_in(css, ENTER).await
    }

    /// Leaves the field that has the focus, as the next touch would.
    pub async fn leave(&self) -> Result<()> {
        self.run("document.activeElement?.blur(); return true", &json!([]))
            .await
            .map(drop)
    }

    /// Chooses an option by its value, as a person's choice would be seen.
    pub async fn choose(&self, css: &str, value: &str) -> Result<()> {
        let css_option = format!("{css} option[value={}]", quoted(value));
        self.click(&css_option).await
    }

    /// Hands a file to a file input.
    pub async fn upload(&self, css: &str, file: &Path) -> Result<()> {
        let file = std::path::absolute(file)?;
        self.type_in(css, &file.to_string_lossy()).await
    }

    /// What an element shows, once it is there.
    pub async fn text(&self, css: &str) -> Result<String> {
        let found = format!("document.querySelector({})", quoted(css));
        let text = self
            .until(&format!("{found} && {{ text: {found}.innerText }}"))
            .await?;
        Ok(text["text"].as_str().unwrap_or_default().to_string())
    }

    /// What a field holds, once it is there.
    pub async fn value(&self, css: &str) -> Result<String> {
        let found = format!("document.querySelector({})", quoted(css));
        let text = self
            .until(&format!("{found} && {{ value: {found}.value }}"))
            .await?;
        Ok(text["value"].as_str().unwrap_or_default().to_string())
    }

    /// How many elements there are now.
    pub async fn count(&self, css: &str) -> Result<u64> {
        let script = "return document.querySelectorAll(arguments[0]).length";
        Ok(self
            .run(script, &json!([css]))
            .await?
            .as_u64()
            .unwrap_or_default())
    }

    /// Waits until an element is there.
    pub async fn until_there(&self, css: &str) -> Result<()> {
        self.until(&format!("document.querySelector({}) !== null", quoted(css)))
            .await
            .map(drop)
    }

    /// Waits until no such element is there.
    pub async fn until_gone(&self, css: &str) -> Result<()> {
        self.until(&format!("document.querySelector({}) === null", quoted(css)))
            .await
            .map(drop)
    }

    /// Waits until one of the elements shows this text.
    pub async fn until_shown(&self, css: &str, text: &str) -> Result<()> {
        let all = format!("[...document.querySelectorAll({})]", quoted(css));
        let shown = format!("{all}.some(it => it.innerText.includes({}))", quoted(text));
        self.until(&shown).await.map(drop)
    }

    /// Waits until a field holds this value.
    pub async fn until_value(&self, css: &str, value: &str) -> Result<()> {
        let field = format!("document.querySelector({})", quoted(css));
        self.until(&format!("{field}?.value === {}", quoted(value)))
            .await
            .map(drop)
    }

    /// Waits until a JavaScript expression is true, and returns its value.
    pub async fn until(&self, expression: &str) -> Result<Value> {
        let script = format!("return {expression}");
        self.patiently(expression, async || {
            let value = self.run(&script, &json!([])).await?;
            let empty = matches!(value, Value::Null | Value::Bool(false));
            if empty {
                Err(anyhow!("it is {value}"))
            } else {
                Ok(value)
            }
        })
        .await
    }

    /// Runs a function body in the page and returns what it returns.
    pub async fn run(&self, script: &str, arguments: &Value) -> Result<Value> {
        self.post(
            "/execute/sync",
            &json!({ "script": script, "args": arguments }),
        )
        .await
    }

    /// The SHA-256, in hexadecimal, of what the page gets from an address.
    pub async fn sha256_of(&self, url: &str) -> Result<String> {
        let script = "const done = arguments[1];
            fetch(arguments[0], { headers: { Accept: '*/*' } })
                .then(answer => answer.ok ? answer.arrayBuffer() : Promise.reject(answer.status))
                .then(bytes => crypto.subtle.digest('SHA-256', bytes))
                .then(hash => done([...new Uint8Array(hash)]
                    .map(byte => byte.toString(16).padStart(2, '0')).join('')))
                .catch(error => done('failed: ' + error))";
        let body = json!({ "script": script, "args": [url] });
        let answer = self.post("/execute/async", &body).await?;
        let hash = answer.as_str().unwrap_or_default().to_string();
        if hash.len() != 64 {
            bail!("{}: {url}: {hash}", self.name);
        }
        Ok(hash)
    }

    /// What the page complained of on its console since the last call; the browser's own hints
    /// (`DEBUG`) are none.
    pub async fn console(&self) -> Result<Vec<String>> {
        let lines = self.post("/se/log", &json!({ "type": "browser" })).await?;
        let lines = lines.as_array().into_iter().flatten();
        Ok(lines
            .filter(|line| line["level"] != "DEBUG")
            .map(|line| format!("{}: {}", line["level"], line["message"]))
            .collect())
    }

    /// Where files land that the page lets one download.
    pub fn downloads(&self) -> PathBuf {
        self.profile.path().join("downloads")
    }

    /// The folder in which the browser keeps what it keeps.
    pub fn profile(&self) -> &Path {
        self.profile.path()
    }

    /// The process group of the browser and its driver.
    pub fn process_group(&self) -> u32 {
        self.driver.group()
    }

    /// Does something to an element, once it can be done.
    async fn with(&self, css: &str, action: &str, body: &Value) -> Result<()> {
        self.patiently(&format!("{action} {css}"), async || {
            let id = self.find(css).await?;
            self.act(&id, action, body).await
        })
        .await
    }

    /// Brings an element into the middle, away from bars that stay, and acts on it.
    async fn act(&self, id: &str, action: &str, body: &Value) -> Result<()> {
        let script = "arguments[0].scrollIntoView({ block: 'center' })";
        self.run(script, &json!([{ ELEMENT: id }])).await?;
        let path = format!("/element/{id}/{action}");
        self.post(&path, body).await.map(drop)
    }

    async fn find(&self, css: &str) -> Result<String> {
        let body = json!({ "using": "css selector", "value": css });
        let answer = self.post("/element", &body).await?;
        Ok(answer[ELEMENT]
            .as_str()
            .context("an element id")?
            .to_string())
    }

    async fn patiently<T>(&self, what: &str, attempt: impl AsyncFn() -> Result<T>) -> Result<T> {
        let end = Instant::now() + self.patience;
        loop {
            let error = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            if Instant::now() >= end {
                return Err(self.explain(what, error).await);
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
    }

    async fn explain(&self, what: &str, error: anyhow::Error) -> anyhow::Error {
        let picture = self.picture("failure").await;
        let picture =
            picture.map_or_else(|error| format!("{error:#}"), |it| it.display().to_string());
        let address = self.address().await.unwrap_or_default();
        let script = "return document.body.innerText.replace(/\\s+/g, ' ').slice(0, 900)";
        let text = self.run(script, &json!([])).await.unwrap_or_default();
        let console = self.console().await.unwrap_or_default().join("\n  ");
        anyhow!(
            "{}: waited {} s for: {what}\n  last: {error:#}\n  page: {address}\n  text: {text}\n  \
             picture: {picture}\n  console: {console}",
            self.name,
            self.patience.as_secs()
        )
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
