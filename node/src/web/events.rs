//! The event stream: what differs from what a page shows, as fragments that it replaces by id.
//!
//! A page says where it is; the stream keeps the revision of every fragment it has sent. On each
//! [`Change`] that concerns the page the view is asked for again, and only fragments whose
//! revision moved are sent. The first look sends all, and a page that came back after a cut skips
//! those it still shows by their revision: nothing has to be remembered between streams.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream::{self, Stream};
use guichet_keys::Role;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Interval, interval};

use super::Site;
use super::counter::{Ask, CaseWork, Change, Counter, Refusal, Whereabouts};
use super::guard::Visitor;
use super::live::Fragment;
use super::page::Frame;
use super::problem::Problem;
use super::respond;
use super::scope::Scope;
use super::time;
use crate::clock;

/// How many event streams are served at once.
pub const STREAMS_MAX: usize = 48;
/// A line is said to be alive so often, in seconds.
const ALIVE_S: u64 = 10;
/// A station's page is said to be open so often, in seconds.
const OPEN_S: u64 = 10;
/// An adviser's page of a case says so often that it is open, in seconds.
const READING_S: u64 = 4;
/// A page whose stream broke comes back after this long, in milliseconds.
const RETRY_MS: u64 = 1_000;
/// Whether another day has begun is looked at so often, in seconds.
const DAY_S: u64 = 60;
/// A node that was busy is asked again after this long, in milliseconds.
const BUSY_MS: u64 = 200;

#[derive(Deserialize)]
pub(super) struct Where {
    at: String,
}

/// `GET /events?at=PATH`.
pub(super) async fn stream(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    Query(Where { at }): Query<Where>,
) -> Response {
    let Some(scope) = Scope::read(site.role, &at).map(|it| it.naming(&site.searches, &at)) else {
        return respond::problem(&site, &visitor, &Problem::Malformed);
    };
    let Ok(permit) = Arc::clone(&site.streams).try_acquire_owned() else {
        return respond::problem(&site, &visitor, &Problem::Crowded);
    };
    let retry = Event::default().retry(Duration::from_millis(RETRY_MS));
    let read = site.role == Role::Station && scope.case().is_some();
    let feed = Feed {
        counter: site.counter.clone(),
        changes: site.counter.watch(),
        stopping: site.stopping.clone(),
        frame: Frame {
            path: at,
            ..visitor.frame(&site)
        },
        scope,
        open: (site.role == Role::Station).then(|| interval(Duration::from_secs(OPEN_S))),
        reading: read.then(|| interval(Duration::from_secs(READING_S))),
        day: interval(Duration::from_secs(DAY_S)),
        shown: HashMap::new(),
        ready: VecDeque::from([retry]),
        state: FeedState::Look,
        _permit: permit,
    };
    let alive = KeepAlive::new().interval(Duration::from_secs(ALIVE_S));
    let events = Sse::new(feed.events()).keep_alive(alive);
    ([(header::CACHE_CONTROL, "no-store")], events).into_response()
}

struct Feed {
    counter: Counter,
    changes: Receiver<Change>,
    stopping: watch::Receiver<bool>,
    frame: Frame,
    scope: Scope,
    /// On a station, when its node is next told that a page is open.
    open: Option<Interval>,
    /// On an adviser's page of a case, when it is next told that they have it open.
    reading: Option<Interval>,
    /// When it is next looked at whether another day has begun.
    day: Interval,
    shown: HashMap<String, String>,
    ready: VecDeque<Event>,
    state: FeedState,
    _permit: OwnedSemaphorePermit,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum FeedState {
    /// Something may differ.
    Look,
    /// All that differs has been told.
    Wait,
    /// Nothing more will come.
    Over,
}

/// What ends a wait.
enum Woken {
    /// Something changed, or nothing more will.
    Changed(Result<Change, RecvError>),
    /// The page is to be told of.
    Open,
    /// The case is to be told of.
    Read,
    /// Another day may have begun.
    Later,
}

impl Feed {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut feed| async move {
            let event = feed.next().await?;
            Some((Ok(event), feed))
        })
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            match self.state {
                FeedState::Over => return None,
                FeedState::Look => {
                    self.state = FeedState::Wait;
                    self.look().await;
                }
                FeedState::Wait => self.wait().await,
            }
        }
    }

    async fn look(&mut self) {
        self.frame.now_s = clock::wall_s();
        match self.scope.fragments(&self.counter, &self.frame).await {
            Ok(fragments) => fragments
                .into_iter()
                .for_each(|fragment| self.tell(fragment)),
            Err(Refusal::NoVisit) => self.leave("/"),
            Err(Refusal::Locked) => self.leave("/unlock"),
            Err(Refusal::NotFound(_)) => self.leave("/"),
            Err(Refusal::Busy) => {
                tokio::time::sleep(Duration::from_millis(BUSY_MS)).await;
                self.state = FeedState::Look;
            }
            Err(_) => self.state = FeedState::Over,
        }
    }

    fn tell(&mut self, fragment: Fragment) {
        if self.shown.get(&fragment.id) == Some(&fragment.revision) {
            return;
        }
        let data = json!({ "id": fragment.id, "rev": fragment.revision, "html": fragment.html });
        self.ready
            .push_back(Event::default().event("fragment").data(data.to_string()));
        self.shown.insert(fragment.id, fragment.revision);
    }

    fn leave(&mut self, to: &str) {
        let data = json!({ "to": to }).to_string();
        self.ready
            .push_back(Event::default().event("go").data(data));
        self.state = FeedState::Over;
    }

    async fn wait(&mut self) {
        let woken = tokio::select! {
            _ = self.stopping.wait_for(|stopping| *stopping) => Woken::Changed(Err(RecvError::Closed)),
            change = self.changes.recv() => Woken::Changed(change),
            () = due(&mut self.open) => Woken::Open,
            () = due(&mut self.reading) => Woken::Read,
            _ = self.day.tick() => Woken::Later,
        };
        match woken {
            Woken::Changed(change) => self.heard(change),
            Woken::Open => self.is_open().await,
            Woken::Read => self.is_read().await,
            // A time of yesterday must not look like one of today, over a night without news.
            Woken::Later if time::is_today(self.frame.now_s, clock::wall_s()) => {}
            Woken::Later => self.look_again(),
        }
        while let Ok(change) = self.changes.try_recv() {
            self.heard(Ok(change));
        }
    }

    /// Tells the node that this page is open. An adviser without one is called by nobody.
    async fn is_open(&mut self) {
        let _the_next_time_will_do = self.counter.ask(Ask::PageOpen).await;
        if self.scope.ages() {
            self.look_again();
        }
    }

    /// Tells the node that the adviser has this case open, so that others see it.
    async fn is_read(&self) {
        if let Some(case) = self.scope.case() {
            let read = |reply| {
                Ask::Work(CaseWork::Read {
                    case,
                    whereabouts: Whereabouts::AsBefore,
                    reply,
                })
            };
            let _the_next_time_will_do = self.counter.ask(read).await;
        }
    }

    fn heard(&mut self, change: Result<Change, RecvError>) {
        match change {
            Ok(Change::VisitEnded) if self.scope.is_of_visit() => self.leave("/?ended=1"),
            Ok(change) if self.scope.concerns(change) => self.look_again(),
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => self.look_again(),
            Err(RecvError::Closed) => self.state = FeedState::Over,
        }
    }

    fn look_again(&mut self) {
        if self.state == FeedState::Wait {
            self.state = FeedState::Look;
        }
    }
}

/// When the interval is due; never without one.
async fn due(interval: &mut Option<Interval>) {
    match interval {
        Some(interval) => drop(interval.tick().await),
        None => std::future::pending().await,
    }
}
