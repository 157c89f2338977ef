//! A slice of what the program `attack` does at length: no single message of an enrolled machine
//! ends a node, a page or others' work, and no flood of them takes a node from the others.

use std::time::Duration;

use guichet_tests::attack::{Terms, named};

const BRIEFLY: Terms = Terms {
    edits: 10,
    lasting: Duration::from_secs(1),
    short: Duration::from_secs(3),
    offenders: 1,
};
/// Long enough for who floods to be made to wait, and named.
const FLOOD: Terms = Terms {
    lasting: Duration::from_secs(15),
    ..BRIEFLY
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
    broken.extend(named("edits").unwrap().run(FLOOD).await);
    assert!(broken.is_empty(), "{broken:#?}");
}
