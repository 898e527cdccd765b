//! The data set of a run, as the model reads it.

use std::sync::Arc;

use anyhow::Result;

use super::{CopyMask, CopyPlan};
use crate::cancel::Cancel;
use crate::dataset::Examples;
use crate::decoder::DecoderError;
use crate::mask::Policy;
use crate::model::Model;
use crate::sample::Record;
use crate::sequence::EncodeOptions;
use crate::train::TrainError;

/// The samples of [`Data::Samples`](super::Data::Samples) as the model reads them, masked for each copy.
pub(super) struct DataSet {
    samples: Arc<[Record]>,
    encoding: EncodeOptions,
    policies: Vec<Policy>,
    pub examples: Examples,
}

impl DataSet {
    /// Reads the samples and masks them for each copy.
    ///
    /// # Errors
    /// A record that the model cannot read or the mask does not fit; nothing scored; cancelled.
    pub fn encode(
        samples: &Arc<[Record]>,
        encoding: EncodeOptions,
        copies: &[&CopyPlan],
        cancel: &Cancel,
        model: &Model,
        busy: &mut dyn FnMut(&str, f32),
    ) -> Result<Self> {
        let policies: Vec<Policy> = copies.iter().map(|copy| policy(copy)).collect();
        let mut going = |number: usize| {
            if number.is_multiple_of(64) {
                busy("reading the data", number as f32 / samples.len() as f32);
            }
        };
        let examples = Examples::of_records(&model.reader(), encoding, &policies, samples, cancel, &mut going)?;
        let examples = examples.ok_or(TrainError::Decoder(DecoderError::Cancelled))?;
        Ok(Self { samples: samples.clone(), encoding, policies, examples })
    }

    /// Whether it is made of these samples for these copies.
    pub fn is_of(&self, samples: &Arc<[Record]>, encoding: EncodeOptions, copies: &[&CopyPlan]) -> bool {
        let policies = copies.iter().map(|copy| policy(copy));
        Arc::ptr_eq(&self.samples, samples) && self.encoding == encoding && policies.eq(self.policies.iter().copied())
    }
}

fn policy(copy: &CopyPlan) -> Policy {
    match copy.mask {
        CopyMask::Policy(policy) => policy,
        CopyMask::Weights(_) => Policy::default(),
    }
}
