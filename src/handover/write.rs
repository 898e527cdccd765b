//! Writing the folder: as a whole or not at all.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Handover, Place, Recipient};
use crate::cancel::Cancel;
use crate::model::Model;
use crate::train::save::{self, Form, Save, SaveError};
use crate::train::{Method, new_adapters, parameters};

/// What `run.json` says first.
pub(super) const MADE_BY: &str = "lossglass ";

/// Why nothing can be written there.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("{} is a file: give a new folder", .0.display())]
    File(PathBuf),
    #[error("{} is not empty: give a new folder", .0.display())]
    Full(PathBuf),
    #[error("{} holds no run that was handed over, and is not replaced: give a new folder", .0.display())]
    Other(PathBuf),
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Where the model is.
    pub place: Place,
    /// The command that starts it on this machine.
    pub start: String,
}

/// Writes a run on `model`, with the weights that it has now, to `directory`. A run that was handed over to that place
/// before is replaced if `replaces`; what was trained there since stays. `on_progress` gets what is being written and
/// 0…1; `None` after `cancel`, with nothing changed.
///
/// # Errors
/// If the trainer cannot do what the run asks for, or nothing can be written there; all is as it was then.
pub fn write(
    handover: &Handover,
    model: &mut Model,
    directory: &Path,
    replaces: bool,
    cancel: &Cancel,
    on_progress: &mut dyn FnMut(&str, f32),
) -> Result<Option<Written>> {
    handover.check(&model.config)?;
    check_folder(directory, replaces)?;
    let of_folder = || format!("writing {}", directory.display());
    let place = std::path::absolute(directory).with_context(of_folder)?;
    let parent = place.parent().with_context(|| format!("{} cannot be a folder of its own", directory.display()))?;
    fs::create_dir_all(parent).with_context(of_folder)?;
    let around = tempfile::Builder::new().prefix(".lossglass-handover").tempdir_in(parent).with_context(of_folder)?;
    let new = around.path().join("new");
    fs::create_dir(&new).with_context(of_folder)?;
    let from = Place::of(model, handover.to);
    let weights = match (Weights { model, folder: &new, place: &from, cancel, on_progress }).write(handover) {
        Err(error) if matches!(error.downcast_ref(), Some(SaveError::Cancelled)) => return Ok(None),
        weights => weights?,
    };
    let on_rows = &mut |share| on_progress("writing the sequences", share);
    if handover.write_rows(&new.join("train.parquet"), cancel, on_rows)?.is_none() {
        return Ok(None);
    }
    for (name, text) in texts(handover, model, &from, &weights)? {
        fs::write(new.join(name), text).with_context(of_folder)?;
    }
    settle(&new, directory).with_context(of_folder)?;
    Ok(Some(Written { place: from, start: handover.start().to_owned() }))
}

/// Whether a run may be handed over to `directory`.
fn check_folder(directory: &Path, replaces: bool) -> Result<()> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => bail!(FolderError::File(directory.to_owned())),
        Err(error) => return Err(error).with_context(|| format!("reading {}", directory.display())),
    };
    if entries.count() == 0 {
        return Ok(());
    }
    let run = fs::read(directory.join("run.json")).ok();
    let run: Option<Value> = run.and_then(|text| serde_json::from_slice(&text).ok());
    let is_ours = run.is_some_and(|run| run["made_by"].as_str().is_some_and(|by| by.starts_with(MADE_BY)));
    match (replaces, is_ours) {
        (true, true) => Ok(()),
        (true, false) => bail!(FolderError::Other(directory.to_owned())),
        (false, _) => bail!(FolderError::Full(directory.to_owned())),
    }
}

/// Puts what is new into its place; in a folder that is there already, entry by entry.
fn settle(new: &Path, directory: &Path) -> std::io::Result<()> {
    if !directory.exists() {
        return fs::rename(new, directory);
    }
    for entry in fs::read_dir(new)? {
        let entry = entry?;
        let place = directory.join(entry.file_name());
        match fs::symlink_metadata(&place) {
            Ok(there) if there.is_dir() => fs::remove_dir_all(&place)?,
            Ok(_) => fs::remove_file(&place)?,
            Err(_) => {}
        }
        fs::rename(entry.path(), place)?;
    }
    Ok(())
}

/// What the texts say of the weights.
#[derive(Default)]
struct Named {
    /// The projections with an adapter.
    targets: Vec<String>,
    /// The weights that move, where neither all do nor an adapter does.
    moves: Vec<String>,
}

/// Writes the weights that the trainer could not find elsewhere.
struct Weights<'a> {
    model: &'a mut Model,
    folder: &'a Path,
    place: &'a Place,
    cancel: &'a Cancel,
    on_progress: &'a mut dyn FnMut(&str, f32),
}

impl Weights<'_> {
    fn write(self, handover: &Handover) -> Result<Named> {
        let Self { model, folder, place, cancel, on_progress } = self;
        if *place == Place::Here {
            let form = if model.decoder.adapters().is_empty() { Form::Full } else { Form::Merged };
            let on_share = &mut |share| on_progress("writing the model", share);
            Save { model, form, state: None, beside: &[] }.to(&folder.join("model"), cancel, on_share)?;
        }
        let lora = match &handover.settings.method {
            Method::Lora(lora) if handover.has_adapter() => lora,
            Method::Full | Method::Lora(_) => return Ok(Named::default()),
            method @ (Method::Last { .. } | Method::Embeddings) => {
                let moving = parameters(&model.decoder, method)?;
                let moves = moving.into_iter().map(|parameter| parameter.name).collect();
                return Ok(Named { moves, ..Named::default() });
            }
        };
        let own = model.decoder.adapters();
        model.decoder.detach_adapters();
        model.decoder.attach(new_adapters(&model.decoder, lora, handover.settings.seed)?)?;
        let targets = save::target_modules(model);
        let on_share = &mut |share| on_progress("writing the adapter", share);
        let saved = Save { model, form: Form::Adapter, state: None, beside: &[] };
        let saved = saved.to(&folder.join("adapter"), cancel, on_share);
        model.decoder.detach_adapters();
        model.decoder.attach(own)?;
        saved?;
        Ok(Named { targets, ..Named::default() })
    }
}

/// The texts of the folder, by their names.
fn texts(handover: &Handover, model: &Model, place: &Place, named: &Named) -> Result<Vec<(&'static str, String)>> {
    let run = serde_json::to_string_pretty(&handover.run_json(place, &named.moves))?;
    let mut texts = vec![
        ("run.json", run + "\n"),
        ("README.md", handover.readme(&model.name, place)),
        ("slurm.sh", handover.slurm()),
    ];
    match handover.to {
        Recipient::Transformers | Recipient::Trl => {}
        Recipient::Axolotl => texts.push(("config.yaml", handover.axolotl(place, &named.targets, &named.moves))),
        Recipient::Torchtune => texts.push(("config.yaml", handover.torchtune(&model.config))),
    }
    texts.extend(handover.scripts().iter().map(|(name, text)| (*name, (*text).to_owned())));
    Ok(texts)
}
