//! A print shop: CUPS with one queue, and behind it a printer that keeps what it prints.
//!
//! The printer is `ippeveprinter`, which speaks IPP Everywhere as a bought one does, and insists
//! on being announced: so it has a message bus and an Avahi. All of it lives in namespaces of its
//! own, with its files in a folder of its own: it meets neither the machine's spool nor another
//! shop, and announces itself to nobody. CUPS is reached through a socket in that folder, named in
//! `CUPS_SERVER`. The shop's first process reads a pipe that this one holds; when that closes,
//! however this one ends, the kernel ends all the others with it.
//!
//! Needs root.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::process;

/// The name of the one queue.
pub const QUEUE: &str = "Guichet";
/// The name of the queue of [`PrintShop::add_driven_queue`].
pub const DRIVEN: &str = "Driven";

const READY_WITHIN: Duration = Duration::from_secs(90);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(50);
const PRINTER: &str = "ipp://localhost:8631/ipp/print";

/// What runs in the namespaces; `$1` is the shop's folder.
const SCRIPT: &str = "
set -e
ip link set lo up
mkdir -p /run/avahi-daemon
mount -t tmpfs tmpfs /run/avahi-daemon
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$1/bus
dbus-daemon --config-file=$1/bus.conf --nofork --nopidfile &
until [ -S $1/bus ]; do sleep 0.02; done
avahi-daemon --file=$1/avahi.conf --no-drop-root --no-chroot --no-rlimits &
# A printer that cannot be announced ends, perhaps in the middle of a job: Avahi runs first.
until dbus-send --system --print-reply --dest=org.freedesktop.Avahi / \\
    org.freedesktop.Avahi.Server.GetState 2>&1 | grep -q 'int32 2'; do sleep 0.02; done
cupsd -f -c $1/etc/cupsd.conf -s $1/etc/cups-files.conf &
until ippeveprinter -p 8631 -n localhost -k -d $1/printed -c $1/print \\
    -f application/pdf,image/jpeg,image/pwg-raster Printer; do sleep 0.1; done &
read -r the_end_of_the_pipe || true
";

/// What the printer does with a sheet: it waits for paper.
const PRINT: &str = "#!/bin/sh
while [ -e FOLDER/paper-out ]; do echo 'STATE: +media-empty-error' >&2; sleep 0.1; done
echo 'STATE: -media-empty-error' >&2
";

/// What a driver makes of a document: the same again, unless it may not be printed.
const FILTER: &str = "#!/bin/sh
if [ -e FOLDER/forbidden ]; then echo 'ERROR: Not allowed to print.' >&2; exit 1; fi
if [ $# -ge 6 ]; then exec cat \"$6\"; fi
exec cat
";

/// A printer that speaks a language of its own: PDF goes through a driver, anything that CUPS does
/// not know goes to it raw (Adobe, PPD File Format Specification 4.3, and the attributes of CUPS).
const PPD: &str = "*PPD-Adobe: \"4.3\"
*FormatVersion: \"4.3\"
*FileVersion: \"1.0\"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: \"DRIVEN.PPD\"
*Product: \"(Driven)\"
*Manufacturer: \"Guichet\"
*ModelName: \"Driven\"
*ShortNickName: \"Driven\"
*NickName: \"Driven\"
*PSVersion: \"(3010.000) 0\"
*LanguageLevel: \"3\"
*ColorDevice: True
*DefaultColorSpace: RGB
*cupsFilter: \"application/pdf 0 FOLDER/filter\"
*OpenUI *PageSize/Media Size: PickOne
*OrderDependency: 10 AnySetup *PageSize
*DefaultPageSize: A4
*PageSize A4/A4: \"\"
*CloseUI: *PageSize
*OpenUI *PageRegion/Media Size: PickOne
*OrderDependency: 10 AnySetup *PageRegion
*DefaultPageRegion: A4
*PageRegion A4/A4: \"\"
*CloseUI: *PageRegion
*DefaultImageableArea: A4
*ImageableArea A4/A4: \"0 0 595 842\"
*DefaultPaperDimension: A4
*PaperDimension A4/A4: \"595 842\"
";

/// A CUPS with a printer; all of it ends when this is dropped.
#[derive(Debug)]
pub struct PrintShop {
    folder: TempDir,
    first: Child,
}

impl PrintShop {
    /// Opens a shop and waits until its queue prints.
    pub fn open() -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("guichet-print-")
            .tempdir()?;
        furnish(folder.path())?;
        let log = File::create(folder.path().join("log"))?;
        let first = Command::new("unshare")
            .args(["--net", "--mount", "--pid", "--fork", "--kill-child"])
            .args(["sh", "-c", SCRIPT, "print-shop"])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot run unshare")?;
        let shop = Self { folder, first };
        shop.until_ready().with_context(|| {
            let log = fs::read_to_string(shop.folder.path().join("log")).unwrap_or_default();
            format!("the print shop does not open: {log}")
        })?;
        Ok(shop)
    }

    /// Where CUPS keeps its jobs.
    pub fn spool(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    /// What `CUPS_SERVER` must say to reach this shop.
    pub fn server(&self) -> String {
        self.folder.path().join("cups.sock").display().to_string()
    }

    /// A program of CUPS that speaks to this shop.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("CUPS_SERVER", self.server());
        command
    }

    /// The PDFs that came out of the printer, in the order of their printing.
    pub fn printed(&self) -> Result<Vec<PathBuf>> {
        let mut files = files_of(&self.folder.path().join("printed"))?;
        files.retain(|file| file.extension().is_some_and(|it| it == "pdf"));
        files.sort();
        Ok(files)
    }

    /// What CUPS has on its disk of any job: control files, documents, what filters left.
    pub fn spooled(&self) -> Result<Vec<PathBuf>> {
        let spool = self.spool();
        let mut files = files_of(&spool)?;
        files.extend(files_of(&spool.join("tmp"))?);
        // Making a queue leaves the printer's description there, sooner or later.
        files.retain(|file| !fs::read(file).is_ok_and(|it| it.starts_with(b"*PPD-Adobe")));
        Ok(files)
    }

    /// The jobs that CUPS remembers, over or not, as `lpstat` tells of them.
    pub fn jobs(&self) -> Result<String> {
        self.list("all")
    }

    /// Those of them that are not over.
    pub fn at_work(&self) -> Result<String> {
        self.list("not-completed")
    }

    fn list(&self, which: &str) -> Result<String> {
        let output = self.command("lpstat").args(["-W", which, "-o"]).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Takes the paper out of the printer.
    pub fn take_paper(&self) -> Result<()> {
        Ok(fs::write(self.folder.path().join("paper-out"), b"")?)
    }

    /// Puts paper into it.
    pub fn put_paper(&self) -> Result<()> {
        Ok(fs::remove_file(self.folder.path().join("paper-out"))?)
    }

    /// Makes a second queue and the default one: a driver before a printer that keeps the bytes of
    /// its last document.
    pub fn add_driven_queue(&self) -> Result<()> {
        let folder = self.folder.path();
        let ppd = folder.join("driven.ppd").display().to_string();
        let device = format!("file://{}", self.received().display());
        let made = ["-p", DRIVEN, "-E", "-v", &device, "-P", &ppd];
        self.until("lpadmin", &made, |output| output.status.success())?;
        self.until("lpadmin", &["-d", DRIVEN], |output| output.status.success())
    }

    /// The bytes that the second queue's printer received last; no file before the first.
    pub fn received(&self) -> PathBuf {
        self.folder.path().join("state/received")
    }

    /// From now on the second queue's driver refuses to print, and CUPS stops its jobs; or it
    /// prints again.
    pub fn forbid(&self, forbidden: bool) -> Result<()> {
        let file = self.folder.path().join("forbidden");
        match forbidden {
            true => Ok(fs::write(file, b"")?),
            false => Ok(fs::remove_file(file)?),
        }
    }

    /// Makes the queue, and waits for the printer's description: CUPS fetches that afterwards, and
    /// until it is there the queue takes whatever it is given and prints none of it.
    fn until_ready(&self) -> Result<()> {
        let made = ["-p", QUEUE, "-E", "-v", PRINTER, "-m", "everywhere"];
        self.until("lpadmin", &made, |output| output.status.success())?;
        self.until("lpoptions", &["-p", QUEUE], |output| {
            String::from_utf8_lossy(&output.stdout).contains("IPP Everywhere")
        })
    }

    fn until(&self, program: &str, args: &[&str], done: impl Fn(&Output) -> bool) -> Result<()> {
        let began = Instant::now();
        loop {
            let output = self.command(program).args(args).output();
            let output = output.with_context(|| format!("cannot run {program}"))?;
            if done(&output) {
                return Ok(());
            }
            ensure!(began.elapsed() < READY_WITHIN, "{program}: {output:?}");
            std::thread::sleep(LOOK_AGAIN_AFTER);
        }
    }
}

impl Drop for PrintShop {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for (name, log) in [("print-shop", "log"), ("print-shop-cups", "errors")] {
                if let Ok(kept) = process::log_file(name) {
                    let _ = fs::copy(self.folder.path().join(log), kept);
                }
            }
        }
        let _ = self.first.kill();
        let _ = self.first.wait();
    }
}

/// CUPS drops its rights before it works on a job: others must be able to walk in.
fn furnish(folder: &Path) -> Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    for name in ["etc", "spool", "spool/tmp", "cache", "state", "printed"] {
        fs::create_dir(folder.join(name))?;
    }
    let write = |name: &str, text: &str| {
        let text = text.replace("FOLDER", &folder.display().to_string());
        fs::write(folder.join(name), text)
    };
    for (name, program) in [("print", PRINT), ("filter", FILTER)] {
        write(name, program)?;
        fs::set_permissions(folder.join(name), Permissions::from_mode(0o755))?;
    }
    write("driven.ppd", PPD)?;
    write(
        "bus.conf",
        "<busconfig><listen>unix:path=FOLDER/bus</listen><auth>EXTERNAL</auth>\
         <policy context=\"default\"><allow send_destination=\"*\"/><allow own=\"*\"/>\
         <allow eavesdrop=\"true\"/></policy></busconfig>\n",
    )?;
    write("avahi.conf", "[server]\nallow-interfaces=lo\nuse-ipv6=no\n")?;
    write(
        "etc/cups-files.conf",
        "FileDevice Yes\nServerRoot FOLDER/etc\nRequestRoot FOLDER/spool\nTempDir FOLDER/spool/tmp\n\
         CacheDir FOLDER/cache\nStateDir FOLDER/state\nAccessLog FOLDER/access\n\
         ErrorLog FOLDER/errors\nPageLog FOLDER/pages\n",
    )?;
    write(
        "etc/cupsd.conf",
        "Listen FOLDER/cups.sock\nBrowsing No\nWebInterface No\n\
         <Location />\nOrder allow,deny\nAllow all\n</Location>\n\
         <Policy default>\n<Limit All>\nOrder deny,allow\nAllow all\n</Limit>\n</Policy>\n",
    )?;
    Ok(())
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    Ok(files)
}
