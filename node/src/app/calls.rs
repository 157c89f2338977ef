//! Waiting and calls: the hall, this node's side of it, and the media of the call that is open.
//!
//! Three machines of `guichet-media` meet here. The **hall** hears who waits and who is there; the
//! **booth** (on a kiosk) or the **desk** (on a station) says what this node does; the media thread
//! carries voice and picture. What one says is handed to the others until nothing is left to do.

mod booth;
mod desk;
mod shown;

pub(super) use booth::{Attended, Wished};
pub(super) use shown::describe;

use std::sync::Arc;
use std::time::Instant;

use guichet_keys::{self as keys, Hash, Role, SigningKey, SubjectId};
use guichet_media::booth::Booth;
use guichet_media::desk::Desk;
use guichet_media::hall::{self, Hall, News, Statement};
use guichet_media::signal::{Body, LegNotice};
use guichet_media::{
    CallId, CallState, Declined, End, Event, Fingerprint, Input, LegDescription, PageId, Report,
};
use guichet_sync::replica as sync;
use std::collections::BTreeMap;

use super::cases::answer;
use super::node::Node;
use crate::clock;
use crate::media::Media;
use crate::web::counter::{Change, Refusal, Reply, Thing};
use crate::web::view::{MediaState, Sending};

/// Offers of pages that wait for their answer.
const OFFERS_MAX: usize = 8;

/// What this node is in the waiting hall.
pub enum Side {
    /// A kiosk.
    Booth(Booth),
    /// A station.
    Desk(Desk),
    /// A relay: it passes on.
    Neither,
}

/// Everything about waiting and calls that the event loop owns.
pub struct Calls {
    pub(super) hall: Hall,
    pub(super) side: Side,
    media: Option<Media>,
    call: Option<LiveCall>,
    heard: BTreeMap<SubjectId, LegNotice>,
    own: Sending,
    offers: BTreeMap<PageId, Reply<String>>,
    subjects: booth::Subjects,
}

/// The call whose media is prepared or passes.
struct LiveCall {
    call: CallId,
    peer: SubjectId,
    known: bool,
    described: Option<LegDescription>,
    theirs: Sending,
    media: MediaState,
    report: Option<Report>,
}

impl Calls {
    /// Nobody waits and nobody is spoken with, in this life of the program.
    pub fn new(signer: Arc<SigningKey>, role: Role, life: u64, media: Option<Media>) -> Self {
        let me = signer.subject();
        let side = match role {
            Role::Kiosk => Side::Booth(Booth::default()),
            Role::Station => Side::Desk(Desk::new(me)),
            Role::Relay | Role::Operator | Role::Steward | Role::Registrar | Role::Agent => {
                Side::Neither
            }
        };
        Self {
            hall: Hall::new(signer, role, life),
            side,
            media,
            call: None,
            heard: BTreeMap::new(),
            own: BOTH,
            offers: BTreeMap::new(),
            subjects: booth::Subjects::default(),
        }
    }

    /// When the loop must look again at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let side = match &self.side {
            Side::Booth(booth) => booth.poll_timeout(),
            Side::Desk(desk) => desk.poll_timeout(),
            Side::Neither => None,
        };
        [self.hall.poll_timeout(), side].into_iter().flatten().min()
    }

    /// Forgets whoever waited or spoke here. What is named `_` is the node's own, or tells nothing
    /// of them once their call is over.
    fn forget(&mut self) {
        let Self {
            hall: _,
            side: _,
            media: _,
            call,
            heard,
            own,
            offers,
            subjects,
        } = self;
        *call = None;
        heard.clear();
        *own = BOTH;
        for reply in std::mem::take(offers).into_values() {
            answer(reply, Err(Refusal::NotFound(Thing::Call)));
        }
        *subjects = booth::Subjects::default();
    }

    /// Whose voice or picture arrives.
    pub fn arrives_from(&self) -> Option<SubjectId> {
        let live = self.call.as_ref()?;
        (live.media == MediaState::Live).then_some(live.peer)
    }

    /// The node at the other end of the call, from when it is prepared.
    pub fn peer(&self) -> Option<SubjectId> {
        self.call.as_ref().map(|live| live.peer)
    }

    /// Orders the media thread. One that takes no more orders is let go: it ends, and with it all
    /// that could be seen and heard against the will of who sits here.
    fn media(&mut self, input: Input) {
        if let Some(media) = &self.media
            && let Err(error) = media.tell(input)
        {
            tracing::error!(%error, "calls end");
            self.media = None;
        }
    }
}

/// Why a person's order is not carried out.
fn refusal(declined: Declined) -> Refusal {
    match declined {
        Declined::Busy => Refusal::CallUnderWay,
        Declined::NoCall => Refusal::NotFound(Thing::Call),
    }
}

/// What nobody asked for is never declined.
fn expect_taken(taken: Result<(), Declined>) {
    if let Err(declined) = taken {
        tracing::error!(%declined, "a call did not take in what happened");
    }
}

/// What a call begins with: both are seen and heard.
const BOTH: Sending = Sending {
    audio: true,
    video: true,
};

impl Node {
    /// States by which certificate this node is known in calls, unless its network knows.
    pub(super) fn state_certificate(&mut self, fingerprint: &Fingerprint) {
        let fingerprint = Hash::from(*fingerprint.as_bytes());
        let directory = self.replica.directory();
        if matches!(self.calls.side, Side::Neither)
            || directory.media_fingerprint(&self.me) == Some(fingerprint)
        {
            return;
        }
        let stated = self.state(&self.signer, &keys::Statement::Media { fingerprint });
        self.tell_replica(sync::Input::Written(stated.into_iter().collect()));
    }

    /// Takes in what happened to the hall, and carries out what follows.
    pub(super) fn tell_hall(&mut self, input: hall::Input) {
        let directory = self.replica.directory();
        let taken = self.calls.hall.handle_input(clock::now(), directory, input);
        if let Err(refused) = taken {
            tracing::debug!(%refused, "a signal is not taken in");
        }
        self.carry_out_calls();
    }

    /// Time has passed.
    pub(super) fn on_calls_timeout(&mut self) {
        let now = clock::now();
        self.calls
            .hall
            .handle_timeout(now, self.replica.directory());
        match &mut self.calls.side {
            Side::Booth(booth) => booth.handle_timeout(now),
            Side::Desk(desk) => desk.handle_timeout(now),
            Side::Neither => {}
        }
        self.prepare_call();
        self.carry_out_calls();
    }

    /// Carries out what the hall and this node's side say until nothing is left to do.
    pub(super) fn carry_out_calls(&mut self) {
        loop {
            if let Some(output) = self.calls.hall.poll_output() {
                match output {
                    hall::Output::Send(peer, frame) => {
                        if let Err(error) = self.mesh.signal(&peer, frame) {
                            tracing::debug!(%peer, %error, "a signal was not sent");
                        }
                    }
                    hall::Output::Tell(news) => self.on_news(news),
                }
                continue;
            }
            let acted = match &self.calls.side {
                Side::Booth(_) => self.act_as_booth(),
                Side::Desk(_) => self.act_as_desk(),
                Side::Neither => false,
            };
            if !acted && !self.restate() {
                return;
            }
        }
    }

    /// Tells the hall what this node's side says; whether that brought something to do.
    fn restate(&mut self) -> bool {
        let statement = match &self.calls.side {
            Side::Booth(booth) => booth.statement(),
            Side::Desk(desk) => desk.statement(),
            Side::Neither => Statement::Nothing,
        };
        let directory = self.replica.directory();
        let stated = hall::Input::Stated(statement);
        let own = self
            .calls
            .hall
            .handle_input(clock::now(), directory, stated);
        own.is_ok() && self.calls.hall.has_output()
    }

    fn on_news(&mut self, news: News) {
        if let News::Leg(from, notice) = news {
            return self.on_leg(from, notice);
        }
        match &self.calls.side {
            Side::Booth(_) => self.on_news_as_booth(&news),
            Side::Desk(_) => self.on_news_as_desk(&news),
            Side::Neither => {}
        }
        if matches!(news, News::DeskHeard(_)) {
            return;
        }
        [Change::Call, Change::Home, Change::Desk]
            .into_iter()
            .for_each(|change| self.counter.tell(change));
    }

    /// The media of a call is to be prepared with the node at its other end.
    fn begin_call(&mut self, call: CallId, peer: SubjectId) {
        self.calls.call = Some(LiveCall {
            call,
            peer,
            known: false,
            described: None,
            theirs: BOTH,
            media: MediaState::Connecting,
            report: None,
        });
        self.prepare_call();
    }

    /// Prepares it once it is known by which certificate the other end shows itself.
    fn prepare_call(&mut self) {
        let end = match self.calls.side {
            Side::Booth(_) => End::Caller,
            Side::Desk(_) | Side::Neither => End::Callee,
        };
        let Some(live) = self.calls.call.as_mut().filter(|live| !live.known) else {
            return;
        };
        let Some(fingerprint) = self.replica.directory().media_fingerprint(&live.peer) else {
            return;
        };
        live.known = true;
        let (call, peer) = (live.call, live.peer);
        self.calls.media(Input::CallBegun {
            call,
            end,
            peer: Fingerprint::from(*fingerprint.as_bytes()),
        });
        self.send_media(self.calls.own);
        if let Some(notice) = self.calls.heard.remove(&peer) {
            self.on_leg(peer, notice);
        }
    }

    fn open_call(&mut self, call: CallId) {
        self.calls.media(Input::CallOpened { call });
    }

    fn end_call(&mut self, call: CallId) {
        self.calls.media(Input::CallEnded { call });
        if self
            .calls
            .call
            .as_ref()
            .is_some_and(|live| live.call == call)
        {
            self.calls.call = None;
            self.look_who_is_heard();
        }
    }

    /// The other end told where it is reached. What comes before this end knows of the call waits.
    fn on_leg(&mut self, from: SubjectId, notice: LegNotice) {
        let Some(live) = self.calls.call.as_mut() else {
            self.calls.heard.insert(from, notice);
            return;
        };
        if live.peer != from || !live.known {
            self.calls.heard.insert(from, notice);
            return;
        }
        if live.call != notice.call {
            tracing::debug!(%from, call = %notice.call, "signalled for another call");
            return;
        }
        let theirs = Sending {
            audio: notice.audio,
            video: notice.video,
        };
        let changed = live.theirs != theirs;
        live.theirs = theirs;
        let call = notice.call;
        self.calls.media(Input::Described {
            call,
            leg: notice.leg,
        });
        self.calls.media(Input::PeerSending {
            call,
            audio: switch(theirs.audio),
            video: switch(theirs.video),
        });
        if changed {
            self.counter.tell(Change::Call);
        }
    }

    /// Tells the other end where this one is reached and what it sends.
    fn tell_leg(&mut self) {
        let own = self.calls.own;
        let Some(live) = &mut self.calls.call else {
            return;
        };
        let Some(leg) = live.described.clone() else {
            return;
        };
        let (to, call) = (live.peer, live.call);
        self.tell_hall(hall::Input::Addressed(
            to,
            Body::Leg(LegNotice {
                call,
                leg,
                audio: own.audio,
                video: own.video,
            }),
        ));
    }

    /// Takes in what the media thread tells.
    pub(super) fn on_media_event(&mut self, event: Event) {
        match event {
            Event::Describe { call, leg } => {
                if let Some(live) = self.calls.call.as_mut().filter(|live| live.call == call) {
                    live.described = Some(leg);
                    self.tell_leg();
                }
            }
            Event::CallChanged { call, state } => self.on_call_state(call, state),
            Event::PageAnswered { page, sdp } => {
                if let Some(reply) = self.calls.offers.remove(&page) {
                    answer(reply, Ok(sdp));
                }
            }
            Event::PageRefused { page, why } => {
                if let Some(reply) = self.calls.offers.remove(&page) {
                    answer(reply, Err(Refusal::NoMedia(why.to_string())));
                }
            }
            Event::Reported(report) => self.on_report(report),
            Event::PageConnected { .. } | Event::PageLost { .. } => {}
        }
    }

    /// How the call fares. Media that arrives proves that its other end lives, whatever becomes of
    /// what is told of it.
    fn on_report(&mut self, report: Report) {
        let Some(live) = self.calls.call.as_mut() else {
            return;
        };
        if live.call != report.call {
            return;
        }
        let (peer, is_heard) = (live.peer, report.is_heard());
        live.report = Some(report);
        self.counter.tell(Change::Measured);
        if is_heard {
            self.tell_hall(hall::Input::Alive(peer));
            self.tell_booth(guichet_media::booth::Input::Alive(peer));
            self.tell_desk(guichet_media::desk::Input::Alive(peer));
        }
    }

    fn on_call_state(&mut self, call: CallId, state: CallState) {
        let Some(live) = self.calls.call.as_mut().filter(|live| live.call == call) else {
            return;
        };
        live.media = match (state, live.media) {
            (CallState::Live, _) => MediaState::Live,
            (CallState::Connecting, MediaState::Connecting) => MediaState::Connecting,
            (_, MediaState::Interrupted { since_s }) => MediaState::Interrupted { since_s },
            (CallState::Connecting | CallState::Quiet, _) => MediaState::Interrupted {
                since_s: clock::wall_s(),
            },
        };
        self.look_who_is_heard();
        self.counter.tell(Change::Call);
    }

    /// A page offers its media.
    pub(super) fn offer_media(&mut self, page: u64, sdp: String, reply: Reply<String>) {
        if self.calls.media.is_none() {
            return answer(reply, Err(Refusal::NotFound(Thing::Call)));
        }
        while self.calls.offers.len() >= OFFERS_MAX {
            if let Some((_, given_up)) = self.calls.offers.pop_first() {
                answer(given_up, Err(Refusal::Busy));
            }
        }
        let page = PageId(page);
        self.calls.offers.insert(page, reply);
        self.calls.media(Input::PageOffered { page, sdp });
    }

    /// Whoever sits here turns microphone or camera on or off.
    pub(super) fn switch_media(&mut self, sending: Sending, reply: Reply<()>) {
        let has_call = match &self.calls.side {
            Side::Booth(booth) => !matches!(booth.state(), guichet_media::booth::State::Idle(_)),
            Side::Desk(desk) => !matches!(desk.state(), guichet_media::desk::State::Idle(_)),
            Side::Neither => false,
        };
        if has_call {
            self.send_media(sending);
            answer(reply, Ok(()));
        } else {
            answer(reply, Err(Refusal::NotFound(Thing::Call)));
        }
    }

    /// What leaves from here.
    pub(super) fn send_media(&mut self, sending: Sending) {
        self.calls.own = sending;
        self.calls.media(Input::Sending {
            audio: switch(sending.audio),
            video: switch(sending.video),
        });
        self.tell_leg();
        self.counter.tell(Change::Call);
    }

    /// A kiosk that is told to stop says that nobody waits or speaks here any more: nobody is to
    /// ring it in vain. Whether there was anything to say.
    pub(super) fn tell_that_it_stops(&mut self) -> bool {
        let Side::Booth(booth) = &self.calls.side else {
            return false;
        };
        let is_awaited = matches!(booth.statement(), Statement::Ticket(..));
        if is_awaited {
            self.tell_booth(guichet_media::booth::Input::Stops);
        }
        is_awaited
    }

    /// Whoever sits here leaves the queue or hangs up.
    pub(super) fn leave_call(&mut self, reply: Reply<()>) {
        self.tell_booth(guichet_media::booth::Input::Left);
        self.tell_desk(guichet_media::desk::Input::Released);
        answer(reply, Ok(()));
    }

    /// A member's streams are open.
    pub(super) fn on_peer_signals(&mut self, peer: SubjectId) {
        self.tell_hall(hall::Input::PeerUp(peer));
        if let Side::Booth(booth) = &mut self.calls.side {
            let returned = guichet_media::booth::Input::LineReturned;
            expect_taken(booth.handle_input(clock::now(), returned));
        }
    }

    /// They are gone, and with them whoever nobody answers for any more. Whether this node's own
    /// line is cut comes first: then they are not to blame.
    pub(super) fn on_peer_silent(&mut self, peer: SubjectId) {
        self.on_line_quiet();
        self.tell_hall(hall::Input::PeerDown(peer));
    }

    /// Some link is silent or gone: it may have been the last.
    pub(super) fn on_line_quiet(&mut self) {
        if self.presences.are_none()
            && let Side::Booth(booth) = &mut self.calls.side
        {
            let cut = guichet_media::booth::Input::LineCut;
            expect_taken(booth.handle_input(clock::now(), cut));
            self.carry_out_calls();
        }
    }

    /// A silent link is heard again.
    pub(super) fn on_line_heard(&mut self) {
        if let Side::Booth(booth) = &mut self.calls.side {
            let returned = guichet_media::booth::Input::LineReturned;
            expect_taken(booth.handle_input(clock::now(), returned));
            self.carry_out_calls();
        }
    }
}

fn switch(on: bool) -> guichet_media::Sending {
    if on {
        guichet_media::Sending::On
    } else {
        guichet_media::Sending::Off
    }
}
