//! The data set of a run, as the model reads it.

use std::sync::Arc;

use anyhow::{Context, Result};

use super::{Side, SideMask};
use crate::cancel::Cancel;
use crate::decoder::DecoderError;
use crate::mask::{Choices, LossMask, MaskOptions, Mode, PartWeights};
use crate::model::Model;
use crate::sample::Record;
use crate::sequence::EncodeOptions;
use crate::survey::default_mode;
use crate::train::{Example, TrainError};

/// What [`SideMask::Mode`] says.
type Masked = (Option<Mode>, PartWeights, Choices);

/// The samples of [`Data::Samples`](super::Data::Samples) as the model reads them, masked for each copy.
pub(super) struct DataSet {
    samples: Arc<[Record]>,
    encoding: EncodeOptions,
    masks: Vec<Masked>,
    /// By copy.
    examples: Vec<Vec<Arc<Example>>>,
}

impl DataSet {
    /// Reads the samples and masks them for each copy.
    ///
    /// # Errors
    /// A record that the model cannot read or the mask does not fit; cancelled.
    pub fn encode(
        samples: &Arc<[Record]>,
        encoding: EncodeOptions,
        sides: &[&Side],
        cancel: &Cancel,
        model: &Model,
        busy: &mut dyn FnMut(&str, f32),
    ) -> Result<Self> {
        let masks: Vec<Masked> = sides.iter().map(|side| mask_of(side)).collect();
        let mut examples = vec![Vec::with_capacity(samples.len()); masks.len()];
        for (i, record) in samples.iter().enumerate() {
            if cancel.is_cancelled() {
                return Err(TrainError::Decoder(DecoderError::Cancelled).into());
            }
            if i.is_multiple_of(64) {
                busy("reading the data", i as f32 / samples.len() as f32);
            }
            let sequence = model.encode(&record.sample, encoding).with_context(|| format!("record {i}"))?;
            for (&(mode, parts, choices), examples) in masks.iter().zip(&mut examples) {
                let mode = mode.unwrap_or(default_mode(record.form, sequence.kind));
                let options = MaskOptions::new(&sequence, record.split, parts).with(&sequence, choices);
                let mask = LossMask::new(&sequence, mode, options);
                let mask = mask.with_context(|| format!("record {i}"))?;
                examples.push(Arc::new(Example::new(&sequence, &mask)));
            }
        }
        Ok(Self { samples: samples.clone(), encoding, masks, examples })
    }

    /// Whether it is made of these samples for these sides.
    pub fn is_of(&self, samples: &Arc<[Record]>, encoding: EncodeOptions, sides: &[&Side]) -> bool {
        let masks = sides.iter().map(|side| mask_of(side));
        Arc::ptr_eq(&self.samples, samples) && self.encoding == encoding && masks.eq(self.masks.iter().copied())
    }

    /// The examples of these records, for each copy.
    pub fn pick(&self, records: &[usize]) -> Vec<Vec<Arc<Example>>> {
        self.examples.iter().map(|examples| records.iter().map(|&i| examples[i].clone()).collect()).collect()
    }
}

fn mask_of(side: &Side) -> Masked {
    match side.mask {
        SideMask::Mode(mode, parts, choices) => (mode, parts, choices),
        SideMask::Weights(_) => Default::default(),
    }
}
