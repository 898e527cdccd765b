//! A source's documents, one after the other.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use crate::data::{Progress, Records};
use crate::sample::{Record, Sample};

use super::{PretrainError, SourceRecipe};

/// Characters from which on a blank line ends a document of a plain text.
const DOCUMENT: usize = 2000;

/// What is learned from as one.
pub(super) enum Document {
    /// Cut where a sequence is full, and gone on with in the next.
    Text(String),
    /// Kept in one sequence.
    Record(Box<Record>),
}

impl Document {
    /// What the tokenizer learns from.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Record(record) => match &record.sample {
                Sample::Text(text) => text.clone(),
                Sample::Chat(chat) => {
                    let said: Vec<&str> = chat.messages.iter().map(|message| message.content.as_str()).collect();
                    said.join("\n")
                }
                Sample::Prepared(_) => String::new(),
            },
        }
    }

    fn characters(&self) -> usize {
        self.text().chars().count()
    }
}

/// Which documents of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Trained,
    HeldOut,
}

impl SourceRecipe {
    /// Whether record `index` is trained on or held out.
    pub(super) fn part(&self, index: usize) -> Part {
        match self.held_out {
            0 => Part::Trained,
            every if index % every == every - 1 => Part::HeldOut,
            _ => Part::Trained,
        }
    }

    /// Its documents with their numbers, as far as `characters` lets it; `Progress` says how much of the file is read.
    pub(super) fn documents(&self) -> Result<(Documents<'_>, Progress), PretrainError> {
        let (documents, progress): (Box<dyn Iterator<Item = Result<Document, PretrainError>> + Send + '_>, _) =
            match is_plain(&self.file) {
                true => (Box::new(self.plain()?), Progress::default()),
                false => {
                    let records = Records::open(&self.file).map_err(|error| self.unread(error))?;
                    let progress = records.progress();
                    (Box::new(records.map(|raw| self.read(raw))), progress)
                }
            };
        Ok((Documents { documents, left: self.characters.unwrap_or(usize::MAX), next: 0 }, progress))
    }

    fn unread(&self, error: crate::data::DataError) -> PretrainError {
        PretrainError::Data { source_name: self.name.clone(), error }
    }

    fn read(&self, raw: Result<crate::data::Raw, crate::data::DataError>) -> Result<Document, PretrainError> {
        let raw = raw.map_err(|error| self.unread(error))?;
        let document = match &self.field {
            Some(field) => raw.text(field).map(Document::Text),
            None => raw.read(None).map(|record| match record {
                Record { sample: Sample::Text(text), split: None, .. } => Document::Text(text),
                record => Document::Record(Box::new(record)),
            }),
        };
        document.map_err(|record| PretrainError::Record {
            source_name: self.name.clone(),
            file: self.file.clone(),
            record,
        })
    }

    /// A plain text, cut at blank lines.
    fn plain(&self) -> Result<impl Iterator<Item = Result<Document, PretrainError>> + Send + use<>, PretrainError> {
        let (name, file) = (self.name.clone(), self.file.clone());
        let failed = move |error: io::Error| PretrainError::Source {
            source_name: name.clone(),
            reason: format!("reading {}: {error}", file.display()),
        };
        let input = File::open(&self.file).map_err(&failed)?;
        let mut lines = BufReader::new(input).lines();
        Ok(std::iter::from_fn(move || {
            let mut text = String::new();
            for line in &mut lines {
                match line {
                    Err(error) => return Some(Err(failed(error))),
                    Ok(line) if line.trim().is_empty() && text.len() >= DOCUMENT => break,
                    Ok(line) => {
                        text.push_str(&line);
                        text.push('\n');
                    }
                }
            }
            (!text.trim().is_empty()).then(|| Ok(Document::Text(text.trim().to_owned())))
        }))
    }
}

fn is_plain(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("txt") || ending.eq_ignore_ascii_case("md"))
}

/// Documents with their numbers, from 0.
pub(super) struct Documents<'a> {
    documents: Box<dyn Iterator<Item = Result<Document, PretrainError>> + Send + 'a>,
    /// Characters that may still be read.
    left: usize,
    next: usize,
}

impl Iterator for Documents<'_> {
    type Item = Result<(usize, Document), PretrainError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        let document = self.documents.next()?;
        let number = self.next;
        self.next += 1;
        Some(document.map(|document| {
            if self.left != usize::MAX {
                self.left = self.left.saturating_sub(document.characters());
            }
            (number, document)
        }))
    }
}
