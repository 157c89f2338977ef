mod seeking;

use std::time::Duration;

use libp2p::swarm::ConnectionId;

use super::*;
use crate::mesh::identity::{dialable, keypair, over_both, subject_of};
use crate::mesh::limits::{
    DIAL_PAUSE_MAX, DIRECT_AGAIN, QUIC_PROVEN, QUIC_PROVEN_SIGNS, RETIRING, RETRY_FIRST,
    SILENCE_MAX, SILENCE_SUSPECT, SIMULTANEOUS, STEADY, VISIT_PAUSE_MAX,
};
use crate::mesh::{Circuits, Patience};

const MS: Duration = Duration::from_millis(1);
const NEVER: [Duration; 0] = [];

/// A supervisor in virtual time, its member, its relay, and what it asked for.
struct Scene {
    machine: Supervisor,
    now: Instant,
    relay: SubjectId,
    done: Vec<(Duration, Output)>,
    asked: usize,
    start: Instant,
}

fn subject(seed: u8) -> SubjectId {
    subject_of(&keypair(&[seed; 32]).public().to_peer_id()).expect("an Ed25519 key")
}

fn address(port: u16) -> Multiaddr {
    dialable(&format!("/ip4/10.0.0.1/tcp/{port}")).expect("dialable")
}

fn connection(number: usize) -> ConnectionId {
    ConnectionId::new_unchecked(number)
}

/// Two subjects, the lower first.
fn ordered() -> (SubjectId, SubjectId) {
    let (one, other) = (subject(1), subject(2));
    (one.min(other), one.max(other))
}

impl Scene {
    fn new(own: SubjectId) -> Self {
        let (start, relay) = (Instant::now(), subject(9));
        let points = RelayPoints {
            main: address(1),
            porch: address(2),
        };
        let machine = Supervisor::new(own, [(relay, points)], Jitter::new(1), start);
        Self {
            machine,
            now: start,
            relay,
            done: Vec::new(),
            asked: 0,
            start,
        }
    }

    /// The relay is there, and the peer did not answer where it was looked for first.
    fn behind_relay(own: SubjectId, peer: SubjectId) -> Self {
        let mut scene = Self::new(own);
        let relay = scene.relay;
        scene.allow(relay, &[]);
        scene.join(relay, 1, Dialler::We, Path::Direct);
        scene.allow(peer, &[5]);
        scene.pass(Duration::ZERO);
        scene.input(Input::DialFailed { peer });
        scene
    }

    fn input(&mut self, input: Input) {
        self.machine.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.machine.poll_output() {
            match output {
                Output::Ask { .. } => self.asked += 1,
                output => self.done.push((self.now - self.start, output)),
            }
        }
    }

    /// Lets time pass, waking the machine exactly when it asks.
    fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(wake) = self.machine.poll_timeout().filter(|wake| *wake <= end) {
            self.now = self.now.max(wake);
            self.machine.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// As `pass`, while the peer shows life over this connection every 100 ms.
    fn pass_alive(&mut self, span: Duration, peer: SubjectId, number: usize) {
        self.pass_alive_each(100 * MS, span, peer, number);
    }

    fn pass_alive_each(&mut self, every: Duration, span: Duration, peer: SubjectId, number: usize) {
        let end = self.now + span;
        while self.now < end {
            self.pass(every);
            self.input(Input::Answered {
                peer,
                connection: connection(number),
                round_trip: Duration::ZERO,
            });
        }
    }

    fn allow(&mut self, peer: SubjectId, ports: &[u16]) {
        self.input(Input::Allowed { peer });
        if peer != self.relay {
            self.seek(peer, ports, Patience::Brisk);
        }
    }

    fn seek(&mut self, peer: SubjectId, ports: &[u16], patience: Patience) {
        let goal = Goal {
            addresses: ports.iter().copied().map(address).collect(),
            patience,
            circuits: Circuits::WhereNothingElseLeads,
        };
        self.input(Input::Sought { peer, goal });
    }

    fn use_link(&mut self, peer: SubjectId, usage: Use) {
        self.input(Input::Used { peer, usage });
    }

    fn connect(&mut self, peer: SubjectId, number: usize, dialler: Dialler, path: Path) {
        let route = match path {
            Path::Direct => Route::Tcp,
            Path::Relayed => Route::Relayed(self.relay),
        };
        self.connect_over(peer, number, dialler, route);
    }

    fn connect_over(&mut self, peer: SubjectId, number: usize, dialler: Dialler, route: Route) {
        self.input(Input::Connected {
            peer,
            connection: connection(number),
            dialler,
            route,
        });
    }

    fn open(&mut self, peer: SubjectId, number: usize) {
        self.input(Input::Opened {
            peer,
            connection: connection(number),
        });
    }

    fn join(&mut self, peer: SubjectId, number: usize, dialler: Dialler, path: Path) {
        self.connect(peer, number, dialler, path);
        self.open(peer, number);
    }

    fn taken(&mut self) -> Vec<Output> {
        self.done.drain(..).map(|(_, output)| output).collect()
    }

    /// Who was dialled, and where.
    fn dialled(&mut self) -> Vec<(SubjectId, Vec<Multiaddr>)> {
        let dial = |output| match output {
            Output::Dial { peer, addresses } => Some((peer, addresses)),
            _ => None,
        };
        self.taken().into_iter().filter_map(dial).collect()
    }

    fn dials(&mut self, peer: SubjectId) -> Vec<Duration> {
        let dial = |output: &Output| matches!(output, Output::Dial { peer: to, .. } if *to == peer);
        self.done
            .drain(..)
            .filter(|(_, output)| dial(output))
            .map(|(at, _)| at)
            .collect()
    }
}

fn up(peer: SubjectId, number: usize, path: Path) -> Output {
    Output::Up {
        peer,
        connection: connection(number),
        path,
    }
}

fn close(number: usize) -> Output {
    Output::Close {
        connection: connection(number),
    }
}

#[test]
fn a_relay_is_visited_until_it_is_let_in_and_dialled_at_once() {
    let (own, _) = ordered();
    let mut scene = Scene::new(own);
    let relay = scene.relay;
    let visit = Output::Visit {
        relay,
        porch: address(2),
    };
    for _ in 0..10 {
        scene.pass(VISIT_PAUSE_MAX);
        assert_eq!(scene.taken(), vec![visit.clone()]);
        scene.input(Input::VisitFailed { relay });
    }
    scene.input(Input::Visited { relay });
    scene.allow(relay, &[]);
    scene.pass(Duration::ZERO);
    assert_eq!(
        scene.taken(),
        vec![Output::Dial {
            peer: relay,
            addresses: over_both(&[address(1)])
        }]
    );
    scene.join(relay, 1, Dialler::We, Path::Direct);
    scene.pass(Duration::ZERO);
    let place = Output::Reserve {
        relay,
        main: address(1),
    };
    assert_eq!(scene.taken(), vec![up(relay, 1, Path::Direct), place]);
}

#[test]
fn a_relay_that_refuses_us_is_visited_again() {
    let mut scene = Scene::new(subject(1));
    let relay = scene.relay;
    scene.allow(relay, &[]);
    scene.pass(Duration::ZERO);
    scene.taken();
    scene.connect(relay, 1, Dialler::We, Path::Direct);
    scene.input(Input::Disconnected {
        peer: relay,
        connection: connection(1),
    });
    scene.pass(RETRY_FIRST);
    let outputs = scene.taken();
    assert!(
        outputs.contains(&Output::Visit {
            relay,
            porch: address(2)
        }),
        "{outputs:?}"
    );
    assert!(
        !outputs.contains(&Output::Down { peer: relay }),
        "it never was up"
    );
}

#[test]
fn dials_pause_longer_and_longer_up_to_the_cap() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    scene.allow(peer, &[5]);
    let mut last = None;
    for attempt in 0..12 {
        scene.pass(DIAL_PAUSE_MAX);
        let dials = scene.dials(peer);
        assert_eq!(dials.len(), 1, "attempt {attempt}");
        if let Some(last) = last.replace(dials[0]) {
            assert!(dials[0] - last <= 2 * DIAL_PAUSE_MAX);
        }
        scene.input(Input::DialFailed { peer });
    }
}

#[test]
fn the_returning_line_ends_every_pause() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    scene.allow(peer, &[5]);
    for _ in 0..6 {
        scene.pass(DIAL_PAUSE_MAX);
        scene.input(Input::DialFailed { peer });
    }
    scene.done.clear();
    scene.input(Input::LineReturned);
    scene.pass(Duration::ZERO);
    assert_eq!(scene.dials(peer).len(), 1);

    scene.input(Input::DialFailed { peer });
    let relay = scene.relay;
    scene.allow(relay, &[]);
    scene.join(relay, 1, Dialler::We, Path::Direct);
    scene.pass(Duration::ZERO);
    assert_eq!(
        scene.dials(peer).len(),
        1,
        "a relay that comes back is a line that returns"
    );
}

#[test]
fn a_connection_that_never_opens_is_given_up_and_was_never_up() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    scene.allow(peer, &[5]);
    scene.connect(peer, 1, Dialler::They, Path::Direct);
    scene.pass_alive(Duration::from_secs(10), peer, 1);
    let outputs = scene.taken();
    assert!(outputs.contains(&close(1)));
    assert!(!outputs.contains(&Output::Down { peer }));
}

/// Both ends, each having seen the two connections in its own order, keep the one dialled by the
/// lower subject.
#[test]
fn of_two_simultaneous_dials_the_lower_subjects_survives() {
    let (lower, higher) = ordered();
    let check = |own, peer, first, second, survivor| {
        let mut scene = Scene::new(own);
        scene.allow(peer, &[5]);
        let (we, they) = (Dialler::We, Dialler::They);
        let dialler = |number| {
            if (number == 1) == (own == lower) {
                we
            } else {
                they
            }
        };
        scene.join(peer, first, dialler(first), Path::Direct);
        scene.join(peer, second, dialler(second), Path::Direct);
        scene.pass_alive(RETIRING, peer, survivor);
        let outputs = scene.taken();
        let closed = if survivor == 1 { 2 } else { 1 };
        assert!(outputs.contains(&close(closed)) && !outputs.contains(&close(survivor)));
        assert!(
            !outputs.contains(&Output::Down { peer }),
            "nobody appears to have left"
        );
        assert!(scene.machine.is_primary(&peer, connection(survivor)));
        scene.input(Input::Disconnected {
            peer,
            connection: connection(closed),
        });
        assert_eq!(scene.taken(), vec![]);
    };
    check(lower, higher, 1, 2, 1);
    check(lower, higher, 2, 1, 1);
    check(higher, lower, 1, 2, 1);
    check(higher, lower, 2, 1, 1);
}

#[test]
fn a_peer_that_dials_again_after_a_crash_replaces_its_dead_connection() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    scene.allow(peer, &[5]);
    scene.join(peer, 1, Dialler::We, Path::Direct);
    scene.pass_alive(SIMULTANEOUS, peer, 1);
    scene.done.clear();
    scene.join(peer, 2, Dialler::They, Path::Direct);
    assert_eq!(scene.taken(), vec![up(peer, 2, Path::Direct)]);
    scene.input(Input::Ended {
        peer,
        connection: connection(1),
    });
    scene.pass_alive(RETIRING, peer, 2);
    assert_eq!(scene.taken(), vec![close(1)]);
}

#[test]
fn a_circuit_serves_until_a_direct_path_is_found() {
    let (own, peer) = ordered();
    let mut scene = Scene::behind_relay(own, peer);
    let relay = scene.relay;
    scene.done.clear();
    scene.pass(RETRY_FIRST);
    let circuit = scene.machine.relays[&relay]
        .circuit(&relay)
        .expect("a circuit");
    assert_eq!(
        scene.taken(),
        vec![Output::Dial {
            peer,
            addresses: vec![circuit]
        }]
    );

    scene.join(peer, 2, Dialler::We, Path::Relayed);
    assert_eq!(scene.taken(), vec![up(peer, 2, Path::Relayed)]);
    for _ in 0..2 {
        let before = scene.now - scene.start;
        scene.pass_alive(DIRECT_AGAIN, peer, 2);
        assert_eq!(scene.dials(peer), vec![before + DIRECT_AGAIN]);
        scene.input(Input::DialFailed { peer });
    }
    scene.join(peer, 3, Dialler::They, Path::Direct);
    scene.connect(peer, 4, Dialler::They, Path::Relayed);
    scene.pass_alive(RETIRING, peer, 3);
    assert!(
        scene.machine.is_primary(&peer, connection(3)),
        "no circuit beats a live direct path"
    );
    let outputs = scene.taken();
    assert!(outputs.contains(&close(2)) && outputs.contains(&close(4)));
    scene.pass_alive(2 * DIRECT_AGAIN, peer, 3);
    assert_eq!(scene.dials(peer), NEVER, "nothing better to look for");
}

#[test]
fn a_circuit_that_breaks_is_sought_again_before_the_path_that_never_was() {
    let (own, peer) = ordered();
    let mut scene = Scene::behind_relay(own, peer);
    let relay = scene.relay;
    scene.join(peer, 2, Dialler::We, Path::Relayed);
    scene.pass_alive(STEADY, peer, 2);
    scene.done.clear();
    let connection = connection(2);
    scene.input(Input::Disconnected { peer, connection });
    scene.pass(Duration::ZERO);
    let circuit = scene.machine.relays[&relay].circuit(&relay);
    let addresses = vec![circuit.expect("a circuit")];
    assert_eq!(
        scene.taken(),
        vec![Output::Down { peer }, Output::Dial { peer, addresses }]
    );
}

#[test]
fn quic_that_falls_silent_before_it_has_proven_itself_gives_tcp_one_turn() {
    let (both, tcp) = (over_both(&[address(5)]), vec![address(5)]);
    let rarely = QUIC_PROVEN / (QUIC_PROVEN_SIGNS / 2);
    for (route, alive, every, expected) in [
        (Route::Quic, Duration::ZERO, 100 * MS, &tcp),
        (Route::Quic, QUIC_PROVEN - 100 * MS, 100 * MS, &tcp),
        (Route::Quic, QUIC_PROVEN, 100 * MS, &both),
        (Route::Quic, QUIC_PROVEN, rarely, &tcp),
        (Route::Tcp, Duration::ZERO, 100 * MS, &both),
    ] {
        let (own, peer) = ordered();
        let mut scene = Scene::new(own);
        scene.allow(peer, &[5]);
        scene.pass(Duration::ZERO);
        assert_eq!(scene.dialled(), [(peer, both.clone())]);

        scene.connect_over(peer, 1, Dialler::We, route);
        scene.open(peer, 1);
        scene.use_link(peer, Use::InUse);
        scene.pass_alive_each(every, alive, peer, 1);
        scene.pass(SILENCE_MAX + RETRY_FIRST);
        let expected = [(peer, expected.clone())];
        assert_eq!(scene.dialled(), expected, "{route:?} heard for {alive:?}");

        scene.input(Input::DialFailed { peer });
        scene.pass(DIAL_PAUSE_MAX);
        assert_eq!(scene.dialled(), [(peer, both.clone())], "QUIC again");
    }
}

#[test]
fn a_peer_that_breaks_the_rules_is_closed_and_not_hurried_after() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    scene.allow(peer, &[5]);
    scene.join(peer, 1, Dialler::We, Path::Direct);
    scene.done.clear();
    scene.input(Input::Broke {
        peer,
        connection: connection(1),
    });
    assert_eq!(scene.taken(), vec![close(1), Output::Down { peer }]);
    scene.input(Input::Disconnected {
        peer,
        connection: connection(1),
    });
    scene.pass(DIAL_PAUSE_MAX - MS);
    assert_eq!(scene.dials(peer), NEVER);
    scene.pass(MS);
    assert_eq!(scene.dials(peer).len(), 1);
}

#[test]
fn a_connection_that_does_not_last_is_a_failed_dial() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    scene.allow(peer, &[5]);
    scene.pass(Duration::ZERO);
    let start = scene.now;
    for number in 1..=20 {
        scene.join(peer, number, Dialler::We, Path::Direct);
        let connection = connection(number);
        scene.input(Input::Disconnected { peer, connection });
        let next = scene.machine.poll_timeout().expect("another dial");
        scene.pass(next - scene.now);
    }
    assert!(
        scene.now - start > 15 * DIAL_PAUSE_MAX / 2,
        "nobody is hammered"
    );
    scene.join(peer, 30, Dialler::We, Path::Direct);
    scene.pass_alive(STEADY, peer, 30);
    scene.done.clear();
    let connection = connection(30);
    scene.input(Input::Disconnected { peer, connection });
    scene.pass(Duration::ZERO);
    assert_eq!(
        scene.dials(peer).len(),
        1,
        "a line that breaks is dialled at once"
    );
}

#[test]
fn who_is_shut_out_goes_down_once_and_is_never_dialled() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    scene.allow(peer, &[5]);
    scene.join(peer, 1, Dialler::We, Path::Direct);
    scene.done.clear();
    scene.input(Input::Forbidden { peer });
    assert_eq!(scene.taken(), vec![Output::Down { peer }]);
    scene.input(Input::Disconnected {
        peer,
        connection: connection(1),
    });
    scene.connect(peer, 2, Dialler::They, Path::Direct);
    scene.pass(Duration::from_secs(60));
    scene.input(Input::LineReturned);
    scene.pass(Duration::ZERO);
    assert_eq!(scene.dials(peer), NEVER);
}

#[test]
fn a_line_that_returns_is_not_trusted_with_a_silent_connection() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    scene.allow(peer, &[5]);
    scene.use_link(peer, Use::InUse);
    scene.join(peer, 1, Dialler::We, Path::Direct);
    scene.done.clear();
    scene.input(Input::LineReturned);
    scene.pass(SILENCE_SUSPECT);
    assert_eq!(scene.dials(peer), NEVER, "it was heard just now");
    scene.input(Input::LineReturned);
    scene.pass(Duration::ZERO);
    assert_eq!(scene.dials(peer).len(), 1);
    scene.join(peer, 2, Dialler::We, Path::Direct);
    assert_eq!(scene.taken(), vec![up(peer, 2, Path::Direct)]);
}
