//! Free-running generation: the model reads its own choices, not the true text.
//!
//! ```text
//! prompt ids ─▶ Continuations      its keys and values, computed once
//!                    │ add: one for each sampling (seed)
//!                    ▼
//!              Continuation ─▶ Moment ─▶ step, or force another token ─▶ Step
//!                    ▲        (distribution, cuts, the sampler's choice)   │
//!                    └───────────────── back: the cache is cut ◀───────────┘
//! ```
//!
//! ```
//! # use lossglass::{cancel::Cancel, model::Model, sample::Sample, sequence::Prefix, source::{Embedded, Source}};
//! use lossglass::generate::{Continuations, Sampling};
//!
//! # fn main() -> anyhow::Result<()> {
//! # let (device, cancel) = (candle_core::Device::Cpu, Cancel::default());
//! # let model = Model::load(&Source::Embedded(Embedded::TinyBase), &device, &cancel, &mut |_| {})?;
//! let prompt = model.prompt(&Sample::Text("The sea is".into()), Prefix::Tokenizer)?;
//! let stops = model.stop_ids();
//! let mut all = Continuations::start(&model.decoder, &prompt.ids(), &stops, 5, &cancel)?;
//! for seed in 0..3 {
//!     all.add(Sampling { seed, max_tokens: 8, ..Sampling::default() })?;
//! }
//! while all.step(&model.decoder, &cancel)? > 0 {}
//! let first = &all.list()[0].steps()[0];
//! assert!((first.p - (-first.nll).exp()).abs() < 1e-12 && first.moment.top.len() == 5);
//! # Ok(())
//! # }
//! ```

mod choose;
mod continuation;
mod sampling;
mod step;
mod text;

pub use choose::choose;
pub use continuation::{Continuation, Continuations};
pub use sampling::{Sampling, SamplingError};
pub use step::{Choice, Cut, End, Moment, Step};
pub use text::Text;

use crate::cancel::Cancel;
use crate::decoder::{Decoder, DecoderError};

/// Why nothing can be generated.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    #[error(transparent)]
    Decoder(#[from] DecoderError),
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    #[error("the model's logits after token {position} are not finite: its weights are damaged")]
    NotFinite { position: usize },
}

impl GenerateError {
    /// Whether it is only that somebody asked it to stop.
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Decoder(DecoderError::Cancelled))
    }
}

impl From<candle_core::Error> for GenerateError {
    fn from(error: candle_core::Error) -> Self {
        Self::Decoder(error.into())
    }
}

/// What a model added to a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    pub ids: Vec<u32>,
    /// It ended with a stop token, which is the last id; else it reached the context's end or the most tokens asked for.
    pub stopped: bool,
}

/// Continues `prompt` once, until one of `stops`, `sampling.max_tokens`, or the end of the context. `on_token` hears
/// each id as it is chosen. `None` after `cancel`, which is noticed between two layers.
///
/// # Errors
/// Sampling that chooses nothing, an empty prompt, an id outside the vocabulary, or a prompt longer than the context.
pub fn generate(
    decoder: &Decoder,
    prompt: &[u32],
    stops: &[u32],
    sampling: &Sampling,
    cancel: &Cancel,
    on_token: &mut dyn FnMut(u32),
) -> Result<Option<Generated>, GenerateError> {
    sampling.check()?;
    match generate_all(decoder, prompt, stops, sampling, cancel, on_token) {
        Err(error) if error.is_cancelled() => Ok(None),
        done => done.map(Some),
    }
}

fn generate_all(
    decoder: &Decoder,
    prompt: &[u32],
    stops: &[u32],
    sampling: &Sampling,
    cancel: &Cancel,
    on_token: &mut dyn FnMut(u32),
) -> Result<Generated, GenerateError> {
    let mut all = Continuations::start(decoder, prompt, stops, 0, cancel)?;
    let continuation = all.add(*sampling)?;
    while let Some(step) = continuation.step(decoder, cancel)? {
        on_token(step.id);
    }
    let stopped = continuation.end() == Some(End::StopToken);
    Ok(Generated { ids: continuation.ids().collect(), stopped })
}
