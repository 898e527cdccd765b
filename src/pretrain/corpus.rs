//! The tokens of every source, in memory: two bytes each, cut into sequences.

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::documents::{Document, Part};
use super::{PretrainError, SourceRecipe, Stage};
use crate::cancel::Cancel;
use crate::dataset;
use crate::memory::{PROGRAM, available, size_text};
use crate::model::Reader;
use crate::sample::{Record, Sample};
use crate::sequence::{EncodeOptions, Packing};
use crate::train::Example;

/// Documents that are tokenised at a time, on all cores.
const AT_A_TIME: usize = 256;

/// What a stage learns from, source by source.
#[derive(Debug)]
pub struct Corpus {
    pub trained: Vec<Tokens>,
    pub held_out: Vec<Tokens>,
}

/// Tokens of documents, packed into sequences in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tokens {
    ids: Vec<u16>,
    /// What each token weighs as a target, where not all weigh 1.
    weights: Option<Vec<f32>>,
    /// Where documents begin, in order.
    documents: Vec<usize>,
    /// Where sequences begin, in order.
    sequences: Vec<usize>,
}

/// A document's tokens.
struct Encoded {
    ids: Vec<u32>,
    /// `None` where all targets weigh 1.
    weights: Option<Vec<f64>>,
    /// Whether it may be gone on with in the next sequence.
    is_text: bool,
}

impl Corpus {
    /// Reads a stage's sources. `on_read` hears the source and how much of it is read, where that is known.
    ///
    /// # Errors
    /// If a source cannot be read or has nothing to learn from, its tokens take more memory than is free, or after
    /// `cancel`.
    pub fn read(
        stage: &Stage,
        reader: &Reader,
        cancel: &Cancel,
        on_read: &mut dyn FnMut(&str, Option<f32>),
    ) -> Result<Self, PretrainError> {
        let mut corpus = Self { trained: Vec::new(), held_out: Vec::new() };
        let free = available(PROGRAM).map_err(|error| PretrainError::Model(anyhow::Error::msg(error)))?;
        for source in &stage.sources {
            let mut parts = [Tokens::default(), Tokens::default()];
            let (mut documents, progress) = source.documents()?;
            loop {
                if cancel.is_cancelled() {
                    return Err(PretrainError::Stopped);
                }
                let some: Vec<(usize, Document)> = documents.by_ref().take(AT_A_TIME).collect::<Result<_, _>>()?;
                if some.is_empty() {
                    break;
                }
                let encode = |(number, document)| Ok((number, encode(stage, source, reader, number, document)?));
                let encoded: Result<Vec<(usize, Encoded)>, PretrainError> = some.into_par_iter().map(encode).collect();
                for (number, document) in encoded? {
                    parts[usize::from(source.part(number) == Part::HeldOut)].push(document, stage.length);
                }
                on_read(&source.name, progress.share());
                corpus.check_memory(&parts, free, source)?;
            }
            let [trained, held_out] = parts;
            check(source, &trained, &held_out)?;
            corpus.trained.push(trained);
            corpus.held_out.push(held_out);
        }
        Ok(corpus)
    }

    fn check_memory(&self, parts: &[Tokens], free: Option<u64>, source: &SourceRecipe) -> Result<(), PretrainError> {
        let taken: usize = self.trained.iter().chain(&self.held_out).chain(parts).map(Tokens::bytes).sum();
        match free {
            Some(free) if taken as u64 > free => Err(PretrainError::Source {
                source_name: source.name.clone(),
                reason: format!(
                    "its tokens and those of the sources before it take more than the {} that were free; set `characters` \
                     for the sources",
                    size_text(free)
                ),
            }),
            _ => Ok(()),
        }
    }

    /// What the data was, source by source: to tell whether it is still the same.
    pub fn fingerprints(&self) -> Vec<String> {
        self.trained.iter().map(Tokens::fingerprint).collect()
    }
}

/// Whether there is something to learn from, and something to measure with.
fn check(source: &SourceRecipe, trained: &Tokens, held_out: &Tokens) -> Result<(), PretrainError> {
    let wrong = |reason: String| Err(PretrainError::Source { source_name: source.name.clone(), reason });
    if trained.sequences() == 0 {
        return wrong(format!("{} has nothing to learn from under this mask", source.file.display()));
    }
    if source.held_out > 0 && held_out.sequences() == 0 {
        let (records, every) = (trained.documents.len(), source.held_out);
        return wrong(format!(
            "no record is held out, there are {records} and every {every}th would be; set `held_out` lower, or to 0"
        ));
    }
    Ok(())
}

fn encode(
    stage: &Stage,
    source: &SourceRecipe,
    reader: &Reader,
    number: usize,
    document: Document,
) -> Result<Encoded, PretrainError> {
    let failed = |reason: String| PretrainError::Source {
        source_name: source.name.clone(),
        reason: format!("record {number} of {} {reason}", source.file.display()),
    };
    let record = match document {
        // A book is longer than any context: it is cut later.
        Document::Text(text) if stage.is_everything() => {
            let ids = reader.vocabulary.encode(&text).map_err(|error| failed(format!("cannot be encoded: {error}")))?;
            let ids = reader.vocabulary.bos.into_iter().chain(ids).collect();
            return Ok(Encoded { ids, weights: None, is_text: true });
        }
        Document::Text(text) => Record::from(Sample::Text(text)),
        Document::Record(record) => *record,
    };
    let masked = dataset::mask(reader, EncodeOptions::default(), &stage.policy(), record);
    let masked = masked.map_err(|error| failed(error.to_string()))?;
    let Example { ids, weights, .. } = Example::new(&masked.sequence, &masked.mask);
    let is_plain = weights.iter().skip(1).all(|&weight| weight == 1.0);
    Ok(Encoded { ids, weights: (!is_plain).then_some(weights), is_text: false })
}

impl Stage {
    /// Whether every token of a text counts.
    fn is_everything(&self) -> bool {
        self.mask.as_ref().is_none_or(|mask| mask == "all")
    }
}

impl Tokens {
    /// Takes a document in: a text fills the open sequence up and goes on in the next, anything else that has no room in it
    /// begins another, cut to its length. What teaches nothing is left out.
    fn push(&mut self, document: Encoded, length: usize) {
        let Encoded { mut ids, weights, is_text } = document;
        let teaches = weights.as_ref().is_none_or(|weights| weights.iter().take(length).any(|&weight| weight != 0.0));
        if ids.len() < 2 || !teaches {
            return;
        }
        if !is_text {
            ids.truncate(length);
            if self.open() + ids.len() > length {
                self.sequences.push(self.ids.len());
            }
        }
        self.weigh(ids.len(), weights);
        self.documents.push(self.ids.len());
        for id in ids {
            if self.sequences.is_empty() || self.open() == length {
                self.sequences.push(self.ids.len());
            }
            self.ids.push(u16::try_from(id).unwrap_or(u16::MAX)); // a recipe's vocabulary fits
        }
    }

    /// Tokens of the open sequence.
    fn open(&self) -> usize {
        self.ids.len() - self.sequences.last().copied().unwrap_or(self.ids.len())
    }

    /// The weights of the next `count` tokens.
    fn weigh(&mut self, count: usize, weights: Option<Vec<f64>>) {
        if weights.is_some() && self.weights.is_none() {
            self.weights = Some(vec![1.0; self.ids.len()]);
        }
        if let Some(all) = &mut self.weights {
            match weights {
                Some(weights) => all.extend(weights.iter().take(count).map(|&weight| weight as f32)),
                None => all.extend(std::iter::repeat_n(1.0, count)),
            }
        }
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// How many sequences there are.
    pub fn sequences(&self) -> usize {
        self.sequences.len()
    }

    fn bytes(&self) -> usize {
        2 * self.ids.capacity() + 4 * self.weights.as_ref().map_or(0, Vec::capacity) + 16 * self.documents.capacity()
    }

    fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for piece in self.ids.chunks(1 << 16) {
            hash.update(piece.iter().flat_map(|id| id.to_le_bytes()).collect::<Vec<u8>>());
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Puts sequence `at` behind those that are in `pass`; under `packing` its documents see each other or not.
    pub(super) fn append(&self, at: usize, packing: Packing, pass: &mut Pass) {
        let start = self.sequences[at];
        let end = self.sequences.get(at + 1).copied().unwrap_or(self.ids.len());
        let offset = pass.ids.len();
        pass.starts.push(offset);
        if packing == Packing::Block {
            let from = self.documents.partition_point(|&document| document <= start);
            let inside = self.documents[from..].iter().take_while(|&&document| document < end);
            pass.starts.extend(inside.map(|document| offset + document - start));
        }
        pass.ids.extend(self.ids[start..end].iter().map(|&id| u32::from(id)));
        match &self.weights {
            Some(weights) => pass.weights.extend(weights[start..end].iter().map(|&weight| f64::from(weight))),
            None => pass.weights.extend(std::iter::repeat_n(1.0, end - start)),
        }
    }
}

/// Sequences that run through the model together, none of which sees another.
#[derive(Debug, Default)]
pub(super) struct Pass {
    pub ids: Vec<u32>,
    weights: Vec<f64>,
    starts: Vec<usize>,
}

impl Pass {
    /// As one example.
    pub fn example(self) -> Example {
        let documents = crate::sequence::Documents::new(self.starts);
        let Self { ids, mut weights, .. } = self;
        if let Some(first) = weights.first_mut() {
            *first = 0.0;
        }
        Example { ids, weights, visibility: documents.into(), labels: crate::loss::Labels::Next }
    }
}
