//! A second model on the text that is shown.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use super::scored::Scored;
use super::worker::{Worker, panic_text};
use super::{Cancels, Event, Experiment};
use crate::cancel::Cancel;
use crate::generate::{Sampling, generate};
use crate::loss::Row;
use crate::model::{Model, ModelInfo};
use crate::sample::Sample;
use crate::sequence::{EncodeOptions, Sequence, text_of};
use crate::source::{Opening, Source};

/// What the engine is asked to do with the second model.
#[derive(Clone, Debug)]
pub enum CompareRequest {
    /// Tokenise and score a sample with `source`, which is loaded beside the active model.
    Score { generation: u64, source: Source, sample: Sample, encoding: EncodeOptions },
    /// Let both models write on by themselves, each always with its likeliest token: a chat's answer anew, or what follows
    /// a text.
    Write { generation: u64, prompt: Sample, encoding: EncodeOptions },
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
    /// The first or the second model wrote this.
    Wrote { which: usize, written: Result<FreeText, String> },
    /// It cannot be done; the message says why and what to do.
    Failed(String),
}

/// What a model wrote by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FreeText {
    pub text: String,
    /// Whether it ended it, or was cut off.
    pub is_ended: bool,
}

/// Tokens that each writes at most.
const FREELY: usize = 48;

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
        let (generation, source, sample, encoding) = match request {
            CompareRequest::Score { generation, source, sample, encoding } => (generation, source, sample, encoding),
            CompareRequest::Write { generation, prompt, encoding } => {
                self.write_freely(generation, &prompt, encoding, &cancels.score);
                return Ok(());
            }
            CompareRequest::Forget => {
                self.beside = None;
                return Ok(());
            }
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

    /// Lets both write, if they are those of that analysis.
    fn write_freely(&self, generation: u64, prompt: &Sample, encoding: EncodeOptions, cancel: &Cancel) {
        let first = self.loaded.as_ref().filter(|loaded| loaded.generation == generation).map(|loaded| &loaded.model);
        let second = self.beside.as_ref().filter(|beside| beside.generation == generation).map(|beside| &beside.model);
        for (which, model) in [first, second].into_iter().enumerate() {
            let Some(model) = model else { continue };
            match freely(model, prompt, encoding, cancel) {
                Ok(None) => return,
                written => {
                    let written = written.map_err(|error| format!("{error:#}")).map(Option::unwrap_or_default);
                    (self.emit)(Event::Compare { generation, event: CompareEvent::Wrote { which, written } });
                }
            }
        }
    }
}

/// What a model writes after a prompt; `None` after `cancel`.
fn freely(model: &Model, prompt: &Sample, encoding: EncodeOptions, cancel: &Cancel) -> Result<Option<FreeText>> {
    let ids = model.prompt(prompt, encoding)?.ids();
    let sampling = Sampling { temperature: 0.0, max_tokens: FREELY, ..Sampling::default() };
    let Some(written) = generate(&model.decoder, &ids, &model.stop_ids(), &sampling, cancel, &mut |_| {})? else {
        return Ok(None);
    };
    let said = written.ids.len() - usize::from(written.stopped);
    let bytes: Vec<u8> = written.ids[..said].iter().flat_map(|&id| model.vocabulary.token_bytes(id)).collect();
    Ok(Some(FreeText { text: text_of(&bytes), is_ended: written.stopped }))
}

impl CompareRequest {
    /// Of the sample that it is about.
    pub(super) fn generation(&self) -> u64 {
        match self {
            Self::Score { generation, .. } | Self::Write { generation, .. } => *generation,
            Self::Forget => 0,
        }
    }
}
