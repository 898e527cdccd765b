//! How the program starts.

use std::path::PathBuf;

use super::{Rule, ThemeName};
use crate::data::DataSet;
use crate::loss::Denominator;
use crate::mask::{Choices, Mode, PartWeights};
use crate::sample::Sample;
use crate::sequence::{EncodeOptions, PackRequest};
use crate::source::Source;

/// How the program starts.
#[derive(Clone, Debug)]
pub struct Start {
    pub sample: Sample,
    pub sample_name: String,
    /// What to say at first.
    pub note: Option<String>,
    pub encoding: EncodeOptions,
    /// The data set whose records are packed, where they are.
    pub pack: Option<PackRequest>,
    pub model: Option<Source>,
    /// The model to compare it with.
    pub compare: Option<Source>,
    /// The mode or profile; without one the kind of sample decides.
    pub rule: Option<Rule>,
    pub denominator: Denominator,
    /// Raw text: how many characters the prompt has.
    pub split: Option<usize>,
    /// Chats: weights for parts of the assistant's turns.
    pub part_weights: PartWeights,
    /// The mask's other options.
    pub choices: Choices,
    pub theme: ThemeName,
    pub unicode: bool,
    pub directory: PathBuf,
    /// The mask that the sample's form asks for, where the user asks for none.
    pub mode: Option<Mode>,
    /// The data set that the sample is a record of.
    pub set: Option<DataSet>,
    /// Whether its list is opened.
    pub lists_set: bool,
}

impl Start {
    /// On that sample, everything else as it is by default.
    pub fn on(sample: Sample, sample_name: impl Into<String>) -> Self {
        Self {
            sample,
            sample_name: sample_name.into(),
            note: None,
            encoding: EncodeOptions::default(),
            pack: None,
            model: None,
            compare: None,
            rule: None,
            denominator: Denominator::default(),
            split: None,
            part_weights: PartWeights::default(),
            choices: Choices::default(),
            theme: ThemeName::default(),
            unicode: true,
            directory: PathBuf::from("."),
            mode: None,
            set: None,
            lists_set: false,
        }
    }
}
