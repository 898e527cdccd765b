//! `pretrain`: from random weights to a model.

mod progress;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use candle_core::Device;

use self::progress::Progress;
use super::interrupt::{INTERRUPTED, Interrupt};
use crate::cli::pretrain::PretrainArgs;
use crate::model::Model;
use crate::pretrain::{End, Packed, PretrainError, Recipe, Run, Stop, measure, pack};
use crate::source::Source;
use crate::train::TrainError;

/// Follows the recipe, tells how it goes, and saves.
///
/// # Errors
/// If the recipe or a source is wrong, the folder holds something else, there is too little memory, or the loss does not
/// stay finite.
pub fn run(args: &PretrainArgs) -> Result<ExitCode> {
    let path = &args.recipe;
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let recipe = match Recipe::parse(&text, folder) {
        Ok(recipe) => recipe,
        Err(error) if error.0.len() == 1 => bail!("{}: {error}", path.display()),
        Err(error) => {
            // A line each, as a compiler has them.
            for problem in &error.0[1..] {
                eprintln!("{}: {}", path.display(), crate::sequence::visible_text(&problem.to_string()));
            }
            bail!("{}: {}", path.display(), error.0[0])
        }
    };
    let mut progress = Progress::new(&recipe, args.format);
    if let Some(name) = &args.evaluate {
        return evaluate(&recipe, name, &progress);
    }
    let Some(out) = &args.out else { bail!("give --out, a folder for the weights") };
    if args.check {
        progress.plan()?;
        return Ok(ExitCode::SUCCESS);
    }
    let interrupt = Interrupt::listen().context("catching signals")?;
    if let Some(file) = &args.life {
        return write_life(&recipe, out, file, &interrupt, &progress);
    }
    let outcome = train(&recipe, &text, out, &interrupt, &mut progress);
    progress.clear();
    match outcome {
        Ok(End::Done) => {
            progress.done(out)?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(End::Stopped { saved }) => {
            eprintln!("stopped; the same command goes on from step {saved}");
            Ok(ExitCode::from(INTERRUPTED))
        }
        Err(PretrainError::Stopped) => {
            eprintln!("stopped before the first step");
            Ok(ExitCode::from(INTERRUPTED))
        }
        Err(error @ PretrainError::Train(TrainError::NotFinite { .. })) => {
            Err(anyhow::Error::from(error).context("what was saved before stays; begin anew with a lower lr"))
        }
        Err(error) => Err(error.into()),
    }
}

/// Measures a model on what the recipe holds out.
fn evaluate(recipe: &Recipe, name: &str, progress: &Progress<'_>) -> Result<ExitCode> {
    let interrupt = Interrupt::listen().context("catching signals")?;
    let model = Model::load(&Source::parse(name)?, &Device::Cpu, &interrupt.stop, &mut |_| {})?;
    let mut told = Ok(());
    measure(recipe, &model, &interrupt.stop, &mut |measured| {
        if told.is_ok() {
            told = progress.measured(measured);
        }
    })?;
    told?;
    Ok(ExitCode::SUCCESS)
}

/// Packs what the run kept into one file.
fn write_life(
    recipe: &Recipe,
    out: &Path,
    file: &Path,
    interrupt: &Interrupt,
    progress: &Progress<'_>,
) -> Result<ExitCode> {
    let mut failed = None;
    let on_packed = &mut |packed: &Packed| {
        if let Err(error) = progress.packed(packed) {
            interrupt.stop.cancel();
            failed.get_or_insert(error);
        }
    };
    let bytes = match pack(recipe, out, &interrupt.stop, on_packed) {
        Err(PretrainError::Stopped) if failed.is_none() => {
            eprintln!("stopped; {} is not written", file.display());
            return Ok(ExitCode::from(INTERRUPTED));
        }
        bytes => bytes?,
    };
    std::fs::write(file, &bytes).with_context(|| format!("writing {}", file.display()))?;
    progress.wrote(file, bytes.len())?;
    Ok(ExitCode::SUCCESS)
}

fn train(
    recipe: &Recipe,
    text: &str,
    out: &Path,
    interrupt: &Interrupt,
    progress: &mut Progress<'_>,
) -> Result<End, PretrainError> {
    let mut failed = None;
    let on_event = &mut |event: crate::pretrain::Event<'_>| {
        if let Err(error) = progress.tell(&event) {
            // Nobody reads any more.
            interrupt.stop.cancel();
            failed.get_or_insert(error);
        }
    };
    let mut run = Run::open(recipe, text, out, &interrupt.stop, on_event)?;
    let end = run.go(Stop { stop: &interrupt.stop, hurry: &interrupt.hurry }, on_event)?;
    match failed {
        Some(error) => Err(PretrainError::Model(error.into())),
        None => Ok(end),
    }
}
