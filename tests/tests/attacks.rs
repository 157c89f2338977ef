//! A slice of what the program `attack` does at length: whatever one enrolled machine says, every
//! node lives on, and people go on working.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use guichet_tests::attack::{Terms, named};

const BRIEFLY: Terms = Terms {
    edits: 10,
    lasting: Duration::from_secs(1),
    short: Duration::from_secs(3),
};
/// One after the other: each measures how long people wait.
const CHEAP: [&str; 5] = [
    "numbers-kiosk",
    "times",
    "pages-32",
    "dependencies",
    "segment",
];

#[tokio::test(flavor = "multi_thread")]
async fn nodes_and_people_withstand_what_one_enrolled_machine_says() {
    let mut broken = Vec::new();
    for attack in CHEAP {
        broken.extend(named(attack).unwrap().run(BRIEFLY).await);
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
