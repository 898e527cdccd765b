//! `train --watch`: a run of others, on screen or line by line.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use super::data;
use crate::app::Watching;
use crate::board::{Checkpoint, Run, Watch};
use crate::cancel::Cancel;
use crate::cli::train::{TrainArgs, TrainFormat};
use crate::cli::{Cli, CompareArgs, ProgramArgs, ScreenArgs};
use crate::command::interrupt::{INTERRUPTED, Interrupt};
use crate::command::terminal::has_screen;
use crate::command::{models, screen};
use crate::model::load;
use crate::report::watched::{self, LogFormat, Scored};
use crate::sample::Record;
use crate::sequence::visible_text;
use crate::source::Source;
use crate::train::{loss, nlls};

/// Between two looks at a run, and how often is looked in that time whether somebody wants to stop.
const LOOK: Duration = Duration::from_secs(1);
const PARTS: u32 = 10;

/// Opens the screen in the view Train, or prints what there is of the run and what comes.
///
/// # Errors
/// If there is no such run, or no model that could read a text as it does.
pub fn run(args: &TrainArgs, path: &Path) -> Result<ExitCode> {
    let watch = Watch::begin(path)?;
    if args.format == TrainFormat::Json || !has_screen() {
        return Printer::new(args)?.follow(watch);
    }
    let (source, is_base) = model(args, path, watch.run())?;
    let watching = Watching::new(path.to_owned(), watch.run().clone(), is_base.then(|| source.clone()));
    let (input, model, mask) = (args.plan.input.clone(), args.plan.model.clone(), args.plan.mask.clone());
    let (compare, screen) = (CompareArgs::default(), ScreenArgs::default());
    let program = ProgramArgs::default();
    let cli = Cli { command: None, input, model, mask, compare, screen, session: None, program };
    screen::run(cli, None, Some((watching, source)))?;
    Ok(ExitCode::SUCCESS)
}

/// The model that speaks at first, and whether the run began with it: the one that is given, or the base of the newest
/// checkpoint's adapter, or that checkpoint itself.
fn model(args: &TrainArgs, path: &Path, run: &Run) -> Result<(Source, bool)> {
    if let Some(name) = &args.plan.model.model {
        return Ok((Source::parse(name)?, true));
    }
    let Some(newest) = run.checkpoints.last() else {
        bail!(
            "{} has no checkpoint yet: give --model MODEL, the model that is trained, or --format json for the logs alone",
            path.display()
        )
    };
    let source = Source::Directory(newest.directory.clone());
    let (source, is_base) = match load::base_of(&source)? {
        Some(base) => (base, true),
        None => (source, false),
    };
    // Another model's numbers must not stand under the run's name.
    load::without_weights(&source)
        .map_err(|error| anyhow!("{error}: give --model MODEL, the model that is trained"))?;
    Ok((source, is_base))
}

/// Prints a run as it grows.
struct Printer<'a> {
    args: &'a TrainArgs,
    /// What each checkpoint is to say something of, where it was given.
    records: Vec<Record>,
    printed: Run,
}

impl<'a> Printer<'a> {
    fn new(args: &'a TrainArgs) -> Result<Self> {
        let input = &args.plan.input;
        let is_given = input.text.is_some() || input.file.is_some() || input.chat.is_some();
        let records = if is_given { data::records(&args.plan)?.0 } else { Vec::new() };
        Ok(Self { args, records, printed: Run::default() })
    }

    /// Until the run has taken all its steps and nothing more comes, or somebody interrupts.
    fn follow(mut self, mut watch: Watch) -> Result<ExitCode> {
        let interrupt = Interrupt::listen().context("catching signals")?;
        if let (Some(name), false) = (&self.args.plan.model.model, self.records.is_empty()) {
            let source = Source::parse(name)?;
            let scored = self.score(&source)?;
            self.out(|format, out| watched::checkpoint(format, 0, &source.name(), Some(&scored), out))?;
        }
        let mut is_new = true;
        while is_new || !watch.run().is_over() {
            self.print(watch.run())?;
            for _ in 0..PARTS {
                if interrupt.stop.is_cancelled() {
                    return Ok(ExitCode::from(INTERRUPTED));
                }
                sleep(LOOK / PARTS);
            }
            is_new = watch.look();
        }
        let steps = watch.run().step().unwrap_or(0);
        self.out(|format, out| watched::over(format, steps, out))?;
        Ok(ExitCode::SUCCESS)
    }

    /// What came since it was printed last.
    fn print(&mut self, run: &Run) -> Result<()> {
        let before = std::mem::replace(&mut self.printed, run.clone());
        for problem in run.problems.iter().filter(|problem| !before.problems.contains(problem)) {
            self.out(|format, out| watched::problem(format, problem, out))?;
        }
        for &step in run.went_back.iter().filter(|step| !before.went_back.contains(step)) {
            self.out(|format, out| watched::went_back(format, step, out))?;
        }
        self.out(|format, out| watched::logged(format, &run.series, &before.series, out))?;
        for checkpoint in run.checkpoints.iter().filter(|checkpoint| !before.checkpoints.contains(checkpoint)) {
            self.print_checkpoint(checkpoint)?;
        }
        Ok(())
    }

    fn print_checkpoint(&self, checkpoint: &Checkpoint) -> Result<()> {
        let Checkpoint { step, directory, .. } = checkpoint;
        let directory = directory.display().to_string();
        let scored = match self.records.is_empty() {
            true => None,
            false => match self.score(&Source::Directory(checkpoint.directory.clone())) {
                Ok(scored) => Some(scored),
                // It may be gone by now; the run goes on.
                Err(error) => {
                    let problem = visible_text(&format!("checkpoint {step} is not scored: {error:#}"));
                    return self.out(|format, out| watched::problem(format, &problem, out));
                }
            },
        };
        self.out(|format, out| watched::checkpoint(format, *step, &directory, scored.as_ref(), out))
    }

    /// What a model says of what was given.
    fn score(&self, source: &Source) -> Result<Scored> {
        let (plan, cancel) = (&self.args.plan, Cancel::default());
        let model = models::load(source, &plan.model)?;
        let data = data::encode(&model, &self.records, plan)?;
        let denominator = plan.mask.denominator.unwrap_or_default();
        let loss = loss(&model.decoder, &data.examples, denominator, &cancel)?;
        let nll = match &data.examples[..] {
            [only] => nlls(&model.decoder, &only.ids, &only.visibility, only.labels, &cancel)?,
            _ => None,
        };
        Ok(Scored { loss, nll })
    }

    fn out(&self, write: impl FnOnce(LogFormat, &mut Vec<u8>) -> std::io::Result<()>) -> Result<()> {
        let format = match self.args.format {
            TrainFormat::Json => LogFormat::Json,
            TrainFormat::Table => LogFormat::Words,
        };
        let mut line = Vec::new();
        write(format, &mut line)?;
        let mut out = std::io::stdout().lock();
        out.write_all(&line)?;
        Ok(out.flush()?)
    }
}
