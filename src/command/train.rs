//! `train`: optimizer steps without a screen.

pub mod data;
mod run;
pub mod settings;
mod watch;

use std::process::ExitCode;

use anyhow::{Context, Result};

use self::data::Data;
use self::run::Run;
use super::interrupt::Interrupt;
use super::log::{self, Logs};
use super::models;
use crate::cli::train::{TrainArgs, TrainFormat};
use crate::decoder::device;
use crate::model::Model;
use crate::sequence::visible_text;
use crate::source::Source;
use crate::train::{Goal, Method, Settings, Trainer, memory, save};

/// A trainer that can go back keeps at most about this many bytes.
const HISTORY: usize = 256 << 20;
/// Copies of the moving weights that it takes to go one step back: the first state, and weights and moments of two.
const COPIES: usize = 8;

/// Trains on what the arguments give, prints every step, and saves.
///
/// # Errors
/// If the input, the model or the settings are wrong, there is too little memory, the loss does not stay finite, or the
/// weights cannot be saved.
pub fn run(args: &TrainArgs) -> Result<ExitCode> {
    if let Some(path) = &args.watch {
        return watch::run(args, path);
    }
    let resume = args.save.resume.as_deref();
    let logs = log::asked(&args.log)?;
    let saved = resume.map(save::read_settings).transpose()?;
    let (settings, steps) = settings::settings(&args.plan, saved)?;
    let (records, note) = data::records(&args.plan)?;
    let source = match (resume, &args.plan.model.model) {
        (Some(directory), _) => Source::Directory(directory.to_owned()),
        (None, Some(name)) => Source::parse(name)?,
        (None, None) => Source::default_for(&records[0].sample),
    };
    let mut model = models::load(&source, &args.plan.model)?;
    let data = data::encode(&model, &records, &args.plan)?;
    for note in model.notes.iter().chain(&model.left_out).chain(&note).chain(&data.notes) {
        eprintln!("note: {}", visible_text(note));
    }
    let free = check_memory(&model, &settings, &data)?;
    if let Some(directory) = &args.save.save {
        save::check(directory, &model, matches!(settings.method, Method::Lora(_)))?;
    }
    let mut trainer = Trainer::new(&model.decoder, budget(&model, &settings, free));
    if let Some(directory) = resume {
        let saved = save::read_state(directory, &model.decoder)?;
        trainer.resume(&mut model.decoder, &saved.settings, saved.optimizer, saved.step)?;
    }
    let logs = Logs::begin(&logs, resume.map(|_| trainer.steps()))?;
    let goal = Goal { steps: Some(steps), loss: args.goal.until_loss, plateau: args.goal.plateau };
    let interrupt = Interrupt::listen().context("catching signals")?;
    if args.format == TrainFormat::Table {
        print_head(&model, &settings, &data)?;
    }
    Run { args, model, trainer, settings, data, goal, interrupt, logs }.run()
}

/// Going back a step is for runs that move few enough weights, with `free` bytes beside the training itself.
fn budget(model: &Model, settings: &Settings, free: u64) -> Option<usize> {
    let budget = COPIES * 4 * memory::trainable(&model.config, &settings.method);
    (budget <= HISTORY && budget as u64 <= free).then_some(budget)
}

/// Refuses what does not fit into memory; returns how many bytes are left beside it.
fn check_memory(model: &Model, settings: &Settings, data: &Data) -> Result<u64> {
    let tokens = data.examples.iter().map(|example| example.ids.len()).max().unwrap_or(0);
    let free = memory::room(&model.config, settings, tokens, 0);
    Ok(free.with_context(|| format!("{} on {tokens} tokens", model.name))?.unwrap_or(u64::MAX))
}

fn print_head(model: &Model, settings: &Settings, data: &Data) -> std::io::Result<()> {
    use std::io::Write;
    let tokens: usize = data.examples.iter().map(|example| example.ids.len()).sum();
    let scored: usize = data.examples.iter().map(|example| example.scored()).sum();
    let records = match data.examples.len() {
        1 => String::new(),
        count => format!("{count} {}s · ", data.unit),
    };
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "{} ({}, {} parameters, {}) · {records}{tokens} tokens, {scored} scored",
        visible_text(&model.name),
        model.config.family.name(),
        model.decoder.parameters(),
        device::name(&model.device),
    )?;
    let moving = memory::trainable(&model.config, &settings.method);
    writeln!(out, "{}: {moving} weights move · {} · lr {}", settings.method, settings.optimizer, settings.lr)?;
    writeln!(out)?;
    crate::report::steps_head(&mut out)
}
