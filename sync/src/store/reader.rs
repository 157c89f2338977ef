//! Reads records and segments beside the writer.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use super::{
    Location, PageProgress,
    catalogue::Pages,
    error::{StoreError, at},
    folder::{self, Folder},
    journal,
    page::{self, Page},
    record::{self, RECORD_BYTES_MAX},
};

const SEGMENT_FILES_HELD: usize = 8;

/// The reading end of a store; it outlives errors of the writer.
#[derive(Debug, Clone)]
pub struct Reader {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    journal: PathBuf,
    pages_folder: PathBuf,
    pages: Arc<RwLock<Pages>>,
    /// The segment files used last, the latest at the end.
    files: Mutex<Vec<(u32, Arc<File>)>>,
}

impl Reader {
    pub(super) fn new(folder: &Folder, pages: Arc<RwLock<Pages>>) -> Self {
        Self {
            shared: Arc::new(Shared {
                root: folder.root().to_owned(),
                journal: folder.journal(),
                pages_folder: folder.pages(),
                pages,
                files: Mutex::default(),
            }),
        }
    }

    /// The payload of a record.
    ///
    /// Fails with `Damaged` if the bytes are not those that were written; the next start then reads
    /// the whole journal, keeps what is whole and takes a new epoch.
    pub fn read(&self, location: Location) -> Result<Vec<u8>, StoreError> {
        let Location {
            segment,
            offset,
            len,
        } = location;
        let path = || journal::segment_path(&self.shared.journal, segment);
        let mut bytes = vec![0; (len as usize).min(RECORD_BYTES_MAX)];
        match self
            .segment_file(segment)?
            .read_exact_at(&mut bytes, offset)
        {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                return Err(at(&path())(error));
            }
            Ok(()) | Err(_) => {}
        }
        let Some(record) = record::decode(&bytes, segment, offset) else {
            let _or_it_is_found_again = folder::suspect_index(&self.shared.root);
            return Err(StoreError::Damaged {
                path: path(),
                offset,
            });
        };
        let head = bytes.len().saturating_sub(record.payload.len());
        bytes.drain(..head);
        Ok(bytes)
    }

    /// A sealed segment of a page, as it was written; who reads it checks its hash.
    pub fn read_segment(&self, id: [u8; 32], index: u32) -> Result<Vec<u8>, StoreError> {
        let page = self.page(&id).ok_or_else(|| StoreError::UnknownPage {
            page: page::name(&id),
        })?;
        if !page.has(index) {
            return Err(StoreError::AbsentSegment {
                page: page::name(&id),
                index,
            });
        }
        page::read(&self.shared.pages_folder, &id, &page, index)
    }

    /// The segments of a page that are said to be here and do not read, or are not what
    /// `is_whole` knows them to be; none if the page is not known.
    ///
    /// Fails if the system cannot read now; nothing is known of the page then.
    pub fn damaged_segments(
        &self,
        id: [u8; 32],
        is_whole: impl Fn(u32, &[u8]) -> bool,
    ) -> Result<Vec<u32>, StoreError> {
        let Some(page) = self.page(&id) else {
            return Ok(Vec::new());
        };
        let mut damaged = Vec::new();
        for index in (0..page.segments).filter(|index| page.has(*index)) {
            match page::read(&self.shared.pages_folder, &id, &page, index) {
                Ok(sealed) if is_whole(index, &sealed) => {}
                Ok(_) | Err(StoreError::PageDamaged { .. }) => damaged.push(index),
                Err(error) => return Err(error),
            }
        }
        Ok(damaged)
    }

    /// How much of a page is durable; none if it is not known.
    pub fn page_progress(&self, id: [u8; 32]) -> Option<PageProgress> {
        self.page(&id).map(|page| PageProgress::of(id, &page))
    }

    fn page(&self, id: &[u8; 32]) -> Option<Page> {
        let pages = self.shared.pages.read();
        pages
            .unwrap_or_else(PoisonError::into_inner)
            .get(id)
            .cloned()
    }

    fn segment_file(&self, segment: u32) -> Result<Arc<File>, StoreError> {
        let mut files = self
            .shared
            .files
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = files.iter().position(|(held, _)| *held == segment) {
            let found = files.remove(place);
            files.push(found.clone());
            return Ok(found.1);
        }
        let path = journal::segment_path(&self.shared.journal, segment);
        let file = Arc::new(File::open(&path).map_err(at(&path))?);
        if files.len() == SEGMENT_FILES_HELD {
            files.remove(0);
        }
        files.push((segment, Arc::clone(&file)));
        Ok(file)
    }
}
