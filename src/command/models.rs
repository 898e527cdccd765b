//! `models`: what can be opened by name; fetching, showing and removing it.

mod get;
mod list;
mod remove;
mod show;

pub use show::describe;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use super::bar::Bar;
use crate::cancel::Cancel;
use crate::cli::ModelArgs;
use crate::cli::models::{ListFormat, ModelsArgs, ModelsCommand};
use crate::model::hub::Hub;
use crate::model::pack::{Card, Precision, pack};
use crate::model::{Model, Opening, Overrides, Reader, Source};
use crate::template::CHATML;

/// Lists, fetches, shows, removes or packs.
///
/// # Errors
/// If that cannot be done; the message says why.
pub fn run(args: &ModelsArgs) -> Result<ExitCode> {
    match &args.command {
        None => list::run(ListFormat::Table)?,
        Some(ModelsCommand::List { format }) => list::run(*format)?,
        Some(ModelsCommand::Get { name, from }) => return get::run(name, *from),
        Some(ModelsCommand::Remove { name, yes }) => return remove::run(name, *yes),
        Some(ModelsCommand::Show { name, format }) => show::run(name, *format)?,
        Some(ModelsCommand::Pack { directory, output, card }) => {
            let card = match card {
                None => Card::default(),
                Some(path) => {
                    let text = std::fs::read(path).with_context(|| format!("reading {}", path.display()))?;
                    serde_json::from_slice(&text).with_context(|| format!("model card {}", path.display()))?
                }
            };
            pack(directory, output, Precision::Q8_0, &card)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads a model for a headless command, with progress on a terminal's standard error.
///
/// # Errors
/// If the device or the model cannot be used.
pub fn load(source: &Source, args: &ModelArgs) -> Result<Model> {
    let device = args.device.open()?;
    let mut bar = Bar::new();
    let mut on_progress = |opening| bar.opening(&source.name(), opening);
    let outcome = Model::load(source, &device, &Cancel::default(), &mut on_progress);
    bar.clear();
    let mut model = outcome?;
    model.override_with(&overrides(args)?)?;
    Ok(model)
}

/// Reads what reads samples as a model does, without its weights.
///
/// # Errors
/// If the model cannot be used.
pub fn reader(source: &Source, args: &ModelArgs) -> Result<Reader> {
    if let Source::Hub(address) = source {
        let mut bar = Bar::new();
        let mut on_progress = |arrived| bar.opening(&source.name(), Opening::Downloading(arrived));
        let outcome = Hub::from_env()?.open_reader(address, &Cancel::default(), &mut on_progress);
        bar.clear();
        outcome?;
    }
    let mut reader = Reader::load(source)?;
    reader.override_with(&overrides(args)?)?;
    Ok(reader)
}

/// What the arguments give in the place of what a model's files say.
///
/// # Errors
/// If the template's file cannot be read.
pub fn overrides(args: &ModelArgs) -> Result<Overrides> {
    let template = match args.template.as_deref() {
        None => None,
        Some("chatml") => Some(CHATML.into()),
        Some(path) => Some(super::input::read_text(Path::new(path)).context("the chat template")?),
    };
    Ok(Overrides { template, eot_tokens: args.eot_token.clone() })
}
