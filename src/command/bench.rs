//! `bench`: how fast this program is on this machine, beside PyTorch where there is one, against its bars.

mod alone;
#[cfg(any(target_os = "linux", target_os = "macos"))]
mod first_frame;
mod lengths;
mod line;
mod masks;
mod products;
mod pytorch;
mod rounds;
mod run;
mod screen;
mod sheet;
pub mod stage;
mod subject;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use clap::ValueEnum;

use self::alone::Alone;
use self::pytorch::{PyTorch, VARIABLE};
use self::rounds::{Interrupted, Rounds};
use self::run::Bench;
use self::sheet::{Setting, Sheet};
use self::subject::Subject;
use super::interrupt::{INTERRUPTED, Interrupt};
use super::{machine, models};
use crate::cancel::Cancel;
use crate::cli::ModelArgs;
use crate::cli::bench::{BenchArgs, BenchFormat, Part};
use crate::decoder::DeviceKind;
use crate::ops;
use crate::source::{Source, SourceError};

/// What is measured where no model is named; the bars are its.
const MODEL: &str = "smollm2";
/// Runs of everything that takes long enough to be felt, and under --quick.
const RUNS: usize = 7;
const QUICK: usize = 3;
/// The numbers of tokens at which products are measured.
const TOKENS: [usize; 5] = [1, 32, 128, 512, 2048];
/// How often memory is read to find how fast that goes.
const READ_ROUNDS: usize = 4;
/// How long the peak of a core is looked for.
const PEAK_TIME: Duration = Duration::from_millis(500);

/// Measures everything and prints it; Ctrl-C ends it after what is under way.
///
/// # Errors
/// If a model that was named cannot be read, `LOSSGLASS_PYTHON` is no Python with what it needs, or a run fails.
pub fn run(args: &BenchArgs) -> Result<ExitCode> {
    let name = args.model.as_deref().unwrap_or(MODEL);
    if let Some(alone) = &args.alone {
        let alone: Alone = alone.parse().map_err(|error: String| anyhow!("--alone: {error}"))?;
        let subject = load(name, &Cancel::default())?;
        println!("{}", serde_json::to_string(&alone.run(&subject)?)?);
        return Ok(ExitCode::SUCCESS);
    }
    let interrupt = Interrupt::listen().context("catching signals")?;
    let parts = if args.only.is_empty() { Part::value_variants() } else { &args.only };
    let has = |these: &[Part]| parts.iter().any(|part| these.contains(part));
    let mut notes = Vec::new();
    let is_beside = has(&[Part::Model, Part::Masks]);
    let python = if is_beside { PyTorch::start(ops::choice()?)? } else { None };
    if is_beside && python.is_none() {
        notes.push(format!("{VARIABLE} names no Python, so PyTorch and transformers were not measured"));
    }
    let subject = match Source::parse(name) {
        _ if !has(&[Part::Model, Part::Products, Part::Threads, Part::Lengths]) => None,
        // What can be measured without it is.
        Err(error @ SourceError::NotDownloaded { .. }) if args.model.is_none() => {
            notes.push(format!("{error}; it was not measured"));
            None
        }
        _ => Some(load(name, &interrupt.stop)?),
    };
    let sheet = sheet(args, python.as_ref(), subject.as_ref(), notes)?;
    let pause = if python.is_some() { Duration::from_millis(300) } else { Duration::ZERO };
    let rounds = Rounds { count: if args.quick { QUICK } else { RUNS }, pause, stop: interrupt.stop };
    let mut bench = Bench::new(args.quick, name, sheet, rounds, python);
    let outcome = bench.run(parts, subject.as_ref());
    let is_whole = match outcome {
        Err(error) if error.is::<Interrupted>() => false,
        outcome => outcome.map(|()| true)?,
    };
    bench.end(is_whole)?;
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::from(INTERRUPTED) })
}

fn load(name: &str, cancel: &Cancel) -> Result<Subject> {
    let args = ModelArgs { device: DeviceKind::Cpu, ..ModelArgs::default() };
    Ok(Subject::new(models::load(&Source::parse(name)?, &args)?, cancel))
}

/// The sheet, empty but for the machine.
fn sheet(args: &BenchArgs, python: Option<&PyTorch>, subject: Option<&Subject>, notes: Vec<String>) -> Result<Sheet> {
    let choice = ops::choice()?;
    let setting = Setting {
        lossglass: env!("CARGO_PKG_VERSION"),
        processor: machine::processor().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
        kernels: choice.level.to_string(),
        is_forced: choice.is_forced,
        threads: rayon::current_num_threads(),
        peak: ops::peak_flops(PEAK_TIME),
        read: ops::peak_read(READ_ROUNDS).context("no memory to read")?,
        python: python.map(|python| python.versions.clone()),
    };
    Ok(Sheet {
        format: if args.json { BenchFormat::Json } else { args.format },
        setting,
        model: subject.map(|subject| subject.name.clone()),
        lines: Vec::new(),
        tokens: if args.quick { vec![1, 128] } else { TOKENS.to_vec() },
        products: Vec::new(),
        scaling: Vec::new(),
        lengths: Vec::new(),
        notes,
    })
}
