//! What goes wrong at a scanner is told as what it is, and leaves nothing behind.

use std::time::{Duration, Instant};

use guichet::devices::{Device, ScanError, Scanner, ScannerSettings};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{sleep, timeout};

use crate::virtual_scanner::{PATIENCE, VirtualScanner, zombies};

#[tokio::test]
async fn what_sane_reports_is_told() {
    let check = |status: &'static str, expected: ScanError| async move {
        let device = VirtualScanner::with(&format!("read-status-code \"{status}\"\n"));
        let told = device.scanner().scan().await.expect_err("no sheet");
        assert_eq!(told, expected, "{status}");
    };
    check("SANE_STATUS_NO_DOCS", ScanError::NoPaper).await;
    check("SANE_STATUS_JAMMED", ScanError::Jammed).await;
    check("SANE_STATUS_COVER_OPEN", ScanError::CoverOpen).await;
    check("SANE_STATUS_DEVICE_BUSY", ScanError::Busy).await;
    // Here the driver says that the sheet has ended before it has begun, and the program aborts.
    check("SANE_STATUS_EOF", ScanError::Died).await;

    let device = VirtualScanner::with("read-status-code \"SANE_STATUS_IO_ERROR\"\n");
    let told = device.scanner().scan().await.expect_err("no sheet");
    assert!(matches!(told, ScanError::Failed(_)), "{told:?}");
    assert!(
        told.to_string().contains("Error during device I/O"),
        "{told}"
    );
}

#[tokio::test]
async fn no_scanner_is_said_to_be_absent() {
    let empty = VirtualScanner::new("Grid");
    std::fs::write(empty.dir().join("dll.conf"), "\n").expect("written");
    let first = Scanner::new(ScannerSettings {
        device: Device::First,
        ..empty.settings()
    });
    assert_eq!(first.scan().await, Err(ScanError::Absent));
    let other = Scanner::new(ScannerSettings {
        device: Device::Named("test:7".to_owned()),
        ..VirtualScanner::new("Grid").settings()
    });
    assert_eq!(other.scan().await, Err(ScanError::Absent));
}

#[tokio::test]
async fn a_scanner_does_one_sheet_at_a_time() {
    let device = VirtualScanner::slow();
    let scanner = device.scanner();
    let first = tokio::spawn({
        let scanner = scanner.clone();
        async move { scanner.scan().await }
    });
    device.until_processes(1).await;
    assert_eq!(scanner.scan().await, Err(ScanError::Busy));
    assert_eq!(device.processes().len(), 1, "the second was not begun");
    first.abort();
    device.until_processes(0).await;
}

#[tokio::test]
async fn a_scan_that_is_killed_gives_no_sheet() {
    let device = VirtualScanner::slow();
    let scanner = device.scanner();
    let scan = tokio::spawn({
        let scanner = scanner.clone();
        async move { scanner.scan().await }
    });
    let [pid] = device.until_processes(1).await[..] else {
        panic!("one process")
    };
    until_it_writes(pid).await;
    kill_process(Pid::from_raw(pid).expect("a pid"), Signal::KILL).expect("alive");
    let told = timeout(PATIENCE, scan)
        .await
        .expect("ends")
        .expect("no panic");
    assert_eq!(told, Err(ScanError::Died));
    assert!(device.processes().is_empty());
}

/// Half a picture must be on its way, or the kill would prove little.
async fn until_it_writes(pid: i32) {
    let began = Instant::now();
    let written = || {
        let text = std::fs::read_to_string(format!("/proc/{pid}/io")).expect("it lives");
        let line = text.lines().find_map(|line| line.strip_prefix("wchar: "));
        line.and_then(|count| count.parse::<u64>().ok())
            .expect("a count")
    };
    while written() < 4096 {
        assert!(began.elapsed() < PATIENCE, "nothing is written");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_cancelled_scan_ends_its_process_and_frees_the_scanner() {
    let device = VirtualScanner::slow();
    let scanner = device.scanner();
    let scan = timeout(Duration::from_millis(700), scanner.scan());
    assert!(scan.await.is_err(), "still scanning");
    device.until_processes(0).await;
    let began = Instant::now();
    while zombies() > 0 {
        assert!(began.elapsed() < PATIENCE, "not waited for");
        sleep(Duration::from_millis(10)).await;
    }
    let settings = "test-picture \"Grid\"\nnumber_of_devices 1\n";
    std::fs::write(device.dir().join("test.conf"), settings).expect("written");
    let again = timeout(PATIENCE, async {
        loop {
            match scanner.scan().await {
                Err(ScanError::Busy) => sleep(Duration::from_millis(10)).await,
                scanned => return scanned,
            }
        }
    });
    let sheet = again.await.expect("free again").expect("scanned");
    assert!(sheet.starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn a_picture_beyond_its_limit_is_refused_and_its_process_ended() {
    let device = VirtualScanner::new("Color pattern");
    let whole = device.scanner().scan().await.expect("scanned").len();
    let limited = |bytes_max| {
        Scanner::new(ScannerSettings {
            bytes_max,
            ..device.settings()
        })
    };
    assert_eq!(limited(whole - 1).scan().await, Err(ScanError::TooLarge));
    device.until_processes(0).await;
    let sheet = limited(whole).scan().await.expect("just small enough");
    assert_eq!(sheet.len(), whole);
}

#[tokio::test]
async fn a_scan_beyond_its_time_is_ended() {
    let device = VirtualScanner::slow();
    let scanner = Scanner::new(ScannerSettings {
        time_max: Duration::from_millis(800),
        ..device.settings()
    });
    let began = Instant::now();
    assert_eq!(scanner.scan().await, Err(ScanError::TooSlow));
    assert!(began.elapsed() < PATIENCE);
    device.until_processes(0).await;
}
