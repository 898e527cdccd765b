//! A file in memory, read page by page as it is needed.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

use super::error::LoadError;

/// A memory-mapped file.
pub(super) struct Mapped(Mmap);

impl Mapped {
    pub(super) fn open(file: &Path) -> Result<Self, LoadError> {
        let read_error = |reason| LoadError::Read { file: file.to_owned(), reason };
        let handle = File::open(file).map_err(read_error)?;
        if handle.metadata().map_err(read_error)?.is_dir() {
            return Err(read_error(io::Error::other("it is a directory")));
        }
        // SAFETY: the map is read-only and dropped before `load` returns. A program that truncates the file meanwhile
        // would stop this one; every reader of mapped weights accepts that.
        #[expect(unsafe_code)]
        let map = unsafe { Mmap::map(&handle) };
        map.map(Self).map_err(read_error)
    }

    /// Lets go of the memory behind a part that has been converted, so that the file and its f32 copy are never both
    /// resident as a whole.
    pub(super) fn release(&self, part: &[u8]) {
        let offset = (part.as_ptr() as usize).checked_sub(self.0.as_ptr() as usize);
        let Some(offset) = offset.filter(|offset| offset + part.len() <= self.0.len()) else { return };
        #[cfg(unix)]
        {
            // SAFETY: the pages are a private, unmodified view of the file: whoever reads them again gets the same
            // bytes, from the file.
            #[expect(unsafe_code)]
            let released =
                unsafe { self.0.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, offset, part.len()) };
            let _ = released; // a refusal costs memory, nothing else
        }
    }
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}
