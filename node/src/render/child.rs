//! The child: limits and confinement first, then the document, then one page.

use std::io::{self, Read as _, Write as _};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};

use super::{DOCUMENT_BYTES_MAX, Drawing, Remarks, RenderError, confine::confine, pdf, picture};
use crate::memory;

const MEMORY_BYTES_MAX: u64 = 768 << 20;
const PROCESSOR_S_MAX: u64 = 10;
const STANDARD_FILES: u64 = 3;

/// Draws a page of the document on standard input as a picture on standard output.
pub fn run(drawing: Drawing) -> ExitCode {
    match confined().and_then(|()| draw(&drawing)) {
        Ok(remarks) => ExitCode::from(remarks.code()),
        Err(error) => ExitCode::from(error.code()),
    }
}

/// No more memory than a page needs, no files but the three that are open, no core dump.
fn limit_self() -> io::Result<()> {
    for (resource, limit) in [
        (Resource::As, MEMORY_BYTES_MAX),
        (Resource::Cpu, PROCESSOR_S_MAX),
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Nofile, STANDARD_FILES),
    ] {
        let limit = Rlimit {
            current: Some(limit),
            maximum: Some(limit),
        };
        setrlimit(resource, limit)?;
    }
    memory::no_cores()
}

/// Nothing is drawn by a child that could do more than draw.
fn confined() -> Result<(), RenderError> {
    Ok(confine(limit_self).map(drop)?)
}

fn draw(drawing: &Drawing) -> Result<Remarks, RenderError> {
    let mut document = Vec::new();
    std::io::stdin()
        .take(DOCUMENT_BYTES_MAX as u64 + 1)
        .read_to_end(&mut document)?;
    if document.len() > DOCUMENT_BYTES_MAX {
        return Err(RenderError::TooLarge);
    }
    let (page, side) = (drawing.page, drawing.detail.side_px_max());
    let none = Remarks::default();
    let (raster, remarks) = match document.as_slice() {
        [0x89, b'P', b'N', b'G', ..] if page == 1 => (picture::from_png(&document, side)?, none),
        [0xff, 0xd8, 0xff, ..] if page == 1 => (picture::from_jpeg(&document, side)?, none),
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] => {
            return Err(RenderError::NoSuchPage);
        }
        other => match pdf::begin(other) {
            Some(begin) => pdf::draw(document.split_off(begin), page, side)?,
            None => return Err(RenderError::Unsupported),
        },
    };
    let picture = raster.finish(drawing)?;
    let mut output = std::io::stdout().lock();
    output.write_all(&picture)?;
    output.flush()?;
    Ok(remarks)
}
