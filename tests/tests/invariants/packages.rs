//! Which crate may use which: direction between our crates, and the one door
//! to each heavy dependency.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand};

/// Our crates, and which of our crates each may use.
const DIRECTIONS: [(&str, &[&str]); 5] = [
    ("guichet-keys", &[]),
    ("guichet-sync", &["guichet-keys"]),
    ("guichet-media", &["guichet-keys"]),
    (
        "guichet",
        &["guichet-keys", "guichet-sync", "guichet-media"],
    ),
    (
        "guichet-tests",
        &["guichet", "guichet-keys", "guichet-sync", "guichet-media"],
    ),
];

/// Dependencies that only the named crates may use. A name that ends in `*`
/// stands for all that begin so.
const DOORS: [(&str, &[&str]); 21] = [
    ("ring", &["guichet-keys"]),
    ("hpke", &["guichet-keys"]),
    ("coset", &["guichet-keys"]),
    ("argon2", &["guichet-keys"]),
    ("automerge", &["guichet-sync"]),
    ("sled", &["guichet-sync"]),
    ("str0m*", &["guichet-media"]),
    ("turn-*", &["guichet-media"]),
    ("libp2p*", &["guichet", "guichet-tests"]),
    ("axum*", &["guichet"]),
    ("maud", &["guichet"]),
    ("hayro*", &["guichet"]),
    ("jsonschema", &["guichet"]),
    ("tokio*", &["guichet", "guichet-tests"]),
    ("futures*", &["guichet", "guichet-tests"]),
    ("getrandom", &["guichet", "guichet-tests"]),
    ("rand*", &["guichet-tests"]),
    ("anyhow", &["guichet", "guichet-tests"]),
    ("clap", &["guichet", "guichet-tests"]),
    ("rustix", &["guichet-sync", "guichet", "guichet-tests"]),
    ("tracing-subscriber", &["guichet", "guichet-tests"]),
];

/// The direct dependencies of each of our crates, test-only ones left out.
type Uses = BTreeMap<String, Vec<String>>;

fn against_direction(uses: &Uses) -> Vec<String> {
    let mut violations = Vec::new();
    for (user, used) in uses {
        let Some((_, allowed)) = DIRECTIONS.iter().find(|(name, _)| name == user) else {
            violations.push(format!("{user} is not in the table of directions"));
            continue;
        };
        for name in used {
            let ours = DIRECTIONS.iter().any(|(ours, _)| ours == name);
            if ours && !allowed.contains(&name.as_str()) {
                violations.push(format!("{user} must not use {name}"));
            }
        }
    }
    violations
}

fn past_door(uses: &Uses) -> Vec<String> {
    let mut violations = Vec::new();
    for (user, used) in uses {
        for name in used {
            for (guarded, doors) in &DOORS {
                let meant = match guarded.strip_suffix('*') {
                    Some(start) => name.starts_with(start),
                    None => name == guarded,
                };
                if meant && !doors.contains(&user.as_str()) {
                    violations.push(format!("{user} must not use {name}: only {doors:?} may"));
                }
            }
        }
    }
    violations
}

/// The workspace as cargo resolves it here, nothing downloaded.
pub fn metadata() -> Metadata {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .features(CargoOpt::AllFeatures)
        .other_options(["--locked".into(), "--offline".into(), "--no-deps".into()])
        .exec()
        .expect("cargo metadata of this workspace")
}

fn uses(metadata: &Metadata) -> Uses {
    metadata
        .workspace_packages()
        .iter()
        .map(|package| {
            let used = package
                .dependencies
                .iter()
                .filter(|used| used.kind != DependencyKind::Development)
                .map(|used| used.name.clone())
                .collect();
            (package.name.to_string(), used)
        })
        .collect()
}

fn sample(user: &str, used: &str) -> Uses {
    Uses::from([(user.to_string(), vec![used.to_string()])])
}

#[test]
fn crates_use_each_other_in_one_direction() {
    let uses = uses(&metadata());
    assert_eq!(uses.len(), DIRECTIONS.len(), "a crate came or went");
    super::none(&against_direction(&uses));

    super::one(
        &against_direction(&sample("guichet-keys", "guichet-sync")),
        "guichet-sync",
    );
    super::one(
        &against_direction(&sample("guichet-media", "guichet-sync")),
        "guichet-sync",
    );
    super::one(
        &against_direction(&sample("guichet", "guichet-tests")),
        "guichet-tests",
    );
    super::one(
        &against_direction(&sample("guichet-other", "serde")),
        "guichet-other",
    );
}

#[test]
fn heavy_dependencies_have_one_door() {
    super::none(&past_door(&uses(&metadata())));

    super::one(&past_door(&sample("guichet-sync", "ring")), "ring");
    super::one(&past_door(&sample("guichet", "automerge")), "automerge");
    super::one(
        &past_door(&sample("guichet-keys", "tokio-util")),
        "tokio-util",
    );
    super::one(
        &past_door(&sample("guichet-media", "libp2p-swarm")),
        "libp2p-swarm",
    );
}

#[test]
fn crates_share_lints_and_stay_unpublished() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        assert_eq!(
            manifest["lints"]["workspace"].as_bool(),
            Some(true),
            "{} does not inherit the lints",
            package.name
        );
        assert_eq!(
            package.publish.as_deref(),
            Some(&[][..]),
            "{}",
            package.name
        );
    }
}

/// Every dependency with its features, as one selection of packages builds it.
fn built(selection: &[&str]) -> BTreeSet<String> {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let tree = [
        "tree",
        "--locked",
        "--offline",
        "--prefix",
        "none",
        "--no-dedupe",
    ];
    let output = std::process::Command::new(env!("CARGO"))
        .args(tree)
        .args(["--format", "{p} {f}", "--manifest-path"])
        .arg(manifest)
        .args(selection)
        .output()
        .expect("cargo tree of this workspace");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(str::to_owned).collect()
}

/// Who has run the tests starts the program without building a dependency again, and the other
/// way round.
#[test]
fn the_program_alone_is_built_of_what_the_workspace_is() {
    let (alone, all) = (built(&["-p", "guichet"]), built(&["--workspace"]));
    assert!(alone.len() > 100, "{alone:?}");
    let other: Vec<String> = alone.difference(&all).cloned().collect();
    super::none(&other);
}
