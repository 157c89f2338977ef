//! Views with invented people.

use guichet::services::{self, Service};
use guichet::web::view::*;
use guichet_keys::ServiceId;

#[path = "sample/call.rs"]
mod call;
#[path = "sample/case.rs"]
mod case;
#[path = "sample/desk.rs"]
mod desk;
#[path = "sample/papers.rs"]
pub mod papers;
#[path = "sample/paths.rs"]
mod paths;
#[path = "sample/status.rs"]
mod status;
#[path = "sample/visit.rs"]
mod visit;
#[path = "sample/work.rs"]
mod work;

pub use call::{call, colleagues, queue};
pub use case::case;
pub use desk::{desk, unlock};
pub use paths::paths;
pub use status::status;
pub use visit::{IDLE, cases, home, loose, receipt, visit};

/// The version of everything in the case.
pub const VERSION: &str = "0707070707070707070707070707070707070707070707070707070707070707";
pub const NOW_S: u64 = 1_795_427_520;
pub const CASE: [u8; 16] = [0x4a; 16];
pub const OTHER_CASE: [u8; 16] = [0x5b; 16];
pub const FORM: [u8; 8] = [0x11; 8];
pub const DOCUMENT: [u8; 16] = [0xd0; 16];

/// What the scene at the counter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    Quiet,
    Visit,
    Interrupted,
    Cut,
    /// Someone waits for an adviser; at the desk, several do.
    Waiting,
    /// A call rings, and nobody has answered yet.
    Ringing,
    /// Two people speak.
    Speaking,
    /// The line of their call is cut.
    Paused,
    /// A call has ended.
    Over,
}

impl Scene {
    pub const ALL: [Self; 9] = [
        Self::Quiet,
        Self::Visit,
        Self::Interrupted,
        Self::Cut,
        Self::Waiting,
        Self::Ringing,
        Self::Speaking,
        Self::Paused,
        Self::Over,
    ];
}

pub fn service(name: &str) -> Service {
    let (_, json) = services::demo()
        .into_iter()
        .find(|(short, _)| *short == name)
        .expect("a demo service");
    Service::parse(ServiceId::new(name).expect("short"), json.as_bytes()).expect("a catalogue")
}

fn brief(name: &str) -> ServiceBrief {
    service(name).brief
}

pub fn line(scene: Scene) -> Line {
    match scene {
        Scene::Cut | Scene::Paused => Line::Cut {
            since_s: Some(NOW_S - 40),
        },
        Scene::Quiet
        | Scene::Visit
        | Scene::Interrupted
        | Scene::Waiting
        | Scene::Ringing
        | Scene::Speaking
        | Scene::Over => Line::Up,
    }
}

/// While the line is cut nobody is known to be there.
pub fn reception(scene: Scene) -> Reception {
    match line(scene) {
        Line::Up => Reception::Free,
        Line::Cut { .. } => Reception::Nobody,
    }
}

pub fn reach(scene: Scene) -> Reach {
    match line(scene) {
        Line::Up => Reach::Here,
        Line::Cut { .. } => Reach::Cut,
    }
}
