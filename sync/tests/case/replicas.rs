//! Three replicas write at random, hear of each other late, and end up with the same document,
//! after a reload too.

use guichet_keys::AuthorId;
use guichet_sync::case::{CaseDoc, FieldRef, FormId, Value};

use super::random::Random;

const FORM: FormId = FormId::from_number(1);
const AREAS: [&str; 2] = ["story", "remarks"];
const REGISTERS: [&str; 3] = ["rent", "name", "owner"];

struct Replica {
    doc: CaseDoc,
    /// Payloads of this replica, in order; the others have heard the first of them.
    sent: Vec<Vec<u8>>,
    heard: [usize; 3],
    base: [guichet_sync::case::Version; 2],
}

fn replicas(seed: u64) -> [Replica; 3] {
    let mut opener = CaseDoc::new(AuthorId::from([9; 16]));
    let opened = opener
        .open_form(FORM, "family", &AREAS, 0)
        .expect("opens")
        .encode();
    let mut number = seed as u8;
    [0; 3].map(|_| {
        number = number.wrapping_mul(77).wrapping_add(1);
        let mut doc = CaseDoc::new(AuthorId::from([
            number,
            number ^ 0x55,
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            10,
            11,
            12,
            13,
            14,
            15,
            16,
        ]));
        doc.apply(&opener.author(), &opened[0]).expect("applies");
        let version = doc.version();
        Replica {
            doc,
            sent: vec![],
            heard: [0; 3],
            base: [version.clone(), version],
        }
    })
}

fn write(replica: &mut Replica, random: &mut Random, at_s: i64) {
    let doc = &mut replica.doc;
    let batch = match random.below(8) {
        0..2 => {
            let field = FieldRef::new(FORM, REGISTERS[random.below(3)]);
            let value = match random.below(6) {
                0 => Value::Null,
                1 => Value::Bool(random.below(2) == 0),
                2 => Value::Code(format!("code-{}", random.below(3))),
                3 => Value::Text(phrase(random, 20)),
                _ => Value::Number(random.below(500).to_string()),
            };
            // Sometimes from a page that shows an older version.
            let seen = replica.base[random.below(2)].clone();
            match random.below(2) {
                0 => doc.set(&field, &value, at_s).expect("sets"),
                _ => doc.set_seen(&field, &value, &seen, at_s).expect("puts"),
            }
        }
        2 if random.below(10) == 0 => {
            let form = FormId::from_number(random.next());
            doc.open_form(form, "work", &["story"], at_s)
                .expect("opens")
        }
        _ => {
            let area = random.below(2);
            let field = FieldRef::new(FORM, AREAS[area]);
            if random.below(3) > 0 {
                replica.base[area] = doc.version();
            }
            let base = replica.base[area].clone();
            let shown = doc.text_at(&field, &base).expect("a known version");
            let cuts: Vec<usize> = cuts(&shown).collect();
            let at = random.below(cuts.len());
            let end = (at + random.below(6)).min(cuts.len() - 1);
            let insert = phrase(random, 12);
            doc.splice(&field, &base, cuts[at], cuts[end] - cuts[at], &insert, at_s)
                .expect("types")
        }
    };
    replica.sent.extend(batch.encode());
}

/// Fewer than `end` characters, of one and two code units.
fn phrase(random: &mut Random, end: usize) -> String {
    let letters: Vec<char> = "aàbcdeéfghijkl mnopqrs tuvwxyz.,’👩🏽 ".chars().collect();
    (0..random.below(end))
        .map(|_| letters[random.below(letters.len())])
        .collect()
}

/// The positions between the characters of a text, in UTF-16 code units.
fn cuts(text: &str) -> impl Iterator<Item = usize> {
    let ends = text.chars().scan(0, |end, char| {
        *end += char.len_utf16();
        Some(*end)
    });
    std::iter::once(0).chain(ends)
}

/// Hears some payloads, one author's in order; one that depends on what is not there waits.
fn hear(replicas: &mut [Replica; 3], to: usize, random: &mut Random, all: bool) {
    for from in (0..3).filter(|from| *from != to) {
        let backlog = replicas[from].sent.len() - replicas[to].heard[from];
        let count = if all {
            backlog
        } else {
            random.below(backlog + 1)
        };
        for _ in 0..count {
            let payload = replicas[from].sent[replicas[to].heard[from]].clone();
            let author = replicas[from].doc.author();
            let before = replicas[to].doc.version();
            if replicas[to].doc.apply(&author, &payload).is_err() {
                assert_eq!(replicas[to].doc.version(), before);
                break;
            }
            replicas[to].heard[from] += 1;
        }
    }
}

fn run(seed: u64, turns: usize) {
    let mut random = Random::new(seed);
    let mut replicas = replicas(seed);
    for turn in 0..turns {
        let who = random.below(3);
        write(&mut replicas[who], &mut random, turn as i64);
        if random.below(4) == 0 {
            let to = random.below(3);
            hear(&mut replicas, to, &mut random, false);
        }
    }
    for _ in 0..3 * turns {
        for to in 0..3 {
            hear(&mut replicas, to, &mut random, true);
        }
        if (0..3).all(|to| {
            (0..3).all(|from| from == to || replicas[to].heard[from] == replicas[from].sent.len())
        }) {
            break;
        }
    }
    let [one, two, three] = &replicas;
    assert_eq!(one.doc.plain(), two.doc.plain(), "seed {seed}");
    assert_eq!(one.doc.plain(), three.doc.plain(), "seed {seed}");
    assert_eq!(one.doc.version(), two.doc.version(), "seed {seed}");
    for replica in &replicas {
        let loaded = CaseDoc::load(replica.doc.author(), &replica.doc.save()).expect("loads");
        assert_eq!(
            loaded.plain(),
            one.doc.plain(),
            "seed {seed} after a reload"
        );
        assert_eq!(
            loaded.version(),
            one.doc.version(),
            "seed {seed} after a reload"
        );
    }
}

#[test]
fn replicas_converge_and_reload_equal() {
    for seed in 0..20 {
        run(seed, 100);
    }
}
