//! Licences, bans and sources: `deny.toml`, judged over what is built here.
//!
//! `cargo metadata` resolves features a little too widely (a weak feature of an
//! optional dependency counts), so the judged set is what `cargo tree` says is
//! built, with the facts that `cargo metadata` has about it.

use std::collections::BTreeSet;
use std::process::Command;

use cargo_metadata::semver::VersionReq;
use cargo_metadata::{Metadata, MetadataCommand, Package};
use serde::Deserialize;

use crate::tree::root;

#[derive(Deserialize)]
struct Deny {
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

/// `crate = "name"` or `crate = "name@<version requirement>"`.
#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    spec: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

struct Built {
    name: String,
    version: String,
    licence: Option<String>,
    source: Option<String>,
}

fn deny() -> Deny {
    let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    toml::from_str(&text).unwrap()
}

fn built() -> Vec<Built> {
    let names = names_built();
    let metadata = metadata();
    let built: Vec<_> = metadata
        .packages
        .iter()
        .filter(|package| names.contains(&format!("{} v{}", package.name, package.version)))
        .map(facts)
        .collect();
    assert_eq!(
        built.len(),
        names.len(),
        "cargo tree and cargo metadata differ"
    );
    built
}

fn facts(package: &Package) -> Built {
    Built {
        name: package.name.to_string(),
        version: package.version.to_string(),
        licence: package.license.clone(),
        source: package.source.as_ref().map(|source| source.repr.clone()),
    }
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options([
            "--locked".into(),
            "--offline".into(),
            "--filter-platform".into(),
            "x86_64-unknown-linux-gnu".into(),
        ])
        .exec()
        .expect("cargo metadata of this workspace")
}

fn names_built() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--workspace",
            "--locked",
            "--offline",
            "--prefix=none",
            "--format={p}",
        ])
        .args(["--target=x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .expect("cargo tree runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .expect("cargo writes UTF-8")
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            Some(format!("{} {}", words.next()?, words.next()?))
        })
        .collect()
}

fn against_licences(deny: &Deny, built: &[Built]) -> Vec<String> {
    let mut violations = Vec::new();
    for package in built {
        let exception = deny
            .licenses
            .exceptions
            .iter()
            .find(|it| it.name == package.name);
        let allowed = |licence: &str| {
            let of_crate = exception.is_some_and(|it| it.allow.iter().any(|a| a == licence));
            of_crate || deny.licenses.allow.iter().any(|allowed| allowed == licence)
        };
        let licence = package.licence.as_deref().unwrap_or_default();
        if !satisfied(licence, &allowed) {
            violations.push(format!(
                "{} {}: licence {licence:?}",
                package.name, package.version
            ));
        }
    }
    for exception in &deny.licenses.exceptions {
        if !built.iter().any(|package| package.name == exception.name) {
            violations.push(format!(
                "the exception for {} is not needed",
                exception.name
            ));
        }
    }
    violations
}

fn against_bans(deny: &Deny, built: &[Built]) -> Vec<String> {
    let mut violations = Vec::new();
    for ban in &deny.bans.deny {
        let (name, versions) = ban.spec.split_once('@').unwrap_or((&ban.spec, "*"));
        let versions = VersionReq::parse(versions).expect("a version requirement in deny.toml");
        for package in built.iter().filter(|package| package.name == name) {
            if versions.matches(&package.version.parse().expect("cargo's own version")) {
                violations.push(format!("{name} {}: {}", package.version, ban.reason));
            }
        }
    }
    violations
}

fn against_sources(deny: &Deny, built: &[Built]) -> Vec<String> {
    let foreign = built.iter().filter(|package| {
        package.source.as_deref().is_some_and(|source| {
            let registry = source.strip_prefix("registry+").unwrap_or(source);
            !deny
                .sources
                .allow_registry
                .iter()
                .any(|allowed| allowed == registry)
        })
    });
    foreign
        .map(|package| {
            format!(
                "{}: from {}",
                package.name,
                package.source.as_deref().unwrap_or("")
            )
        })
        .collect()
}

/// Whether an SPDX expression can be met with allowed licences. `AND` binds
/// tighter than `OR`; `/` is the old way to write `OR`; `X WITH Y` is one name.
fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let spaced = spaced.replace(" WITH ", "\u{a0}WITH\u{a0}");
    let words: Vec<String> = spaced
        .split(' ')
        .filter(|word| !word.is_empty())
        .map(|word| word.replace('\u{a0}', " "))
        .collect();
    let mut rest = words.as_slice();
    either(&mut rest, allowed) && rest.is_empty()
}

fn either(rest: &mut &[String], allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut met = both(rest, allowed);
    while rest.first().is_some_and(|word| word == "OR") {
        *rest = &rest[1..];
        met |= both(rest, allowed);
    }
    met
}

fn both(rest: &mut &[String], allowed: &dyn Fn(&str) -> bool) -> bool {
    let mut met = one_licence(rest, allowed);
    while rest.first().is_some_and(|word| word == "AND") {
        *rest = &rest[1..];
        met &= one_licence(rest, allowed);
    }
    met
}

fn one_licence(rest: &mut &[String], allowed: &dyn Fn(&str) -> bool) -> bool {
    let Some((first, after)) = rest.split_first() else {
        return false;
    };
    *rest = after;
    if first != "(" {
        return allowed(first);
    }
    let met = either(rest, allowed);
    let closed = rest.first().is_some_and(|word| word == ")");
    *rest = rest.get(1..).unwrap_or_default();
    met && closed
}

fn sample(name: &str, version: &str, licence: &str) -> Vec<Built> {
    vec![Built {
        name: name.to_string(),
        version: version.to_string(),
        licence: Some(licence.to_string()),
        source: Some("registry+https://example.org/index".to_string()),
    }]
}

#[test]
fn licences_are_permissive() {
    let mut deny = deny();
    super::none(&against_licences(&deny, &built()));

    deny.licenses.exceptions.clear();
    super::one(
        &against_licences(&deny, &sample("x", "1.0.0", "GPL-3.0")),
        "GPL-3.0",
    );
    super::one(&against_licences(&deny, &sample("x", "1.0.0", "")), "\"\"");
    super::one(
        &against_licences(&deny, &sample("x", "1.0.0", "MIT AND AGPL-3.0")),
        "AGPL",
    );
}

#[test]
fn no_banned_crate_is_built() {
    let deny = deny();
    super::none(&against_bans(&deny, &built()));

    super::one(
        &against_bans(&deny, &sample("openssl-sys", "0.9.0", "MIT")),
        "openssl-sys",
    );
    super::one(
        &against_bans(&deny, &sample("yamux", "0.13.9", "MIT")),
        "yamux",
    );
    super::none(&against_bans(&deny, &sample("yamux", "0.13.10", "MIT")));
}

#[test]
fn every_crate_comes_from_the_one_registry() {
    let deny = deny();
    super::none(&against_sources(&deny, &built()));

    super::one(
        &against_sources(&deny, &sample("x", "1.0.0", "MIT")),
        "example.org",
    );
}

#[test]
fn expressions_are_read_as_spdx_says() {
    let check = |expression: &str, expected: bool| {
        let allowed = |licence: &str| ["A", "B", "A WITH E"].contains(&licence);
        assert_eq!(satisfied(expression, &allowed), expected, "{expression}");
    };
    check("A", true);
    check("X", false);
    check("", false);
    check("X OR A", true);
    check("X/A", true);
    check("A AND X", false);
    check("X AND A OR B", true);
    check("X AND (A OR B)", false);
    check("(A OR X) AND B", true);
    check("A WITH E", true);
    check("X WITH E", false);
    check("A B", false);
    check("(A", false);
}
