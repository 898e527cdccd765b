//! The training of the active model, and of a second copy of it in a twin run.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::dataset::DataSet;
use super::on_screen::{OnScreen, ScreenExamples, score};
use super::probes::Probes;
use super::{At, CopyPlan, Data, Ended, Plan, Watch, room, slow};
use crate::cancel::Cancel;
use crate::dataset::Examples;
use crate::decoder::Decoder;
use crate::model::Model;
use crate::score::Scorer;
use crate::sequence::EncodeOptions;
use crate::source::Source;
use crate::train::{Example, Goal, Progress, Settings, SlowStep, StepReport, TrainError, Trainer, batch, save};

/// What is trained, how, and how far it is.
#[derive(Default)]
pub(super) struct Run {
    first: Option<Trainer>,
    /// The step whose weights a run of others has left here.
    began: usize,
    /// Where the weights after its steps are.
    checkpoints: BTreeMap<usize, Source>,
    second: Option<Second>,
    under_way: Option<Steps>,
    /// Of the first copy's last step.
    settings: Option<Settings>,
    /// Sentences to watch.
    probes: Probes,
    set: Option<DataSet>,
    on_screen: Option<ScreenExamples>,
    /// What was cut or left out of the data set, once it is read and until it is said.
    read: Option<Vec<String>>,
    /// The last step, taken apart, until it is said.
    slow: Option<SlowStep>,
}

/// The second copy of the model.
struct Second {
    decoder: Decoder,
    trainer: Option<Trainer>,
    scorer: Scorer,
}

/// Steps that are being taken.
struct Steps {
    plan: Plan,
    goal: Goal,
    progress: Progress,
    cancel: Cancel,
    /// Whether they are taken apart.
    slowly: bool,
}

/// What came of one turn of a run.
pub(super) enum Turn {
    Stepped(Vec<StepReport>),
    Ended(Ended),
}

impl Run {
    /// How many updates the weights have had.
    pub fn steps(&self) -> usize {
        self.first.as_ref().map_or(self.began, Trainer::steps)
    }

    /// The weights after that step are there.
    pub fn know(&mut self, step: usize, source: Source) {
        self.checkpoints.insert(step, source);
    }

    /// Where the weights after that step are.
    pub fn known(&self, step: usize) -> Option<&Source> {
        self.checkpoints.get(&step)
    }

    /// The weights are those after that step of a run of others: what was trained here is over.
    pub fn stand_at(&mut self, step: usize) {
        let (checkpoints, probes) = (std::mem::take(&mut self.checkpoints), std::mem::take(&mut self.probes));
        *self = Self { began: step, checkpoints, probes, ..Self::default() };
    }

    /// What was cut or left out of the data set, said once after it is read.
    pub fn take_read(&mut self) -> Option<Vec<String>> {
        self.read.take()
    }

    /// Whether steps are being taken.
    pub fn is_running(&self) -> bool {
        self.under_way.is_some()
    }

    /// What ends the run under way.
    pub fn cancel(&self) -> Cancel {
        self.under_way.as_ref().map_or_else(Cancel::default, |run| run.cancel.clone())
    }

    /// Whether the screen has something to know beyond what an analysis tells it.
    pub fn is_under_way(&self) -> bool {
        self.first.is_some() || self.second.is_some()
    }

    /// Begins to take steps, or goes on to another goal.
    pub fn start(&mut self, plan: Plan, goal: Goal, cancel: Cancel) {
        self.under_way = Some(Steps { plan, goal, progress: Progress::default(), cancel, slowly: false });
    }

    /// Begins to take one step apart.
    pub fn start_slowly(&mut self, plan: Plan, cancel: Cancel) {
        let goal = Goal { steps: Some(1), ..Goal::default() };
        self.under_way = Some(Steps { plan, goal, progress: Progress::default(), cancel, slowly: true });
    }

    /// The step just taken, if it was taken apart, with what its sequences cost now.
    pub fn take_slow(&mut self, model: &Model) -> Option<SlowStep> {
        self.slow.take().map(|step| slow::price_after(step, &model.decoder, &self.cancel()))
    }

    /// The steps of the run under way are taken so from now on.
    pub fn replan(&mut self, plan: Plan) {
        if let Some(run) = &mut self.under_way {
            run.plan = plan;
        }
    }

    /// Ends the run under way; whether there was one.
    pub fn stop(&mut self) -> bool {
        self.under_way.take().is_some()
    }

    /// Takes a step with each copy, or finds that the run is over. A failure ends the run and leaves both copies as
    /// they were before the step.
    pub fn turn(&mut self, model: &mut Model, screen: OnScreen, busy: &mut dyn FnMut(&str, f32)) -> Turn {
        let Some(mut run) = self.under_way.take() else { return Turn::Ended(Ended::Paused) };
        if run.cancel.is_cancelled() {
            return Turn::Ended(Ended::Paused);
        }
        if let Some(why) = run.progress.reached(&run.goal) {
            return Turn::Ended(Ended::Goal(why));
        }
        match self.step(&run, model, screen, busy) {
            Ok(reports) => {
                run.progress.count(reports[0].loss);
                self.under_way = Some(run);
                Turn::Stepped(reports)
            }
            Err(error) if run.cancel.is_cancelled() || is_cancelled(&error) => Turn::Ended(Ended::Paused),
            Err(error) => Turn::Ended(Ended::Failed(format!("{error:#}"))),
        }
    }

    fn step(
        &mut self,
        Steps { plan, cancel, slowly, .. }: &Steps,
        model: &mut Model,
        screen: OnScreen,
        busy: &mut dyn FnMut(&str, f32),
    ) -> Result<Vec<StepReport>> {
        let copies: Vec<&CopyPlan> = std::iter::once(&plan.first).chain(&plan.second).collect();
        if copies.len() != 1 + usize::from(self.second.is_some()) {
            bail!("a twin run needs a plan for each of the two");
        }
        let batches = self.batches(&plan.data, &copies, cancel, model, screen, busy)?;
        room::for_training(&mut self.first, model, &model.decoder, &copies[0].settings, &batches[0])?;
        if let (Some(second), Some(copy)) = (&mut self.second, copies.get(1)) {
            room::for_training(&mut second.trainer, model, &second.decoder, &copy.settings, &batches[1])?;
        }
        let first = self.first.as_mut().context("no trainer is there")?;
        self.settings = Some(copies[0].settings.clone());
        self.slow = None;
        let mut reports = match slowly {
            false => vec![first.step(&mut model.decoder, &batches[0], &copies[0].settings, cancel)?],
            true => {
                let step = slow::take(first, &mut model.decoder, &batches[0], &copies[0].settings, cancel)?;
                let report = step.report.clone();
                self.slow = Some(step);
                vec![report]
            }
        };
        if let (Some(Second { decoder, trainer: Some(trainer), .. }), Some(copy)) = (&mut self.second, copies.get(1)) {
            match trainer.step(decoder, &batches[1], &copy.settings, cancel) {
                Ok(report) => reports.push(report),
                Err(error) => {
                    self.slow = None;
                    let back = first.steps() - 1;
                    first.rewind(&mut model.decoder, back, &Cancel::default(), &mut |_| {})?;
                    return Err(anyhow::Error::from(error).context("the second copy"));
                }
            }
        }
        Ok(reports)
    }

    /// The examples of the next step, for each copy.
    fn batches(
        &mut self,
        data: &Data,
        copies: &[&CopyPlan],
        cancel: &Cancel,
        model: &Model,
        screen: OnScreen,
        busy: &mut dyn FnMut(&str, f32),
    ) -> Result<Vec<Vec<Arc<Example>>>> {
        let step = self.steps() + 1;
        match self.examples(data, copies, cancel, model, screen, busy)? {
            None => self.on_screen(copies, screen),
            Some(examples) => Ok(examples.pick(&batch(examples.len(), step, &copies[0].settings))),
        }
    }

    /// The data set as the model reads it; `None` where the sequence on screen is trained on.
    pub(super) fn examples(
        &mut self,
        data: &Data,
        copies: &[&CopyPlan],
        cancel: &Cancel,
        model: &Model,
        screen: OnScreen,
        busy: &mut dyn FnMut(&str, f32),
    ) -> Result<Option<&Examples>> {
        let (samples, encoding) = match data {
            Data::Screen { generation } if *generation != screen.generation => {
                bail!("the text was changed meanwhile; run again once it is scored")
            }
            Data::Screen { .. } => return Ok(None),
            Data::Samples { samples, encoding } => (samples, *encoding),
        };
        if !self.set.as_ref().is_some_and(|set| set.is_of(samples, encoding, copies)) {
            let set = DataSet::encode(samples, encoding, copies, cancel, model, busy)?;
            self.read = Some(set.examples.notes());
            self.set = Some(set);
        }
        Ok(Some(&self.set.as_ref().context("no data set is there")?.examples))
    }

    /// The sequence on screen under each copy's weights, put together once for all steps.
    pub(super) fn on_screen(&mut self, copies: &[&CopyPlan], screen: OnScreen) -> Result<Vec<Vec<Arc<Example>>>> {
        let kept = self.on_screen.take().filter(|kept| kept.is_of(copies, screen));
        let kept = match kept {
            Some(kept) => kept,
            None => ScreenExamples::new(copies, screen)?,
        };
        let examples = kept.batches();
        self.on_screen = Some(kept);
        Ok(examples)
    }

    /// Both copies go back to step `to`.
    ///
    /// # Errors
    /// If it is out of reach, or cancelled on the way; each copy is then at the same, earlier step.
    pub fn rewind(
        &mut self,
        model: &mut Model,
        to: usize,
        cancel: &Cancel,
        busy: &mut dyn FnMut(&str, f32),
    ) -> Result<()> {
        let Some(first) = &mut self.first else { bail!("there is no step to go back to yet") };
        let mut on_progress = |fraction| busy("going back", fraction);
        let done = first.rewind(&mut model.decoder, to, cancel, &mut on_progress);
        if let Some(Second { decoder, trainer: Some(trainer), .. }) = &mut self.second {
            trainer.rewind(decoder, first.steps(), &Cancel::default(), &mut on_progress)?;
        }
        Ok(done?)
    }

    /// What `work` makes of the first copy's weights after step `step`; then they are the present ones again. The nearest
    /// steps that it can be done for where it cannot for this one.
    ///
    /// # Errors
    /// If the weights of that step cannot be put in place.
    pub fn look_back<R>(
        &mut self,
        model: &mut Model,
        step: usize,
        work: impl FnOnce(&Decoder) -> R,
    ) -> Result<Result<R, [Option<usize>; 2]>> {
        let Some(first) = &mut self.first else { bail!("no step was taken yet") };
        match first.look_back(&mut model.decoder, step, work) {
            Err(TrainError::NotKept { .. }) => Ok(Err(first.nearest(step))),
            done => Ok(Ok(done?)),
        }
    }

    /// Both copies get the base weights back.
    ///
    /// # Errors
    /// If they were not kept.
    pub fn reset(&mut self, model: &mut Model) -> Result<()> {
        if let Some(first) = &mut self.first {
            first.reset(&mut model.decoder)?;
        }
        if let Some(Second { decoder, trainer: Some(trainer), .. }) = &mut self.second {
            trainer.reset(decoder)?;
        }
        Ok(())
    }

    /// A second copy of the model begins at the base weights, and so does the first.
    ///
    /// # Errors
    /// If the base weights were not kept or cannot be copied.
    pub fn begin_twin(&mut self, model: &mut Model) -> Result<()> {
        self.second = None;
        self.reset(model)?;
        room::for_copy(model)?;
        let copies = model.decoder.named_tensors().iter();
        let copies = copies.map(|named| Ok((named.name.clone(), named.tensor.copy()?))).collect::<Result<_>>()?;
        let decoder = Decoder::new(model.decoder.config(), copies)?;
        self.second = Some(Second { decoder, trainer: None, scorer: Scorer::new() });
        Ok(())
    }

    /// The second copy goes; the first stays as it is.
    pub fn end_twin(&mut self) {
        self.second = None;
    }

    /// The decoders of all copies.
    pub fn decoders<'a>(&'a self, model: &'a Model) -> Vec<&'a Decoder> {
        std::iter::once(&model.decoder).chain(self.second.as_ref().map(|second| &second.decoder)).collect()
    }

    /// Saves the first copy: its weights, or its adapter, with what it takes to go on.
    ///
    /// # Errors
    /// If no step has been taken, or it cannot be written; nothing is changed then.
    pub fn save(
        &self,
        model: &Model,
        directory: &Path,
        cancel: &Cancel,
        busy: &mut dyn FnMut(&str, f32),
    ) -> Result<u64> {
        let (Some(trainer), Some(settings)) = (self.first.as_ref().filter(|first| first.steps() > 0), &self.settings)
        else {
            bail!("no step has been taken: there is nothing to save yet")
        };
        let mut on_progress = |fraction| busy("saving", fraction);
        Ok(save::save(model, trainer, settings, directory, true, cancel, &mut on_progress)?.bytes)
    }

    /// Watches these sentences, measured after every `every` steps.
    pub fn watch(&mut self, model: &Model, probes: &[Watch], encoding: EncodeOptions, every: usize) {
        self.probes = Probes::new(model, probes, encoding, every);
    }

    /// The weights after that step are kept at hand, those of each copy.
    pub fn keep(&mut self, step: Option<usize>) {
        let second = self.second.as_mut().and_then(|second| second.trainer.as_mut());
        self.first.iter_mut().chain(second).for_each(|trainer| trainer.keep(step));
    }

    /// What the weights say now: rows of the sequence on screen, and the probes where they are due. Rows that `cancel`
    /// kept from being computed are missing.
    ///
    /// # Errors
    /// If scoring fails.
    pub fn rescore(
        &mut self,
        model: &Model,
        scorer: &mut Scorer,
        screen: OnScreen,
        reports: Vec<StepReport>,
        cancel: &Cancel,
    ) -> Result<At> {
        let step = self.steps();
        scorer.clear();
        let mut rows = vec![score(scorer, &model.decoder, screen, cancel)?];
        if let Some(Second { decoder, scorer, .. }) = &mut self.second {
            scorer.clear();
            rows.push(score(scorer, decoder, screen, cancel)?);
        }
        let probes = match reports.is_empty() || self.probes.are_due(step) {
            true => self.probes.measure(&self.decoders(model), &model.stop_ids(), [cancel, &self.cancel()])?,
            false => Vec::new(),
        };
        let oldest = self.first.as_ref().map_or(step, Trainer::oldest);
        Ok(At { step, reports, generation: screen.generation, rows, probes, oldest })
    }
}

fn is_cancelled(error: &anyhow::Error) -> bool {
    error.downcast_ref::<TrainError>().is_some_and(TrainError::is_cancelled)
}
