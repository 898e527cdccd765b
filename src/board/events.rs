//! An event file of TensorBoard, read on as it grows.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::Series;
use super::record::{self, HEAD, TAIL};
use super::scalar::Event;

/// Bytes of a record that is read; what is larger is an image or the like.
const MOST: u64 = 16 << 20;

/// What was read of the file so far.
pub struct EventFile {
    path: PathBuf,
    /// Where the next record begins.
    at: u64,
    /// Where something looked damaged when it was seen last; it may have been written at that moment.
    suspect: Option<u64>,
    /// Whether nothing more can be read of it.
    is_lost: bool,
    pub series: Series,
    /// What is wrong with it, in a sentence.
    pub problem: Option<String>,
}

impl EventFile {
    pub fn new(path: PathBuf) -> Self {
        Self { path, at: 0, suspect: None, is_lost: false, series: Series::default(), problem: None }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// When it was begun, in seconds, as its name says.
    pub fn began(&self) -> u64 {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let seconds = name.split_once("tfevents.").and_then(|(_, rest)| rest.split('.').next());
        seconds.and_then(|seconds| seconds.parse().ok()).unwrap_or(0)
    }

    /// Reads the records that came since; whether there was anything. A file that is shorter than before is read anew.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn read_on(&mut self) -> io::Result<bool> {
        let file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        let is_anew = length < self.at;
        if is_anew {
            *self = Self::new(std::mem::take(&mut self.path));
        }
        if self.is_lost || length == self.at {
            return Ok(is_anew);
        }
        let before = (self.at, self.problem.is_some());
        let mut input = BufReader::new(file);
        input.seek(SeekFrom::Start(self.at))?;
        while let Some(left) = (length - self.at).checked_sub((HEAD + TAIL) as u64) {
            let mut head = [0; HEAD];
            input.read_exact(&mut head)?;
            let Some(size) = record::length(head) else {
                self.is_lost = self.is_damaged_still();
                if self.is_lost {
                    self.complain(format!("damaged at byte {}: what stands behind is not read", self.at));
                }
                break;
            };
            if size > left {
                break; // the rest is still to come
            }
            match self.take_record(&mut input, size)? {
                true => self.suspect = None,
                false if size == left && !self.is_damaged_still() => break,
                false => self.complain(format!("the record at byte {} is damaged and left out", self.at)),
            }
            self.at += (HEAD + TAIL) as u64 + size;
        }
        Ok(is_anew || before != (self.at, self.problem.is_some()))
    }

    /// Reads a record behind its head; whether it is sound.
    fn take_record(&mut self, input: &mut (impl Read + Seek), size: u64) -> io::Result<bool> {
        if size > MOST {
            input.seek_relative((size + TAIL as u64) as i64)?;
            return Ok(true);
        }
        let (mut data, mut tail) = (vec![0; size as usize], [0; TAIL]);
        input.read_exact(&mut data)?;
        input.read_exact(&mut tail)?;
        let Some(event) = Event::decode(&data).filter(|_| record::is_whole(&data, tail)) else { return Ok(false) };
        if let Ok(step) = usize::try_from(event.step) {
            event.scalars.iter().for_each(|(name, value)| self.series.add(name, step, *value));
        }
        Ok(true)
    }

    /// Whether it looked so at this place before.
    fn is_damaged_still(&mut self) -> bool {
        self.suspect.replace(self.at) == Some(self.at)
    }

    /// The first thing that is wrong is said.
    fn complain(&mut self, what: String) {
        let path = self.path.display();
        self.problem.get_or_insert_with(|| format!("{path}: {what}"));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn record(step: i64, loss: f64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let event = Event { wall_time: 1.0, step, scalars: vec![("train/loss".into(), loss)] };
        record::write(&mut bytes, &event.encode()).expect("written");
        bytes
    }

    fn file(bytes: &[u8]) -> (tempfile::TempDir, EventFile) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("events.out.tfevents.1796055222.host.1.0");
        fs::write(&path, bytes).expect("written");
        (directory, EventFile::new(path))
    }

    fn steps(file: &EventFile) -> Vec<usize> {
        file.series.of("train/loss").iter().map(|(step, _)| *step).collect()
    }

    /// Byte by byte, as a slow disk shows it: each value comes once, when its record is whole.
    #[test]
    fn a_growing_file_is_read_record_by_record() {
        let all: Vec<u8> = (1..4).flat_map(|step| record(step, 0.5)).collect();
        let (_directory, mut file) = file(b"");
        let mut changes = 0;
        for end in 0..=all.len() {
            fs::write(&file.path, &all[..end]).expect("written");
            changes += usize::from(file.read_on().expect("read"));
        }
        assert_eq!((steps(&file), changes, file.began()), (vec![1, 2, 3], 3, 1_796_055_222));
        assert_eq!(file.problem, None);
    }

    #[test]
    fn a_file_that_is_cut_is_read_anew() {
        let (_directory, mut file) = file(&[record(1, 1.0), record(2, 2.0)].concat());
        assert!(file.read_on().expect("read") && !file.read_on().expect("read"));
        fs::write(&file.path, record(1, 3.0)).expect("written");
        assert!(file.read_on().expect("read"));
        assert_eq!(file.series.of("train/loss"), [(1, 3.0)]);
        fs::write(&file.path, b"").expect("written");
        assert!(file.read_on().expect("read") && file.series.is_empty());
    }

    #[test]
    fn a_damaged_record_is_left_out_and_said() {
        let records = [record(1, 1.0), record(2, 2.0), record(3, 3.0)];
        let start = records[0].len();
        let mut bytes = records.concat();
        bytes[start + HEAD + 3] ^= 1;
        let (_directory, mut damaged) = file(&bytes);
        damaged.read_on().expect("read");
        assert_eq!(steps(&damaged), [1, 3]);
        let problem = damaged.problem.clone().expect("a problem");
        assert!(problem.ends_with(&format!(".1.0: the record at byte {start} is damaged and left out")), "{problem}");
        // A length that is wrong says not where the next record begins.
        bytes[start] ^= 1;
        let (_directory, mut lost) = file(&bytes);
        assert!(lost.read_on().expect("read") && lost.problem.is_none(), "it may be written at this moment");
        assert!(lost.read_on().expect("read") && !lost.read_on().expect("read"));
        assert_eq!(steps(&lost), [1]);
        assert!(
            lost.problem.expect("a problem").ends_with(&format!("at byte {start}: what stands behind is not read"))
        );
    }

    #[test]
    fn what_looks_damaged_while_it_is_written_is_none() {
        let records = [record(1, 1.0), record(2, 2.0)];
        let mut early = records.concat();
        let end = early.len();
        early[end - 9..].fill(0);
        let (_directory, mut file) = file(&early);
        file.read_on().expect("read");
        fs::write(&file.path, records.concat()).expect("written");
        file.read_on().expect("read");
        assert_eq!((steps(&file), file.problem), (vec![1, 2], None));
    }
}
