use super::*;

/// A department: 100 kiosks and 50 stations, each behind a router of its own, one relay.
struct Scene {
    machine: Dialling,
    sought: BTreeMap<SubjectId, Aim>,
    used: BTreeSet<SubjectId>,
    told: usize,
}

const KIOSKS: u8 = 100;
const STATIONS: u8 = 50;

fn relay() -> SubjectId {
    SubjectId::from([255; 32])
}

fn kiosk(number: u8) -> SubjectId {
    SubjectId::from([number; 32])
}

fn station(number: u8) -> SubjectId {
    SubjectId::from([KIOSKS + number; 32])
}

fn service(name: &str) -> ServiceId {
    ServiceId::new(name).expect("a name")
}

/// Even stations answer for one service, odd ones for another.
fn service_of(number: u8) -> ServiceId {
    service(["caf", "cpam"][usize::from(number % 2)])
}

fn everybody() -> Vec<Member> {
    let member = |subject, role, services: Vec<ServiceId>| Member {
        subject,
        role,
        services: services.into_iter().collect(),
    };
    let kiosks = (0..KIOSKS).map(|it| member(kiosk(it), Role::Kiosk, vec![]));
    let stations = (0..STATIONS).map(|it| member(station(it), Role::Station, vec![service_of(it)]));
    let relay = member(relay(), Role::Relay, vec![]);
    kiosks.chain(stations).chain([relay]).collect()
}

/// As a relay sees somebody on the local network of this number.
fn presence(member: SubjectId, lan: u8, online: bool) -> Presence {
    let host = member.as_bytes()[0];
    let addresses = vec![
        format!("/ip4/192.168.1.{host}/tcp/4001"),
        format!("/ip4/203.0.113.{lan}"),
    ];
    Presence {
        member,
        online,
        addresses: if online { addresses } else { vec![] },
    }
}

fn visit(name: &str) -> Occupation {
    Occupation {
        busy: true,
        services: [service(name)].into(),
        call: None,
    }
}

impl Scene {
    fn of(me: SubjectId, role: Role) -> Self {
        let mut scene = Self {
            machine: Dialling::new(me, role),
            sought: BTreeMap::new(),
            used: BTreeSet::new(),
            told: 0,
        };
        let others = everybody()
            .into_iter()
            .filter(|member| member.subject != me);
        scene.input(Input::Members(others.collect()));
        scene
    }

    fn input(&mut self, input: Input) {
        self.machine.handle_input(input);
        while let Some(output) = self.machine.poll_output() {
            self.told += 1;
            match output {
                Output::Seek(member, aim) => drop(self.sought.insert(member, aim)),
                Output::Leave(member) => assert!(self.sought.remove(&member).is_some()),
                Output::Use(member, Use::InUse) => assert!(self.used.insert(member)),
                Output::Use(member, Use::Idle) => assert!(self.used.remove(&member)),
            }
        }
    }

    /// The relay is there and tells of all, `lan` by `lan`.
    fn told(&mut self, lan: impl Fn(SubjectId) -> u8) {
        self.input(Input::Linked(relay()));
        let kiosks = (0..KIOSKS).map(kiosk);
        let all = kiosks.chain((0..STATIONS).map(station));
        let presences = all.map(|member| presence(member, lan(member), true));
        self.input(Input::Told(relay(), presences.collect()));
    }

    /// With which patience they are sought.
    fn patience(&self) -> Vec<Patience> {
        let others = self.sought.iter().filter(|(it, _)| **it != relay());
        let mut found: Vec<_> = others.map(|(_, aim)| aim.patience).collect();
        found.dedup();
        found
    }

    /// Who is sought beside the relay.
    fn seeks(&self) -> Vec<SubjectId> {
        let others = self.sought.keys().filter(|it| **it != relay());
        others.copied().collect()
    }
}

#[test]
fn a_relay_that_is_off_is_sought_patiently_while_another_is_in_reach() {
    let other = SubjectId::from([254; 32]);
    let mut scene = Scene::of(kiosk(7), Role::Kiosk);
    let member = Member {
        subject: other,
        role: Role::Relay,
        services: BTreeSet::new(),
    };
    scene.input(Input::Members(
        everybody().into_iter().chain([member]).collect(),
    ));
    let with = |scene: &Scene| [relay(), other].map(|it| scene.sought[&it].patience);
    assert_eq!(with(&scene), [Patience::Brisk; 2]);
    scene.input(Input::Linked(relay()));
    assert_eq!(with(&scene), [Patience::Brisk, Patience::Patient]);
    scene.input(Input::Told(relay(), vec![presence(other, 9, true)]));
    assert_eq!(with(&scene), [Patience::Brisk; 2], "it is there");
    scene.input(Input::Linked(other));
    scene.input(Input::Told(relay(), vec![presence(other, 9, false)]));
    assert_eq!(with(&scene), [Patience::Brisk; 2], "it is in reach");
    scene.input(Input::Lost(other));
    assert_eq!(with(&scene), [Patience::Brisk, Patience::Patient]);
    scene.input(Input::Lost(relay()));
    assert_eq!(with(&scene), [Patience::Brisk; 2], "nobody knows");
}

/// Everybody in one place.
fn together(_: SubjectId) -> u8 {
    1
}

/// Everybody alone.
fn apart(member: SubjectId) -> u8 {
    member.as_bytes()[0]
}

#[test]
fn where_nothing_goes_on_nobody_is_sought_but_relays() {
    let roles = [
        (kiosk(0), Role::Kiosk),
        (station(0), Role::Station),
        (relay(), Role::Relay),
    ];
    for (me, role) in roles {
        for lan in [together, apart] {
            let mut scene = Scene::of(me, role);
            scene.told(lan);
            assert_eq!(scene.seeks(), [], "{role:?}");
            assert_eq!(scene.used, [].into());
        }
    }
    let mut scene = Scene::of(station(0), Role::Station);
    scene.told(together);
    scene.input(Input::Occupied(visit("caf")));
    assert_eq!(scene.seeks(), [], "a station waits for the kiosk's dial");
}

#[test]
fn a_visit_seeks_some_stations_of_its_service_that_are_there_and_leaves_them_after() {
    let mut scene = Scene::of(kiosk(7), Role::Kiosk);
    scene.told(together);
    scene.input(Input::Occupied(visit("caf")));
    let seeks = scene.seeks();
    assert_eq!(seeks.len(), STATIONS_SOUGHT_MAX);
    let of_service = |it: &SubjectId| (0..STATIONS).step_by(2).any(|even| station(even) == *it);
    assert!(seeks.iter().all(of_service), "{seeks:?}");
    assert_eq!(scene.patience(), [Patience::Brisk]);
    let used: BTreeSet<_> = seeks.iter().copied().chain([relay()]).collect();
    assert_eq!(scene.used, used);

    let gone = seeks[0];
    scene.input(Input::Told(relay(), vec![presence(gone, 1, false)]));
    assert!(!scene.sought.contains_key(&gone), "it is away");
    assert_eq!(scene.seeks().len(), STATIONS_SOUGHT_MAX, "another is there");
    scene.input(Input::Told(relay(), vec![presence(gone, 1, true)]));
    assert_eq!(scene.seeks(), seeks, "it is back");

    scene.input(Input::Occupied(Occupation::default()));
    assert_eq!((scene.seeks(), scene.used.len()), (vec![], 0));
}

#[test]
fn the_station_of_the_call_comes_first_and_its_link_is_in_use() {
    let mut scene = Scene::of(kiosk(7), Role::Kiosk);
    scene.told(together);
    for number in (0..STATIONS).step_by(2) {
        let call = Some(station(number));
        let services = visit("caf").services;
        scene.input(Input::Occupied(Occupation {
            busy: true,
            services,
            call,
        }));
        assert!(scene.sought.contains_key(&station(number)), "{number}");
        assert!(scene.used.contains(&station(number)));
    }
    let mut scene = Scene::of(station(0), Role::Station);
    scene.told(together);
    scene.input(Input::Occupied(Occupation {
        busy: true,
        services: BTreeSet::new(),
        call: Some(kiosk(3)),
    }));
    assert_eq!(scene.seeks(), []);
    assert_eq!(scene.used, [kiosk(3), relay()].into());
}

#[test]
fn nobody_is_sought_at_a_private_address_of_another_network() {
    for occupation in [Occupation::default(), visit("caf"), visit("cpam")] {
        for (me, role) in [(kiosk(7), Role::Kiosk), (station(0), Role::Station)] {
            let mut scene = Scene::of(me, role);
            scene.told(apart);
            scene.input(Input::Occupied(occupation.clone()));
            assert_eq!(scene.seeks(), [], "{role:?}");
            scene.input(Input::Lost(relay()));
            assert_eq!(scene.seeks(), [], "{role:?} without a relay");
        }
    }
}

#[test]
fn without_a_relay_stations_beside_are_sought_patiently_and_kiosks_by_nobody() {
    let lan = |member: SubjectId| if member.as_bytes()[0] < 103 { 1 } else { 2 };
    for (me, role, expected) in [
        (
            kiosk(7),
            Role::Kiosk,
            vec![station(0), station(1), station(2)],
        ),
        (station(0), Role::Station, vec![station(1), station(2)]),
    ] {
        let mut scene = Scene::of(me, role);
        scene.told(lan);
        assert_eq!(scene.seeks(), []);
        scene.input(Input::Lost(relay()));
        assert_eq!(scene.seeks(), expected, "{role:?}");
        assert_eq!(scene.patience(), [Patience::Patient]);
        scene.input(Input::Linked(relay()));
        assert_eq!(scene.seeks(), [], "the relay is back");
    }
}

#[test]
fn what_changes_nothing_says_nothing() {
    let mut scene = Scene::of(kiosk(7), Role::Kiosk);
    scene.told(together);
    scene.input(Input::Occupied(visit("caf")));
    scene.told = 0;
    for _ in 0..3 {
        scene.told(together);
        scene.input(Input::Occupied(visit("caf")));
        let all = everybody();
        let others = all.into_iter().filter(|it| it.subject != kiosk(7));
        scene.input(Input::Members(others.collect()));
        scene.input(Input::Told(relay(), vec![presence(kiosk(50), 9, false)]));
    }
    assert_eq!(scene.told, 0);
}

#[test]
fn strangers_in_a_roster_are_not_remembered() {
    let mut scene = Scene::of(kiosk(7), Role::Kiosk);
    scene.told(together);
    let known = scene.machine.told[&relay()].len();
    let strangers = (0..=255_u8).map(|it| {
        let mut bytes = [it; 32];
        bytes[0] = !it;
        presence(SubjectId::from(bytes), 1, true)
    });
    scene.input(Input::Told(relay(), strangers.collect()));
    assert_eq!(scene.machine.told[&relay()].len(), known);
}
