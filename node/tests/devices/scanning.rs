//! A sheet is what the scanner gave, byte for byte, and nothing of it is anywhere else.

use std::time::Duration;

use guichet::config::Config;
use guichet::devices::{Device, ScanError, Scanner, ScannerSettings, ScannerState};
use guichet::render::DOCUMENT_BYTES_MAX;
use guichet_keys::sha256;

use crate::virtual_scanner::VirtualScanner;

#[tokio::test]
async fn a_sheet_is_byte_for_byte_what_scanimage_writes() {
    for picture in ["Color pattern", "Grid"] {
        let device = VirtualScanner::new(picture);
        let scanner = Scanner::new(ScannerSettings {
            resolution_dpi: 600,
            width_mm: 200,
            height_mm: 200,
            ..device.settings()
        });
        let sheet = scanner.scan().await.expect("scanned");
        let line = "-d test:0 --mode Color --resolution 600 -x 200 -y 200 --format=png";
        let by_hand = device.by_hand(line);
        assert_eq!(sha256(&sheet), sha256(&by_hand), "{picture}");
        assert!(sheet.len() > 10_000, "{} bytes", sheet.len());
    }
}

#[tokio::test]
async fn the_picture_is_the_one_that_lies_on_the_scanner() {
    let device = VirtualScanner::new("Grid");
    let grid = device.scanner().scan().await.expect("scanned");
    device.lay("Color pattern");
    let pattern = device.scanner().scan().await.expect("scanned");
    assert_ne!(sha256(&grid), sha256(&pattern));
    let size =
        |png: &[u8], at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
    // A4 at 300 dpi, one pixel cut off at each edge by rounding at most.
    assert!(size(&grid, 16).abs_diff(2480) <= 1, "{}", size(&grid, 16));
    assert!(size(&grid, 20).abs_diff(3508) <= 1, "{}", size(&grid, 20));
}

#[tokio::test]
async fn a_scan_needs_no_file() {
    let device = VirtualScanner::new("Grid");
    let scanner = device.scanner();
    let files = || {
        let folders = ["/tmp", "/var/tmp", "/dev/shm"];
        let entries = folders.iter().filter_map(|dir| std::fs::read_dir(dir).ok());
        let names = entries
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()));
        let names = names.filter(|path| path.to_string_lossy().contains("scan"));
        names.collect::<Vec<_>>()
    };
    let before = files();
    scanner.scan().await.expect("scanned");
    assert_eq!(files(), before);
}

#[tokio::test]
async fn without_a_name_the_first_scanner_scans() {
    let device = VirtualScanner::new("Grid");
    let first = ScannerSettings {
        device: Device::First,
        ..device.settings()
    };
    let scanner = Scanner::new(first);
    let sheet = scanner.scan().await.expect("scanned");
    assert_eq!(sheet, device.scanner().scan().await.expect("scanned"));
    let name = "Noname frontend-tester".to_owned();
    assert_eq!(scanner.state().await, ScannerState::Ready { name });
}

#[tokio::test]
async fn the_state_says_what_is_there() {
    let device = VirtualScanner::slow();
    let scanner = device.scanner();
    let ready = scanner.state().await;
    assert!(matches!(ready, ScannerState::Ready { .. }), "{ready:?}");
    let scan = tokio::spawn({
        let scanner = scanner.clone();
        async move { scanner.scan().await }
    });
    device.until_processes(1).await;
    assert_eq!(scanner.state().await, ScannerState::Scanning);
    scan.abort();
    device.until_processes(0).await;

    let of = |device: Device| {
        Scanner::new(ScannerSettings {
            device: device.clone(),
            ..VirtualScanner::new("Grid").settings()
        })
    };
    let other = of(Device::Named("test:7".to_owned()));
    assert_eq!(other.state().await, ScannerState::Absent);
    let off = of(Device::Off);
    assert_eq!(off.state().await, ScannerState::Off);
    assert_eq!(off.scan().await, Err(ScanError::Absent));
}

#[test]
fn the_settings_of_a_node_are_those_of_its_scanner() {
    let folder = tempfile::tempdir().expect("a folder");
    let read = |text: &str| {
        std::fs::write(folder.path().join("guichet.toml"), text).expect("written");
        Config::read(folder.path()).expect("understood").scanner()
    };
    assert_eq!(read(""), ScannerSettings::default());
    assert_eq!(read("").bytes_max, DOCUMENT_BYTES_MAX);
    assert_eq!(read("scanner = \"none\"").device, Device::Off);
    let named = read(
        "scanner = \"test:0\"\nscan_mode = \"Gray\"\nscan_dpi = 150\nscan_width_mm = 100\nscan_height_mm = 0",
    );
    let expected = ScannerSettings {
        device: Device::Named("test:0".to_owned()),
        mode: "Gray".to_owned(),
        resolution_dpi: 150,
        width_mm: 100,
        height_mm: 0,
        ..ScannerSettings::default()
    };
    assert_eq!(named, expected);
    assert!(named.time_max > Duration::from_secs(60));
}
