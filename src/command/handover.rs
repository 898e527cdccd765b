//! `handover`: a run written down for a trainer that scales.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::bar::Bar;
use super::interrupt::{INTERRUPTED, Interrupt};
use super::train::{data, settings};
use super::{input, models};
use crate::cli::handover::HandoverArgs;
use crate::cli::train::PlanArgs;
use crate::handover::{FolderError, Handover, Place, write};
use crate::sequence::visible_text;
use crate::source::Source;

/// Writes the folder and says what starts it.
///
/// # Errors
/// If the input, the model or the settings are wrong, the trainer cannot do what they ask for, or nothing can be written
/// there.
pub fn run(args: &HandoverArgs) -> Result<ExitCode> {
    let plan = &args.plan;
    let (settings, steps) = settings::settings(plan, None)?;
    let (records, note) = data::records(plan)?;
    let source = match &plan.model.model {
        Some(name) => Source::parse(name)?,
        None => Source::default_for(&records[0].sample),
    };
    let mut model = models::load(&source, &plan.model)?;
    let data = data::encode(&model, &records, plan)?;
    for note in model.notes.iter().chain(&model.left_out).chain(&note).chain(&data.notes) {
        eprintln!("note: {}", visible_text(note));
    }
    let handover = Handover {
        to: args.to,
        examples: &data.examples,
        settings: &settings,
        steps,
        packing: input::pack_options(&plan.input.pack).map(|pack| pack.packing),
        mask: input::policy(&plan.mask)?.name(),
        data: given(plan),
    };
    let interrupt = Interrupt::listen().context("catching signals")?;
    let mut bar = Bar::new();
    let on_progress = &mut |what: &str, share| bar.share(what, share);
    let written = write(&handover, &mut model, &args.directory, args.force, &interrupt.stop, on_progress);
    bar.clear();
    match written.map_err(|error| told(error, &args.directory))? {
        None => {
            eprintln!("interrupted: nothing is written");
            Ok(ExitCode::from(INTERRUPTED))
        }
        Some(written) => {
            let (directory, to) = (args.directory.display(), args.to);
            let sequences = handover.sequences();
            println!("handed over to {to}: {steps} steps, sequences in each: {}, in {directory}", sequences / steps);
            if let Place::Directory(path) = &written.place {
                println!(
                    "the model stays in {}: on another machine, change its place as README.md says",
                    visible_text(path)
                );
            }
            println!("to start it, in that folder: {}", written.start);
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// What of the command line puts another run there.
fn told(error: anyhow::Error, directory: &Path) -> anyhow::Error {
    match error.downcast_ref() {
        Some(FolderError::Full(_)) => {
            anyhow::anyhow!(
                "{} is not empty: give a new folder, or --force to replace the run in it",
                directory.display()
            )
        }
        _ => error,
    }
}

/// What the user calls the data.
fn given(plan: &PlanArgs) -> String {
    let PlanArgs { input, data, .. } = plan;
    let file = data.as_ref().or(input.chat.as_ref()).or(input.file.as_ref());
    file.map_or_else(|| "a text".into(), |file| file.display().to_string())
}
