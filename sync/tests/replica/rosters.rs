//! Of whom a relay tells whom.

use guichet_sync::replica::Input;
use guichet_sync::wire::Presence;

use super::network::Who;
use super::village::Village;

const BOTH: [Who; 2] = [Who::Kiosk, Who::Station];

impl Village {
    /// The relay sees these members now; gives what the kiosk and the station were told of it.
    fn see(&mut self, members: &[Who]) -> [Vec<(Who, bool)>; 2] {
        let there = |who: &Who| Presence {
            member: who.subject(),
            online: true,
            addresses: vec!["/ip4/192.0.2.7/tcp/4001".into()],
        };
        let members = members.iter().map(there).collect();
        self.input(Who::Relay, Input::RosterChanged(members));
        self.settle();
        self.told()
    }

    fn told(&self) -> [Vec<(Who, bool)>; 2] {
        let all = [Who::Relay, Who::Kiosk, Who::OtherKiosk, Who::Station];
        BOTH.map(|of| {
            let told = self.node(of).told.iter();
            let named = told.map(|(member, online)| {
                let found = all.into_iter().find(|who| who.subject() == *member);
                (found.expect("a member"), *online)
            });
            let mut named: Vec<_> = named.collect();
            named.sort_by_key(|(who, _)| *who as u8);
            named
        })
    }

    fn forget_told(&mut self) {
        for who in BOTH {
            self.node_mut(&who.subject()).told.clear();
        }
    }
}

/// At first, when others come and go, and when a session begins anew.
#[test]
fn a_kiosk_is_told_of_stations_and_of_itself_and_of_no_other_kiosk() {
    let all = [Who::Kiosk, Who::OtherKiosk, Who::Station];
    let there = |who: &Who| (*who, true);
    let for_kiosk = vec![(Who::Kiosk, true), (Who::Station, true)];
    let for_station: Vec<_> = all.iter().map(there).collect();
    let whole = [for_kiosk, for_station];

    let mut village = Village::new();
    assert_eq!(village.see(&all), whole);

    village.forget_told();
    let gone = vec![(Who::OtherKiosk, false)];
    assert_eq!(village.see(&BOTH), [vec![], gone], "it went");

    village.forget_told();
    let come = vec![(Who::OtherKiosk, true)];
    assert_eq!(village.see(&all), [vec![], come], "it came back");

    village.forget_told();
    for who in BOTH {
        village.cut(Who::Relay, who);
        village.join(Who::Relay, who);
    }
    assert_eq!(village.told(), whole, "sessions that begin");
}
