//! What goes to the engine and what comes back. Plain values only.

use std::sync::Arc;

use super::{
    CompareEvent, CompareRequest, Experiment, Look, LookEvent, Plan, Survey, SurveyEvent, TrainEvent, TrainRequest,
    WriteEvent, WriteRequest,
};
use crate::loss::{Distribution, Row};
use crate::model::ModelInfo;
use crate::sample::Sample;
use crate::sequence::{EncodeOptions, PackRequest, Sequence};
use crate::source::{Opening, Source};

/// What the engine is asked to do.
#[derive(Clone, Debug)]
pub enum Request {
    /// Tokenise and score a sample, with `source` as the model (loaded first if another is).
    Analyze {
        generation: u64,
        source: Source,
        sample: Sample,
        encoding: EncodeOptions,
        /// The pack that the sample is shown in.
        pack: Option<PackRequest>,
        /// What it is run under, if not what the model was trained with.
        experiment: Experiment,
        top_k: usize,
    },
    /// The whole next-token distribution after token `position` of the sequence scored last.
    Distribution { generation: u64, position: usize },
    /// Train the active model.
    Train(TrainRequest),
    /// Set a second model beside the one that speaks.
    Compare(CompareRequest),
    /// Look inside a model.
    Look(Look),
    /// Let the active model write on.
    Write(WriteRequest),
    /// Look over a data set as the active model reads it; a newer survey ends an older one.
    Survey(Survey),
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A model is being opened.
    Loading { generation: u64, name: String, opening: Opening },
    /// The model cannot be opened; the one before it stays.
    ModelFailed { generation: u64, message: String },
    /// The sample's tokens, and the model that made them and speaks from now on; scores follow.
    Tokenised { generation: u64, model: Arc<ModelInfo>, sequence: Arc<Sequence> },
    /// Rows from row `from` on; everything at and after it is replaced.
    Scored { generation: u64, from: usize, rows: Vec<Row> },
    /// Every row is there.
    Finished { generation: u64, seconds: f64 },
    /// What each token costs where it is run otherwise, −log p in nats: of an experiment, without it; of a pack, under the
    /// other packing. Comes after [`Event::Finished`].
    Contrast { generation: u64, nlls: Vec<Option<f64>> },
    /// Answer to [`Request::Distribution`].
    Distribution { generation: u64, position: usize, distribution: Distribution },
    /// What was asked for cannot be done; the message says why and what to do.
    Failed { generation: u64, message: String },
    /// What the second model says of the sample of that generation.
    Compare { generation: u64, event: CompareEvent },
    /// The steps that follow are taken under this plan; comes before the first of them, whatever asked for it.
    Planned(Box<Plan>),
    /// The model is trained.
    Train(TrainEvent),
    /// What comes of the look of that number, into weights after `step` steps.
    Look { number: u64, step: usize, event: LookEvent },
    /// What stands written, by the continuations of that number.
    Write { number: u64, event: WriteEvent },
    /// What comes of the survey of that number.
    Survey { number: u64, event: SurveyEvent },
}
