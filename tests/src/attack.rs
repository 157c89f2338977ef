//! What one enrolled machine tries against the others, and what honest people notice of it.
//!
//! Each attack has a village of its own: the shipped program in namespaces, each node with a
//! [`Share`](crate::share::Share) of the processor, and in the place of one machine an attacker
//! with its key. It expects that every attacked node lives on with the memory and processor time
//! of an ordinary day, and that people wait at most twice as long as before. Judged against a
//! program that has the faults, an attack must break an expectation: one that cannot fail shows
//! nothing.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::figure::{Figure, say};

mod costs;
mod enrolled;
mod floods;
mod forge;
mod forks;
mod frames;
mod honest;
mod numbers;
mod pages;
mod process;
mod scene;
mod script;
mod signals;
mod start;
mod stored;
mod streams;
mod times;
pub(crate) mod unbounded;
mod unlock;
mod watch;

pub use enrolled::member;

/// Floods that are to last less long are a slice of the whole.
const BRIEF: Duration = Duration::from_secs(5);
/// Of what a program says, so many characters are passed on.
const SAID_CHARS_MAX: usize = 600;
/// So many times longer than without an attack may people wait.
const SLOWER_MAX: f64 = 2.0;

type Run = for<'a> fn(&'a mut Judge) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// How much and how long.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Edits that people make before, during and after an attack, at least.
    pub edits: usize,
    /// A flood lasts so long, at least.
    pub lasting: Duration,
    /// A wait of people that is short enough whatever it was before: of few samples on a busy
    /// machine one may be an accident.
    pub short: Duration,
    /// So many machines flood at once, where their keys are those of kiosks or stations.
    pub offenders: usize,
}

impl Terms {
    /// Whether a slice is enough.
    fn is_brief(self) -> bool {
        self.lasting < BRIEF
    }

    /// As much work, and no longer than it takes.
    fn brief(self) -> Self {
        let lasting = Duration::ZERO;
        Self { lasting, ..self }
    }
}

/// An attack.
#[derive(Clone, Copy)]
pub struct Attack {
    /// The name on the command line.
    pub name: &'static str,
    /// What is tried.
    pub about: &'static str,
    /// Whether no program is known that it breaks: it looks for what is not known.
    pub probe: bool,
    run: Run,
}

/// Every attack.
pub const ALL: [Attack; 33] = [
    Attack {
        name: "numbers-kiosk",
        about: "a kiosk's key: every frame with each of its integers 0, 2^63 and 2^64-1",
        probe: false,
        run: |judge| Box::pin(numbers::by_kiosk(judge)),
    },
    Attack {
        name: "numbers-station",
        about: "a station's key: the same",
        probe: false,
        run: |judge| Box::pin(numbers::by_station(judge)),
    },
    Attack {
        name: "numbers-relay",
        about: "a relay's key: the same, and receipts and a roster that say so",
        probe: false,
        run: |judge| Box::pin(numbers::by_relay(judge)),
    },
    Attack {
        name: "signals-kiosk",
        about: "a kiosk's key: tickets and legs with extreme numbers",
        probe: true,
        run: |judge| Box::pin(signals::by_kiosk(judge)),
    },
    Attack {
        name: "signals-station",
        about: "a station's key: desks with extreme numbers",
        probe: true,
        run: |judge| Box::pin(signals::by_station(judge)),
    },
    Attack {
        name: "frames",
        about: "frames cut short, altered, repeated, out of order, and a second hello",
        probe: true,
        run: |judge| Box::pin(frames::run(judge)),
    },
    Attack {
        name: "times",
        about: "cases and acts that say to be of the year 584 554 049 253 or of next year",
        probe: false,
        run: |judge| Box::pin(times::run(judge)),
    },
    Attack {
        name: "pages-32",
        about: "32 announced pages of 1 kB that never come",
        probe: false,
        run: |judge| Box::pin(pages::run(judge, 32)),
    },
    Attack {
        name: "pages-300",
        about: "300 of them",
        probe: false,
        run: |judge| Box::pin(pages::run(judge, 300)),
    },
    Attack {
        name: "believed",
        about: "more than 8 MiB of believed statements while the disk is full",
        probe: true,
        run: |judge| Box::pin(stored::believed(judge)),
    },
    Attack {
        name: "dependencies",
        about: "envelopes with 16 dependencies of large index: 541 bytes beside the payload",
        probe: false,
        run: |judge| Box::pin(stored::dependencies(judge)),
    },
    Attack {
        name: "segment",
        about: "a segment of 5 bytes, as its manifest names it",
        probe: false,
        run: |judge| Box::pin(stored::segment(judge)),
    },
    Attack {
        name: "start-full",
        about: "a start on a full disk",
        probe: false,
        run: |judge| Box::pin(start::full(judge)),
    },
    Attack {
        name: "start-read-only",
        about: "a start on a read-only disk",
        probe: false,
        run: |judge| Box::pin(start::read_only(judge)),
    },
    Attack {
        name: "follow",
        about: "“I follow this case” again and again",
        probe: false,
        run: |judge| Box::pin(costs::follow(judge)),
    },
    Attack {
        name: "have",
        about: "“this is what I hold” again and again, at thousands of things",
        probe: false,
        run: |judge| Box::pin(costs::have(judge)),
    },
    Attack {
        name: "authors",
        about: "statements of new authors in a row",
        probe: false,
        run: |judge| Box::pin(costs::authors(judge)),
    },
    Attack {
        name: "flaps",
        about: "a member that comes and goes as often as it is let in",
        probe: false,
        run: |judge| Box::pin(costs::flaps(judge)),
    },
    Attack {
        name: "drafts",
        about: "a flood of words that somebody is typing",
        probe: false,
        run: |judge| Box::pin(costs::drafts(judge)),
    },
    Attack {
        name: "tickets",
        about: "a kiosk whose place in the queue changes as often as it can",
        probe: false,
        run: |judge| Box::pin(costs::tickets(judge)),
    },
    Attack {
        name: "marks",
        about: "“I have told you of everything up to here”, one further each time",
        probe: false,
        run: |judge| Box::pin(floods::marks(judge)),
    },
    Attack {
        name: "edits",
        about: "edits of a case of the attacker's own",
        probe: false,
        run: |judge| Box::pin(floods::edits(judge)),
    },
    Attack {
        name: "forks",
        about: "places of the attacker's own chain that are written anew, from its end",
        probe: false,
        run: |judge| Box::pin(floods::forks(judge)),
    },
    Attack {
        name: "manifests",
        about: "pages of 32 MiB that are announced and never come",
        probe: false,
        run: |judge| Box::pin(floods::manifests(judge)),
    },
    Attack {
        name: "cases",
        about: "cases whose statements are as long as one may be",
        probe: false,
        run: |judge| Box::pin(floods::cases(judge)),
    },
    Attack {
        name: "unknown",
        about: "statements of a kind of a later version, which every node keeps",
        probe: false,
        run: |judge| Box::pin(floods::unknown(judge)),
    },
    Attack {
        name: "roster",
        about: "a relay's key: members that there are not",
        probe: false,
        run: |judge| Box::pin(floods::roster(judge)),
    },
    Attack {
        name: "streams",
        about: "connections with as many streams as can be had, begun again and again",
        probe: true,
        run: |judge| Box::pin(streams::streams(judge)),
    },
    Attack {
        name: "pings",
        about: "pings without end",
        probe: false,
        run: |judge| Box::pin(streams::pings(judge)),
    },
    Attack {
        name: "unlock",
        about: "40 wrong passphrases at once",
        probe: false,
        run: |judge| Box::pin(unlock::run(judge)),
    },
    Attack {
        name: "core",
        about: "a node that crashes in the middle of a visit: no core file",
        probe: false,
        run: |judge| Box::pin(process::core_file(judge)),
    },
    Attack {
        name: "render",
        about: "what draws documents is confined while it draws",
        probe: false,
        run: |judge| Box::pin(process::render(judge)),
    },
    Attack {
        name: "splice",
        about: "a script's line ends in a text area that people type in",
        probe: false,
        run: |judge| Box::pin(script::line_ends(judge)),
    },
];

/// The attack of this name.
pub fn named(name: &str) -> Result<Attack> {
    let found = ALL.into_iter().find(|attack| attack.name == name);
    found.with_context(|| format!("no attack `{name}`; `attack list` names them"))
}

impl Attack {
    /// Attacks; prints a line for each expectation and figure, and gives what was not as expected.
    pub async fn run(&self, terms: Terms) -> Vec<String> {
        let mut judge = Judge {
            attack: self.name,
            terms,
            broken: Vec::new(),
        };
        let begun = Instant::now();
        if let Err(error) = (self.run)(&mut judge).await {
            let said = format!("{error:#}");
            judge.expect("the attack comes to its end", false, said);
        }
        say(&json!({
            "attack": self.name,
            "broken": judge.broken,
            "seconds": begun.elapsed().as_secs(),
        }));
        judge.broken
    }
}

/// Holds what is seen against what is expected, and prints both.
pub struct Judge {
    attack: &'static str,
    /// How much and how long.
    pub terms: Terms,
    broken: Vec<String>,
}

impl Judge {
    /// The name of the attack.
    pub fn attack(&self) -> &'static str {
        self.attack
    }

    /// Something is expected, and held or not.
    pub fn expect(&mut self, what: &str, held: bool, saw: impl Display) {
        let saw = saw.to_string();
        say(&json!({ "attack": self.attack, "expect": what, "held": held, "saw": saw }));
        if !held {
            self.broken.push(format!("{what}: {saw}"));
        }
    }

    /// Nobody waits longer than twice as long as before, unless that is short.
    fn compare(&mut self, when: &str, before: &honest::Noticed, now: &honest::Noticed) {
        let what = format!("{when}: everything people did came about");
        self.expect(&what, now.failures.is_empty(), now.failures.join("; "));
        let steps = [
            ("edit", &before.edit_ms, &now.edit_ms),
            ("paper of 300 kB", &before.page_ms, &now.page_ms),
            ("wish to speak", &before.ring_ms, &now.ring_ms),
            ("answer of the desk", &before.answer_ms, &now.answer_ms),
        ];
        for (step, before, now) in steps {
            if now.is_empty() {
                continue;
            }
            let p95 =
                |samples: &[f64]| Figure::percentile(self.attack, step, samples, 95, "ms").value;
            let (was, is) = (p95(before), p95(now));
            Figure::spread(self.attack, &format!("{when}: {step}"), now.clone(), "ms").print();
            let most = (was * SLOWER_MAX).max(self.terms.short.as_secs_f64() * 1e3);
            let saw = format!("p95 {is} ms, before {was} ms, n {}", now.len());
            self.expect(&format!("{when}: {step} in time"), is <= most, saw);
        }
    }
}

/// What went wrong, on one line; nothing if nothing did.
fn said<T>(result: &Result<T>) -> String {
    let said = result.as_ref().err().map(|error| format!("{error:#}"));
    said.unwrap_or_default()
        .chars()
        .take(SAID_CHARS_MAX)
        .collect()
}

/// Random bytes.
fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random bytes");
    bytes
}
