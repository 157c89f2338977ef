//! The calls of one node: at most one page leg, at most one call with its WAN leg, and what passes
//! between them.

use core::net::SocketAddr;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use str0m::rtp::RtpPacket;

use crate::budget::Budget;
use crate::call::{CallId, CallState, End, Kind, PageId, Sending};
use crate::certificate::{Certificate, Fingerprint};
use crate::description::is_usable;
use crate::event::{Event, Input, Output};
use crate::leg::{Happening, Leg, Sent};
use crate::limits::{CANDIDATES_MAX, START_BPS};
use crate::meter::Meter;
use crate::wan::WanHappening;

use call::{Call, Switches};

mod call;

/// The machine of a node's calls.
///
/// After each input [`Session::poll_output`] is called until it gives `None`; then
/// [`Session::handle_timeout`] is due at [`Session::poll_timeout`], or earlier.
#[derive(Debug)]
pub struct Session {
    certificate: Arc<Certificate>,
    page_hosts: Vec<SocketAddr>,
    wan_hosts: Vec<SocketAddr>,
    page: Option<Page>,
    call: Option<Call>,
    sending: Switches,
    budget: Budget,
    outputs: VecDeque<Output>,
    datagrams_dropped: u64,
}

#[derive(Debug)]
struct Page {
    id: PageId,
    leg: Leg,
}

impl Session {
    /// A session without pages, calls or addresses; microphone and camera are off.
    pub fn new(certificate: Certificate) -> Self {
        Self {
            certificate: Arc::new(certificate),
            page_hosts: Vec::new(),
            wan_hosts: Vec::new(),
            page: None,
            call: None,
            sending: Switches::OFF,
            budget: Budget::new(),
            outputs: VecDeque::new(),
            datagrams_dropped: 0,
        }
    }

    /// Something has happened.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Datagram { local, from, bytes } => self.on_datagram(now, local, from, &bytes),
            Input::AddressesOpened { page, wan } => self.on_addresses(page, wan),
            Input::CallBegun { call, end, peer } => self.on_call_begun(now, call, end, peer),
            Input::Described { call, leg } => {
                if let Some(call) = self.call(call) {
                    call.wan.on_description(now, leg);
                }
            }
            Input::CallOpened { call } => self.on_call_opened(now, call),
            Input::CallEnded { call } => {
                if self.call(call).is_some() {
                    self.end_call();
                }
            }
            Input::Sending { audio, video } => {
                self.sending = Switches { audio, video };
                self.update_desire();
            }
            Input::PeerSending { call, audio, video } => {
                if let Some(call) = self.call(call) {
                    call.peer_sending = Switches { audio, video };
                    call.update_expectation(now);
                }
            }
            Input::PageOffered { page, sdp } => self.on_page_offered(now, page, &sdp),
            Input::PageClosed { page } => {
                self.page.take_if(|open| open.id == page);
            }
        }
        self.settle(now);
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Some(page) = &mut self.page {
            page.leg.handle_timeout();
        }
        if let Some(call) = &mut self.call {
            call.wan.handle_timeout(now);
        }
        self.settle(now);
        self.notice_silence(now);
        self.report(now);
        self.settle(now);
    }

    /// What is to be done.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Session::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let page = self.page.as_ref().map(|page| page.leg.deadline());
        let call = self.call.as_ref().map(Call::deadline);
        [page, call].into_iter().flatten().min()
    }

    fn on_datagram(&mut self, now: Instant, local: SocketAddr, from: SocketAddr, bytes: &[u8]) {
        let taken = self
            .page
            .as_mut()
            .is_some_and(|page| page.leg.receive(now, local, from, bytes))
            || self
                .call
                .as_mut()
                .is_some_and(|call| call.wan.receive(now, local, from, bytes));
        if !taken {
            self.datagrams_dropped = self.datagrams_dropped.saturating_add(1);
        }
    }

    fn on_addresses(&mut self, mut page: Vec<SocketAddr>, mut wan: Vec<SocketAddr>) {
        for hosts in [&mut page, &mut wan] {
            hosts.retain(is_usable);
            hosts.truncate(CANDIDATES_MAX);
        }
        if let Some(call) = &mut self.call {
            call.wan.open_hosts(&wan);
        }
        self.page_hosts = page;
        self.wan_hosts = wan;
    }

    fn on_call_begun(&mut self, now: Instant, id: CallId, end: End, peer: Fingerprint) {
        if self.call(id).is_some() {
            return;
        }
        self.end_call();
        let hosts = self.wan_hosts.clone();
        let certificate = Arc::clone(&self.certificate);
        self.call = Some(Call::new(now, id, certificate, end, peer, hosts));
        self.update_desire();
        self.tell(Event::CallChanged {
            call: id,
            state: CallState::Connecting,
        });
    }

    fn on_call_opened(&mut self, now: Instant, id: CallId) {
        let Some(call) = self.call(id) else { return };
        call.open.get_or_insert_with(|| Meter::new(now));
        call.update_expectation(now);
    }

    fn end_call(&mut self) {
        self.call = None;
        self.budget.set_estimate(START_BPS);
    }

    /// A refused offer leaves the page leg as it is: only a page that can be answered takes its
    /// place.
    fn on_page_offered(&mut self, now: Instant, page: PageId, sdp: &str) {
        match Leg::answering(now, &self.certificate, &self.page_hosts, sdp) {
            Ok((leg, sdp)) => {
                self.page = Some(Page { id: page, leg });
                self.tell(Event::PageAnswered { page, sdp });
            }
            Err(why) => self.tell(Event::PageRefused { page, why }),
        }
    }

    /// Carries on until neither leg has anything more to say.
    fn settle(&mut self, now: Instant) {
        loop {
            if let Some(page) = &mut self.page
                && let Some(happening) = page.leg.poll(now)
            {
                self.on_page(now, happening);
            } else if let Some(call) = &mut self.call
                && let Some(happening) = call.wan.poll(now)
            {
                self.on_wan(now, happening);
            } else if let Some(page) = &mut self.page
                && page.leg.is_connected()
                && let Some(bps) = self.budget.tell(now)
            {
                page.leg.limit_video(bps);
            } else {
                return;
            }
        }
    }

    fn on_page(&mut self, now: Instant, happening: Happening) {
        match happening {
            Happening::Transmit { local, to, bytes } => self.transmit(local, to, bytes),
            Happening::Connected => {
                self.budget.forget_told();
                // Whatever began before it could be shown here is to begin again.
                if let Some(call) = self.open_call() {
                    call.want_keyframe();
                }
                if let Some(page) = &self.page {
                    let page = page.id;
                    self.tell(Event::PageConnected { page });
                }
            }
            Happening::Lost => {
                if let Some(page) = self.page.take() {
                    self.tell(Event::PageLost { page: page.id });
                }
            }
            Happening::Media(kind, packet) | Happening::Resent(kind, packet) => {
                self.pass_out(now, kind, &packet);
            }
            Happening::KeyframeWanted => {
                if let Some(call) = self.open_call() {
                    call.want_keyframe();
                }
            }
            Happening::Heard
            | Happening::Answered
            | Happening::Estimated { .. }
            | Happening::Measured(_) => {}
        }
    }

    fn on_wan(&mut self, now: Instant, happening: WanHappening) {
        let happening = match happening {
            WanHappening::Leg(happening) => happening,
            WanHappening::Describe(leg) => {
                if let Some(call) = &self.call {
                    let call = call.id;
                    self.tell(Event::Describe { call, leg });
                }
                return;
            }
        };
        match happening {
            Happening::Transmit { local, to, bytes } => self.transmit(local, to, bytes),
            Happening::Connected => {
                if let Some(page) = &mut self.page {
                    page.leg.interrupt(Kind::Audio);
                    page.leg.interrupt(Kind::Video);
                }
                self.prove(now);
            }
            Happening::Heard => self.notice(now),
            Happening::Answered => self.prove(now),
            Happening::Media(kind, packet) => {
                self.prove(now);
                self.pass_in(now, kind, &packet);
            }
            Happening::Resent(kind, packet) => {
                self.notice(now);
                self.pass_in(now, kind, &packet);
            }
            Happening::KeyframeWanted => {
                self.notice(now);
                if self.open_call().is_some()
                    && let Some(page) = &mut self.page
                {
                    page.leg.want_keyframe();
                }
            }
            Happening::Estimated { bps } => {
                self.budget.set_estimate(bps);
                if let Some(call) = &mut self.call {
                    call.line.estimate_bps = Some(bps);
                }
            }
            Happening::Measured(stats) => {
                if let Some(call) = &mut self.call {
                    call.on_measured(&stats);
                }
            }
            Happening::Lost => {}
        }
    }

    /// From the page here to the far end.
    fn pass_out(&mut self, now: Instant, kind: Kind, packet: &RtpPacket) {
        let sending = self.sending.of(kind);
        let Some(call) = self.call.as_mut() else {
            return;
        };
        let Some(meter) = call.open.as_mut() else {
            return;
        };
        if sending == Sending::Off || !call.silence.lets_out() {
            if let Some(leg) = call.wan.up() {
                leg.interrupt(kind);
            }
            return;
        }
        match call.wan.send(now, kind, packet) {
            Sent::Bytes(bytes) => meter.on_sent(kind, bytes),
            Sent::KeyframeNeeded => {
                if let Some(page) = &mut self.page {
                    page.leg.want_keyframe();
                }
            }
            Sent::Nothing => {}
        }
    }

    /// From the far end to the page here.
    fn pass_in(&mut self, now: Instant, kind: Kind, packet: &RtpPacket) {
        let Some(call) = self.call.as_mut() else {
            return;
        };
        let Some(meter) = call.open.as_mut() else {
            return;
        };
        meter.on_received(kind, packet.payload.len());
        if let Some(page) = &mut self.page
            && page.leg.send(now, kind, packet) == Sent::KeyframeNeeded
        {
            call.want_keyframe();
        }
    }

    /// Something authenticated arrived from the far end.
    fn notice(&mut self, now: Instant) {
        if let Some(call) = self.call.as_mut() {
            call.silence.notice(now);
        }
    }

    /// Something arrived that proves that the far end is reached, too.
    fn prove(&mut self, now: Instant) {
        let Some(call) = self.call.as_mut() else {
            return;
        };
        let Some(leg) = call.wan.up() else { return };
        if call.silence.is_doubted() {
            leg.ask_as_usual();
        }
        if !call.silence.prove(now) {
            return;
        }
        // What was measured before a silence says nothing of the line after it.
        leg.forget_estimate();
        leg.want_keyframe();
        let (call, state) = (call.id, call.silence.state());
        self.tell(Event::CallChanged { call, state });
    }

    fn notice_silence(&mut self, now: Instant) {
        let Some(call) = self.call.as_mut() else {
            return;
        };
        let round_trip = call.line.round_trip.unwrap_or_default();
        if call.silence.doubts(now, round_trip) {
            call.wan.ask_often(now);
        }
        if call.silence.falls(now, round_trip) {
            let (call, state) = (call.id, call.silence.state());
            self.tell(Event::CallChanged { call, state });
        }
    }

    fn report(&mut self, now: Instant) {
        let dropped = self.datagrams_dropped;
        if let Some(call) = &mut self.call
            && let Some(report) = call.report(now, dropped)
        {
            self.tell(Event::Reported(report));
        }
    }

    fn update_desire(&mut self) {
        let video = self.sending.of(Kind::Video);
        if let Some(call) = &mut self.call {
            call.update_desire(video);
        }
    }

    fn call(&mut self, id: CallId) -> Option<&mut Call> {
        self.call.as_mut().filter(|call| call.id == id)
    }

    fn open_call(&mut self) -> Option<&mut Call> {
        self.call.as_mut().filter(|call| call.open.is_some())
    }

    fn transmit(&mut self, local: SocketAddr, to: SocketAddr, bytes: Vec<u8>) {
        self.outputs
            .push_back(Output::Transmit { local, to, bytes });
    }

    fn tell(&mut self, event: Event) {
        self.outputs.push_back(Output::Tell(event));
    }
}
