//! A second model on the text that is shown.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use super::scored::Scored;
use super::worker::{Worker, panic_text};
use super::{Cancels, Event, Experiment};
use crate::loss::Row;
use crate::model::{Model, ModelInfo};
use crate::sample::Sample;
use crate::sequence::{EncodeOptions, Sequence};
use crate::source::{Opening, Source};

/// What the engine is asked to do with the second model.
#[derive(Clone, Debug)]
pub enum CompareRequest {
    /// Tokenise and score a sample with `source`, which is loaded beside the active model.
    Score { generation: u64, source: Source, sample: Sample, encoding: EncodeOptions },
    /// Nobody compares any more: its memory is given back.
    Forget,
}

/// What came of it, for the sample of that generation.
#[derive(Clone, Debug)]
pub enum CompareEvent {
    /// The model is being opened.
    Loading { name: String, opening: Opening },
    /// How it reads the sample; rows follow.
    Tokenised { model: Arc<ModelInfo>, sequence: Arc<Sequence> },
    /// Rows from row `from` on.
    Scored { from: usize, rows: Vec<Row> },
    /// Every row is there.
    Finished { seconds: f64 },
    /// It cannot be done; the message says why and what to do.
    Failed(String),
}

/// The second model.
pub(super) struct Beside {
    source: Source,
    pub model: Model,
    info: Arc<ModelInfo>,
    pub scored: Scored,
    /// Of the request that was scored last.
    pub generation: u64,
}

impl<F: Fn(Event) -> bool + Send + Sync + 'static> Worker<F> {
    /// Serves a request for the second model; whether anybody listens still. What goes wrong with it leaves the first
    /// alone.
    pub(super) fn answer_beside(&mut self, request: CompareRequest, cancels: &Cancels) -> bool {
        let generation = request.generation();
        let outcome = catch_unwind(AssertUnwindSafe(|| self.compare(request, cancels)));
        let message = match outcome {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => format!("{error:#}"),
            Err(panic) => {
                self.beside = None; // whatever was half done must not be reused
                format!("the engine failed on this request ({})", panic_text(&*panic))
            }
        };
        let is_cancelled = cancels.score.is_cancelled() || cancels.load.is_cancelled();
        is_cancelled || (self.emit)(Event::Compare { generation, event: CompareEvent::Failed(message) })
    }

    fn compare(&mut self, request: CompareRequest, cancels: &Cancels) -> Result<()> {
        let CompareRequest::Score { generation, source, sample, encoding } = request else {
            self.beside = None;
            return Ok(());
        };
        let emit = self.emit.clone();
        let say = |event| emit(Event::Compare { generation, event });
        if self.beside.as_ref().is_none_or(|beside| beside.source != source) {
            self.beside = None; // first, so that there never are three models
            let name = source.name();
            let mut progress = |opening| {
                say(CompareEvent::Loading { name: name.clone(), opening });
            };
            let model = self.open(&source, &cancels.load, &mut progress)?;
            self.beside = Some(Beside {
                source,
                info: Arc::new(ModelInfo::of(&model)),
                model,
                scored: Scored::default(),
                generation,
            });
        }
        let Some(Beside { model, info, scored, generation: of, .. }) = &mut self.beside else { return Ok(()) };
        *of = generation;
        let start = Instant::now();
        let sequence = Arc::new(model.encode(&sample, encoding)?);
        say(CompareEvent::Tokenised { model: info.clone(), sequence: sequence.clone() });
        let mut on_rows = |from: usize, rows: Vec<Row>| {
            say(CompareEvent::Scored { from, rows });
        };
        if scored.score(&model.decoder, &sequence, &Experiment::default(), 1, &cancels.score, &mut on_rows)? {
            say(CompareEvent::Finished { seconds: start.elapsed().as_secs_f64() });
        }
        Ok(())
    }
}

impl CompareRequest {
    /// Of the sample that it is about.
    pub(super) fn generation(&self) -> u64 {
        match self {
            Self::Score { generation, .. } => *generation,
            Self::Forget => 0,
        }
    }
}
