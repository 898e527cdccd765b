//! What a model says at every position of a sequence, computed in chunks, reusing what an earlier call computed.

mod row;

use candle_core::Tensor;
use rayon::prelude::*;

pub use self::row::row;
use crate::cancel::Cancel;
use crate::decoder::{Decoder, DecoderError, KvCache};
use crate::loss::Row;
use crate::sequence::Documents;

/// Tokens run through the layers at a time: the more, the less often the weights are read; the fewer, the sooner a long
/// text's first rows are handed out.
const LAYER_CHUNK: usize = 512;
/// Rows whose logits exist at a time: 64 rows of 49,152 logits take 12.6 MB.
const HEAD_CHUNK: usize = 64;

/// Why a sequence cannot be scored.
#[derive(Debug, thiserror::Error)]
pub enum ScoreError {
    #[error(transparent)]
    Decoder(#[from] DecoderError),
    #[error("position {position} is not scored: {scored} tokens are")]
    NotScored { position: usize, scored: usize },
}

impl From<candle_core::Error> for ScoreError {
    fn from(error: candle_core::Error) -> Self {
        Self::Decoder(error.into())
    }
}

/// Scores sequences with one decoder and remembers the last one, so that a changed text is run only from its first
/// changed token on.
#[derive(Debug, Default)]
pub struct Scorer {
    cache: KvCache,
    /// The tokens whose hidden states are known.
    ids: Vec<u32>,
    /// The documents that they lie in.
    documents: Documents,
    /// Their hidden states after the final norm, `[ids, hidden]`.
    hidden: Vec<f32>,
    /// How many rows of `ids` were handed out, with `top_k` candidates each.
    rows: usize,
    top_k: usize,
}

impl Scorer {
    /// A scorer that remembers nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets everything: after the weights, the decoder or the attention mask changed.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Scores `ids` and hands out rows as they are computed: `on_rows(from, rows)` is to be given to
    /// [`Scores::splice`](crate::loss::Scores::splice), every call in order, across calls of `score` too; rows that still
    /// hold are not handed out again. Each row has the `top_k` most likely tokens. Returns whether all was scored:
    /// `false` after `cancel`, when what is computed stays and the next call goes on from there.
    ///
    /// # Errors
    /// An id outside the vocabulary or more tokens than the model's context; then nothing is handed out.
    pub fn score(
        &mut self,
        decoder: &Decoder,
        ids: &[u32],
        top_k: usize,
        cancel: &Cancel,
        on_rows: &mut dyn FnMut(usize, Vec<Row>),
    ) -> Result<bool, ScoreError> {
        self.score_packed(decoder, ids, &Documents::default(), top_k, cancel, on_rows)
    }

    /// The same for packed documents: each is scored by itself, and the row before a document has no target.
    ///
    /// # Errors
    /// As [`score`](Self::score).
    pub fn score_packed(
        &mut self,
        decoder: &Decoder,
        ids: &[u32],
        documents: &Documents,
        top_k: usize,
        cancel: &Cancel,
        on_rows: &mut dyn FnMut(usize, Vec<Row>),
    ) -> Result<bool, ScoreError> {
        if ids.is_empty() {
            self.clear();
            on_rows(0, Vec::new());
            return Ok(true);
        }
        decoder.check(ids, 0)?;
        self.keep(ids, documents, top_k);
        while self.rows < ids.len() {
            if cancel.is_cancelled() {
                return Ok(false);
            }
            if self.rows == self.ids.len() || (self.rows + 1 == self.ids.len() && self.ids.len() < ids.len()) {
                match on_worker(|| self.run_layers(decoder, ids, cancel)) {
                    Err(ScoreError::Decoder(DecoderError::Cancelled)) => return Ok(false),
                    done => done?,
                }
            }
            let to = self.ids.len().min(self.rows + HEAD_CHUNK);
            let rows = on_worker(|| self.read_rows(decoder, ids, self.rows..to))?;
            on_rows(std::mem::replace(&mut self.rows, to), rows);
        }
        Ok(true)
    }

    /// All logits after token `position` of the ids scored last.
    ///
    /// # Errors
    /// The position is not scored.
    pub fn logits_after(&self, decoder: &Decoder, position: usize) -> Result<Vec<f32>, ScoreError> {
        if position >= self.ids.len() {
            return Err(ScoreError::NotScored { position, scored: self.ids.len() });
        }
        Ok(self.logits(decoder, position..position + 1)?.flatten_all()?.to_vec1()?)
    }

    /// Forgets what does not hold for `ids`: hidden states from the first changed token on, and rows from the one
    /// before, whose target changed.
    fn keep(&mut self, ids: &[u32], documents: &Documents, top_k: usize) {
        let common = self.ids.iter().zip(ids).take_while(|(old, new)| old == new).count();
        let common = self.documents.common(documents, common);
        self.documents = documents.clone();
        if common < self.ids.len() || common < ids.len() {
            self.rows = self.rows.min(common.saturating_sub(1));
        }
        if std::mem::replace(&mut self.top_k, top_k) != top_k {
            self.rows = 0;
        }
        if common < self.ids.len() {
            self.hidden.truncate(self.hidden.len() / self.ids.len() * common);
            self.ids.truncate(common);
        }
        self.cache.truncate(common);
    }

    /// Adds the hidden states of the next chunk of tokens.
    fn run_layers(&mut self, decoder: &Decoder, ids: &[u32], cancel: &Cancel) -> Result<(), ScoreError> {
        let from = self.ids.len();
        let new = &ids[from..ids.len().min(from + LAYER_CHUNK)];
        let hidden = decoder.run(new, Some(&mut self.cache), self.documents.clone(), cancel)?;
        self.hidden.extend(hidden.flatten_all()?.to_vec1::<f32>()?);
        self.ids.extend(new);
        Ok(())
    }

    /// Rows for positions whose hidden states are known.
    fn read_rows(
        &self,
        decoder: &Decoder,
        ids: &[u32],
        positions: std::ops::Range<usize>,
    ) -> Result<Vec<Row>, ScoreError> {
        let logits = self.logits(decoder, positions.clone())?.flatten_all()?;
        let (storage, layout) = logits.storage_and_layout();
        let copy;
        let values = match (&*storage, layout.contiguous_offsets()) {
            (candle_core::Storage::Cpu(storage), Some((start, end))) => &storage.as_slice::<f32>()?[start..end],
            _ => {
                copy = logits.to_vec1::<f32>()?;
                &copy
            }
        };
        let rows = values.par_chunks(values.len() / positions.len()).zip(positions);
        let target = |i: usize| ids.get(i + 1).copied().filter(|_| !self.documents.starts_at(i + 1));
        Ok(rows.map(|(logits, i)| row(logits, target(i), self.top_k)).collect())
    }

    /// Logits `[positions, vocab]`.
    fn logits(&self, decoder: &Decoder, positions: std::ops::Range<usize>) -> Result<Tensor, ScoreError> {
        let width = self.hidden.len() / self.ids.len();
        let hidden = &self.hidden[positions.start * width..positions.end * width];
        let hidden = Tensor::from_slice(hidden, (positions.len(), width), decoder.device())?;
        Ok(decoder.head(&hidden)?.detach())
    }
}

/// Runs `work` on one of rayon's threads, where its parallel loops begin at once: a thread from outside hands each of
/// them over and sleeps until it is done.
pub(crate) fn on_worker<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| work())
}
