//! Pictures of documents, drawn in a process apart.
//!
//! A PDF, PNG or JPEG comes from anyone, and what decodes it is large. So each page is drawn by a
//! child of this same program that may do nothing else: it reads the document on standard input,
//! writes a PNG on standard output, and has set itself limits on memory, processor time and files
//! before it looks at a byte ([`child`]). The parent limits wall time and output, runs one child
//! at a time, and turns every way in which it may end into one [`RenderError`].

mod child;
mod pdf;
mod picture;

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

/// The largest document that is drawn, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 32 << 20;
/// The longest side of a picture, in pixels.
pub const SIDE_PX_MAX: u16 = 1600;
/// How many pages may wait to be drawn.
pub const WAITING_MAX: usize = 8;

const PICTURE_BYTES_MAX: u64 = 16 << 20;
const WALL_TIME_MAX: Duration = Duration::from_secs(15);

/// Why there is no picture of a page.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// Neither PDF nor PNG nor JPEG.
    #[error("this kind of document cannot be drawn")]
    Unsupported,
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

    /// The page of `document`, from 1, as a PNG no side of which exceeds [`SIDE_PX_MAX`].
    pub async fn draw(&self, document: &[u8], page: u32) -> Result<Vec<u8>, RenderError> {
        if document.len() > DOCUMENT_BYTES_MAX {
            return Err(RenderError::TooLarge);
        }
        let _place = self.waiting.try_acquire().map_err(|_| RenderError::Busy)?;
        let _turn = self.drawing.lock().await;
        tokio::time::timeout(WALL_TIME_MAX, self.run(document, page))
            .await
            .unwrap_or(Err(RenderError::TooSlow))
    }

    async fn run(&self, document: &[u8], page: u32) -> Result<Vec<u8>, RenderError> {
        let mut process = Command::new(&self.program)
            .arg0("guichet")
            .args(["render", "--page", &page.to_string()])
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
        judge(process.wait().await?).map(|()| picture)
    }
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

fn judge(status: ExitStatus) -> Result<(), RenderError> {
    if status.success() {
        return Ok(());
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
            _ => Self::Damaged,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_child_says_is_what_the_parent_hears() {
        for error in [
            RenderError::Unsupported,
            RenderError::Encrypted,
            RenderError::Damaged,
            RenderError::NoSuchPage,
            RenderError::TooLarge,
            RenderError::TooSlow,
        ] {
            let heard = RenderError::from_code(i32::from(error.code()));
            assert_eq!(heard.to_string(), error.to_string());
        }
    }
}
