//! What the weights say now: the loss on what is held out, and what they write.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::corpus::{Corpus, Pass, Tokens};
use super::{PretrainError, Stage, Watch};
use crate::cancel::Cancel;
use crate::generate::{Sampling, generate};
use crate::model::Model;
use crate::sample::Sample;
use crate::sequence::{Prefix, Vocabulary};
use crate::train::{Example, nlls};

/// The loss on what is held out of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    pub source: String,
    /// Mean −log p of the targets that count.
    pub nats: f64,
    /// The same over the bytes of those that are no special tokens: comparable between tokenizers.
    pub bits_per_byte: Option<f64>,
}

/// What the model writes after a prompt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampled {
    pub prompt: String,
    pub text: String,
}

/// How many bytes each token stands for; none for special ones.
pub(super) fn token_bytes(vocabulary: &Vocabulary) -> Vec<usize> {
    let ids = 0..u32::try_from(vocabulary.size()).unwrap_or(u32::MAX);
    ids.map(|id| if vocabulary.is_special(id) { 0 } else { vocabulary.token_bytes(id).len() }).collect()
}

/// The loss on at most `most` held-out sequences of each source, in the order of the stage's sources; `None` after
/// `cancel`.
///
/// # Errors
/// If the decoder does not take the ids.
pub(super) fn held_out(
    model: &Model,
    bytes: &[usize],
    stage: &Stage,
    corpus: &Corpus,
    most: usize,
    cancel: &Cancel,
) -> Result<Option<Vec<Loss>>, PretrainError> {
    let mut losses = Vec::new();
    for (source, tokens) in stage.sources.iter().zip(&corpus.held_out) {
        let Some(sums) = sums(model, bytes, stage, tokens, most, cancel)? else { return Ok(None) };
        losses.extend(sums.loss(&source.name));
    }
    Ok(Some(losses))
}

/// Sums over targets that count.
#[derive(Clone, Copy, Default)]
pub(super) struct Sums {
    nats: f64,
    targets: f64,
    /// −log p of those that are no special tokens, and their bytes.
    plain: f64,
    pub bytes: usize,
}

impl Sums {
    /// Of one example's −log p.
    pub fn of(example: &Example, nlls: &[Option<f64>], bytes: &[usize]) -> Self {
        let mut sums = Self::default();
        for ((nll, &weight), &id) in nlls.iter().zip(&example.weights).zip(&example.ids) {
            let (Some(nll), true) = (nll, weight != 0.0) else { continue };
            sums.nats += nll;
            sums.targets += 1.0;
            let of_token = bytes.get(id as usize).copied().unwrap_or(0);
            if of_token > 0 {
                sums.plain += nll;
                sums.bytes += of_token;
            }
        }
        sums
    }

    /// The loss on a source; `None` where no target counts.
    pub fn loss(&self, source: &str) -> Option<Loss> {
        let Self { nats, targets, plain, bytes } = *self;
        let bits_per_byte = (bytes > 0).then(|| plain / (std::f64::consts::LN_2 * bytes as f64));
        (targets > 0.0).then(|| Loss { source: source.to_owned(), nats: nats / targets, bits_per_byte })
    }
}

/// Both together.
pub(super) fn add(a: Sums, b: &Sums) -> Sums {
    Sums { nats: a.nats + b.nats, targets: a.targets + b.targets, plain: a.plain + b.plain, bytes: a.bytes + b.bytes }
}

fn sums(
    model: &Model,
    bytes: &[usize],
    stage: &Stage,
    tokens: &Tokens,
    most: usize,
    cancel: &Cancel,
) -> Result<Option<Sums>, PretrainError> {
    let count = tokens.sequences().min(most);
    // From all over the file.
    let chosen: Vec<usize> = (0..count).map(|i| i * tokens.sequences() / count).collect();
    let of_one = |&at: &usize| -> Result<Option<Sums>, PretrainError> {
        let mut pass = Pass::default();
        tokens.append(at, stage.packing, &mut pass);
        let example = pass.example();
        let Some(nlls) = nlls(&model.decoder, &example.ids, &example.visibility, example.labels, cancel)? else {
            return Ok(None);
        };
        Ok(Some(Sums::of(&example, &nlls, bytes)))
    };
    let all = chosen.par_iter().map(of_one).collect::<Result<Option<Vec<Sums>>, _>>()?;
    Ok(all.map(|all| all.iter().fold(Sums::default(), add)))
}

/// What the model writes after each prompt of the recipe, always with the same random numbers; `None` after `cancel`.
///
/// # Errors
/// If a prompt cannot be encoded, or the weights are damaged.
pub(super) fn samples(
    model: &Model,
    watch: &Watch,
    seed: u64,
    cancel: &Cancel,
) -> Result<Option<Vec<Sampled>>, PretrainError> {
    let (mut samples, stops) = (Vec::new(), model.stop_ids());
    for prompt in &watch.prompts {
        let ids = model.prompt(&Sample::Text(prompt.clone()), Prefix::Tokenizer)?.ids();
        let sampling = Sampling { temperature: 0.8, seed, max_tokens: watch.tokens, ..Sampling::default() };
        let written = generate(&model.decoder, &ids, &stops, &sampling, cancel, &mut |_| {})?;
        let Some(written) = written else { return Ok(None) };
        let bytes: Vec<u8> = written.ids.iter().flat_map(|&id| model.vocabulary.token_bytes(id)).collect();
        samples.push(Sampled { prompt: prompt.clone(), text: String::from_utf8_lossy(&bytes).into_owned() });
    }
    Ok(Some(samples))
}
