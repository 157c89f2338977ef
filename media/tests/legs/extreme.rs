//! What a session is told in extreme numbers: descriptions, offers and datagrams that are mostly
//! well formed, in any order, again and cut short. Nothing panics or spins.

use guichet_media::{CallId, End, Event, Input, LegDescription, PageId, Sending};

use super::browser::Browser;
use super::world::{World, call, page_address, wan_address};

const SEEDS: u64 = 12;
const STEPS: usize = 150;

const EXTREMES: [u64; 8] = [
    0,
    1,
    65_535,
    1_000_000,
    i32::MAX as u64,
    u32::MAX as u64,
    i64::MAX as u64,
    u64::MAX,
];

#[derive(Default)]
struct Counted {
    all: usize,
    read: usize,
}

fn below(world: &mut World, end: usize) -> usize {
    world.random() as usize % end
}

fn switch(world: &mut World) -> Sending {
    [Sending::Off, Sending::On][below(world, 2)]
}

fn description(world: &mut World, counted: &mut Counted) -> Option<LegDescription> {
    let generation = match below(world, 3) {
        0 => EXTREMES[below(world, EXTREMES.len())] as u32,
        1 => 1_000_000 - below(world, 3) as u32,
        _ => below(world, 6) as u32,
    };
    let port = [1, 7_000, u16::MAX][below(world, 3)];
    let candidates = (0..below(world, 9)).map(|node| {
        let mut address = wan_address(node % 2);
        address.set_port(port);
        address
    });
    let leg = LegDescription {
        generation,
        ufrag: "u".repeat(4 + below(world, 29)),
        pwd: "p".repeat(22 + below(world, 43)),
        candidates: candidates.collect(),
    };
    let mut bytes = minicbor::to_vec(&leg).expect("encodes");
    if below(world, 8) == 0 {
        bytes.truncate(below(world, bytes.len()));
    }
    counted.all += 1;
    let read = minicbor::decode(&bytes).ok();
    counted.read += usize::from(read.is_some());
    read
}

/// An offer in which some numbers are others.
fn offer(world: &mut World) -> String {
    let address = "127.0.0.1:9999".parse().expect("an address");
    let (_, sdp) = Browser::new(world.now, address, 99);
    let mut said = String::new();
    let mut digits = String::new();
    let changes = below(world, 4);
    for letter in sdp.chars().chain(['\n']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        if !digits.is_empty() && below(world, 200) < changes {
            digits = EXTREMES[below(world, EXTREMES.len())].to_string();
        }
        said.push_str(&digits);
        digits.clear();
        said.push(letter);
    }
    if below(world, 10) == 0 {
        said.truncate(below(world, said.len()));
    }
    said
}

fn datagram(world: &mut World) -> Option<Input> {
    let count = world.wire.len();
    let nth = below(world, count.max(1));
    let (from, mut bytes) = world.wire.get(nth)?.clone();
    for _ in 0..below(world, 3) {
        let at = below(world, bytes.len());
        bytes[at] = [0, 1, 0x7f, 0x80, 0xff][below(world, 5)];
    }
    if below(world, 4) == 0 {
        bytes.truncate(below(world, bytes.len()));
    }
    let local = [wan_address(0), wan_address(1), page_address(0)][below(world, 3)];
    Some(Input::Datagram { local, from, bytes })
}

fn input(world: &mut World, counted: &mut Counted) -> Option<Input> {
    let id = [call(1), call(1), call(2), CallId([0xff; 16])][below(world, 4)];
    Some(match below(world, 10) {
        0..4 => Input::Described {
            call: id,
            leg: description(world, counted)?,
        },
        4..7 => datagram(world)?,
        7 => Input::PeerSending {
            call: id,
            audio: switch(world),
            video: switch(world),
        },
        8 => {
            let page = PageId(EXTREMES[below(world, EXTREMES.len())]);
            let sdp = offer(world);
            counted.all += 1;
            Input::PageOffered { page, sdp }
        }
        _ => match below(world, 4) {
            0 => Input::CallBegun {
                call: id,
                end: [End::Caller, End::Callee][below(world, 2)],
                peer: world.nodes[1].fingerprint,
            },
            1 => Input::CallOpened { call: id },
            2 => Input::Sending {
                audio: switch(world),
                video: switch(world),
            },
            _ => Input::CallEnded { call: id },
        },
    })
}

#[test]
fn a_session_takes_extreme_numbers_and_spins_for_none() {
    let mut counted = Counted::default();
    for seed in 0..SEEDS {
        let mut world = World::in_call();
        for _ in 0..seed {
            world.random();
        }
        for _ in 0..STEPS {
            let node = below(&mut world, 2);
            let told = world.nodes[node].told.len();
            if let Some(input) = input(&mut world, &mut counted) {
                let offered = matches!(input, Input::PageOffered { .. });
                world.input_bare(node, input);
                let answers = &world.nodes[node].told[told..];
                let is_answer =
                    |(_, event): &(_, Event)| matches!(event, Event::PageAnswered { .. });
                counted.read += usize::from(offered && answers.iter().any(is_answer));
            }
            let ms = [0, 5, 50, 400, 2_000][below(&mut world, 5)];
            world.run_ms(ms);
        }
    }
    println!(
        "{} of {} descriptions and offers could be read",
        counted.read, counted.all
    );
    assert!(
        2 * counted.read >= counted.all,
        "most are to get past the door"
    );
}
