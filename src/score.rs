//! What a model says at every position of a sequence, computed in chunks, reusing what an earlier call computed.

mod head;
mod row;

use std::ops::Range;

pub(crate) use self::head::rows_of;
pub use self::row::row;
use crate::cancel::Cancel;
use crate::decoder::{Decoder, DecoderError, KvCache, Past, Watch};
use crate::loss::{Labels, Row};
use crate::mask::Visibility;
use crate::sequence::Documents;
use crate::threads::together;
use candle_core::Tensor;

/// Tokens run through the layers at a time: the more, the less often the weights are read; the fewer, the sooner a long
/// text's first rows are handed out.
const LAYER_CHUNK: usize = 512;
/// Rows that are read together: each time the whole head is.
pub(crate) const HEAD_CHUNK: usize = 128;

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

/// Under what a sequence is scored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScoreOptions {
    pub visibility: Visibility,
    pub labels: Labels,
    /// How many of the most likely tokens each row has.
    pub top_k: usize,
}

/// Scores sequences with one decoder and remembers the last one, so that a changed text is run only from its first
/// changed token on.
#[derive(Debug, Default)]
pub struct Scorer {
    cache: KvCache,
    /// The tokens whose hidden states are known.
    ids: Vec<u32>,
    /// Under what they were scored.
    options: ScoreOptions,
    /// Their hidden states after the final norm, `[ids, hidden]`.
    hidden: Vec<f32>,
    /// How many rows of `ids` were handed out.
    rows: usize,
}

impl Scorer {
    /// A scorer that remembers nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets everything: after the weights or the decoder changed.
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
        let options = ScoreOptions { visibility: documents.clone().into(), labels: Labels::Next, top_k };
        self.score_under(decoder, ids, options, &mut (), cancel, on_rows)
    }

    /// The same under any attention mask, and labels that the rows are to be spliced under as well. `watch` is shown the
    /// tokens that are run, those before them not again. A mask under which tokens see ahead runs these in one piece.
    ///
    /// # Errors
    /// As [`score`](Self::score), and what `watch` fails with.
    pub fn score_under(
        &mut self,
        decoder: &Decoder,
        ids: &[u32],
        options: ScoreOptions,
        watch: &mut dyn Watch,
        cancel: &Cancel,
        on_rows: &mut dyn FnMut(usize, Vec<Row>),
    ) -> Result<bool, ScoreError> {
        if ids.is_empty() {
            self.clear();
            on_rows(0, Vec::new());
            return Ok(true);
        }
        decoder.check(ids, 0)?;
        self.keep(ids, options);
        while self.rows < ids.len() {
            if cancel.is_cancelled() {
                return Ok(false);
            }
            if self.rows == self.ids.len() || (self.rows + 1 == self.ids.len() && self.ids.len() < ids.len()) {
                match together(|| self.run_layers(decoder, ids, watch, cancel)) {
                    Err(ScoreError::Decoder(DecoderError::Cancelled)) => return Ok(false),
                    done => done?,
                }
            }
            let to = self.ids.len().min(self.rows + HEAD_CHUNK);
            let rows = together(|| self.read_rows(decoder, ids, self.rows..to, self.options.top_k))?;
            on_rows(std::mem::replace(&mut self.rows, to), rows);
        }
        Ok(true)
    }

    /// The tokens run so far, to look into or to run again with a change.
    pub fn past(&self) -> Past<'_> {
        Past { ids: &self.ids, cache: &self.cache, visibility: &self.options.visibility }
    }

    /// Under what they were scored.
    pub fn options(&self) -> &ScoreOptions {
        &self.options
    }

    /// The rows of tokens `positions` again, with the `top_k` most likely tokens.
    ///
    /// # Errors
    /// One of them is not scored.
    pub fn rows(&self, decoder: &Decoder, positions: Range<usize>, top_k: usize) -> Result<Vec<Row>, ScoreError> {
        if positions.end > self.ids.len() {
            return Err(ScoreError::NotScored { position: positions.end - 1, scored: self.ids.len() });
        }
        let mut rows = Vec::with_capacity(positions.len());
        for from in positions.clone().step_by(HEAD_CHUNK) {
            let to = positions.end.min(from + HEAD_CHUNK);
            rows.extend(together(|| self.read_rows(decoder, &self.ids, from..to, top_k))?);
        }
        Ok(rows)
    }

    /// All logits after token `position` of the ids scored last.
    ///
    /// # Errors
    /// The position is not scored.
    pub fn logits_after(&self, decoder: &Decoder, position: usize) -> Result<Vec<f32>, ScoreError> {
        if position >= self.ids.len() {
            return Err(ScoreError::NotScored { position, scored: self.ids.len() });
        }
        Ok(decoder.head(&self.hidden_states(decoder, position..position + 1)?)?.detach().flatten_all()?.to_vec1()?)
    }

    /// How many rows, handed out before, hold for `ids` under `options` too; what does not is forgotten.
    pub fn holding(&mut self, ids: &[u32], options: &ScoreOptions) -> usize {
        self.keep(ids, options.clone());
        self.rows
    }

    /// Forgets what does not hold for `ids` under `options`: hidden states from the first changed token on, and rows from
    /// the one before, whose target changed.
    fn keep(&mut self, ids: &[u32], options: ScoreOptions) {
        let old = std::mem::replace(&mut self.options, options);
        let visibility = &self.options.visibility;
        let common = self.ids.iter().zip(ids).take_while(|(old, new)| old == new).count();
        let mut common = old.visibility.common(visibility, common);
        // Tokens that see each other were run together, those behind the change too.
        if common < visibility.mask.ahead().min(ids.len().max(self.ids.len())) {
            common = 0;
        }
        if common < self.ids.len() || common < ids.len() {
            self.rows = self.rows.min(common.saturating_sub(1));
        }
        if (old.top_k, old.labels) != (self.options.top_k, self.options.labels) {
            self.rows = 0;
        }
        if common < self.ids.len() {
            self.hidden.truncate(self.hidden.len() / self.ids.len() * common);
            self.ids.truncate(common);
        }
        self.cache.truncate(common);
    }

    /// Adds the hidden states of the next chunk of tokens.
    fn run_layers(
        &mut self,
        decoder: &Decoder,
        ids: &[u32],
        watch: &mut dyn Watch,
        cancel: &Cancel,
    ) -> Result<(), ScoreError> {
        let (from, visibility) = (self.ids.len(), &self.options.visibility);
        let to = (from + LAYER_CHUNK).max(visibility.mask.ahead()).min(ids.len());
        let new = &ids[from..to];
        let hidden = decoder.run_watched(new, &mut self.cache, visibility, watch, cancel)?;
        self.hidden.extend(hidden.flatten_all()?.to_vec1::<f32>()?);
        self.ids.extend(new);
        Ok(())
    }

    /// Rows for positions whose hidden states are known.
    fn read_rows(
        &self,
        decoder: &Decoder,
        ids: &[u32],
        positions: Range<usize>,
        top_k: usize,
    ) -> Result<Vec<Row>, ScoreError> {
        let hidden = self.hidden_states(decoder, positions.clone())?;
        Ok(rows_of(decoder, &hidden, positions, |row| self.options.target(ids, row), top_k)?)
    }

    /// Hidden states after the final norm, `[positions, hidden]`.
    fn hidden_states(&self, decoder: &Decoder, positions: Range<usize>) -> Result<Tensor, ScoreError> {
        let width = self.hidden.len() / self.ids.len();
        let hidden = &self.hidden[positions.start * width..positions.end * width];
        Ok(Tensor::from_slice(hidden, (positions.len(), width), decoder.device())?)
    }
}

impl ScoreOptions {
    /// The token of `ids` that row `row` is asked for; `None` where there is none.
    pub fn target(&self, ids: &[u32], row: usize) -> Option<u32> {
        let target = self.labels.target(row);
        // Nothing before a document predicts its first token.
        let is_apart = target != row && self.visibility.documents.starts_at(target);
        ids.get(target).copied().filter(|_| !is_apart)
    }
}
