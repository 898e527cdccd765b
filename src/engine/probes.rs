//! Sentences that are watched while the model learns something else.

use std::sync::Arc;

use anyhow::Result;

use super::{Measure, Watch};
use crate::cancel::Cancel;
use crate::decoder::Decoder;
use crate::generate::{Sampling, generate};
use crate::loss::Labels;
use crate::mask::{Policy, Visibility};
use crate::model::Model;
use crate::sample::Record;
use crate::sequence::EncodeOptions;
use crate::train::{Example, mean_nll};

/// What is watched.
#[derive(Default)]
pub(super) struct Probes {
    /// `None` where the model cannot read a sentence.
    watched: Vec<Option<Watched>>,
    every: usize,
}

/// A sentence as the model reads it.
enum Watched {
    /// The mean −log p of what it scores.
    Text(Arc<Example>),
    /// That of at most so many tokens that the model writes after the prompt.
    Own { prompt: Vec<u32>, most: usize },
}

impl Probes {
    /// Reads the sentences.
    pub fn new(model: &Model, probes: &[Watch], encoding: EncodeOptions, every: usize) -> Self {
        let watched = probes.iter().map(|watch| Watched::read(model, watch, encoding)).collect();
        Self { watched, every: every.max(1) }
    }

    /// Whether they are measured after step `step`.
    pub fn are_due(&self, step: usize) -> bool {
        step.is_multiple_of(self.every.max(1))
    }

    /// What is measured of each now, in nats, one list for each decoder; no list where nothing is watched. `None` where it
    /// cannot be measured, or after the first of `cancels`; what the model writes itself is given up after either.
    ///
    /// # Errors
    /// If a decoder fails.
    pub fn measure(
        &self,
        decoders: &[&Decoder],
        stops: &[u32],
        cancels: [&Cancel; 2],
    ) -> Result<Vec<Vec<Option<f64>>>> {
        if self.watched.is_empty() {
            return Ok(Vec::new());
        }
        let one = |decoder: &Decoder, watched: &Option<Watched>| match watched {
            Some(watched) => watched.measure(decoder, stops, cancels),
            None => Ok(None),
        };
        let of = |decoder: &&Decoder| self.watched.iter().map(|watched| one(decoder, watched)).collect();
        decoders.iter().map(of).collect()
    }
}

impl Watched {
    fn read(model: &Model, watch: &Watch, encoding: EncodeOptions) -> Option<Self> {
        let sequence = model.encode(&watch.sample, encoding).ok()?;
        let Record { form, split, .. } = Record::from(watch.sample.clone());
        let mask = Policy::default().mask(&sequence, form, split).ok()?;
        let mut example = Example::new(&sequence, &mask);
        let prompt = sequence.prompt_length(None);
        let first = example.targets().find(|(_, weight)| *weight != 0.0).map(|(t, _)| t);
        let counts = |t: usize| match watch.measure {
            Measure::Scored => true,
            Measure::First => Some(t) == first,
            Measure::TrueText | Measure::OwnText => t >= prompt,
        };
        let left_out = example.weights.iter_mut().enumerate().filter(|(t, _)| !counts(*t));
        left_out.for_each(|(_, weight)| *weight = 0.0);
        if watch.measure != Measure::OwnText {
            return Some(Self::Text(Arc::new(example)));
        }
        let most = example.scored().max(1);
        example.ids.truncate(prompt);
        Some(Self::Own { prompt: example.ids, most })
    }

    fn measure(&self, decoder: &Decoder, stops: &[u32], [cancel, run]: [&Cancel; 2]) -> Result<Option<f64>> {
        match self {
            Self::Text(example) => Ok(mean_nll(decoder, example, cancel)?),
            Self::Own { prompt, most } => {
                let sampling = Sampling { temperature: 0.0, max_tokens: *most, ..Sampling::default() };
                let written = generate(decoder, prompt, stops, &sampling, run, &mut |_| {})?;
                let Some(written) = written else { return Ok(None) };
                let ids = [prompt.as_slice(), &written.ids].concat();
                let weights = (0..ids.len()).map(|t| f64::from(u8::from(t >= prompt.len()))).collect();
                let example = Example { ids, weights, visibility: Visibility::default(), labels: Labels::Next };
                Ok(mean_nll(decoder, &example, cancel)?)
            }
        }
    }
}
