//! The engine thread's loop.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use anyhow::{Context, Result};
use candle_core::Device;

use super::compare::Beside;
use super::inbox::Inbox;
use super::run::Run;
use super::scored::Scored;
use super::survey::{self, Survey, SurveyEvent};
use super::write::Writing;
use super::{Cancels, Ended, Event, Experiment, Request, TrainEvent, TrainRequest};
use crate::cancel::Cancel;
use crate::generate::Sampling;
use crate::loss::{Distribution, Labels, Row};
use crate::model::{Model, ModelInfo, Overrides, load};
use crate::sample::Sample;
use crate::sequence::{EncodeOptions, PackRequest, Sequence, Vocabulary};
use crate::source::{Opening, Source};
use crate::train::nlls;

pub(super) struct Worker<F> {
    device: Device,
    /// What takes the place of what the models' own files say.
    overrides: Overrides,
    pub(super) emit: Arc<F>,
    pub(super) inbox: Inbox<(Request, Cancels)>,
    /// The active model, with what it scored last.
    pub(super) loaded: Option<Loaded>,
    /// The model that it is compared with.
    pub(super) beside: Option<Beside>,
}

pub(super) struct Loaded {
    source: Source,
    pub model: Model,
    info: Arc<ModelInfo>,
    /// What it scored last.
    pub scored: Scored,
    /// Of the request these belong to.
    pub generation: u64,
    /// How the model is trained.
    pub run: Run,
    /// What it is writing.
    pub writing: Option<Writing>,
}

impl<F: Fn(Event) -> bool + Send + Sync + 'static> Worker<F> {
    pub fn new(device: Device, overrides: Overrides, inbox: Receiver<(Request, Cancels)>, emit: F) -> Self {
        Self { device, overrides, emit: Arc::new(emit), inbox: Inbox::new(inbox), loaded: None, beside: None }
    }

    /// Serves until the handle is gone or nobody listens; between requests, a run of training steps goes on.
    pub fn run(mut self) {
        while let Ok(next) = self.inbox.next(!self.is_training()) {
            let goes_on = match next {
                Some((request, cancels)) => self.answer(request, &cancels),
                None => self.guard(Self::take_turn),
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Serves a request; whether anybody listens still.
    fn answer(&mut self, request: Request, cancels: &Cancels) -> bool {
        if cancels.score.is_cancelled() {
            return true;
        }
        if let Request::Train(request) = request {
            return self.guard(|worker| {
                if let Err(error) = worker.train(request, cancels) {
                    (worker.emit)(Event::Train(TrainEvent::Refused(format!("{error:#}"))));
                }
            });
        }
        if let Request::Survey(request) = request {
            return self.survey(request, cancels);
        }
        if let Request::Compare(request) = request {
            return self.answer_beside(request, cancels);
        }
        let generation = request.generation();
        let outcome = catch_unwind(AssertUnwindSafe(|| self.serve(request, cancels)));
        let message = match outcome {
            Ok(Ok(())) => return true,
            Ok(Err(error)) => format!("{error:#}"),
            Err(panic) => self.abandon(&*panic),
        };
        cancels.score.is_cancelled() || (self.emit)(Event::Failed { generation, message })
    }

    /// Does something of the trainer's; a panic ends the run.
    fn guard(&mut self, work: impl FnOnce(&mut Self)) -> bool {
        match catch_unwind(AssertUnwindSafe(|| work(self))) {
            Ok(()) => true,
            Err(panic) => {
                let generation = self.loaded.as_ref().map_or(0, |loaded| loaded.generation);
                let message = self.abandon(&*panic);
                (self.emit)(Event::Train(TrainEvent::Ended(Ended::Failed(message.clone()))))
                    && (self.emit)(Event::Failed { generation, message })
            }
        }
    }

    /// Whatever was half done must not be reused.
    fn abandon(&mut self, panic: &(dyn std::any::Any + Send)) -> String {
        self.loaded = None;
        format!("the engine failed on this request ({}); the model is loaded anew", panic_text(panic))
    }

    /// Asks again for a continuation, behind all that is waiting, unless another is.
    pub(super) fn put_off(&mut self, prompt: usize, sampling: &Sampling, cancels: &Cancels) {
        let is_one =
            |(request, _): &(Request, Cancels)| matches!(request, Request::Train(TrainRequest::Continue { .. }));
        if !self.inbox.has(is_one) {
            let &Sampling { temperature, seed, max_tokens: tokens, .. } = sampling;
            let request = Request::Train(TrainRequest::Continue { prompt, tokens, temperature, seed });
            self.inbox.put_back((request, cancels.clone()));
        }
    }

    fn serve(&mut self, request: Request, cancels: &Cancels) -> Result<()> {
        match request {
            Request::Analyze { generation, source, sample, encoding, pack, experiment, top_k } => {
                if let Err(error) = self.ensure_loaded(generation, &source, &cancels.load) {
                    if !cancels.load.is_cancelled() {
                        (self.emit)(Event::ModelFailed { generation, message: format!("{error:#}") });
                    }
                    return Ok(());
                }
                // A survey needs only the tokenizer, and goes on beside what is scored.
                let is_survey = |(request, _): &(Request, Cancels)| matches!(request, Request::Survey(_));
                while let Some((Request::Survey(survey), cancels)) = self.inbox.next_if(is_survey) {
                    self.survey(survey, &cancels);
                }
                if cancels.score.is_cancelled() {
                    return Ok(()); // another text is waiting already
                }
                let text = Text { sample, encoding, pack, experiment };
                self.analyze(generation, &text, top_k, &cancels.score)
            }
            Request::Distribution { generation, position } => self.distribution(generation, position),
            Request::Look(look) => self.look(look, cancels),
            Request::Write(request) => self.write(request, cancels),
            Request::Train(request) => self.train(request, cancels),
            Request::Survey(_) | Request::Compare(_) => Ok(()), // answered before
        }
    }

    /// Begins to look over a data set; whether anybody listens still.
    fn survey(&self, survey: Survey, cancels: &Cancels) -> bool {
        let Some(loaded) = &self.loaded else {
            let event = SurveyEvent::Ended(Err("no model is loaded that could read it; m chooses one".into()));
            return (self.emit)(Event::Survey { number: survey.number, event });
        };
        survey::start(survey, loaded.model.reader(), cancels.survey.clone(), self.emit.clone());
        true
    }

    fn ensure_loaded(&mut self, generation: u64, source: &Source, cancel: &Cancel) -> Result<()> {
        if self.loaded.as_ref().is_some_and(|loaded| loaded.source == *source) {
            return Ok(());
        }
        let name = source.name();
        let mut progress = |opening| {
            (self.emit)(Event::Loading { generation, name: name.clone(), opening });
        };
        load::fetch(source, cancel, &mut progress)?;
        // Two at once may be more than there is room for. A run stays until the other model is there: it would be lost.
        self.loaded.take_if(|loaded| !loaded.run.is_under_way());
        let model = self.open(source, cancel, &mut progress)?;
        self.loaded = Some(Loaded {
            source: source.clone(),
            info: Arc::new(ModelInfo::of(&model)),
            model,
            scored: Scored::default(),
            generation,
            run: Run::default(),
            writing: None,
        });
        Ok(())
    }

    /// Opens a model, with what takes the place of what its files say.
    pub(super) fn open(&self, source: &Source, cancel: &Cancel, on_progress: &mut dyn FnMut(Opening)) -> Result<Model> {
        on_progress(Opening::Reading(0.0));
        let mut model = Model::load(source, &self.device, cancel, on_progress)?;
        model.override_with(&self.overrides)?;
        Ok(model)
    }

    /// The same of a checkpoint of a run, which has `vocabulary` if its directory holds no tokenizer.
    pub(super) fn open_checkpoint(
        &self,
        source: &Source,
        vocabulary: &Vocabulary,
        cancel: &Cancel,
        on_progress: &mut dyn FnMut(Opening),
    ) -> Result<Model> {
        on_progress(Opening::Reading(0.0));
        let mut model = Model::load_checkpoint(source, vocabulary, &self.device, cancel, on_progress)?;
        model.override_with(&self.overrides)?;
        Ok(model)
    }

    fn analyze(&mut self, generation: u64, text: &Text, top_k: usize, cancel: &Cancel) -> Result<()> {
        let start = Instant::now();
        let loaded = self.loaded.as_mut().context("no model is loaded")?;
        let Some(sequence) = text.encode(&loaded.model, cancel)? else { return Ok(()) };
        let sequence = Arc::new(sequence);
        let emit = &self.emit;
        emit(Event::Tokenised { generation, model: loaded.info.clone(), sequence: sequence.clone() });
        loaded.generation = generation;
        let mut on_rows = |from: usize, rows: Vec<Row>| {
            emit(Event::Scored { generation, from, rows });
        };
        let done =
            loaded.scored.score(&loaded.model.decoder, &sequence, &text.experiment, top_k, cancel, &mut on_rows)?;
        if done {
            emit(Event::Finished { generation, seconds: start.elapsed().as_secs_f64() });
            if let Some(nlls) = text.contrast(&loaded.model, &sequence, cancel)? {
                emit(Event::Contrast { generation, nlls });
            }
            if loaded.run.is_under_way() {
                return super::train::rescore(loaded, Vec::new(), &|event| (self.emit)(Event::Train(event)));
            }
        }
        Ok(())
    }

    fn distribution(&mut self, generation: u64, position: usize) -> Result<()> {
        let loaded = self.loaded.as_ref().context("no model is loaded")?;
        if loaded.generation != generation {
            return Ok(()); // the sequence has changed since; nobody waits for this any more
        }
        let logits = loaded.scored.scorer.logits_after(&loaded.model.decoder, position)?;
        let distribution = Distribution::new(logits);
        (self.emit)(Event::Distribution { generation, position, distribution });
        Ok(())
    }
}

/// What is to be scored.
struct Text {
    sample: Sample,
    encoding: EncodeOptions,
    pack: Option<PackRequest>,
    experiment: Experiment,
}

impl Text {
    /// The tokens of the sample, or of the pack that it is a document of; `None` after `cancel`.
    fn encode(&self, model: &Model, cancel: &Cancel) -> Result<Option<Sequence>> {
        let Some(PackRequest { records, index, options }) = &self.pack else {
            return model.encode(&self.sample, self.encoding).map(Some);
        };
        let records = records.iter().enumerate().map(|(i, record)| match i == *index {
            true => (&self.sample, record.split),
            false => (&record.sample, record.split),
        });
        model.reader().pack(records, *index, self.encoding, *options, cancel)
    }

    /// What each token costs without the experiment, or of a pack under the other packing; `None` where there is neither,
    /// or after `cancel`.
    fn contrast(&self, model: &Model, sequence: &Sequence, cancel: &Cancel) -> Result<Option<Vec<Option<f64>>>> {
        let documents = match &sequence.pack {
            _ if self.experiment.is_on() => sequence.documents(),
            Some(pack) => pack.apart_under(pack.packing.other()),
            None => return Ok(None),
        };
        Ok(nlls(&model.decoder, &sequence.ids(), &documents.into(), Labels::Next, cancel)?)
    }
}

impl Request {
    fn generation(&self) -> u64 {
        match self {
            Request::Analyze { generation, .. } | Request::Distribution { generation, .. } => *generation,
            Request::Look(look) => look.generation,
            Request::Write(request) => request.generation,
            Request::Train(_) | Request::Survey(_) | Request::Compare(_) => 0,
        }
    }
}

pub(super) fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
