//! Acts in a role that their author does not have.
//!
//! What stands in the clear header every node holds against the role of the author: relay and
//! station refuse it, whatever a kiosk sends. What is sealed only those can check who open it.

use guichet_keys::ActClass;
use guichet_sync::case::{Act, SetAside};
use guichet_sync::envelope::{Envelope, Kind};
use guichet_sync::replica::{Refusal, Thing};
use guichet_sync::wire::{Frame, What};

use super::network::Who;
use super::people::{Person, message};
use super::village::Village;

const AGENTS_KIND: u64 = 127;
const DECISIONS_KIND: u64 = 128;

/// As many as a session may bring before it is closed.
const BAD_ITEMS_MAX: usize = guichet_sync::limits::BAD_ITEMS_MAX as usize;

fn act_of(kind: u64) -> Vec<u8> {
    let act = Act::Unknown {
        kind,
        body: vec![0xf6],
    };
    act.encode().expect("encodes")
}

fn live(envelope: &Envelope) -> Vec<u8> {
    let payload = envelope.bytes().to_vec();
    let what = What::Act;
    Frame::Live { what, payload }.encode()
}

/// Acts of an adviser and decisions, signed by the kiosk with its own key in its own name.
fn usurped(citizen: &mut Person) -> Vec<Envelope> {
    let said = message("Accordé.").encode().expect("encodes");
    [
        (ActClass::Agent, said.clone()),
        (ActClass::Agent, act_of(AGENTS_KIND)),
        (ActClass::Decision, act_of(DECISIONS_KIND)),
        (ActClass::Decision, said),
    ]
    .map(|(class, plain)| citizen.forge(None, Some(class), &plain))
    .into()
}

#[test]
fn a_kiosk_that_signs_what_an_agent_may_is_refused_by_relay_and_station() {
    let mut village = Village::new();
    village.join(Who::Kiosk, Who::Station);
    let (mut citizen, mut adviser) = village.case();
    for forged in usurped(&mut citizen) {
        for to in [Who::Relay, Who::Station] {
            let before = village.node(to).count();
            village.send(Who::Kiosk, to, &live(&forged));
            let node = village.node(to);
            assert!(
                !node.holds(&forged.hash()) && node.count() == before,
                "{to:?}"
            );
            assert_eq!(node.closed, Vec::<String>::new(), "{to:?}");
        }
    }
    village.say(&mut citizen, "Bonjour.");
    village.say(&mut adviser, "Bonjour à vous.");
    let heard = village.both_hear([&mut citizen, &mut adviser]);
    assert_eq!(heard.len(), 2, "the sessions go on");
}

#[test]
fn a_kiosk_refuses_it_of_its_own_people() {
    let mut village = Village::new();
    let (mut citizen, _) = village.case();
    for forged in usurped(&mut citizen) {
        village.write(Who::Kiosk, vec![Thing::Envelope(forged.clone())]);
        let (hash, refusal) = village.node(Who::Kiosk).refused.last().expect("a refusal");
        assert_eq!(*hash, forged.hash());
        let Refusal::NotAllowed(why) = refusal else {
            panic!("{refusal}");
        };
        assert!(why.contains("kiosk"), "{why}");
        assert!(!village.node(Who::Kiosk).holds(&forged.hash()));
    }
}

#[test]
fn a_kiosk_cannot_borrow_the_name_of_an_adviser() {
    let mut village = Village::new();
    let (citizen, mut adviser) = village.case();
    village.say(&mut adviser, "Bonjour.");
    let last = adviser.last(Kind::Act);
    let plain = message("Accordé.").encode().expect("encodes");
    let forged = adviser.forge_signed(Who::Kiosk, last.as_ref(), Some(ActClass::Agent), &plain);
    for to in [Who::Relay, Who::Station] {
        village.send(Who::Kiosk, to, &live(&forged));
        assert!(!village.node(to).holds(&forged.hash()), "{to:?}");
    }
    let genuine = adviser.forge(last.as_ref(), Some(ActClass::Agent), &plain);
    village.write(Who::Station, vec![Thing::Envelope(genuine.clone())]);
    assert!(village.node(citizen.at).holds(&genuine.hash()));
}

#[test]
fn who_goes_on_sending_what_is_refused_is_sent_away_and_may_come_back() {
    let mut village = Village::new();
    let (mut citizen, mut adviser) = village.case();
    let forged = usurped(&mut citizen).remove(0);
    for _ in 0..BAD_ITEMS_MAX {
        village.send(Who::Kiosk, Who::Relay, &live(&forged));
    }
    assert!(village.are_joined(Who::Kiosk, Who::Relay), "some are borne");
    village.send(Who::Kiosk, Who::Relay, &live(&forged));
    assert!(
        !village.are_joined(Who::Kiosk, Who::Relay),
        "not any number"
    );
    assert_eq!(
        village.node(Who::Relay).closed,
        ["too many items that do not hold"]
    );
    assert!(
        village.are_joined(Who::Relay, Who::Station),
        "it costs that peer only"
    );

    village.say(&mut citizen, "Bonjour.");
    village.join(Who::Kiosk, Who::Relay);
    let heard = village.both_hear([&mut citizen, &mut adviser]);
    assert_eq!(heard, ["Bonjour."], "what was written meanwhile is there");
}

#[test]
fn sealed_content_of_another_class_is_set_aside_and_the_case_goes_on() {
    for (of_citizen, class, kind) in [
        (true, ActClass::Citizen, AGENTS_KIND),
        (true, ActClass::Citizen, DECISIONS_KIND),
        (false, ActClass::Agent, DECISIONS_KIND),
        (false, ActClass::Decision, AGENTS_KIND),
        (false, ActClass::Decision, 0),
    ] {
        let mut village = Village::new();
        let (mut citizen, mut adviser) = village.case();
        village.say(&mut citizen, "Bonjour.");
        let plain = if kind == 0 {
            message("Accordé.").encode().expect("encodes")
        } else {
            act_of(kind)
        };
        let author = if of_citizen {
            &mut citizen
        } else {
            &mut adviser
        };
        let last = author.last(Kind::Act);
        let hidden = author.forge(last.as_ref(), Some(class), &plain);
        let from = author.at;
        village.write(from, vec![Thing::Envelope(hidden.clone())]);
        for who in [Who::Relay, Who::Kiosk, Who::Station] {
            assert!(village.node(who).holds(&hidden.hash()), "nobody can tell");
        }

        let heard = village.both_hear([&mut citizen, &mut adviser]);
        assert_eq!(heard, ["Bonjour."], "{class:?} over {kind}");
        for person in [&citizen, &adviser] {
            let aside = SetAside {
                chain: hidden.header().chain(),
                index: hidden.header().index,
                hash: hidden.hash(),
                unreadable: true,
                why: "sealed content of another class than the header says".to_owned(),
            };
            assert_eq!(person.log.set_aside(), [aside]);
        }
        let (author, other) = if of_citizen {
            (&mut citizen, &mut adviser)
        } else {
            (&mut adviser, &mut citizen)
        };
        village.say(other, "Et ensuite ?");
        village.rename(author);
        village.say(author, "Je reste là.");
        let heard = village.both_hear([&mut citizen, &mut adviser]);
        assert_eq!(heard.len(), 3, "{heard:?}");
    }
}
