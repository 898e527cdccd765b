//! Writing a data set as a trainer takes it.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::data::columns::Columns;
use crate::dataset::Masked;
use crate::mask::export::{Trainer, dropped};
use crate::report::survey::records;
use crate::sequence::visible_text;
use crate::survey::Judged;

/// A file under way. It gets its name when it is whole; until then it has `.part` behind it, and goes away with this.
pub struct Export {
    trainer: Trainer,
    path: PathBuf,
    part: PathBuf,
    writer: Writer,
    written: usize,
    left_out: usize,
    /// Records of which nothing is scored.
    unscored: usize,
    /// Ids and names around tool calls that the form has no field for.
    drops: usize,
    /// The first record that the trainer's form cannot say.
    first: Option<String>,
    is_done: bool,
}

enum Writer {
    Lines(BufWriter<File>),
    Parquet(Box<Columns>),
}

impl Export {
    /// Begins the file.
    ///
    /// # Errors
    /// If it cannot be created, or Parquet is asked for where records are no token ids.
    pub fn create(trainer: Trainer, path: &Path) -> Result<Self> {
        let is_parquet = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("parquet"));
        if is_parquet && !trainer.takes_tokens() {
            bail!("{trainer} takes messages, which are written as JSONL; give --output FILE.jsonl, or --export labels");
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let file = File::create(&part).with_context(|| format!("writing {}", part.display()))?;
        let writer = match is_parquet {
            true => Writer::Parquet(Box::new(Columns::new(file, columns(trainer))?)),
            false => Writer::Lines(BufWriter::new(file)),
        };
        let path = path.to_owned();
        Ok(Self {
            trainer,
            path,
            part,
            writer,
            written: 0,
            left_out: 0,
            unscored: 0,
            drops: 0,
            first: None,
            is_done: false,
        })
    }

    /// The file's name when it is whole.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// One record.
    ///
    /// # Errors
    /// If writing fails.
    pub fn write(&mut self, record: Value) -> Result<()> {
        self.written += 1;
        let written = match &mut self.writer {
            Writer::Lines(out) => writeln!(out, "{record}").map_err(Into::into),
            Writer::Parquet(columns) => columns.write(&record),
        };
        written.with_context(|| format!("writing {}", self.part.display()))
    }

    /// A record of which nothing is scored is left out, and the user is told.
    pub fn leave_out_unscored(&mut self) {
        self.unscored += 1;
    }

    /// Counts what the form has no field for of a record that is to be written.
    pub fn note_drops(&mut self, masked: Option<&Masked>) {
        self.drops += masked.map_or(0, |masked| dropped(self.trainer, &masked.sample));
    }

    /// A record that the form cannot say is left out, and the user is told.
    pub fn leave_out(&mut self, judged: &Judged, problem: String) {
        self.left_out += 1;
        self.first
            .get_or_insert_with(|| format!("{} (record {}): {problem}", judged.entry.place(), judged.entry.index));
    }

    /// Gives the file its name. Returns how many records were left out.
    ///
    /// # Errors
    /// If writing fails.
    pub fn finish(mut self) -> Result<usize> {
        let whole = match &mut self.writer {
            Writer::Lines(out) => out.flush().map_err(Into::into),
            Writer::Parquet(columns) => columns.finish(),
        };
        whole.with_context(|| format!("writing {}", self.part.display()))?;
        fs::rename(&self.part, &self.path).with_context(|| format!("writing {}", self.path.display()))?;
        self.is_done = true;
        eprintln!("note: wrote {} for {} to {}", records(self.written), self.trainer, self.path.display());
        if self.unscored > 0 {
            eprintln!(
                "note: left out {} in which nothing is scored; --keep-unscored writes them too",
                records(self.unscored)
            );
        }
        if self.drops > 0 {
            eprintln!(
                "note: {} has no field for ids and names around tool calls, of which the data has {}: they are not in the \
                 file; --export labels, trl or axolotl keep what the template prints of them",
                self.trainer, self.drops
            );
        }
        if let Some(first) = &self.first {
            eprintln!(
                "note: left out {} that its form cannot say, the first: {}",
                records(self.left_out),
                visible_text(first)
            );
        }
        Ok(self.left_out)
    }
}

/// The columns of a trainer's records of token ids.
fn columns(trainer: Trainer) -> &'static [&'static str] {
    match trainer {
        Trainer::Trl => &["input_ids", "labels", "assistant_masks"],
        Trainer::Axolotl => &["input_ids", "attention_mask", "labels"],
        _ => &["input_ids", "labels", "weights"],
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = fs::remove_file(&self.part);
        }
    }
}
