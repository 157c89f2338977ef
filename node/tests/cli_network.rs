//! A new network from outside: what its folders hold, who knows whom, who can read what.

mod command;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use command::{done, network, refused};
use guichet::folder;
use guichet_keys::vault::{AgentKeys, Vault, VaultError};
use guichet_keys::{Directory, Learned, Role, ServiceId};

fn directory(node: &folder::Opened) -> Directory {
    let mut directory = Directory::new(node.identity.root);
    for statement in &node.seed {
        let learned = directory.learn(statement.clone());
        assert_eq!(learned, Ok(Learned::New));
    }
    directory
}

struct Adviser {
    station: String,
    passphrase: String,
    services: Vec<ServiceId>,
}

fn advisers(dir: &Path) -> Vec<Adviser> {
    let text = std::fs::read_to_string(dir.join("passphrases")).expect("made");
    guichet::network::read_passphrases(&text)
        .map(|[station, _, services, passphrase]| Adviser {
            station: station.to_owned(),
            passphrase: passphrase.to_owned(),
            services: services
                .split(',')
                .map(|name| name.parse().expect("a service"))
                .collect(),
        })
        .collect()
}

fn unlock(station: &folder::Opened, passphrase: &str) -> Vec<AgentKeys> {
    let open = |file: &PathBuf| {
        let content = std::fs::read(file).expect("a vault");
        match Vault::parse(&content).expect("a vault").open(passphrase) {
            Ok(keys) => Some(keys),
            Err(VaultError::WrongPassphrase) => None,
            Err(error) => panic!("{error}"),
        }
    };
    station.vaults.iter().filter_map(open).collect()
}

#[test]
fn every_node_knows_the_whole_network_from_birth() {
    let (_folder, dir) = network(2, 2);
    let expected = [
        ("relay", Role::Relay),
        ("kiosk-1", Role::Kiosk),
        ("kiosk-2", Role::Kiosk),
        ("station-1", Role::Station),
        ("station-2", Role::Station),
    ];
    for (name, role) in expected {
        let node = folder::open(&dir.join(name), None).expect("ready to run");
        assert_eq!(node.identity.credential.role, role);
        let directory = directory(&node);
        for (other, role) in expected {
            let marker = dir.join(other);
            if other != name {
                let other = folder::open(&marker, None).expect("ready to run");
                let known = directory.node_role(&other.identity.key.subject());
                assert_eq!(known, Some(role), "{name} knows {marker:?}");
            }
        }
        assert_eq!(directory.services().count(), 4);
        for service in directory.services() {
            assert!(directory.service_key(service).is_some());
            assert!(directory.catalogue(service).is_some());
        }
        let relays = node.config.relays.len();
        assert_eq!(relays, usize::from(role != Role::Relay), "{name}");
        assert_ne!(node.config.mesh_port, node.config.porch_port);
    }
}

#[test]
fn an_adviser_opens_the_keys_of_their_own_services_only() {
    let (_folder, dir) = network(0, 2);
    let advisers = advisers(&dir);
    let whose: Vec<_> = advisers
        .iter()
        .map(|adviser| (adviser.station.as_str(), adviser.services.len()))
        .collect();
    assert_eq!(
        whose,
        [("station-1", 4), ("station-2", 4), ("station-2", 1)]
    );
    for adviser in advisers {
        let station = folder::open(&dir.join(&adviser.station), None).expect("ready");
        let directory = directory(&station);
        let opened = unlock(&station, &adviser.passphrase);
        let [keys] = opened.as_slice() else {
            panic!("{} vaults open", opened.len());
        };
        assert_eq!(keys.chains.len(), adviser.services.len());
        for service in directory.services() {
            let key = directory.service_key(service).expect("stated");
            let secret = key.open(&keys.agreement_secret());
            assert_eq!(secret.is_ok(), adviser.services.contains(service));
        }
    }
}

#[test]
fn private_files_are_private_and_refused_when_they_are_not() {
    let (_folder, dir) = network(1, 1);
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&dir.join("passphrases")), 0o600);
    for folder in ["authority", "authority/keys", "kiosk-1", "station-1/vaults"] {
        assert_eq!(mode(&dir.join(folder)), 0o700, "{folder}");
    }
    for folder in ["authority/keys", "kiosk-1/keys", "station-1/vaults"] {
        let files = std::fs::read_dir(dir.join(folder)).expect("a folder");
        for file in files {
            let file = file.expect("a file").path();
            assert_eq!(mode(&file), 0o600, "{file:?}");
        }
    }
    let key = dir.join("kiosk-1/keys/node.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("chmod");
    let output = done(&["run"], &dir.join("kiosk-1"));
    refused(&output, 1, &["node.key has mode 0644", "chmod 600"]);
}

#[test]
fn what_cannot_be_made_or_run_is_said() {
    let (_folder, dir) = network(1, 0);
    let counts = ["--kiosks", "1", "--stations", "1"];
    let init = |counts: &[&str], dir: &Path| done(&[&["network", "init"], counts].concat(), dir);
    refused(&init(&counts, &dir), 1, &["not empty", "--dir"]);
    let elsewhere = dir.join("elsewhere");
    for (kiosks, stations, relays, said) in [
        ("201", "1", "1", ["201 kiosks", "0 to 200"]),
        ("1", "101", "1", ["101 stations", "0 to 100"]),
        ("1", "1", "9", ["9 relays", "1 to 8"]),
        ("1", "1", "0", ["0 relays", "1 to 8"]),
    ] {
        let many = ["--kiosks", kiosks, "--stations", stations];
        let many = [&many[..], &["--relays", relays]].concat();
        refused(&init(&many, &elsewhere), 1, &said);
    }
    assert!(!elsewhere.exists());
    for host in ["0.0.0.0", "::", "224.0.0.1"] {
        let anywhere = [&counts[..], &["--host", host]].concat();
        refused(&init(&anywhere, &elsewhere), 1, &["--host", host]);
    }
    assert!(!elsewhere.exists());
    refused(
        &init(&["--kiosks", "x"], &elsewhere),
        2,
        &["'x'", "--kiosks"],
    );

    refused(
        &done(&["run"], &dir),
        1,
        &["network folder", "not a node folder"],
    );
    refused(&done(&["run"], &elsewhere), 1, &["no `.guichet` marker"]);
    let kiosk = dir.join("kiosk-1");
    refused(
        &done(&["status"], &kiosk),
        1,
        &["no node is running", "guichet run --dir"],
    );
    refused(
        &done(&["case", "show", "x"], &kiosk),
        1,
        &["`x` is not a case tag"],
    );
    let settings = kiosk.join("guichet.toml");
    let text = std::fs::read_to_string(&settings).expect("made");
    std::fs::write(&settings, format!("prot = 1\n{text}")).expect("written");
    refused(&done(&["run"], &kiosk), 1, &["line 1", "`prot`"]);
    std::fs::write(&settings, text).expect("written");
    std::fs::remove_file(kiosk.join("keys/node.key")).expect("removed");
    refused(
        &done(&["run"], &kiosk),
        1,
        &["node.key", "`guichet doctor --dir"],
    );
}

#[test]
fn whoever_makes_a_network_is_told_what_to_do_with_its_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().join("network");
    let counts = ["network", "init", "--kiosks", "1", "--stations", "1"];
    let made = done(&counts, &dir);
    let said = String::from_utf8_lossy(&made.stdout);
    for named in ["passphrases", "authority"] {
        let named = dir.join(named);
        assert!(named.exists(), "{}", named.display());
        assert!(said.contains(&named.display().to_string()), "{said}");
    }
}

#[test]
fn a_folder_may_have_a_name_that_is_no_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    let dir = folder.path().join(name);
    let counts = ["network", "init", "--kiosks", "1", "--stations", "0"];
    for (args, dir, code) in [
        (&counts[..], &dir, 0),
        (&["doctor", "--json"], &dir.join("kiosk-1"), 1),
        (&["status", "--json"], &dir.join("kiosk-1"), 1),
    ] {
        let output = done(args, dir);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
}

#[test]
fn a_line_without_a_command_is_not_understood() {
    for line in [&[][..], &["network"], &["case"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_guichet"))
            .args(line)
            .output()
            .expect("runs");
        refused(&output, 2, &["a command is missing", "--help"]);
    }
}

#[test]
fn it_does_not_start_where_session_keys_would_be_logged() {
    let output = Command::new(env!("CARGO_BIN_EXE_guichet"))
        .args(["run", "--dir", "anywhere"])
        .env("SSLKEYLOGFILE", "/dev/null")
        .output()
        .expect("runs");
    refused(&output, 1, &["SSLKEYLOGFILE", "unset"]);
}

/// The options that are written in a text, without those that every command has.
fn options(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_lowercase() || c == '-'));
    let options = words.filter(|word| word.starts_with("--") && word.len() > 2);
    let of_all = ["--json", "--help", "--version"];
    let own = options.filter(|option| !of_all.contains(option));
    own.map(str::to_owned).collect()
}

/// What `--help` says after these words.
fn help(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_guichet"))
        .args(words)
        .arg("--help")
        .output()
        .expect("runs");
    assert_eq!(output.status.code(), Some(0), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// The commands below these words that `--help` lists.
fn commands(words: &[&str]) -> Vec<String> {
    let help = help(words);
    let Some((_, listed)) = help.split_once("\nCommands:\n") else {
        return vec![words.join(" ")];
    };
    let lines = listed.lines().take_while(|line| !line.is_empty());
    let named = lines.filter_map(|line| line.split_whitespace().next());
    let below = named.filter(|name| *name != "help");
    below
        .flat_map(|name| commands(&[words, &[name]].concat()))
        .collect()
}

#[test]
fn the_readme_lists_every_command_with_all_its_options() {
    let readme = include_str!("../../README.md");
    let mut listed = BTreeMap::new();
    for row in readme
        .lines()
        .filter(|line| line.starts_with("| `guichet "))
    {
        let cell = row.split(" | ").next().unwrap_or_default();
        for command in cell.split('`').filter(|it| it.starts_with("guichet ")) {
            let words = command.split(' ').skip(1);
            let plain = |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase());
            let name = words.take_while(plain).collect::<Vec<_>>().join(" ");
            listed.insert(name, options(command));
        }
    }
    let told = commands(&[]).into_iter().map(|name| {
        let words: Vec<_> = name.split(' ').collect();
        let help = help(&words);
        let (_, said) = help.split_once("Options:").expect("options");
        let options = options(said);
        (name, options)
    });
    assert_eq!(listed, told.collect());
}
