//! Serves every page with invented people, to look at: `cargo run --release --example pages`.
//!
//! Prints a JSON line per role and scene, with its start address and the paths of its pages, and
//! one more when all are served.

#![allow(clippy::print_stdout, reason = "it tells where to look")]

#[path = "../tests/web/node.rs"]
mod node;
#[path = "../tests/web/sample.rs"]
mod sample;

use guichet::web::view::Side;
use guichet::web::{Counter, Settings, Web};
use guichet_keys::Role;
use sample::Scene;
use serde_json::json;

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
                kiosk_files: false,
            };
            let web = Web::bind(settings, counter).await?;
            println!(
                "{}",
                json!({
                    "role": name,
                    "scene": scene_name,
                    "start_url": web.start_url(),
                    "paths": sample::paths(role, scene),
                })
            );
            tokio::spawn(async move {
                while let Some(ask) = asked.recv().await {
                    node::answer(ask, scene, side);
                }
            });
            tokio::spawn(web.serve(std::future::pending()));
        }
    }
    println!("{}", json!({ "ready": true }));
    tokio::signal::ctrl_c().await
}
