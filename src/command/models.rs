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
use crate::checkpoint::pack::{Card, Precision, pack};
use crate::cli::ModelArgs;
use crate::cli::models::{ListFormat, ModelsArgs, ModelsCommand};
use crate::model::{Model, Overrides, Reader, TemplateChoice};
use crate::source::hub::Hub;
use crate::source::{Opening, Source};
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

/// Whether it can be meant as the name of one of the model's templates: no file has it, and no path looks so.
fn is_name(template: &str) -> bool {
    let is_word = template.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    template != "-" && is_word && !Path::new(template).exists()
}

/// What `--template` takes to mean the same from any directory.
pub fn from_anywhere(template: &str) -> String {
    match Path::new(template) {
        path if template != "-" && path.exists() => {
            std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
        }
        _ => template.to_owned(),
    }
}

/// What the arguments give in the place of what a model's files say.
///
/// # Errors
/// If the template's file cannot be read.
pub fn overrides(args: &ModelArgs) -> Result<Overrides> {
    let template = match args.template.as_deref() {
        None => None,
        Some("chatml") => Some(TemplateChoice::Source(CHATML.into())),
        Some(name) if is_name(name) => Some(TemplateChoice::Named(name.to_owned())),
        Some(path) => {
            Some(TemplateChoice::Source(super::input::read_text(Path::new(path)).context("the chat template")?))
        }
    };
    Ok(Overrides { template, eot_tokens: args.eot_token.clone() })
}
