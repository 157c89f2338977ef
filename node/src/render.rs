//! Pictures of documents, drawn in a process apart.
//!
//! A PDF, PNG or JPEG comes from anyone, and what decodes it is large. So each page is drawn by a
//! child of this same program that may do nothing else: it reads the document on standard input
//! and writes a PNG or a JPEG on standard output. Before it looks at a byte it has set itself limits
//! on memory, processor time and files ([`child`]) and given up every system call but those that
//! this takes ([`confine`]): it opens no file, makes no socket, starts nothing. The parent limits wall time and output, runs one child
//! at a time, and turns every way in which it may end into one [`RenderError`].

mod child;
mod confine;
mod kind;
mod orientation;
mod overlay;
mod paper;
mod pdf;
mod picture;
mod raster;
mod remarks;

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::{Mutex, Semaphore};

pub use child::run as child;
pub use confine::{Walls, confine, no_calls, no_files, walls};
pub use kind::Kind;
pub use remarks::Remarks;

/// The largest document that is drawn, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 32 << 20;
/// The largest preview, in bytes.
pub const PREVIEW_BYTES_MAX: usize = 64 << 10;
/// How many pages may wait to be drawn.
pub const WAITING_MAX: usize = 8;

const PICTURE_BYTES_MAX: u64 = 16 << 20;
const WALL_TIME_MAX: Duration = Duration::from_secs(15);

/// What is drawn of a document, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::Args)]
pub struct Drawing {
    /// Page, from 1
    #[arg(long, default_value_t = 1)]
    pub page: u32,
    /// Quarter turns clockwise
    #[arg(long, default_value_t = 0)]
    pub turns: u8,
    /// How much is to be seen
    #[arg(long, value_enum, default_value_t = Detail::Screen)]
    pub detail: Detail,
}

/// How much of a page is to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Detail {
    /// A JPEG that is quickly there, at most [`PREVIEW_BYTES_MAX`] bytes.
    Preview,
    /// A PNG that fills a screen.
    Screen,
    /// A PNG to look closely at.
    Close,
    /// A PDF of one sheet of A4 for a printer; it has no address.
    Paper,
}

impl Drawing {
    /// The last part of the address of its picture: `3-screen-1.png` is page 3, turned once.
    pub fn path(&self) -> String {
        let Self {
            page,
            turns,
            detail,
        } = self;
        let ending = detail.ending();
        format!("{page}-{}-{turns}.{ending}", detail.word())
    }

    /// Reads what [`path`](Self::path) wrote; `3.png` is page 3, upright, on a screen.
    pub fn of_path(path: &str) -> Option<Self> {
        let (stem, ending) = path.rsplit_once('.')?;
        let mut parts = stem.split('-');
        let page = parts.next()?.parse().ok().filter(|page| *page > 0)?;
        let drawing = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Self::of_page(page),
            (Some(word), Some(turns), None) => Self {
                page,
                turns: turns.parse().ok().filter(|turns| *turns < 4)?,
                detail: Detail::ALL.into_iter().find(|one| one.word() == word)?,
            },
            _ => return None,
        };
        (drawing.detail.ending() == ending).then_some(drawing)
    }

    /// A page upright, as it fills a screen.
    pub fn of_page(page: u32) -> Self {
        Self {
            page,
            turns: 0,
            detail: Detail::Screen,
        }
    }
}

impl Detail {
    /// The longest side of the picture, in pixels.
    pub const fn side_px_max(self) -> u16 {
        match self {
            Self::Preview => 480,
            Self::Screen => 1600,
            Self::Close => 2600,
            // 300 dots per inch of A4.
            Self::Paper => 3508,
        }
    }

    const ALL: [Self; 3] = [Self::Preview, Self::Screen, Self::Close];

    /// The media type of the picture.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Preview => "image/jpeg",
            Self::Screen | Self::Close => "image/png",
            Self::Paper => "application/pdf",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Preview => "jpg",
            Self::Screen | Self::Close => "png",
            Self::Paper => "pdf",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Screen => "screen",
            Self::Close => "close",
            Self::Paper => "paper",
        }
    }
}

/// Why there is no picture of a page.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Neither PDF nor PNG nor JPEG, or one of a kind that hardly any program makes.
    #[error("this kind of document cannot be drawn")]
    Unsupported,
    /// A form whose pages are made by a program that only one reader has.
    #[error("the form can only be shown by the program that it was made for")]
    OtherProgram,
    /// A password is needed, or a cipher that is not known.
    #[error("the document is locked by a password")]
    Encrypted,
    /// Truncated or broken.
    #[error("the document is damaged")]
    Damaged,
    /// The document has fewer pages.
    #[error("the document has no such page")]
    NoSuchPage,
    /// More bytes, pixels or memory than is allowed.
    #[error("the document is too large to be drawn")]
    TooLarge,
    /// More time than is allowed.
    #[error("drawing the document took too long")]
    TooSlow,
    /// Too many pages are waiting; try again.
    #[error("too many pages are waiting to be drawn")]
    Busy,
    /// The process could not be run.
    #[error("pages cannot be drawn now: {0}")]
    Unavailable(#[from] io::Error),
}

/// Draws pages, one at a time; cheap to clone.
#[derive(Clone, Debug)]
pub struct Renderer {
    program: PathBuf,
    waiting: Arc<Semaphore>,
    drawing: Arc<Mutex<()>>,
}

impl Renderer {
    /// Draws by this very program, even when its file has been replaced since it started.
    pub fn new() -> Self {
        Self::of_program(PathBuf::from("/proc/self/exe"))
    }

    /// Draws by another program that understands `render`.
    pub fn of_program(program: PathBuf) -> Self {
        Self {
            program,
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            drawing: Arc::default(),
        }
    }

    /// A picture of one page of `document`.
    pub async fn draw(&self, document: &[u8], drawing: Drawing) -> Result<Vec<u8>, RenderError> {
        if document.len() > DOCUMENT_BYTES_MAX {
            return Err(RenderError::TooLarge);
        }
        let _place = self.waiting.try_acquire().map_err(|_| RenderError::Busy)?;
        self.draw_alone(document, drawing).await
    }

    /// The same for what must not be refused because others wait: it waits as long as it takes.
    pub async fn draw_in_turn(
        &self,
        document: &[u8],
        drawing: Drawing,
    ) -> Result<Vec<u8>, RenderError> {
        let _place = self
            .waiting
            .acquire()
            .await
            .map_err(|_| RenderError::Busy)?;
        self.draw_alone(document, drawing).await
    }

    /// What a printer is given of a document, as a PDF: nothing that cannot be drawn. A picture is
    /// drawn, upright and turned; a PDF goes as it is, once its first page was drawn.
    pub async fn for_paper(
        &self,
        mut document: Vec<u8>,
        drawing: Drawing,
    ) -> Result<Vec<u8>, RenderError> {
        let begin = match picture::is_one(&document) {
            true => None,
            false => pdf::begin(&document),
        };
        if begin.is_some() && drawing.page > 1 {
            return Err(RenderError::NoSuchPage);
        }
        let detail = match begin {
            Some(_) => Detail::Preview,
            None => Detail::Paper,
        };
        let drawn = self.draw_in_turn(&document, Drawing { detail, ..drawing });
        let drawn = drawn.await?;
        Ok(match begin {
            Some(begin) => document.split_off(begin),
            None => drawn,
        })
    }

    /// What is to be said of the picture of a page; it is drawn for that, as a preview.
    pub async fn remarks(&self, document: &[u8], drawing: Drawing) -> Result<Remarks, RenderError> {
        if document.len() > DOCUMENT_BYTES_MAX {
            return Err(RenderError::TooLarge);
        }
        let _place = self.waiting.try_acquire().map_err(|_| RenderError::Busy)?;
        let detail = Detail::Preview;
        let drawn = self.draw_with_remarks(document, Drawing { detail, ..drawing });
        drawn.await.map(|(_, remarks)| remarks)
    }

    async fn draw_alone(&self, document: &[u8], drawing: Drawing) -> Result<Vec<u8>, RenderError> {
        let drawn = self.draw_with_remarks(document, drawing).await;
        drawn.map(|(picture, _)| picture)
    }

    async fn draw_with_remarks(
        &self,
        document: &[u8],
        drawing: Drawing,
    ) -> Result<(Vec<u8>, Remarks), RenderError> {
        let _turn = self.drawing.lock().await;
        tokio::time::timeout(WALL_TIME_MAX, self.run(document, drawing))
            .await
            .unwrap_or(Err(RenderError::TooSlow))
    }

    async fn run(
        &self,
        document: &[u8],
        drawing: Drawing,
    ) -> Result<(Vec<u8>, Remarks), RenderError> {
        let mut process = Command::new(&self.program)
            .arg0("guichet")
            .args(["render", "--page", &drawing.page.to_string()])
            .args(["--turns", &drawing.turns.to_string()])
            .args(["--detail", drawing.detail.word()])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let mut stdin = process.stdin.take().expect("standard input is a pipe");
        let stdout = process.stdout.take().expect("standard output is a pipe");
        let mut picture = Vec::new();
        let mut output = stdout.take(PICTURE_BYTES_MAX + 1);
        let feed = async move {
            // A child that refuses the document stops reading; its status says why.
            let _ = stdin.write_all(document).await;
        };
        let (read, ()) = tokio::join!(output.read_to_end(&mut picture), feed);
        read?;
        if picture.len() as u64 > PICTURE_BYTES_MAX {
            return Err(RenderError::TooLarge);
        }
        judge(process.wait().await?).map(|remarks| (picture, remarks))
    }
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

fn judge(status: ExitStatus) -> Result<Remarks, RenderError> {
    if let Some(remarks) = status.code().and_then(Remarks::from_code) {
        return Ok(remarks);
    }
    match (status.code(), status.signal()) {
        (Some(code), _) => Err(RenderError::from_code(code)),
        (None, Some(signal)) if signal == Signal::XCPU.as_raw() => Err(RenderError::TooSlow),
        (None, Some(signal)) if signal == Signal::KILL.as_raw() => Err(RenderError::TooSlow),
        (None, _) => Err(RenderError::TooLarge),
    }
}

impl RenderError {
    fn code(&self) -> u8 {
        match self {
            Self::Unsupported => 10,
            Self::Encrypted => 11,
            Self::Damaged => 12,
            Self::NoSuchPage => 13,
            Self::TooLarge => 14,
            Self::TooSlow => 15,
            Self::Busy | Self::Unavailable(_) => 16,
            Self::OtherProgram => 17,
        }
    }

    fn from_code(code: i32) -> Self {
        match code {
            10 => Self::Unsupported,
            11 => Self::Encrypted,
            13 => Self::NoSuchPage,
            14 => Self::TooLarge,
            15 => Self::TooSlow,
            16 => Self::Unavailable(io::Error::other("the drawing process failed")),
            17 => Self::OtherProgram,
            _ => Self::Damaged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_reads_back_from_its_path_and_nothing_else_does() {
        for detail in Detail::ALL {
            let drawing = Drawing {
                page: 3,
                turns: 1,
                detail,
            };
            assert_eq!(Drawing::of_path(&drawing.path()), Some(drawing));
        }
        assert_eq!(Drawing::of_path("2.png"), Some(Drawing::of_page(2)));
        for bad in [
            "",
            "1",
            "0.png",
            "1.jpg",
            "x.png",
            "1-screen.png",
            "1-screen-4.png",
            "1-screen-0.jpg",
            "1-huge-0.png",
            "1-screen-0-0.png",
            "-1.png",
            "1-paper-0.pdf",
        ] {
            assert_eq!(Drawing::of_path(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_the_child_says_is_what_the_parent_hears() {
        for error in [
            RenderError::Unsupported,
            RenderError::Encrypted,
            RenderError::Damaged,
            RenderError::NoSuchPage,
            RenderError::TooLarge,
            RenderError::TooSlow,
            RenderError::OtherProgram,
        ] {
            let heard = RenderError::from_code(i32::from(error.code()));
            assert_eq!(heard.to_string(), error.to_string());
        }
    }
}
