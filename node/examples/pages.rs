//! Serves every page with invented people, to look at: `cargo run --release --example pages`.
//!
//! Prints a JSON line per role and scene, with its start address and the paths of its pages, and
//! one more when all are served.

#![allow(clippy::print_stdout, reason = "it tells where to look")]

#[path = "../tests/web/node.rs"]
mod node;
#[path = "../tests/web/sample.rs"]
mod sample;

use guichet::web::counter::Ask;
use guichet::web::view::{LockNotice, Side};
use guichet::web::{Counter, Settings, Web};
use guichet_keys::Role;
use sample::Scene;
use serde_json::json;

/// What a desk says before it locks itself: on each of its pages, once they are loaded.
const NOTICE: LockNotice = LockNotice {
    in_s: 50,
    notice_s: 60,
    sheets: 2,
};

/// Where it is looked at: over much and over little.
const LOCKING: [&str; 2] = ["/desk", "/status"];

/// One role in one scene.
struct Room {
    name: &'static str,
    role: Role,
    side: Side,
    scene: Scene,
    notice: Option<LockNotice>,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let roles = [
        ("kiosk", Role::Kiosk, Side::Citizen),
        ("station", Role::Station, Side::Adviser),
        ("relay", Role::Relay, Side::Adviser),
    ];
    for (name, role, side) in roles {
        for scene in Scene::ALL {
            let notice = None;
            let room = Room {
                name,
                role,
                side,
                scene,
                notice,
            };
            room.open().await?;
        }
    }
    let locking = Room {
        name: "station",
        role: Role::Station,
        side: Side::Adviser,
        scene: Scene::Visit,
        notice: Some(NOTICE),
    };
    locking.open().await?;
    println!("{}", json!({ "ready": true }));
    tokio::signal::ctrl_c().await
}

impl Room {
    /// What goes on, in one word.
    fn scene(&self) -> String {
        match self.notice {
            Some(_) => "locking".to_owned(),
            None => format!("{:?}", self.scene).to_lowercase(),
        }
    }

    /// Its pages; the notice is the same on all of a desk.
    fn paths(&self) -> Vec<String> {
        let mut paths = sample::paths(self.role, self.scene);
        paths.retain(|path| self.notice.is_none() || LOCKING.contains(&path.as_str()));
        paths
    }

    /// Tells where it is, and serves it from now on.
    async fn open(self) -> std::io::Result<()> {
        let (counter, mut asked) = Counter::open();
        let settings = Settings {
            role: self.role,
            node: format!("{}{}", self.name, self.scene()),
            listen: ([127, 0, 0, 1], 0).into(),
            api_token: "look".to_owned(),
            kiosk_files: false,
        };
        let web = Web::bind(settings, counter).await?;
        println!(
            "{}",
            json!({
                "role": self.name,
                "scene": self.scene(),
                "start_url": web.start_url(),
                "paths": self.paths(),
                "opens": self.notice.map(|_| "#locking dialog"),
            })
        );
        tokio::spawn(async move {
            while let Some(ask) = asked.recv().await {
                if let Ask::Locking(reply) = ask {
                    let _the_page_has_gone = reply.send(Ok(self.notice));
                } else {
                    node::answer(ask, self.scene, self.side);
                }
            }
        });
        tokio::spawn(web.serve(std::future::pending()));
        Ok(())
    }
}
