//! The local pages: what a citizen, an adviser or an operator sees in a browser on this machine.
//!
//! Pages are drawn on the server, as pure functions of a view; the same path answers HTML or the
//! view's JSON, by `Accept`. Every action is a `POST` that takes a form or a JSON object and
//! answers with a redirection or with JSON. Handlers own no state: they ask the node through the
//! [`Counter`] and draw what it says. Event streams replace the parts of a page that changed.
//! Without scripts the pages still work, one form at a time.
//!
//! | path | method | where | what |
//! | --- | --- | --- | --- |
//! | `/healthz` | GET | all | `ok`; no session needed |
//! | `/assets/{digest}/{name}` | GET | all | style, icons, scripts; no session needed |
//! | `/start/{token}` | GET | all | opens a session, once |
//! | `/open` | POST | all | `{start_url}`: another start address; bearer token only |
//! | `/preferences` | POST | all | `lang`, `size`, `contrast`, `back`: how this session wants its pages |
//! | `/events?at=PATH` | GET | all | server-sent events of the page at PATH: `fragment` {id, rev, html}, `go` {to} |
//! | `/status` | GET | all | the state of the node |
//! | `/` | GET | all | kiosk: home; station: to `/desk`; relay: to `/status` |
//! | `/services/{service}` | GET | kiosk | a service's information |
//! | `/visit` | GET | kiosk | the visit that is open |
//! | `/visit` | POST | kiosk | `service`, `template`: a new case, and a visit if none is open; `{case}` |
//! | `/visit/here` | POST | kiosk | someone is still there; `{ends_in_s, warn_s}`: when the visit now ends by itself |
//! | `/visit/interruption` | POST | kiosk | the notice of an interrupted visit has been read |
//! | `/visit/end` | POST | kiosk | ends and erases the visit |
//! | `/receipt` | GET | kiosk | how far every item has come, and what the end would drop |
//! | `/cases/{case}/back` | POST | kiosk | gives back a case in which nothing is written |
//! | `/cases/{case}/messages/unsent` | POST | kiosk, station | `text`: what is typed as a message and not sent; at a kiosk it goes with the visit |
//! | `/cases` | GET | kiosk, station | the visit's cases, or the desk's |
//! | `/cases/{case}` | GET | kiosk, station | forms, documents, messages; `document`, `page` choose what is looked at |
//! | `/cases/{case}/forms/{form}/fields/{field}` | POST | kiosk, station | `value`, `version`: the one seen, without it the present one; `typed_at_ms`: when, on the page's clock; puts a value; `text` and `version`: puts a whole text area |
//! | `…/fields/{field}/splice` | POST | kiosk, station | `version`, `at`, `delete`, `insert`: changes a text area; `{text, version, seq, by, at_s}` |
//! | `…/fields/{field}/draft` | POST | kiosk, station | `value`, `version`, `typed_at_ms`: what is being typed; without a value, no more |
//! | `/cases/{case}/messages` | POST | kiosk, station | `text`: a message |
//! | `/cases/{case}/notes/unsent` | POST | station | `text`: what is typed as a note and not sent |
//! | `/cases/{case}/identity/unsent` | POST | station | `text`: what is typed as a remark on a check of who the person is, and not sent |
//! | `/cases/{case}/reason/unsent` | POST | station | `text`: what is typed as the reason for taking them out of turn, and not sent |
//! | `/cases/{case}/notes` | POST | station | `text`: a note that the service alone reads |
//! | `/cases/{case}/identity` | POST | station | `way` (`identity-card`, `passport`, `residence-permit`, `known-to-host`, `questions-answered`), `remark`: who the person is was made sure |
//! | `/cases/{case}/reading` | POST | station | `form`, `field`: where the adviser is in the case; without them, in no field |
//! | `/cases/{case}/history` | GET | station | all that happened |
//! | `/cases/{case}/documents` | POST | kiosk, station | `multipart/form-data` with `file`, or the bytes themselves and `?name=`; `{document}` |
//! | `/cases/{case}/documents/{document}` | GET | kiosk, station | the exact bytes of a document that is one file, as a download |
//! | `…/documents/{document}/sheets/{n}` | GET | kiosk, station | the exact bytes of sheet n, from 1 |
//! | `…/documents/{document}/pages/{n}-{detail}-{turns}.png` | GET | kiosk, station | a picture of page n, drawn apart: `screen` or `close`, or `preview` as `.jpg`; `{n}.png` for short |
//! | `…/documents/{document}/pages/{…}/remarks` | GET | kiosk, station | what that picture does not show, or may not: `{remarks, told}` |
//! | `…/documents/{document}/paper` | GET | kiosk, station | all of it, for the browser's own printing |
//! | `…/documents/{document}/print`, `…/print/cancel` | POST | kiosk, station | prints it here; cancels that |
//! | `/cases/{case}/sheets` | GET | kiosk, station | the sheets that are not yet joined, and the scanner |
//! | `/cases/{case}/sheets` | POST | kiosk, station | a picture as one more sheet, sent like a document; `{sheet}` |
//! | `/cases/{case}/scan`, `…/scan/stop` | POST | kiosk, station | scans a sheet (`instead`: in the place of that one); lets the scanner stop |
//! | `/cases/{case}/sheets/{sheet}` | POST | kiosk, station | `do`: `turn`, `earlier`, `later`, `remove` |
//! | `/cases/{case}/sheets/{sheet}/pictures/{…}` | GET | kiosk, station | a picture of a sheet, named like those of documents |
//! | `/cases/{case}/sheets/join` | POST | kiosk, station | `name`: all of them become one document; `{document}` |
//! | `/cases/{case}/sheets/discard` | POST | kiosk, station | throws all of them away |
//! | `/call` | GET | kiosk, station | the wait or call of who sits here; for a person, its page |
//! | `/call` | POST | kiosk | `case`, `lang`, `mode` (`voice`, `writing`): a place in the queue |
//! | `/call/answer` | POST | kiosk | the citizen answers the adviser who calls |
//! | `/call/leave` | POST | kiosk, station | leaves the queue, refuses, hangs up |
//! | `/call/offer` | POST | kiosk, station | `page`, `sdp`: a page's connection to its node; `{sdp}` |
//! | `/call/sending` | POST | kiosk, station | `audio`, `video`: what leaves from here |
//! | `/call/pass` | POST | station | `station`: hands the call over to the colleague there |
//! | `/unlock` | GET | station | who has a vault here |
//! | `/unlock` | POST | station | `adviser`, `passphrase`: opens a vault |
//! | `/lock` | POST | station | closes it |
//! | `/desk` | GET | station | who waits, colleagues, the cases of the adviser's services; `search`: those that its words are found in |
//! | `/desk/search` | POST | station | `search`: goes to the desk with what these words are found in, at an address that does not bear them |
//! | `/desk/take` | POST | station | `ticket`, and out of turn a `reason`: calls somebody who waits |
//! | `/desk/here` | POST | station | the adviser is still there: the time to the desk's locking itself begins again |
//! | `/desk/attend` | POST | station | `here`: whether the adviser is there for people |
//!
//! Files go in and out through a kiosk's browser only where its setting `kiosk_files` says so: else
//! documents, their sheets and `…/paper` are for programs with the bearer token.
//!
//! Errors are a page, or JSON: `kind` for programs, `title` (what happened), `safe`, `todo`,
//! `error` (one English line). Who may ask at all is the business of the guard: exact `Host` and
//! `Origin`, a session or the bearer token of the data folder, the page's token on every order.

mod assets;
pub mod counter;
mod events;
pub(crate) mod file;
mod guard;
pub mod ids;
mod live;
mod page;
mod problem;
mod respond;
mod routes;
mod scope;
mod searches;
mod session;
mod text;
mod time;
pub mod view;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use guichet_keys::Role;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, broadcast, watch};

pub use counter::{Ask, Change, Counter, Refusal, Reply};
pub use events::STREAMS_MAX;
pub use guard::{DRAIN_BYTES_MAX, ORDER_BYTES_MAX};
pub use session::{SESSIONS_MAX, STARTS_MAX, Sessions};
pub use text::Lang;

/// How long open requests may take once the node is told to stop, in milliseconds.
const LAST_ANSWERS_MS: u64 = 1_000;

/// The paths of all routes of a node of this role, in the order of their letters; parts in braces
/// stand for anything.
pub fn paths(role: Role) -> Vec<String> {
    routes::table(role).into_paths()
}

/// What the pages need to know of their node.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Kiosk, station or relay.
    pub role: Role,
    /// The node's id; it names the cookie.
    pub node: String,
    /// Where to listen; loopback only, port 0 for any.
    pub listen: SocketAddr,
    /// The bearer token of the data folder.
    pub api_token: String,
    /// Whether a kiosk's browser may take files in and give them out.
    pub kiosk_files: bool,
}

/// What every request may use.
#[derive(Debug)]
struct Site {
    role: Role,
    host: String,
    origin: String,
    api_token: String,
    /// Whether browsers may take files in and give them out.
    files: bool,
    counter: Counter,
    sessions: Sessions,
    searches: searches::Searches,
    streams: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

/// The pages, listening and not yet serving.
#[derive(Debug)]
pub struct Web {
    listener: TcpListener,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    site: Arc<Site>,
}

impl Web {
    /// Listens.
    ///
    /// # Errors
    /// `InvalidInput` for an address that others can reach; else what the system says.
    pub async fn bind(settings: Settings, counter: Counter) -> io::Result<Self> {
        if !settings.listen.ip().is_loopback() {
            let words = format!("{} is no loopback address", settings.listen);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
        }
        let listener = TcpListener::bind(settings.listen).await?;
        let address = listener.local_addr()?;
        let (stop, stopping) = watch::channel(false);
        let site = Arc::new(Site {
            role: settings.role,
            host: address.to_string(),
            origin: format!("http://{address}"),
            api_token: settings.api_token,
            files: settings.role != Role::Kiosk || settings.kiosk_files,
            counter,
            sessions: Sessions::new(&settings.node),
            searches: searches::Searches::default(),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            stopping,
        });
        Ok(Self {
            listener,
            address,
            stop,
            site,
        })
    }

    /// Where the pages are.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A new start address.
    pub fn start_url(&self) -> String {
        self.site.start_url()
    }

    /// Serves until `ordered` ends; open event streams are closed then.
    pub async fn serve(self, ordered: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let Self {
            listener,
            stop,
            site,
            ..
        } = self;
        let router = routes::router(Arc::clone(&site));
        let mut forgetting = tokio::spawn(forget_preferences(site));
        let (told, mut stopped) = watch::channel(false);
        let served = axum::serve(listener, router).with_graceful_shutdown(async move {
            ordered.await;
            stop.send_replace(true);
            told.send_replace(true);
        });
        let too_late = async move {
            drop(stopped.wait_for(|stopped| *stopped).await);
            tokio::time::sleep(Duration::from_millis(LAST_ANSWERS_MS)).await;
        };
        let end = tokio::select! {
            end = async { served.await } => end,
            () = too_late => Ok(()),
            // It ends with the node; by a panic, preferences would stay for the next visitor.
            Err(error) = &mut forgetting => Err(io::Error::other(error)),
        };
        forgetting.abort();
        end
    }
}

impl Site {
    fn start_url(&self) -> String {
        format!("{}/start/{}", self.origin, self.sessions.mint())
    }
}

/// What a citizen preferred is forgotten with the visit.
async fn forget_preferences(site: Arc<Site>) {
    let mut changes = site.counter.watch();
    loop {
        match changes.recv().await {
            Ok(Change::VisitEnded) | Err(broadcast::error::RecvError::Lagged(_)) => {
                site.sessions.forget_preferences();
            }
            Ok(_) => {}
            Err(broadcast::error::RecvError::Closed) => return,
        }
    }
}
