//! Continuations of one prompt, stepped token by token.

use std::sync::Arc;

use candle_core::Tensor;
use rayon::prelude::*;

use super::choose::choose;
use super::sampling::{Sampling, SamplingError};
use super::step::{End, Moment, Step};
use super::{Cancel, Decoder, DecoderError, GenerateError};
use crate::decoder::KvCache;
use crate::mask::AttentionMask;
use crate::threads::together;

/// Tokens of a prompt that run through the layers at a time.
const CHUNK: usize = 512;

/// A prompt that has run through the layers once, and its continuations, each with a cache of its own.
///
/// They belong to the decoder that they were started with: its weights must not change while they go on.
#[derive(Debug)]
pub struct Continuations {
    prompt: Arc<Prompt>,
    cache: KvCache,
    list: Vec<Continuation>,
}

/// What all continuations of a prompt share.
#[derive(Debug)]
struct Prompt {
    ids: Vec<u32>,
    stops: Vec<u32>,
    /// Logits after the last of `ids`, `[vocab]`.
    logits: Arc<[f32]>,
    context: usize,
    /// How many candidates of every moment are told.
    shown: usize,
}

impl Continuations {
    /// Runs `prompt` through the layers. The ids of `stops` end a continuation; of every moment the `shown` most likely
    /// tokens are told.
    ///
    /// # Errors
    /// An empty prompt, an id outside the vocabulary, a prompt longer than the context, or `cancel`, which is noticed
    /// between two layers.
    pub fn start(
        decoder: &Decoder,
        prompt: &[u32],
        stops: &[u32],
        shown: usize,
        cancel: &Cancel,
    ) -> Result<Self, GenerateError> {
        decoder.check(prompt, 0)?;
        let mut cache = KvCache::new();
        let mut logits = Vec::new();
        for chunk in prompt.chunks(CHUNK) {
            logits = together(|| next_logits(decoder, chunk, &mut cache, cancel))?;
        }
        let context = decoder.config().context;
        let (ids, stops) = (prompt.to_vec(), stops.to_vec());
        let prompt = Arc::new(Prompt { ids, stops, logits: logits.into(), context, shown });
        Ok(Self { prompt, cache, list: Vec::new() })
    }

    /// Adds a continuation, which begins after the prompt.
    ///
    /// # Errors
    /// Sampling that chooses nothing, or no memory for another cache.
    pub fn add(&mut self, sampling: Sampling) -> Result<&mut Continuation, GenerateError> {
        sampling.check()?;
        let (prompt, logits) = (self.prompt.clone(), Some(self.prompt.logits.clone()));
        let continuation = Continuation { prompt, cache: self.cache.fork()?, sampling, steps: Vec::new(), logits };
        Ok(self.list.push_mut(continuation))
    }

    /// The prompt's ids.
    pub fn prompt(&self) -> &[u32] {
        &self.prompt.ids
    }

    /// The continuations, in the order in which they were added.
    pub fn list(&self) -> &[Continuation] {
        &self.list
    }

    /// The same, each to be stepped by itself, on any thread.
    pub fn list_mut(&mut self) -> &mut [Continuation] {
        &mut self.list
    }

    /// Steps every continuation that has not ended, side by side, and returns how many those are.
    ///
    /// # Errors
    /// The first continuation's, or `cancel`; others may have taken their step.
    pub fn step(&mut self, decoder: &Decoder, cancel: &Cancel) -> Result<usize, GenerateError> {
        let step = |continuation: &mut Continuation| Ok(continuation.step(decoder, cancel)?.is_some());
        let stepped = self.list.par_iter_mut().map(step).collect::<Result<Vec<bool>, GenerateError>>()?;
        Ok(stepped.into_iter().filter(|stepped| *stepped).count())
    }

    /// The first tokens of the continuations and how many begin with each, the most first, of equal ones the lower id.
    pub fn first_tokens(&self) -> Vec<(u32, usize)> {
        let mut counts: Vec<(u32, usize)> = Vec::new();
        for id in self.list.iter().filter_map(|continuation| continuation.ids().next()) {
            match counts.iter_mut().find(|(known, _)| *known == id) {
                Some((_, count)) => *count += 1,
                None => counts.push((id, 1)),
            }
        }
        counts.sort_by_key(|&(id, count)| (std::cmp::Reverse(count), id));
        counts
    }
}

/// What follows a prompt, one token after another.
#[derive(Debug)]
pub struct Continuation {
    prompt: Arc<Prompt>,
    /// Keys and values of the prompt and of the steps; not yet of the last step where `logits` are not there.
    cache: KvCache,
    sampling: Sampling,
    steps: Vec<Step>,
    /// Logits after the last step, once they are computed.
    logits: Option<Arc<[f32]>>,
}

impl Continuation {
    /// The tokens so far.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Their ids.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.steps.iter().map(|step| step.id)
    }

    /// How the next token is chosen.
    pub fn sampling(&self) -> &Sampling {
        &self.sampling
    }

    /// Chooses otherwise from the next step on.
    ///
    /// # Errors
    /// Sampling that chooses nothing.
    pub fn set_sampling(&mut self, sampling: Sampling) -> Result<(), SamplingError> {
        sampling.check()?;
        self.sampling = sampling;
        Ok(())
    }

    /// Why it goes no further; `None` where it can.
    pub fn end(&self) -> Option<End> {
        if self.steps.last().is_some_and(|step| step.is_stop) {
            Some(End::StopToken)
        } else if self.prompt.ids.len() + self.steps.len() >= self.prompt.context {
            Some(End::Context)
        } else {
            (self.steps.len() >= self.sampling.max_tokens).then_some(End::MaxTokens)
        }
    }

    /// The distribution of the next token and the sampler's choice, before the step is taken.
    ///
    /// # Errors
    /// `cancel`, or weights that give no distribution. Nothing has changed then.
    pub fn moment(&mut self, decoder: &Decoder, cancel: &Cancel) -> Result<Moment, GenerateError> {
        Ok(self.next(None, decoder, cancel)?.moment)
    }

    /// Adds the sampler's choice; `None` where the continuation has ended.
    ///
    /// # Errors
    /// `cancel`, or weights that give no distribution. Nothing has changed then.
    pub fn step(&mut self, decoder: &Decoder, cancel: &Cancel) -> Result<Option<&Step>, GenerateError> {
        self.go_on(None, decoder, cancel)
    }

    /// Adds `id` in the place of the sampler's choice; `None` where the continuation has ended.
    ///
    /// # Errors
    /// As [`step`](Self::step), or an id outside the vocabulary.
    pub fn force(&mut self, id: u32, decoder: &Decoder, cancel: &Cancel) -> Result<Option<&Step>, GenerateError> {
        let size = self.prompt.logits.len();
        if id as usize >= size {
            let position = self.prompt.ids.len() + self.steps.len();
            return Err(DecoderError::Id { position, id, last: size - 1 }.into());
        }
        self.go_on(Some(id), decoder, cancel)
    }

    /// Takes back the last `count` tokens, or as many as there are. The same tokens come again, unless another one is
    /// forced or the sampling changes.
    pub fn back(&mut self, count: usize) {
        let left = self.steps.len().saturating_sub(count);
        if left == self.steps.len() {
            return;
        }
        self.steps.truncate(left);
        // The last token that stays runs again for its logits; the prompt's are kept.
        self.logits = (left == 0).then(|| self.prompt.logits.clone());
        self.cache.truncate(self.prompt.ids.len() + left.saturating_sub(1));
    }

    fn go_on(
        &mut self,
        forced: Option<u32>,
        decoder: &Decoder,
        cancel: &Cancel,
    ) -> Result<Option<&Step>, GenerateError> {
        if self.end().is_some() {
            return Ok(None);
        }
        let step = self.next(forced, decoder, cancel)?;
        self.logits = None;
        Ok(Some(self.steps.push_mut(step)))
    }

    /// The step that would be taken.
    fn next(&mut self, forced: Option<u32>, decoder: &Decoder, cancel: &Cancel) -> Result<Step, GenerateError> {
        let logits = match (&self.logits, self.steps.last()) {
            (None, Some(last)) => {
                let last = last.id;
                let logits = together(|| next_logits(decoder, &[last], &mut self.cache, cancel))?;
                self.logits.insert(logits.into())
            }
            (Some(logits), _) => logits,
            (None, None) => &self.prompt.logits,
        };
        let Prompt { ids, stops, shown, .. } = &*self.prompt;
        let position = ids.len() + self.steps.len() - 1;
        choose(logits, &self.sampling, self.steps.len(), forced, *shown, stops)
            .ok_or(GenerateError::NotFinite { position })
    }
}

/// Logits `[vocab]` after the last of `new`, which continue what `cache` keeps.
fn next_logits(
    decoder: &Decoder,
    new: &[u32],
    cache: &mut KvCache,
    cancel: &Cancel,
) -> Result<Vec<f32>, GenerateError> {
    let hidden = decoder.run(new, Some(cache), AttentionMask::Causal, cancel)?;
    let last: Tensor = hidden.narrow(0, new.len() - 1, 1)?.contiguous()?;
    Ok(decoder.head(&last)?.detach().flatten_all()?.to_vec1()?)
}
