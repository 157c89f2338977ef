//! Scanners that differ: in how they call their modes, in what they let one choose, and in whether
//! they know how long a sheet is.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use guichet::devices::{ModeFit, ScanError, Scanner, ScannerSettings};

use crate::virtual_scanner::VirtualScanner;

/// A driver that calls its modes as Brother's does: colour is `24bit Color[Fast]`, and what it does
/// not list it refuses. Behind it SANE's own test driver scans.
const BROTHER: &str = r#"#!/bin/sh
echo "$*" >> "$SANE_CONFIG_DIR/asked"
case "$*" in *--all-options*)
    echo "    --mode Black & White|True Gray|24bit Color|24bit Color[Fast] [24bit Color[Fast]]"
    echo "    --resolution 100|150|300dpi [150]"
    echo "    -x 0..215.9mm (in steps of 0.1) [215.8]"
    echo "    -y 0..297mm (in steps of 0.1) [297]"
    exit 0 ;;
esac
for argument in "$@"; do
    shift
    case "$argument" in
        "--mode=24bit Color[Fast]" | "--mode=24bit Color") argument=--mode=Color ;;
        "--mode=True Gray") argument=--mode=Gray ;;
        --mode=*) echo "scanimage: setting of option --mode failed (Invalid argument)" >&2; exit 1 ;;
    esac
    set -- "$@" "$argument"
done
exec scanimage "$@"
"#;

/// A driver that lists the mode and refuses it, and that has no resolution and no size to choose.
const STUBBORN: &str = r#"#!/bin/sh
echo "$*" >> "$SANE_CONFIG_DIR/asked"
case "$*" in
    *--all-options*) echo "    --mode Color|Gray [Gray]" ;;
    *--resolution*) echo "scanimage: unrecognized option '--resolution=75'" >&2; exit 1 ;;
    *-x*) echo "scanimage: invalid option -- 'x'" >&2; exit 1 ;;
    *--mode=Color*) echo "scanimage: setting of option --mode failed (Invalid argument)" >&2; exit 1 ;;
    *) exec scanimage --resolution=75 "$@" ;;
esac
"#;

/// A driver that knows no height, and whose sheet has no end.
const WITHOUT_END: &str = r#"#!/bin/sh
case "$*" in
    *--format=png*) echo "scanimage: No IDATs written" >&2; exit 1 ;;
    *) printf 'P5\n1000 200000\n255\n'; exec head -c 200000000 /dev/zero ;;
esac
"#;

/// The settings of a scanner with this driver before it.
fn before(device: &VirtualScanner, driver: &str) -> ScannerSettings {
    let program: PathBuf = device.dir().join("driver");
    std::fs::write(&program, driver).expect("written");
    let rights = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&program, rights).expect("made a program");
    ScannerSettings {
        program,
        resolution_dpi: 75,
        ..device.settings()
    }
}

/// What the driver was asked so far, one run a line.
fn asked(device: &VirtualScanner) -> Vec<String> {
    let text = std::fs::read_to_string(device.dir().join("asked")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn size(png: &[u8]) -> (u32, u32) {
    let at = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
    (at(16), at(20))
}

#[tokio::test]
async fn a_mode_of_another_name_is_found_once_and_kept_in_mind() {
    let device = VirtualScanner::new("Color pattern");
    let scanner = Scanner::new(before(&device, BROTHER));
    let by_hand = "-d test:0 --mode Color --resolution 75 -x 210 -y 297 --format=png";
    let expected = device.by_hand(by_hand);
    assert_eq!(scanner.scan().await.expect("scanned"), expected);
    let modes = |run: &String| run.split(" --mode=").nth(1).map(|rest| rest.to_owned());
    let runs: Vec<_> = asked(&device).iter().map(modes).collect();
    let found = |run: &Option<String>| {
        run.as_ref()
            .is_some_and(|mode| mode.starts_with("24bit Color[Fast]"))
    };
    assert!(
        runs.len() == 3 && runs[1].is_none() && found(&runs[2]),
        "{runs:?}"
    );
    assert_eq!(scanner.scan().await.expect("scanned again"), expected);
    assert_eq!(asked(&device).len(), 4, "it is not asked again");
    let instead = ModeFit::Instead("24bit Color[Fast]".to_owned());
    assert_eq!(scanner.mode_fit().await, Some(instead));

    // One that nothing comes near is left to the scanner, and said to be unknown.
    let odd = ScannerSettings {
        mode: "Sepia".to_owned(),
        ..before(&device, BROTHER)
    };
    let odd = Scanner::new(odd);
    odd.scan().await.expect("scanned all the same");
    let Some(ModeFit::Unknown(modes)) = odd.mode_fit().await else {
        panic!("it fits")
    };
    assert_eq!(modes.len(), 4);
}

#[tokio::test]
async fn a_scanner_is_asked_for_nothing_that_it_does_not_list() {
    let device = VirtualScanner::new("Grid");
    let scanner = Scanner::new(before(&device, STUBBORN));
    let sheet = scanner.scan().await.expect("scanned");
    assert!(sheet.starts_with(b"\x89PNG"));
    let asked = asked(&device);
    assert!(asked.len() <= 5, "{asked:?}");
    let last = asked.last().expect("it was run");
    assert!(
        last.contains("--mode=Gray") || !last.contains("--mode"),
        "{last}"
    );
}

#[tokio::test]
async fn a_sheet_whose_length_nobody_knows_is_taken() {
    let device = VirtualScanner::with("test-picture \"Grid\"\nhand-scanner true\n");
    let settings = ScannerSettings {
        resolution_dpi: 75,
        ..device.settings()
    };
    let scanner = Scanner::new(settings.clone());
    for _ in 0..2 {
        let sheet = scanner.scan().await.expect("scanned");
        // A hand's width of 11 cm, as long as it was drawn over the sheet.
        let (width, height) = size(&sheet);
        assert!(
            width.abs_diff(324) <= 1 && height > 400,
            "{width} × {height}"
        );
        assert!(sheet.ends_with(b"IEND\xaeB`\x82"));
    }
    // What is no sheet even so is none.
    device.set_up("read-status-code \"SANE_STATUS_EOF\"\n");
    assert_eq!(Scanner::new(settings).scan().await, Err(ScanError::Died));
}

#[tokio::test]
async fn a_sheet_without_end_is_refused() {
    let device = VirtualScanner::new("Grid");
    let scanner = Scanner::new(before(&device, WITHOUT_END));
    assert_eq!(scanner.scan().await, Err(ScanError::TooLarge));
}
