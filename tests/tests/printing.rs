//! Printing through a real CUPS on a real (if paperless) printer: what arrives, and what is left.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use guichet::devices::{
    Device, PrintError, PrintJob, PrintState, Printer, PrinterSettings, PrinterState, Trouble,
};
use guichet::render::{Drawing, Renderer};
use guichet_tests::print_shop::{DRIVEN, PrintShop, QUEUE};
use guichet_tests::process;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, MutexGuard, Notify};
use tokio::time::{sleep, timeout};

const PATIENCE: Duration = Duration::from_secs(40);
const PDF: &str = "application/pdf";
const OUT_OF_PAPER: PrintState = PrintState::Waiting {
    trouble: Trouble::NeedsPaper,
};

/// An A4 page whose lower left quarter is red.
fn page() -> Vec<u8> {
    let content = "1 0 0 rg 0 0 297 421 re f";
    let length = content.len();
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>".to_owned(),
        format!("<< /Length {length} >>\nstream\n{content}\nendstream"),
    ];
    let mut text = "%PDF-1.4\n".to_owned();
    let mut table = "xref\n0 5\n0000000000 65535 f \n".to_owned();
    for (place, object) in objects.iter().enumerate() {
        table.push_str(&format!("{:010} 00000 n \n", text.len()));
        text.push_str(&format!("{} 0 obj\n{object}\nendobj\n", place + 1));
    }
    let start = text.len();
    format!("{text}{table}trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n").into()
}

/// One shop at a time: each runs five programs, which must not wait for each other's.
struct Shop {
    shop: PrintShop,
    _alone: MutexGuard<'static, ()>,
}

impl std::ops::Deref for Shop {
    type Target = PrintShop;

    fn deref(&self) -> &PrintShop {
        &self.shop
    }
}

static ALONE: Mutex<()> = Mutex::const_new(());

async fn open() -> Shop {
    opened(ALONE.lock().await)
}

fn opened(_alone: MutexGuard<'static, ()>) -> Shop {
    let shop = PrintShop::open().unwrap();
    Shop { shop, _alone }
}

fn settings(shop: &PrintShop) -> PrinterSettings {
    PrinterSettings {
        server: Some(shop.server()),
        ..PrinterSettings::default()
    }
}

fn printer(shop: &PrintShop) -> Printer {
    Printer::new(settings(shop))
}

async fn until(job: &mut PrintJob, wanted: PrintState) {
    let reached = async {
        while job.state() != wanted {
            assert!(!job.state().is_over(), "{:?}", job.state());
            job.changed().await;
        }
    };
    timeout(PATIENCE, reached).await.expect("in time");
}

async fn end(job: &mut PrintJob) -> PrintState {
    timeout(PATIENCE, job.ended()).await.expect("in time")
}

fn nothing_is_left(shop: &PrintShop) {
    assert_eq!(shop.spooled().unwrap(), [] as [PathBuf; 0]);
    assert_eq!(shop.jobs().unwrap(), "");
}

/// The colour of the middle of the lower left and of the upper right quarter.
async fn corners(document: &[u8]) -> [[u8; 3]; 2] {
    let renderer = Renderer::of_program(process::binary().unwrap());
    let picture = renderer.draw(document, Drawing::of_page(1)).await.unwrap();
    let decoder = png::Decoder::new(std::io::Cursor::new(picture));
    let mut reader = decoder.read_info().unwrap();
    let mut samples = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut samples).unwrap();
    let (width, height) = (frame.width as usize, frame.height as usize);
    let step = frame.color_type.samples();
    [(width / 4, height * 3 / 4), (width * 3 / 4, height / 4)].map(|(x, y)| {
        let first = (y * width + x) * step;
        samples[first..first + 3].try_into().unwrap()
    })
}

#[tokio::test]
async fn a_page_comes_out_and_the_spool_is_empty() {
    let shop = open().await;
    let printer = printer(&shop);
    let name = QUEUE.to_owned();
    assert_eq!(printer.state().await, PrinterState::Ready { name });
    let mut job = printer.print(&page(), PDF).await.unwrap();
    assert_eq!(end(&mut job).await, PrintState::Done);
    nothing_is_left(&shop);
    let printed = shop.printed().unwrap();
    assert_eq!(printed.len(), 1, "{printed:?}");
    let name = printed[0].file_name().unwrap().to_string_lossy();
    assert_eq!(name, "1-guichet.pdf", "the title says nothing");
    let [red, white] = corners(&std::fs::read(&printed[0]).unwrap()).await;
    assert_eq!((red, white), ([255, 0, 0], [255; 3]));
}

#[tokio::test]
async fn a_printer_without_paper_says_so_and_goes_on() {
    let shop = open().await;
    shop.take_paper().unwrap();
    let mut job = printer(&shop).print(&page(), PDF).await.unwrap();
    until(&mut job, OUT_OF_PAPER).await;
    assert!(!shop.spooled().unwrap().is_empty(), "it waits in the spool");
    assert!(shop.jobs().unwrap().starts_with("Guichet-1"));
    shop.put_paper().unwrap();
    assert_eq!(end(&mut job).await, PrintState::Done);
    nothing_is_left(&shop);
}

#[tokio::test]
async fn what_is_cancelled_is_gone() {
    let shop = open().await;
    let printer = printer(&shop);
    shop.take_paper().unwrap();
    let mut job = printer.print(&page(), PDF).await.unwrap();
    until(&mut job, OUT_OF_PAPER).await;
    let mut next = printer.print(&page(), PDF).await.unwrap();
    next.cancel();
    let began = Instant::now();
    assert_eq!(end(&mut next).await, PrintState::Cancelled);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(10), "none had begun: {took:?}");
    job.cancel();
    assert_eq!(end(&mut job).await, PrintState::Cancelled);
    nothing_is_left(&shop);
}

#[tokio::test]
async fn what_nobody_helps_along_is_given_up() {
    let shop = open().await;
    let printer = Printer::new(PrinterSettings {
        stuck_max: Duration::from_secs(2),
        ..settings(&shop)
    });
    shop.take_paper().unwrap();
    let mut job = printer.print(&page(), PDF).await.unwrap();
    assert_eq!(end(&mut job).await, PrintState::Failed);
    nothing_is_left(&shop);
}

/// CUPS stops a job whose driver fails: it neither prints nor ends, and its document stays.
#[tokio::test]
async fn what_cups_stops_has_failed_within_seconds_and_is_purged() {
    let shop = open().await;
    shop.add_driven_queue().unwrap();
    let printer = Printer::new(PrinterSettings {
        queue: Device::Named(DRIVEN.to_owned()),
        ..settings(&shop)
    });
    shop.forbid(true).unwrap();
    let mut job = printer.print(&page(), PDF).await.unwrap();
    let began = Instant::now();
    assert_eq!(end(&mut job).await, PrintState::Failed);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(6), "{took:?}");
    nothing_is_left(&shop);

    // Nobody lets it go on: it has failed as well.
    let mut job = printer.print(&page(), PDF).await.unwrap();
    let hold = shop.command("lp").args(["-i", "2", "-H", "hold"]).output();
    assert!(hold.unwrap().status.success());
    assert_eq!(end(&mut job).await, PrintState::Failed);
    nothing_is_left(&shop);

    // Those that a killed node left stopped are swept as quickly.
    let alone = &shop.shop;
    let leave = || (0..2).for_each(|_| abandon(alone, "guichet"));
    std::thread::scope(|scope| scope.spawn(leave).join().unwrap());
    sleep(Duration::from_secs(2)).await;
    let began = Instant::now();
    assert_eq!(printer.sweep().await.unwrap(), 2);
    let took = began.elapsed();
    assert!(took < Duration::from_secs(6), "{took:?}");
    nothing_is_left(&shop);

    shop.forbid(false).unwrap();
    let mut job = printer.print(&page(), PDF).await.unwrap();
    assert_eq!(end(&mut job).await, PrintState::Done);
    assert_eq!(std::fs::read(shop.received()).unwrap(), page());
    nothing_is_left(&shop);
}

#[tokio::test]
async fn what_cannot_be_printed_is_said() {
    let shop = open().await;
    let print = |settings: PrinterSettings, media_type: &'static str| async move {
        let printed = Printer::new(settings).print(&page(), media_type).await;
        printed.map(drop).expect_err("refused")
    };
    let refused = print(settings(&shop), "application/x-unheard-of").await;
    assert_eq!(refused, PrintError::Refused);
    let queue = |queue| PrinterSettings {
        queue,
        ..settings(&shop)
    };
    let other = Device::Named("Other".to_owned());
    assert_eq!(print(queue(other.clone()), PDF).await, PrintError::Absent);
    assert_eq!(print(queue(Device::Off), PDF).await, PrintError::Absent);
    let nowhere = PrinterSettings {
        server: Some("/nowhere/cups.sock".to_owned()),
        ..PrinterSettings::default()
    };
    assert_eq!(print(nowhere.clone(), PDF).await, PrintError::Absent);
    for (settings, expected) in [
        (queue(other), PrinterState::Absent),
        (queue(Device::Off), PrinterState::Off),
        (nowhere, PrinterState::Absent),
    ] {
        assert_eq!(Printer::new(settings).state().await, expected);
    }

    let closed = shop.command("cupsreject").arg(QUEUE).output().unwrap();
    assert!(closed.status.success(), "{closed:?}");
    assert_eq!(print(settings(&shop), PDF).await, PrintError::Stopped);
    nothing_is_left(&shop);
}

/// A job whose node has died: its runtime ends in the middle of the following.
fn abandon(shop: &PrintShop, title: &str) {
    let settings = PrinterSettings {
        title: title.to_owned(),
        ..settings(shop)
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let job = Printer::new(settings).print(&page(), PDF).await;
        assert!(!job.unwrap().state().is_over());
    });
    runtime.shutdown_background();
}

#[test]
fn what_a_killed_node_left_is_swept_at_its_next_start() {
    let shop = opened(ALONE.blocking_lock());
    shop.take_paper().unwrap();
    abandon(&shop, "guichet");
    abandon(&shop, "another node's");
    let left = shop.spooled().unwrap().len();
    assert!(left >= 2, "{left} files");

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let swept = runtime.block_on(printer(&shop).sweep()).unwrap();
    assert_eq!(swept, 1);
    let jobs = shop.jobs().unwrap();
    assert_eq!(jobs.lines().count(), 1, "the other's stays: {jobs}");
    let other = Printer::new(PrinterSettings {
        title: "another node's".to_owned(),
        ..settings(&shop)
    });
    assert_eq!(runtime.block_on(other.sweep()).unwrap(), 1);
    nothing_is_left(&shop);

    // One that had come out already is in the history only, and is swept as well.
    shop.put_paper().unwrap();
    abandon(&shop, "guichet");
    let began = Instant::now();
    while shop.printed().unwrap().is_empty() || !shop.at_work().unwrap().is_empty() {
        assert!(began.elapsed() < PATIENCE, "nothing is printed");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(runtime.block_on(printer(&shop).sweep()).unwrap(), 1);
    nothing_is_left(&shop);
}

/// A door before CUPS that keeps its answer to the first request until it is told to let it out.
struct Door {
    folder: tempfile::TempDir,
    answered: Arc<Notify>,
    open: Arc<Notify>,
}

impl Door {
    fn before(shop: &PrintShop) -> Self {
        let door = Self {
            folder: tempfile::tempdir().unwrap(),
            answered: Arc::new(Notify::new()),
            open: Arc::new(Notify::new()),
        };
        let listener = UnixListener::bind(door.path()).unwrap();
        let (server, answered, open) = (shop.server(), door.answered.clone(), door.open.clone());
        tokio::spawn(async move {
            for request in 0.. {
                let (page, _) = listener.accept().await.unwrap();
                let cups = UnixStream::connect(&server).await.unwrap();
                let (mut asked, mut answer) = page.into_split();
                let (mut said, mut ask) = cups.into_split();
                let forth = tokio::spawn(async move { copy(&mut asked, &mut ask).await });
                let mut words = Vec::new();
                said.read_to_end(&mut words).await.unwrap();
                if request == 0 {
                    answered.notify_one();
                    open.notified().await;
                }
                answer.write_all(&words).await.unwrap();
                drop(answer);
                forth.abort();
            }
        });
        door
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("cups.sock")
    }
}

#[tokio::test]
async fn who_stops_waiting_for_the_printer_has_the_job_cancelled() {
    let shop = open().await;
    shop.take_paper().unwrap();
    let door = Door::before(&shop);
    let printer = Printer::new(PrinterSettings {
        server: Some(door.path().display().to_string()),
        queue: Device::Named(QUEUE.to_owned()),
        ..PrinterSettings::default()
    });
    let printing = tokio::spawn(async move { printer.print(&page(), PDF).await.map(drop) });
    timeout(PATIENCE, door.answered.notified()).await.unwrap();
    printing.abort();
    assert!(printing.await.unwrap_err().is_cancelled());
    assert!(shop.jobs().unwrap().starts_with(QUEUE), "CUPS has the job");
    door.open.notify_one();
    let began = Instant::now();
    while !shop.jobs().unwrap().is_empty() || !shop.spooled().unwrap().is_empty() {
        assert!(began.elapsed() < PATIENCE, "it is still there");
        sleep(Duration::from_millis(50)).await;
    }
}
