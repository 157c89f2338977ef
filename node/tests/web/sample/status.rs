//! The state of a relay.

use guichet::web::view::*;
use guichet_keys::SubjectId;

use super::{NOW_S, Scene, line};

pub fn status(scene: Scene) -> StatusView {
    let member = |n: u8, name: &str, role: &str, presence, waiting| Member {
        node: format!("{n:02x}").repeat(32),
        name: name.to_owned(),
        role: role.to_owned(),
        presence,
        waiting,
    };
    let here = |route| Presence::Here {
        since_s: NOW_S - 7260,
        route,
        round_trip_ms: Some(23),
    };
    let direct = |carrier| here(Route::Direct { carrier });
    let relay = SubjectId::from([0xb1; 32]);
    StatusView {
        role: "relay".to_owned(),
        name: "Relais de Clermont".to_owned(),
        node: "7f".repeat(32),
        network: "1c".repeat(32),
        version: "0.1.0".to_owned(),
        started_at_s: NOW_S - 90_000,
        at_s: NOW_S,
        line: line(scene),
        members: vec![
            member(
                0xa1,
                "Mairie de Chantelauze",
                "kiosk",
                direct(Carrier::Tcp),
                0,
            ),
            member(
                0xa2,
                "Médiathèque de Vaulnay",
                "kiosk",
                here(Route::Relayed { relay }),
                4,
            ),
            member(
                0xa3,
                "Maison commune de Pradel",
                "kiosk",
                Presence::Away {
                    since_s: Some(NOW_S - 7800),
                },
                31,
            ),
            member(0xb1, "CAF, poste 2", "station", direct(Carrier::Quic), 0),
            member(
                0xb2,
                "France Travail, poste 1",
                "station",
                Presence::Away { since_s: None },
                3,
            ),
        ],
        call: (scene == Scene::Speaking).then(|| CallLine {
            with: SubjectId::from([0xb1; 32]),
            media: MediaState::Live,
            direct: Some(([10, 0, 0, 7], 40_312).into()),
            round_trip_ms: Some(61),
            lost_sent_permille: Some(4),
            lost_received_permille: None,
            estimate_kbit_s: Some(812),
            sent: Passed {
                audio_kbit_s: 31,
                video_kbit_s: 402,
            },
            received: Passed::default(),
        }),
        stored: Stored {
            statements: 41,
            receipts: 812,
            edits: 3_204,
            acts: 611,
            pages: 187,
            segments_received: 1_496,
            bytes: 412_000_000,
            bytes_free: 38_400_000_000,
        },
        outbox: Outbox {
            items: 38,
            oldest_at_s: Some(NOW_S - 7800),
            segments_sent: 2_048,
        },
        floods: match scene {
            Scene::Quiet | Scene::Waiting | Scene::Ringing | Scene::Speaking | Scene::Over => {
                vec![]
            }
            Scene::Visit | Scene::Interrupted | Scene::Cut | Scene::Paused => vec![Flood {
                node: "a2".repeat(32),
                name: "Médiathèque de Vaulnay".to_owned(),
                since_s: NOW_S - 900,
                until_s: NOW_S - 240,
            }],
        },
        ills: match scene {
            Scene::Quiet | Scene::Waiting | Scene::Ringing | Scene::Speaking | Scene::Over => {
                vec![]
            }
            Scene::Visit | Scene::Interrupted | Scene::Cut | Scene::Paused => vec![
                Ill::DiskFull,
                Ill::Unreadable {
                    said: "/var/lib/guichet/store/journal/00000001.journal: damaged at byte 4096"
                        .to_owned(),
                },
                Ill::PagesDamaged { pages: 2 },
                Ill::VaultUnreadable {
                    file: "/var/lib/guichet/vaults/0b62.vault".to_owned(),
                },
                Ill::Repaired {
                    what: "journal 000007: 61 bytes of a torn record cut off".to_owned(),
                    lost: false,
                },
                Ill::Repaired {
                    what: "journal 000006: 912 bytes were damaged, all else was kept".to_owned(),
                    lost: true,
                },
                Ill::KeysInFile,
                Ill::CredentialExpired { days: 3 },
            ],
        },
    }
}
