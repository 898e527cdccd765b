//! The steps of a run, and how it ends.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};

use super::data::Data;
use crate::cancel::Cancel;
use crate::cli::train::{TrainArgs, TrainFormat};
use crate::command::bar::Bar;
use crate::command::interrupt::{INTERRUPTED, Interrupt};
use crate::command::log::{self, Logs};
use crate::memory::size_text;
use crate::model::Model;
use crate::report::{self, Done};
use crate::train::save::{self, Form, SaveError};
use crate::train::{Example, Goal, Progress, Settings, StepReport, TrainError, Trainer, batch, loss, nlls};

/// Records of a data set whose loss is told at the end.
const TOLD: usize = 100;

pub struct Run<'a> {
    pub args: &'a TrainArgs,
    pub model: Model,
    pub trainer: Trainer,
    pub settings: Settings,
    pub data: Data,
    pub goal: Goal,
    pub interrupt: Interrupt,
    pub logs: Logs,
}

/// Why no more steps are taken.
enum End {
    Goal(String),
    /// By Ctrl-C, between two steps or in one.
    Interrupted,
    /// The loss or its gradient is no number.
    Broken(TrainError),
}

impl Run<'_> {
    /// Takes the steps, saves, and tells what came of it.
    pub fn run(mut self) -> Result<ExitCode> {
        let mut bar = Bar::new();
        let is_table = self.args.format == TrainFormat::Table;
        let before = if is_table { self.only_nlls()? } else { None };
        let end = self.steps(&mut bar)?;
        bar.clear();
        let is_interrupted = match end {
            End::Broken(error) => return Err(self.broken(error, &mut bar)),
            End::Interrupted => true,
            End::Goal(why) => {
                if self.goal.loss.is_some() || self.goal.plateau.is_some() {
                    eprintln!("ended: {why}");
                }
                false
            }
        };
        if is_interrupted {
            eprintln!("interrupted after step {}", self.trainer.steps());
        }
        if let Some(error) = self.check()? {
            return Err(self.broken(error, &mut bar));
        }
        let (after, loss) = (self.only_nlls()?, self.loss_after()?);
        if let Some(directory) = self.args.save.save.as_deref() {
            match self.save(directory, &mut bar) {
                Err(error) if is_cancelled(&error) => eprintln!("{error:#}"),
                saved => saved?,
            }
        }
        let mut out = std::io::stdout().lock();
        let records = self.data.examples.len();
        let done = Done { steps: self.trainer.steps(), nll: after.as_deref(), records, loss };
        if !is_table {
            report::done_json(&done, &mut out)?;
        } else {
            if let (Some(sequence), Some(before), Some(after)) = (&self.data.only, &before, &after) {
                report::movers(sequence, &self.data.examples[0], before, after, &mut out)?;
            }
            let of = if records > TOLD { format!(" of the first {TOLD} records") } else { String::new() };
            let loss = loss.map_or_else(|| "–".into(), |loss| format!("{loss:.6}"));
            writeln!(out, "\nloss{of} after {} steps: {loss} nats", done.steps)?;
        }
        out.flush()?;
        let is_stopped = is_interrupted || self.interrupt.hurry.is_cancelled();
        Ok(if is_stopped { ExitCode::from(INTERRUPTED) } else { ExitCode::SUCCESS })
    }

    fn steps(&mut self, bar: &mut Bar) -> Result<End> {
        let mut progress = Progress::default();
        let steps = self.goal.steps.unwrap_or(0);
        for done in 1.. {
            if self.interrupt.stop.is_cancelled() {
                return Ok(End::Interrupted);
            }
            let examples = self.examples(self.trainer.steps() + 1);
            let taken = self.trainer.step(&mut self.model.decoder, &examples, &self.settings, &self.interrupt.hurry);
            let report = match taken {
                Ok(report) => report,
                Err(error) if error.is_cancelled() => return Ok(End::Interrupted),
                Err(error @ TrainError::NotFinite { .. }) => return Ok(End::Broken(error)),
                Err(error) => return Err(error.into()),
            };
            bar.clear();
            self.print(&report)?;
            self.log(&report);
            progress.count(report.loss);
            bar.step(done, steps, report.loss);
            if let Some(why) = progress.reached(&self.goal) {
                return Ok(End::Goal(why));
            }
            if let Some(error) = self.save_on_the_way(bar)? {
                return Ok(End::Broken(error));
            }
        }
        Ok(End::Interrupted) // cannot happen: no run counts that far
    }

    /// What a step is taken on.
    fn examples(&self, step: usize) -> Vec<Arc<Example>> {
        let all = &self.data.examples;
        batch(all.len(), step, &self.settings).into_iter().map(|record| all[record].clone()).collect()
    }

    fn print(&self, report: &StepReport) -> std::io::Result<()> {
        let mut out = std::io::stdout().lock();
        match self.args.format {
            TrainFormat::Table => report::step_line(report, &mut out)?,
            TrainFormat::Json => report::step_json(report, &mut out)?,
        }
        out.flush()
    }

    /// Writes a step into the logs. The run goes on without a log that fails.
    fn log(&mut self, report: &StepReport) {
        let epochs = epochs(report.step, self.data.examples.len(), &self.settings);
        let mut figures = log::figures(report);
        figures.push(("train/epoch", epochs));
        for problem in self.logs.write(report.step, &figures) {
            eprintln!("note: {problem}; the run goes on without it");
        }
    }

    /// Whether the last update broke the weights, which shows only in the step after it: they must not take the place of
    /// good ones that are saved.
    fn check(&mut self) -> Result<Option<TrainError>> {
        let examples = self.examples(self.trainer.steps() + 1);
        if self.trainer.method().is_none() {
            return Ok(None); // no step was taken
        }
        match self.trainer.check(&self.model.decoder, &examples, &self.settings, &Cancel::default()) {
            Err(error @ TrainError::NotFinite { .. }) => Ok(Some(error)),
            checked => Ok(checked.map(|()| None)?),
        }
    }

    /// `--save-every`.
    fn save_on_the_way(&mut self, bar: &mut Bar) -> Result<Option<TrainError>> {
        let steps = self.trainer.steps();
        let (Some(every), Some(directory)) = (self.args.save.save_every, self.args.save.save.as_deref()) else {
            return Ok(None);
        };
        if !steps.is_multiple_of(every) {
            return Ok(None);
        }
        if let Some(error) = self.check()? {
            return Ok(Some(error));
        }
        match self.save(directory, bar) {
            Err(error) if is_cancelled(&error) => Ok(None), // the run ends before its next step
            saved => saved.map(|()| None),
        }
    }

    fn save(&mut self, directory: &Path, bar: &mut Bar) -> Result<()> {
        let with_state = !self.args.save.weights_only;
        let (model, trainer, hurry) = (&self.model, &self.trainer, &self.interrupt.hurry);
        let on_progress = &mut |share| bar.share("saving", share);
        let saved = save::save(model, trainer, &self.settings, directory, with_state, hurry, on_progress);
        bar.clear();
        let saved = saved.with_context(|| format!("step {} is not saved", trainer.steps()))?;
        let what = match saved.form {
            Form::Full => "weights",
            Form::Adapter => "adapter",
            Form::Merged => "weights, with the adapter merged into them,",
        };
        eprintln!(
            "saved {what} after step {} in {} ({})",
            trainer.steps(),
            directory.display(),
            size_text(saved.bytes)
        );
        Ok(())
    }

    /// Goes back to the last good weights where there is a way, and keeps them where no save is.
    fn broken(&mut self, error: TrainError, bar: &mut Bar) -> anyhow::Error {
        // What is no number comes from the update before it.
        let good = self.trainer.steps().saturating_sub(1);
        let is_back = good > self.trainer.oldest()
            && self.trainer.rewind(&mut self.model.decoder, good, &self.interrupt.hurry, &mut |_| {}).is_ok();
        let Some(directory) = self.args.save.save.as_deref() else { return error.into() };
        if directory.exists() {
            return anyhow!("{error}; {} is as it was", directory.display());
        }
        match is_back.then(|| self.save(directory, bar)) {
            None => anyhow!("{error}; nothing is saved"),
            Some(Ok(())) => error.into(),
            Some(Err(unsaved)) => unsaved.context(error),
        }
    }

    /// −log p of every token of the only sequence.
    fn only_nlls(&self) -> Result<Option<Vec<Option<f64>>>> {
        match &self.data.examples[..] {
            [only] => Ok(nlls(&self.model.decoder, &only.ids, &only.visibility, only.labels, &Cancel::default())?),
            _ => Ok(None),
        }
    }

    /// Loss of what is trained on, of the first records where there are many.
    fn loss_after(&self) -> Result<Option<f64>> {
        let told = &self.data.examples[..self.data.examples.len().min(TOLD)];
        Ok(loss(&self.model.decoder, told, self.settings.denominator, &Cancel::default())?)
    }
}

/// Passes over the data after so many steps.
fn epochs(step: usize, examples: usize, settings: &Settings) -> f64 {
    (step * settings.examples_a_step()) as f64 / examples as f64
}

fn is_cancelled(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(SaveError::Cancelled))
}
