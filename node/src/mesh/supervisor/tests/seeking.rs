//! Whom the application wants, and links that fall silent.

use super::*;
use crate::mesh::limits::{
    DIAL_PAUSE_PATIENT_MAX, LINGERING, PAUSE_LONG_MAX, PING_AFTER_FRAME, PING_IDLE, SILENCE_IN_USE,
};

#[test]
fn who_was_silent_and_is_heard_again_never_left() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    scene.allow(peer, &[5]);
    scene.use_link(peer, Use::InUse);
    scene.join(peer, 1, Dialler::We, Path::Direct);
    scene.pass_alive(Duration::from_secs(10), peer, 1);
    scene.done.clear();
    for _ in 0..3 {
        scene.pass(SILENCE_MAX - 200 * MS);
        scene.pass_alive(100 * MS, peer, 1);
        assert_eq!(
            scene.taken(),
            vec![Output::Silent { peer }, Output::Back { peer }]
        );
    }
}

#[test]
fn who_is_only_let_in_is_never_dialled_and_may_come_and_go() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    let relay = scene.relay;
    scene.input(Input::Allowed { peer });
    scene.input(Input::Allowed { peer: relay });
    scene.join(relay, 1, Dialler::We, Path::Direct);
    scene.input(Input::LineReturned);
    scene.pass_alive(Duration::from_secs(600), relay, 1);
    assert_eq!(scene.dials(peer), NEVER);

    scene.join(peer, 2, Dialler::They, Path::Direct);
    assert_eq!(scene.taken(), vec![up(peer, 2, Path::Direct)]);
    scene.pass_alive(2 * LINGERING, peer, 2);
    let left = [Output::Down { peer }, close(2)];
    let done = scene.taken();
    assert!(
        left.iter().all(|it| !done.contains(it)),
        "it stays: {done:?}"
    );
    let connection = connection(2);
    scene.input(Input::Disconnected { peer, connection });
    scene.pass(Duration::from_secs(600));
    assert_eq!(scene.dials(peer), NEVER);
}

#[test]
fn what_was_dialled_and_is_not_wanted_any_more_is_closed_after_a_while() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    scene.allow(peer, &[5]);
    scene.join(peer, 1, Dialler::We, Path::Direct);
    scene.input(Input::Left { peer });
    scene.pass_alive(LINGERING / 2, peer, 1);
    scene.seek(peer, &[5], Patience::Brisk);
    scene.done.clear();
    scene.pass_alive(2 * LINGERING, peer, 1);
    assert_eq!(scene.taken(), vec![], "it is wanted again");

    scene.input(Input::Left { peer });
    scene.pass_alive(LINGERING - 200 * MS, peer, 1);
    assert_eq!(scene.taken(), vec![]);
    scene.pass_alive(200 * MS, peer, 1);
    assert_eq!(scene.taken(), vec![close(1), Output::Down { peer }]);
    scene.pass(Duration::from_secs(600));
    assert_eq!(scene.dials(peer), NEVER);

    // One that was on its way when it was no longer wanted goes as well.
    scene.seek(peer, &[5], Patience::Brisk);
    scene.pass(Duration::ZERO);
    scene.input(Input::Left { peer });
    scene.join(peer, 2, Dialler::We, Path::Direct);
    scene.done.clear();
    scene.pass_alive(LINGERING, peer, 2);
    assert_eq!(scene.taken(), vec![close(2), Output::Down { peer }]);
}

#[test]
fn who_may_be_away_is_dialled_once_a_minute_until_somebody_says_it_is_back() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    scene.input(Input::Allowed { peer });
    scene.seek(peer, &[5], Patience::Patient);
    let hour = scene.now + Duration::from_secs(3600);
    let mut dials = 0;
    while scene.now < hour {
        scene.pass(MS * 500);
        let dialled = scene.dials(peer).len();
        dials += dialled;
        if dialled > 0 {
            scene.input(Input::DialFailed { peer });
        }
    }
    let an_hour_apart = 3600 / (DIAL_PAUSE_PATIENT_MAX.as_secs() as usize);
    assert!(dials <= 2 * an_hour_apart + 10, "{dials} dials an hour");
    scene.seek(peer, &[5], Patience::Brisk);
    scene.pass(Duration::ZERO);
    assert_eq!(scene.dials(peer).len(), 1, "at once");
}

#[test]
fn an_address_that_comes_while_another_is_tried_is_tried_next() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    scene.allow(peer, &[5]);
    scene.pass(Duration::ZERO);
    assert_eq!(scene.dialled(), [(peer, over_both(&[address(5)]))]);
    scene.seek(peer, &[6, 5], Patience::Brisk);
    scene.pass(Duration::from_secs(2));
    assert_eq!(scene.dialled(), [], "one try at a time");
    scene.input(Input::DialFailed { peer });
    scene.pass(Duration::ZERO);
    let both = over_both(&[address(6), address(5)]);
    assert_eq!(scene.dialled(), [(peer, both)]);
}

#[test]
fn who_is_let_in_again_is_not_dialled_sooner_unless_there_is_a_new_address() {
    let (own, peer) = ordered();
    let mut scene = Scene::new(own);
    scene.allow(peer, &[5]);
    scene.pass(Duration::ZERO);
    scene.input(Input::DialFailed { peer });
    scene.done.clear();
    let pause = RETRY_FIRST / 2 - MS;
    for _ in 0..pause.as_millis() {
        scene.allow(peer, &[5]);
        scene.pass(MS);
    }
    assert_eq!(scene.dials(peer), NEVER, "the pause goes on");
    scene.allow(peer, &[6]);
    scene.pass(Duration::ZERO);
    assert_eq!(scene.dials(peer), vec![scene.now - scene.start]);
}

#[test]
fn a_silent_peer_is_dead_in_time_and_dialled_at_once() {
    for (usage, silence_max) in [
        (Use::InUse, SILENCE_MAX),
        (Use::Idle, PING_IDLE + SILENCE_MAX),
    ] {
        let (own, peer) = ordered();
        let mut scene = Scene::new(own);
        scene.allow(peer, &[5]);
        scene.use_link(peer, usage);
        scene.join(peer, 1, Dialler::We, Path::Direct);
        scene.pass_alive(Duration::from_secs(60), peer, 1);
        scene.done.clear();
        let silent_since = scene.now - scene.start;
        scene.pass(silence_max);
        let at = |output: &Output| {
            let mut done = scene.done.iter();
            done.find(|(_, it)| it == output).map(|(at, _)| *at)
        };
        let down_at = at(&Output::Down { peer });
        assert_eq!(down_at, Some(silent_since + silence_max), "{usage:?}");
        assert_eq!(at(&close(1)), down_at);
        let told = at(&Output::Silent { peer }).map(|at| at - silent_since);
        assert_eq!(told.is_some(), usage == Use::InUse, "{told:?}");
        assert!(told.is_none_or(|told| told <= Duration::from_secs(2)));
        let beside = (usage == Use::Idle).then_some(PING_IDLE + SILENCE_IN_USE);
        let dials = beside.into_iter().chain([silence_max]);
        let dials: Vec<_> = dials.map(|after| silent_since + after).collect();
        assert_eq!(scene.dials(peer), dials);
    }
}

/// A relay that was killed and is there again knows nothing of the connection; who dialled it finds
/// out with its next question, and moves without ever appearing to have left.
#[test]
fn an_idle_link_that_does_not_answer_is_replaced_before_it_is_given_up() {
    let (own, _) = ordered();
    let mut scene = Scene::new(own);
    let relay = scene.relay;
    scene.allow(relay, &[]);
    scene.connect_over(relay, 1, Dialler::We, Route::Quic);
    scene.open(relay, 1);
    scene.pass_alive(Duration::from_secs(60), relay, 1);
    scene.done.clear();
    scene.pass(PING_IDLE + SILENCE_IN_USE);
    assert_eq!(scene.dialled(), [(relay, over_both(&[address(1)]))]);
    scene.connect_over(relay, 2, Dialler::We, Route::Quic);
    scene.open(relay, 2);
    scene.pass_alive(SILENCE_MAX, relay, 2);
    let done = scene.taken();
    assert!(done.contains(&up(relay, 2, Path::Direct)), "{done:?}");
    assert!(!done.contains(&Output::Down { peer: relay }), "{done:?}");

    // Who answers in time is not dialled.
    for _ in 0..20 {
        scene.pass(PING_IDLE + SILENCE_IN_USE - 101 * MS);
        scene.pass_alive(100 * MS, relay, 2);
    }
    assert_eq!(scene.dials(relay), NEVER);
}

/// A relay that is killed while documents come through it is missed at once: until it is back, their
/// maker sends them to it and to the station apart.
#[test]
fn an_idle_link_is_asked_once_as_soon_as_what_was_coming_stops() {
    let (own, _) = ordered();
    let mut scene = Scene::new(own);
    let relay = scene.relay;
    let carried = |scene: &mut Scene| {
        let connection = connection(1);
        scene.input(Input::Heard {
            peer: relay,
            connection,
        });
    };
    scene.allow(relay, &[]);
    scene.connect_over(relay, 1, Dialler::We, Route::Quic);
    scene.open(relay, 1);
    for _ in 0..100 {
        scene.pass_alive(100 * MS, relay, 1);
        carried(&mut scene);
    }
    scene.done.clear();
    let asked = scene.asked;
    scene.pass(PING_AFTER_FRAME);
    assert_eq!(scene.asked, asked + 1, "it stopped");
    scene.pass_alive(MS, relay, 1);
    scene.pass(PING_IDLE - MS);
    assert_eq!(
        scene.asked,
        asked + 1,
        "it answered, and nothing came since"
    );
    scene.pass_alive(MS, relay, 1);

    carried(&mut scene);
    scene.pass(PING_AFTER_FRAME + SILENCE_IN_USE);
    assert_eq!(scene.dials(relay).len(), 1);
}

/// Fails for so long to reach the relay, over the main swarm or its porch; gives how often it tried.
fn fail_for(scene: &mut Scene, span: Duration) -> usize {
    fail_to_reach(scene, scene.relay, span)
}

/// Fails for so long to reach anybody; gives how often it tried this one.
fn fail_to_reach(scene: &mut Scene, wanted: SubjectId, span: Duration) -> usize {
    let (end, relay) = (scene.now + span, scene.relay);
    let mut tries = 0;
    while scene.now < end {
        scene.pass(250 * MS);
        for output in scene.taken() {
            let tried = match output {
                Output::Dial { peer, .. } => {
                    scene.input(Input::DialFailed { peer });
                    peer
                }
                Output::Visit { .. } => {
                    scene.input(Input::VisitFailed { relay });
                    relay
                }
                _ => continue,
            };
            tries += usize::from(tried == wanted);
        }
    }
    tries
}

#[test]
fn a_relay_that_nobody_reaches_is_tried_less_and_less_until_somebody_waits_or_the_line_changes() {
    let hour = Duration::from_secs(3600);
    for is_let_in in [true, false] {
        let mut scene = Scene::new(subject(1));
        let relay = scene.relay;
        if is_let_in {
            scene.allow(relay, &[]);
        }
        let at_first = fail_for(&mut scene, Duration::from_secs(20));
        assert!((5..=25).contains(&at_first), "{at_first} in 20 s");
        fail_for(&mut scene, hour);
        let rarely = fail_for(&mut scene, hour);
        let most = 2 * 3600 / PAUSE_LONG_MAX.as_secs() as usize;
        assert!((most / 2..=most).contains(&rarely), "{rarely} an hour");

        for wakes in [Input::LineReturned, Input::Encouraged] {
            scene.input(wakes);
            let again = fail_for(&mut scene, Duration::from_secs(20));
            assert!((5..=25).contains(&again), "{again} in 20 s");
            for _ in 0..200 {
                scene.input(Input::Encouraged);
            }
            let hammered = fail_for(&mut scene, MS);
            assert!(hammered <= 1, "{hammered} at once");
            fail_for(&mut scene, hour);
        }
        if is_let_in {
            scene.use_link(relay, Use::InUse);
            let in_use = fail_for(&mut scene, Duration::from_secs(600));
            assert!(in_use >= 250, "{in_use} in ten minutes in use");
        }
    }
}

/// Where no relay is in reach nobody knows whether a station is there, and it is sought with long
/// pauses: a citizen does not wait for the end of one.
#[test]
fn a_member_of_whom_nobody_knows_is_dialled_at_once_for_whoever_begins_to_wait() {
    let (own, peer) = ordered();
    for begins in [
        |scene: &mut Scene, _: SubjectId| scene.input(Input::Encouraged),
        |scene: &mut Scene, peer| scene.use_link(peer, Use::InUse),
    ] {
        let mut scene = Scene::new(own);
        scene.input(Input::Allowed { peer });
        scene.seek(peer, &[5], Patience::Patient);
        let hour = Duration::from_secs(3600);
        fail_to_reach(&mut scene, peer, hour);
        let rarely = fail_to_reach(&mut scene, peer, hour);
        let most = 2 * 3600 / DIAL_PAUSE_PATIENT_MAX.as_secs() as usize;
        assert!((most / 2..=most).contains(&rarely), "{rarely} an hour");

        begins(&mut scene, peer);
        assert_eq!(fail_to_reach(&mut scene, peer, MS), 1, "at once");
        for _ in 0..200 {
            begins(&mut scene, peer);
        }
        assert!(
            fail_to_reach(&mut scene, peer, MS) <= 1,
            "not for every word"
        );
        let soon = fail_to_reach(&mut scene, peer, Duration::from_secs(20));
        assert!((5..=25).contains(&soon), "{soon} in 20 s");
        fail_to_reach(&mut scene, peer, hour);
        let rarely = fail_to_reach(&mut scene, peer, hour);
        assert!(rarely <= most, "{rarely} an hour: the pauses grow again");
    }
}
