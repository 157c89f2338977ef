//! Serves every page with invented people, to look at: `cargo run --release --example pages`.
//!
//! Prints one start address per role and scene.

#![allow(clippy::print_stdout, reason = "it tells where to look")]

#[path = "../tests/web/node.rs"]
mod node;
#[path = "../tests/web/sample.rs"]
mod sample;

use guichet::web::view::Side;
use guichet::web::{Counter, Settings, Web};
use guichet_keys::Role;
use sample::Scene;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let roles = [
        ("kiosk", Role::Kiosk, Side::Citizen),
        ("station", Role::Station, Side::Adviser),
        ("relay", Role::Relay, Side::Adviser),
    ];
    for (name, role, side) in roles {
        for scene in Scene::ALL {
            let scene_name = format!("{scene:?}").to_lowercase();
            let (counter, mut asked) = Counter::open();
            let settings = Settings {
                role,
                node: format!("{name}{scene_name}"),
                listen: ([127, 0, 0, 1], 0).into(),
                api_token: "look".to_owned(),
            };
            let web = Web::bind(settings, counter).await?;
            println!("{name} {scene_name} {}", web.start_url());
            tokio::spawn(async move {
                while let Some(ask) = asked.recv().await {
                    node::answer(ask, scene, side);
                }
            });
            tokio::spawn(web.serve(std::future::pending()));
        }
    }
    tokio::signal::ctrl_c().await
}
