//! The steps of a run, from where it stands to its end.

mod saving;

use std::path::Path;
use std::sync::Arc;

use candle_core::Device;

use super::corpus::{Corpus, Pass};
use super::folder::{Folder, Position};
use super::{Entry, Mix, PretrainError, Recipe, Stage, evaluate, log, tokenizer};
use crate::cancel::Cancel;
use crate::model::Model;
use crate::source::Source;
use crate::train::{Example, Settings, StepReport, Trainer, memory, save};

/// Tokens that run through the model at a time: enough that every core has work, few enough to stay in the caches. How
/// sums are rounded depends on it, so that it is the same on every machine.
const PASS: usize = 4096;

/// What happens on the way.
#[derive(Debug)]
pub enum Event<'a> {
    /// So much of something is read, where that is known.
    Reading { what: &'a str, share: Option<f32> },
    /// What a reader of the figures should know.
    Note(String),
    /// The steps of a stage begin, or go on after `step` of them.
    Stage { stage: &'a Stage, step: usize, corpus: &'a Corpus },
    /// A step was taken, the `step`th of the whole run.
    Step { step: usize, report: &'a StepReport },
    /// Losses and samples are there.
    Entry(&'a Entry),
    /// So much of the weights is saved.
    Saving(f32),
}

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All stages are done.
    Done,
    /// It was stopped, and can be gone on with from this step of the whole run.
    Stopped { saved: usize },
}

/// How a run is stopped.
#[derive(Clone, Copy, Debug)]
pub struct Stop<'a> {
    /// After the step under way, and save.
    pub stop: &'a Cancel,
    /// At once.
    pub hurry: &'a Cancel,
}

/// A run under way.
pub struct Run<'a> {
    recipe: &'a Recipe,
    /// The recipe as it stands in its file.
    text: &'a str,
    folder: Folder,
    model: Model,
    /// Bytes of each token.
    bytes: Vec<usize>,
    position: Position,
    stage: usize,
    trainer: Trainer,
    /// Seconds and tokens of the steps since the last entry.
    pace: (f64, usize),
    /// The step of the whole run that the last save is of.
    saved: usize,
}

/// What a stage's steps are taken on.
struct Data {
    corpus: Corpus,
    mix: Mix,
    settings: Settings,
}

impl<'a> Run<'a> {
    /// Begins a run in `folder`, or goes on with the one that is there. `text` is the recipe's file.
    ///
    /// # Errors
    /// If the folder holds something else, a source cannot be read, or there is too little memory.
    pub fn open(
        recipe: &'a Recipe,
        text: &'a str,
        folder: &Path,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Self, PretrainError> {
        let files = Folder::open(folder, text)?;
        if !files.is_begun() {
            begin(recipe, text, &files, cancel, on_event)?;
        }
        let model = Model::load(&Source::Directory(files.last()), &Device::Cpu, cancel, &mut |_| {})?;
        let position = files.position()?;
        let stage = recipe.stages.iter().position(|stage| stage.name == position.stage).unwrap_or(0);
        let bytes = evaluate::token_bytes(&model.vocabulary);
        let trainer = Trainer::new(&model.decoder, None);
        let saved = recipe.before(stage) + position.step;
        log::forget_after(&files.log(), saved).map_err(|error| files.log_error(&error))?;
        let mut run =
            Self { recipe, text, folder: files, model, bytes, position, stage, trainer, pace: (0.0, 0), saved };
        run.resume()?;
        Ok(run)
    }

    /// Takes over what the optimizer remembers.
    fn resume(&mut self) -> Result<(), PretrainError> {
        let directory = self.folder.last();
        let state = save::read_state(&directory, &self.model.decoder)?;
        if state.step > 0 {
            self.trainer.resume(&mut self.model.decoder, &state.settings, state.optimizer, state.step)?;
        }
        Ok(())
    }

    /// The model, as it is now.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Steps that were taken, of the whole run.
    pub fn step(&self) -> usize {
        self.recipe.before(self.stage) + self.position.step
    }

    /// Takes the steps that are left, and saves.
    ///
    /// # Errors
    /// If a source or the weights cannot be read or saved, or a loss is not finite: what was saved before stays.
    pub fn go(&mut self, stop: Stop<'_>, on_event: &mut dyn FnMut(Event<'_>)) -> Result<End, PretrainError> {
        loop {
            let stage = &self.recipe.stages[self.stage];
            if self.position.step < stage.steps
                && let Some(end) = self.stage(stage, stop, on_event)?
            {
                return Ok(end);
            }
            if self.stage + 1 == self.recipe.stages.len() {
                return Ok(End::Done);
            }
            self.stage += 1;
            self.trainer = Trainer::new(&self.model.decoder, None);
            let (stage, data) = (self.recipe.stages[self.stage].name.clone(), Vec::new());
            self.position = Position { stage, step: 0, losses: (0.0, 0), data, ..self.position.clone() };
        }
    }

    /// The steps of one stage; its end where it did not come to the last.
    fn stage(
        &mut self,
        stage: &Stage,
        stop: Stop<'_>,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Option<End>, PretrainError> {
        let mut data = match self.data(stage, stop.stop, on_event) {
            Err(PretrainError::Stopped) => return Ok(Some(End::Stopped { saved: self.saved })),
            data => data?,
        };
        on_event(Event::Stage { stage, step: self.position.step, corpus: &data.corpus });
        if self.step() == 0 && self.position.losses.1 == 0 && !self.look(stage, &data, None, stop.hurry, on_event)? {
            return Ok(Some(End::Stopped { saved: self.saved }));
        }
        while self.position.step < stage.steps {
            if stop.stop.is_cancelled() {
                return self.stopped(&data.settings, stop, on_event).map(Some);
            }
            let examples = examples(stage, &mut data);
            let report = match self.trainer.step(&mut self.model.decoder, &examples, &data.settings, stop.hurry) {
                Err(error) if error.is_cancelled() => return Ok(Some(End::Stopped { saved: self.saved })),
                report => report?,
            };
            self.count(&report);
            on_event(Event::Step { step: self.step(), report: &report });
            let is_last = self.position.step == stage.steps;
            if (is_last || self.step().is_multiple_of(self.recipe.watch.every))
                && !self.look(stage, &data, Some(&report), stop.hurry, on_event)?
            {
                return Ok(Some(End::Stopped { saved: self.saved }));
            }
            if !self.save(&data.settings, is_last, stop.hurry, on_event)? {
                return Ok(Some(End::Stopped { saved: self.saved }));
            }
        }
        Ok(None)
    }

    /// Saves, and says where.
    fn stopped(
        &mut self,
        settings: &Settings,
        stop: Stop<'_>,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<End, PretrainError> {
        self.save_last(settings, stop.hurry, on_event)?;
        Ok(End::Stopped { saved: self.saved })
    }

    fn data(
        &mut self,
        stage: &Stage,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<Data, PretrainError> {
        let on_read = &mut |what: &str, share| on_event(Event::Reading { what, share });
        let corpus = Corpus::read(stage, &self.model.reader(), cancel, on_read)?;
        let fingerprints = corpus.fingerprints();
        let other = self.position.data.iter().zip(&fingerprints).position(|(then, now)| then != now);
        if let Some(source) = other {
            return Err(PretrainError::Source {
                source_name: stage.sources[source].name.clone(),
                reason:
                    "it has other data than when the stage began, so that the run cannot go on; give the old file, or \
                         begin anew in another folder"
                        .into(),
            });
        }
        self.position.data = fingerprints;
        let settings = stage.settings(self.recipe.seed);
        let pass = stage.pass() * stage.length;
        memory::room(&self.model.config, &settings, pass, 0)?;
        let weights: Vec<f64> = stage.sources.iter().map(|source| source.weight).collect();
        let counts: Vec<usize> = corpus.trained.iter().map(super::Tokens::sequences).collect();
        let mut mix = Mix::new(&weights, &counts, self.recipe.seed);
        mix.pass_over(self.position.step * stage.batch);
        Ok(Data { corpus, mix, settings })
    }

    fn count(&mut self, report: &StepReport) {
        self.position.step += 1;
        self.position.tokens += report.tokens as u64;
        self.position.losses.0 += report.loss;
        self.position.losses.1 += 1;
        self.pace.0 += report.seconds;
        self.pace.1 += report.tokens;
    }

    /// Measures, writes, logs. `false` after `cancel`.
    fn look(
        &mut self,
        stage: &Stage,
        data: &Data,
        report: Option<&StepReport>,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(Event<'_>),
    ) -> Result<bool, PretrainError> {
        let (watch, model) = (&self.recipe.watch, &self.model);
        let held_out = evaluate::held_out(model, &self.bytes, stage, &data.corpus, watch.sequences, cancel)?;
        let samples = evaluate::samples(model, watch, self.recipe.seed, cancel)?;
        let (Some(held_out), Some(samples)) = (held_out, samples) else { return Ok(false) };
        let (sum, count) = std::mem::take(&mut self.position.losses);
        let (seconds, tokens) = std::mem::take(&mut self.pace);
        let entry = Entry {
            stage: stage.name.clone(),
            step: self.step(),
            tokens: self.position.tokens,
            loss: (count > 0).then(|| sum / count as f64),
            lr: report.map(|report| report.lr),
            tokens_per_second: (seconds > 0.0).then(|| tokens as f64 / seconds),
            held_out,
            samples,
        };
        log::add(&self.folder.log(), &entry).map_err(|error| self.folder.log_error(&error))?;
        on_event(Event::Entry(&entry));
        Ok(true)
    }
}

impl Stage {
    /// Sequences that run through the model at a time.
    fn pass(&self) -> usize {
        (PASS / self.length).clamp(1, self.batch)
    }
}

/// What the next step is taken on: its sequences, as many side by side as run through the model at a time.
fn examples(stage: &Stage, data: &mut Data) -> Vec<Arc<Example>> {
    let chosen: Vec<(usize, usize)> = data.mix.by_ref().take(stage.batch).collect();
    let example = |chosen: &[(usize, usize)]| {
        let mut pass = Pass::default();
        for &(source, sequence) in chosen {
            data.corpus.trained[source].append(sequence, stage.packing, &mut pass);
        }
        Arc::new(pass.example())
    };
    chosen.chunks(stage.pass()).map(example).collect()
}

/// Makes the tokenizer, draws the weights and saves both: step 0.
fn begin(
    recipe: &Recipe,
    text: &str,
    folder: &Folder,
    cancel: &Cancel,
    on_event: &mut dyn FnMut(Event<'_>),
) -> Result<(), PretrainError> {
    let vocabulary = tokenizer::make(recipe, cancel, on_event)?;
    let name = folder.name();
    let model = Model::fresh(&name, recipe.config(vocabulary.size()), vocabulary, recipe.seed, &Device::Cpu)?;
    let (trainer, stage) = (Trainer::new(&model.decoder, None), &recipe.stages[0]);
    let settings = stage.settings(recipe.seed);
    let position = Position { stage: stage.name.clone(), step: 0, tokens: 0, losses: (0.0, 0), data: Vec::new() };
    let saving = saving::Saving { model: &model, trainer: &trainer, recipe: text };
    let on_progress = &mut |share| on_event(Event::Saving(share));
    if recipe.keeps(0) {
        saving.weights(&folder.checkpoint(0), cancel, on_progress)?;
    }
    saving.all(&folder.last(), &settings, &position, cancel, on_progress)?;
    Ok(())
}
