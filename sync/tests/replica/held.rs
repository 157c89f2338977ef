//! What waits for the disk is bounded, however much a peer sends: it is sent away, and what was
//! taken of it is kept.

use std::time::Duration;

use guichet_keys::Statement;
use guichet_sync::replica::{Input, Output, Thing};
use guichet_sync::wire::Frame;

use super::network::{Who, family, state};
use super::people::Person;
use super::village::Village;

/// What may wait for the disk.
const HELD_BYTES_MAX: usize = 64 * 1024 * 1024;
const STATEMENT_BYTES: usize = 60_000;
/// Statements between two answers of a disk that is full.
const ROUND: usize = 500;
/// Between two statements, so that their signer's account has room for them.
const PAUSE: Duration = Duration::from_secs(4);
const WHY: &str = "the disk does not take more";

/// What the kiosk sends without waiting for credit: statements without end, each new.
struct Sender {
    serial: u64,
    taken: Vec<Thing>,
    bytes: usize,
}

impl Sender {
    fn new() -> Self {
        Self {
            serial: 1,
            taken: Vec::new(),
            bytes: 0,
        }
    }

    /// Sends the next; gives whether the relay takes it, or sends the kiosk away.
    fn send(&mut self, village: &mut Village) -> bool {
        self.serial += 1;
        village.wait(PAUSE);
        let json = vec![b' '; STATEMENT_BYTES];
        let service = family();
        let statement = Statement::Catalogue { service, json };
        let thing = Thing::Statement(state(Who::FamilySteward, self.serial, statement));
        let frame = Frame::Live {
            what: thing.what(),
            payload: thing.bytes().to_vec(),
        };
        let input = Input::FrameReceived(Who::Kiosk.subject(), frame.encode());
        village.input(Who::Relay, input);
        let mut peers = village.node(Who::Relay).replica.peers();
        if !peers.any(|peer| peer == Who::Kiosk.subject()) {
            return false;
        }
        self.bytes += thing.bytes().len();
        self.taken.push(thing);
        let most = HELD_BYTES_MAX + 2 * STATEMENT_BYTES;
        assert!(self.bytes <= most, "{} bytes wait for the disk", self.bytes);
        true
    }

    /// What was taken is as much as there is room for, and durable in the end.
    fn lost_nothing(&self, village: &Village) {
        assert!(self.bytes > HELD_BYTES_MAX, "{} bytes taken", self.bytes);
        let relay = village.node(Who::Relay);
        let lost = self.taken.iter().filter(|it| !relay.holds(&it.hash()));
        assert_eq!(lost.count(), 0, "of {}", self.taken.len());
    }
}

fn goes_on(village: &mut Village, [citizen, adviser]: [&mut Person; 2]) {
    village.join(Who::Kiosk, Who::Relay);
    village.put(citizen, "rent", "412");
    let rent = village.both_read([citizen, adviser], "rent");
    assert_eq!(rent, ["412"]);
}

#[test]
fn a_peer_that_overruns_a_slow_disk_is_sent_away_and_nothing_that_was_taken_is_lost() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    let mut sender = Sender::new();
    while sender.send(&mut village) {}
    let now = village.now();
    let relay = village.replica_mut(Who::Relay);
    let outputs: Vec<_> = std::iter::from_fn(|| relay.poll_output(now)).collect();
    let closed = outputs.iter().filter_map(|output| match output {
        Output::Close(peer, why) => Some((*peer, why.as_str())),
        Output::Send(..)
        | Output::Store(..)
        | Output::BeginPage(..)
        | Output::StoreSegment(..)
        | Output::SaveCursors(..)
        | Output::Tell(_) => None,
    });
    let closed: Vec<_> = closed.collect();
    assert_eq!(closed, [(Who::Kiosk.subject(), WHY)], "nobody else is");
    village.carry_out(Who::Relay, outputs);
    village.settle();
    sender.lost_nothing(&village);
    goes_on(&mut village, [&mut citizen, &mut adviser]);
}

#[test]
fn what_a_full_disk_did_not_take_counts_too_however_often_who_sent_it_comes_back() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    village.set_full(Who::Relay, true);
    let mut sender = Sender::new();
    while (0..ROUND).all(|_| sender.send(&mut village)) {
        village.carry_out_now(Who::Relay);
        village.run(Duration::from_secs(1));
        assert!(village.are_joined(Who::Relay, Who::Station), "others stay");
        if !village.are_joined(Who::Relay, Who::Kiosk) {
            village.join(Who::Kiosk, Who::Relay);
        }
    }
    village.set_full(Who::Relay, false);
    village.settle();
    sender.lost_nothing(&village);
    goes_on(&mut village, [&mut citizen, &mut adviser]);
}
