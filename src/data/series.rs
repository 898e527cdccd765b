//! The records of several files, counted through, as if they were one data set.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{DataError, Progress, Raw, Records};

/// Opens one file after the other. A record's number counts through all of them; its line is that of its file.
pub struct Series {
    files: Arc<[PathBuf]>,
    /// The number of the file that is open, or is opened next.
    file: usize,
    open: Option<Records>,
    /// Records of the files before it.
    before: usize,
    /// Records that were read.
    read: usize,
    /// Bytes of each file, 0 where nobody knows.
    sizes: Vec<u64>,
    /// Bytes of the files before it.
    passed: u64,
    progress: Progress,
}

impl Series {
    /// Opens the first file. That the others are there is seen now, and not when their turn comes.
    ///
    /// # Errors
    /// If one of them is not there, or none has anything in it.
    pub fn open(files: Vec<PathBuf>) -> Result<Self, DataError> {
        let size = |file: &PathBuf| match file.as_os_str() == "-" {
            true => Ok(0),
            false => match std::fs::metadata(file) {
                Ok(metadata) => Ok(metadata.len()),
                Err(reason) => Err(DataError::Read { file: file.clone(), reason }),
            },
        };
        let sizes = files.iter().map(size).collect::<Result<Vec<u64>, _>>()?;
        // The end of a pipe is not known.
        let is_known = files.iter().all(|file| file.as_os_str() != "-");
        let total = if is_known { sizes.iter().sum() } else { 0 };
        let progress = Progress { total, ..Progress::default() };
        let files = files.into();
        let mut series = Self { files, file: 0, open: None, before: 0, read: 0, sizes, passed: 0, progress };
        series.open_next()?;
        Ok(series)
    }

    /// The files, in order; [`Raw::file`] counts them.
    pub fn files(&self) -> Arc<[PathBuf]> {
        self.files.clone()
    }

    /// Bytes of all files, as far as they are known.
    pub fn bytes(&self) -> u64 {
        self.sizes.iter().sum()
    }

    /// How much was read, now and later.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// Opens the file whose turn it is, or the first one behind it that is not empty.
    fn open_next(&mut self) -> Result<(), DataError> {
        while let Some(file) = self.files.get(self.file) {
            match Records::open(file) {
                Ok(records) => {
                    self.open = Some(records);
                    return Ok(());
                }
                // Tools that write in parts leave empty ones.
                Err(DataError::Empty { .. }) if self.file + 1 < self.files.len() || self.before > 0 => self.pass(),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Leaves the file behind.
    fn pass(&mut self) {
        self.passed += self.sizes.get(self.file).copied().unwrap_or(0);
        self.file += 1;
    }

    /// Notes how far it is.
    fn note(&self) {
        let share = self.open.as_ref().and_then(|records| records.progress.share()).unwrap_or(0.0);
        let size = self.sizes.get(self.file).copied().unwrap_or(0);
        self.progress.done.store(self.passed + (size as f64 * f64::from(share)) as u64, Ordering::Relaxed);
    }
}

impl Iterator for Series {
    type Item = Result<Raw, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.open.as_mut()?.next() {
                Some(Ok(mut raw)) => {
                    (raw.index, raw.file) = (self.before + raw.index, self.file);
                    self.read = raw.index + 1;
                    self.note();
                    return Some(Ok(raw));
                }
                Some(Err(error)) => {
                    self.open = None;
                    return Some(Err(error.behind(self.before)));
                }
                None => {
                    (self.open, self.before) = (None, self.read);
                    self.pass();
                    if let Err(error) = self.open_next() {
                        return Some(Err(error));
                    }
                }
            }
        }
    }
}
